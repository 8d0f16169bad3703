import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What a new process took, in nanoseconds. */
export interface Start {
  /** to import the package */
  readonly import: number;
  /** from the event `connection` until the first message is back at the client, both in this process */
  readonly message: number;
}

/** Run as a program of its own: `node program.js PACKAGE`, a package with the interface of `ws`. */
async function start(name: string): Promise<Start> {
  const begin = performance.now();
  const { WebSocket, WebSocketServer }: typeof import('ws') = await import(name);
  const imported = performance.now();
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  let connected = 0;
  server.on('connection', (socket) => {
    connected = performance.now();
    socket.on('message', (data) => socket.send(data));
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('open', () => client.send('hello'));
  await once(client, 'message');
  const answered = performance.now();
  client.terminate();
  server.close();
  return { import: (imported - begin) * 1e6, message: (answered - connected) * 1e6 };
}

const [name] = process.argv.slice(2);
if (name !== undefined) console.log(JSON.stringify(await start(name)));
