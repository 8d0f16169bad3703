/** npm `faye-websocket`. */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { assignment, portOf, ready } from './control.js';

interface FayeWebSocket {
  on(event: 'message', listener: (event: { data: string | Buffer }) => void): void;
  on(event: 'close' | 'error', listener: () => void): void;
  send(data: string | Buffer): void;
}

type FayeWebSocketClass = new (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocols: string[],
  options: object,
) => FayeWebSocket;

const load = createRequire(import.meta.url);
const FayeWebSocket: FayeWebSocketClass = load('faye-websocket');

const all = new Set<FayeWebSocket>();
const server = createServer();
server.on('upgrade', (request, socket, head) => {
  const websocket = new FayeWebSocket(request, socket, head, [], { maxLength: 104_857_600 });
  all.add(websocket);
  websocket.on('error', () => {});
  websocket.on('close', () => {
    all.delete(websocket);
  });
  websocket.on('message', ({ data }) => {
    if (assignment.job === 'echo') websocket.send(data);
    else for (const each of all) each.send(data);
  });
});
server.listen(0, '127.0.0.1', () => ready(portOf(server.address())));
