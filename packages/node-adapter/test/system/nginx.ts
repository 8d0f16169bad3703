import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portOf } from '../loopback.js';
import { type Process, start } from './process.js';

/** Debian keeps it where the path of an ordinary user does not lead. */
const NGINX = process.env.NGINX || '/usr/sbin/nginx';
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
/** Another process may take the port before nginx does. */
const TRIES = 3;

/**
 * One process, which passes `/8080/path` on to `/path` at the port 8080 of loopback, and `/hasty/8080/path` likewise
 * but gives up when nothing comes for a second. (A shorter time would not be kept: nginx does not move a timer by less
 * than 300 ms.) `/old/8080/path` goes by HTTP/1.0, which is what
 * many versions of nginx speak where `proxy_http_version` is not set.
 */
function configuration(port: number): string {
  const oldProxy = `
      proxy_pass http://127.0.0.1:$1/$2;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;`;
  const proxy = `${oldProxy}
      proxy_http_version 1.1;`;
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr emerg;
events { worker_connections 64; }
http {
  access_log off;
  ${TEMPORARY.map((what) => `${what}_temp_path ${what};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location ~ ^/([0-9]+)/(.*)$ {${proxy}
    }
    location ~ ^/old/([0-9]+)/(.*)$ {${oldProxy}
      proxy_http_version 1.0;
    }
    location ~ ^/hasty/([0-9]+)/(.*)$ {${proxy}
      proxy_read_timeout 1s;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function listens(port: number, { child }: Process): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const socket = net.connect(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** nginx as a reverse proxy on loopback, with all its files in a folder of its own. */
export interface ReverseProxy {
  readonly port: number;
  /** Ends it, with every connection through it; once is enough. */
  stop(): Promise<void>;
}

export async function startProxy(): Promise<ReverseProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  for (let i = 0; i < TRIES; i++) {
    const port = await freePort();
    const file = join(folder, 'nginx.conf');
    await writeFile(file, configuration(port));
    const nginx = start(NGINX, ['-p', `${folder}/`, '-e', 'stderr', '-c', file]);
    if (await listens(port, nginx)) {
      const stop = async () => {
        await nginx.stop();
        await rm(folder, { recursive: true, force: true });
      };
      return { port, stop };
    }
    if (i === TRIES - 1) await nginx.line();
  }
  throw new Error('nginx does not start');
}
