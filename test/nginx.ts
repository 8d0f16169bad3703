import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian keeps it where the path of an ordinary user does not lead. */
const NGINX = process.env.NGINX || '/usr/sbin/nginx';
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
/** Another process may take the port before nginx does. */
const TRIES = 3;

/** nginx on loopback, with all its files in a folder of its own. */
export interface Nginx {
  readonly port: number;
  /** Ends it, with every connection through it. */
  stop(): Promise<void>;
}

/** Starts nginx with a `server` that listens at a port of its own. */
export async function startNginx(serverAt: (port: number) => string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  let complaint = '';
  for (let count = 0; count < TRIES; count++) {
    const port = await freePort();
    const file = join(folder, 'nginx.conf');
    await writeFile(file, wholeConfiguration(serverAt(port)));
    const child = spawn(NGINX, ['-p', `${folder}/`, '-e', 'stderr', '-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'exit').catch((error) => {
      complaint += error;
    });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text;
    });
    const stop = async (): Promise<void> => {
      kill();
      await ended;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    };
    if (await listens(port, child)) return { port, stop };
    kill();
    await ended;
    process.off('exit', kill);
  }
  await rm(folder, { recursive: true, force: true });
  throw new Error(`nginx does not start: ${complaint}`);
}

function wholeConfiguration(server: string): string {
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr emerg;
events { worker_connections 64; }
http {
  access_log off;
  ${TEMPORARY.map((what) => `${what}_temp_path ${what};`).join('\n  ')}
  ${server}
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function listens(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const socket = connect(port, '127.0.0.1');
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
