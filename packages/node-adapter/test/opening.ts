import { createHash } from 'node:crypto';
import net from 'node:net';
import type { WebSocket } from '../src/index.js';
import { listenTcp, until } from './loopback.js';

export const GAVE_UP = 'error WebSocket was closed before the connection was established';

/** What the accept field must be for a key (§1.3). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** The answer to a request that opens the connection, or whose accept field is for another key. */
export function switching(request: string, forged = false): string {
  const [, key = ''] = /^sec-websocket-key: (\S+)/im.exec(request) ?? [];
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(forged ? 'forged' : key)}`,
    '\r\n',
  ].join('\r\n');
}

/** A request that has come, and the socket to answer it on. */
export interface Arrived {
  readonly socket: net.Socket;
  readonly request: string;
}

/** A server over TCP that hands out requests by their path, so that many clients can be told apart. */
export class RawServer {
  readonly #arrived: Map<string, (arrived: Arrived) => void> = new Map();

  static async listen(): Promise<{ server: RawServer; port: number }> {
    const server = new RawServer();
    const port = await listenTcp((socket) => {
      let request = '';
      socket.on('data', (chunk) => {
        request += chunk.toString('latin1');
        if (!request.includes('\r\n\r\n')) return;
        const [, path = ''] = /^GET (\/[^? ]*)/.exec(request) ?? [];
        server.#arrived.get(path)?.({ socket, request });
        request = '';
      });
    });
    return { server, port };
  }

  /** Calls `arrived` for each request with this path, redirects to it with another query included. */
  on(path: string, arrived: (arrived: Arrived) => void): void {
    this.#arrived.set(path, arrived);
  }
}

/** Streams that a client makes to connect over; for a test to see that none is left. */
export function recorder(): { sockets: net.Socket[]; createConnection: (options: never) => net.Socket } {
  const sockets: net.Socket[] = [];
  const createConnection = (options: net.TcpNetConnectOpts): net.Socket => {
    const socket = net.connect(Object.assign(options, { path: undefined }));
    sockets.push(socket);
    return socket;
  };
  return { sockets, createConnection };
}

/** All that a client tells until it is closed. */
export async function told(websocket: WebSocket): Promise<string[]> {
  const events: string[] = [];
  for (const name of ['open', 'error', 'close']) {
    websocket.on(name, (value) => {
      events.push(value instanceof Error ? `${name} ${value.message}` : name);
    });
  }
  await until(() => events.includes('close'), `the end; came ${events.join()}`);
  await new Promise((resolve) => setTimeout(resolve, 5));
  return events;
}

/** A server that gives each request this answer and keeps the socket open. */
export async function answering(
  answer: (request: string) => string,
): Promise<{ url: string; peers: net.Socket[] }> {
  const { server, port } = await RawServer.listen();
  const peers: net.Socket[] = [];
  server.on('/', ({ socket, request }) => {
    peers.push(socket);
    socket.write(answer(request));
  });
  return { url: `ws://127.0.0.1:${port}/`, peers };
}
