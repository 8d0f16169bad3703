import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../src/index.js';
import { selfSigned } from './certificate.js';
import { after, connect, listenHttp, portOf, until } from './loopback.js';

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

function redirect(socket: Duplex, location: string): void {
  socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
}

const acceptor = new WebSocketServer({ noServer: true });
const accept: Upgrade = (request, socket, head) =>
  acceptor.handleUpgrade(request, socket, head, (websocket) => after(() => websocket.terminate()));

it.each([
  [2, 2, ['open']],
  [2, 3, ['error Maximum redirects exceeded']],
  [10, 10, ['open']],
])('with maxRedirects %s a client follows %s or not', async (maxRedirects, count, wanted) => {
  const { http, url } = await listenHttp();
  let left = count;
  http.on('upgrade', (request, socket, head) => {
    if (left-- > 0) redirect(socket, `/${left}`);
    else accept(request, socket, head);
  });
  const client = new WebSocket(url, { followRedirects: true, maxRedirects });
  after(() => client.terminate());
  const events: string[] = [];
  client.on('open', () => events.push('open'));
  client.on('error', (error) => events.push(`error ${error.message}`));
  await until(() => events.length > 0);
  expect(events).toEqual(wanted);
});

it('a redirect away from TLS takes no credentials along, to the same host and port either', async () => {
  const { key, cert } = selfSigned();
  const https = createHttps({ key, cert });
  const http = createHttp();
  // One port for both: what begins with a TLS record of a handshake (RFC 8446 §5.1) is TLS.
  const port = net.createServer((socket) => {
    after(() => socket.destroy());
    socket.once('data', (chunk) => {
      socket.pause();
      socket.unshift(chunk);
      (chunk[0] === 22 ? https : http).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  port.listen(0, '127.0.0.1');
  await once(port, 'listening');
  after(() => port.close());
  const seen: (string | undefined)[] = [];
  https.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    seen.push(request.headers.authorization);
    redirect(socket, `ws://127.0.0.1:${portOf(port)}/`);
  });
  http.on('upgrade', (request, socket, head) => {
    seen.push(request.headers.authorization);
    accept(request, socket, head);
  });
  await connect(`wss://127.0.0.1:${portOf(port)}/`, { ca: cert, followRedirects: true, auth: 'user:pass' });
  expect(seen).toEqual(['Basic dXNlcjpwYXNz', undefined]);
});
