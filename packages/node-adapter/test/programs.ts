import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, portOf, upgradeRequest } from './loopback.js';
import { acceptOf, type Role, type Sides } from './sides.js';
import { WirePeer } from './wire-peer.js';

/*
 * Programs that have a connection of ours in a process of their own; their peer is in this one.
 */

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** A program that runs `act` when `websocket` is open. */
function programOf(role: Role, port: number, compressed: boolean, act: string, imports: string): string {
  const options = `perMessageDeflate: ${compressed ? '{ threshold: 0 }' : 'false'}, ...OPTIONS`;
  const run = `
    ${imports}
    const later = (act) => setTimeout(act, 20);
    const block = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    function run(websocket) {
      websocket.on('error', () => undefined);
      ${act}
    }`;
  if (role === 'client') {
    return `
      import { WebSocket } from '@x/node-adapter';
      ${run}
      const websocket = new WebSocket('ws://127.0.0.1:${port}/', { ${options} });
      websocket.on('open', () => run(websocket));`;
  }
  return `
    import { WebSocketServer } from '@x/node-adapter';
    ${run}
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ${options} });
    server.on('connection', run);
    server.on('listening', () => console.log(server.address().port));`;
}

export interface Program {
  peer: WirePeer;
  child: ChildProcess;
  /** the lines that it has printed */
  lines: string[];
  exited: Promise<unknown>;
}

/** Starts a program, up to its open connection. */
export async function start(
  { role, compressed = false }: Sides,
  act: string,
  imports = 'const OPTIONS = {};',
): Promise<Program> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const connected = once(server, 'connection') as Promise<[net.Socket]>;
  const program = programOf(role, portOf(server), compressed, act, imports);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: PACKAGE,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const output = createInterface({ input: child.stdout });
  const lines: string[] = [];
  output.on('line', (line) => lines.push(line));
  const socket =
    role === 'client'
      ? (await connected)[0]
      : net.connect(Number(String((await once(output, 'line'))[0])), '127.0.0.1');
  if (role === 'server') lines.shift();
  after(() => socket.destroy());
  return { peer: await handshake(socket, role, compressed), child, lines, exited };
}

async function handshake(socket: net.Socket, role: Role, compressed: boolean): Promise<WirePeer> {
  const extension = compressed ? ['Sec-WebSocket-Extensions: permessage-deflate'] : [];
  let bytes = Buffer.alloc(0);
  const head = new Promise<void>((resolve) => {
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!bytes.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
  });
  if (role === 'server') {
    socket.write(upgradeRequest(...extension));
    await head;
    return new WirePeer(socket, true, compressed, bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
  }
  await head;
  const key = /^sec-websocket-key: *(.+?)\r$/im.exec(bytes.toString('latin1'))?.[1] ?? '';
  const peer = new WirePeer(socket, false, compressed, Buffer.alloc(0));
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      ...extension,
      '\r\n',
    ].join('\r\n'),
  );
  return peer;
}
