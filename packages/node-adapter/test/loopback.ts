import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { Codec } from '@x/frame-codec';
import { afterEach } from 'vitest';
import { type ClientOptions, type ServerOptions, WebSocket, WebSocketServer } from '../src/index.js';

/** Overwrites what it lends as soon as it is given back, so that a test sees who keeps it. */
const codec = new Codec({ poison: true });

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs after the test, the last one first. */
export function after(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

/** A server of ours on a port of its own, and its URL. */
export async function listen(
  options: ServerOptions = {},
): Promise<{ server: WebSocketServer; port: number; url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', codec, ...options });
  await once(server, 'listening');
  after(() => {
    for (const client of server.clients ?? []) client.terminate();
    return new Promise((closed) => server.close(closed));
  });
  const port = portOf(server);
  return { server, port, url: `ws://127.0.0.1:${port}/` };
}

/** As {@link listen}, with every message sent back. */
export async function listenEcho(options: ServerOptions = {}): ReturnType<typeof listen> {
  const listening = await listen(options);
  listening.server.on('connection', (websocket) => {
    websocket.on('error', () => undefined);
    websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary }));
  });
  return listening;
}

/** A plain HTTP server on loopback. */
export async function listenHttp(): Promise<{ http: Server; port: number; url: string }> {
  const http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  after(() => {
    http.closeAllConnections();
    http.close();
  });
  const port = portOf(http);
  return { http, port, url: `ws://127.0.0.1:${port}/` };
}

/** A server that takes TCP connections and does with them what the test says. */
export async function listenTcp(connected: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    connected(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server);
}

/** A client of ours, open. */
export async function connect(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<WebSocket> {
  const websocket = new WebSocket(url, protocols, { codec, ...options });
  after(() => websocket.terminate());
  await once(websocket, 'open');
  return websocket;
}

/** A pair of ours: the client, and the server's side of it. */
export async function pair(
  serverOptions: ServerOptions = {},
  clientOptions: ClientOptions = {},
): Promise<{ client: WebSocket; peer: WebSocket; server: WebSocketServer; url: string }> {
  const { server, url } = await listen(serverOptions);
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const client = await connect(url, clientOptions);
  const [peer] = await connected;
  return { client, peer, server, url };
}

/** The request of a raw client, with the key of RFC 6455 §1.3. */
export function upgradeRequest(...fields: string[]): string {
  return [
    'GET / HTTP/1.1',
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...fields,
    '\r\n',
  ].join('\r\n');
}

/** A TCP connection that keeps what it receives. */
export class RawPeer {
  readonly socket: net.Socket;
  received: Buffer = Buffer.alloc(0);
  ended = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    this.socket.on('close', () => this.#wake());
    after(() => this.socket.destroy());
  }

  /** Connects, and does the opening handshake. */
  static async open(port: number, ...fields: string[]): Promise<RawPeer> {
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest(...fields));
    const head = await peer.until(() => peer.received.includes('\r\n\r\n'));
    const end = head.indexOf('\r\n\r\n') + 4;
    peer.received = Buffer.from(head.subarray(end));
    return peer;
  }

  writeHex(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
  }

  /** What was received, as soon as it is what the test waits for. */
  async until(enough: () => boolean): Promise<Buffer> {
    while (!enough()) {
      if (this.socket.destroyed || this.ended) {
        throw new Error(`ended after ${this.received.length} bytes: ${this.received.toString('latin1')}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }

  async bytes(count: number): Promise<string> {
    const received = await this.until(() => this.received.length >= count);
    return received.toString('hex');
  }

  /** All that came until the other side ended. */
  async all(): Promise<Buffer> {
    if (!this.ended && !this.socket.destroyed) await once(this.socket, 'close');
    return this.received;
  }
}

/** A masked frame, as a client sends it; written for these tests, and independent of the codec. */
export function maskedFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : length < 65536
        ? Buffer.from([first, 0xfe, length >> 8, length & 0xff])
        : Buffer.from([first, 0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff)]);
  const key = [0x37, 0xfa, 0x21, 0x3d];
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] = (masked[i] ?? 0) ^ (key[i & 3] ?? 0);
  return Buffer.concat([head, Buffer.from(key), masked]);
}

/** The next events of a kind, gathered from now on. */
export function collect(
  emitter: { on(event: string, listener: (...values: unknown[]) => void): unknown },
  event: string,
): unknown[][] {
  const events: unknown[][] = [];
  emitter.on(event, (...values) => {
    events.push(values);
  });
  return events;
}

// Taken before a test puts another clock in place.
const later = setTimeout;
const now = performance.now.bind(performance);

/** Waits until something holds, and fails when it does not; a busy machine may take its time. */
export async function until(holds: () => boolean, what = 'what the test waits for'): Promise<void> {
  const end = now() + 15_000;
  while (!holds()) {
    if (now() > end) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => void later(resolve, 2));
  }
}
