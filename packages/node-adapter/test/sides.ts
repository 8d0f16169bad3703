import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { Codec } from '@x/frame-codec';
import {
  type ClientOptions,
  type ConnectionOptionsOfBoth,
  type ServerOptions,
  WebSocket,
  WebSocketServer,
} from '../src/index.js';
import { selfSigned } from './certificate.js';
import { after, portOf, until, upgradeRequest } from './loopback.js';
import { WirePeer } from './wire-peer.js';

/** The side that is tested; a {@link WirePeer} is the other one. */
export type Role = 'client' | 'server';

/** What the bytes go over. */
export type Over = 'TCP' | 'TLS' | 'a Duplex';

export interface Sides {
  role: Role;
  over?: Over;
  /** whether permessage-deflate is agreed on, for messages of any length */
  compressed?: boolean;
  options?: ConnectionOptionsOfBoth & Pick<ClientOptions, 'generateMask' | 'signal'>;
  /** runs when the connection is open, before anything of the peer is handed out */
  opened?: (websocket: WebSocket) => void;
  /** what the peer sends in the write that its half of the handshake leaves in */
  behindHandshake?: (peer: Pick<WirePeer, 'frame' | 'message' | 'close'>) => Buffer;
  /** what the peer of a server sends in writes of their own before that has answered its handshake */
  early?: (peer: Pick<WirePeer, 'frame' | 'message'>) => readonly Buffer[];
  server?: ServerOptions;
}

export interface Opened {
  websocket: WebSocket;
  peer: WirePeer;
  /** the server that the tested side belongs to */
  server: WebSocketServer | undefined;
  /** what the tested side is on, where that is a `Duplex` */
  link: LinkEnd | undefined;
  /** drops the transport under the tested side, as a peer does that is gone */
  reset(): void;
}

export const ROLES: readonly Role[] = ['client', 'server'];

/** Both roles, with and without compression, over everything. */
export const EVERYWHERE: readonly Required<Pick<Sides, 'role' | 'over' | 'compressed'>>[] = ROLES.flatMap(
  (role) =>
    (['TCP', 'TLS', 'a Duplex'] as const).flatMap((over) =>
      [false, true].map((compressed) => ({ role, over, compressed })),
    ),
);

/** Both roles, with and without compression, over TCP. */
export const BOTH: readonly Required<Pick<Sides, 'role' | 'compressed'>>[] = ROLES.flatMap((role) =>
  [false, true].map((compressed) => ({ role, compressed })),
);

const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate';
/** Overwrites what it lends as soon as it is given back, so that a test sees who keeps it. */
const codec = new Codec({ poison: true });
let certificate: ReturnType<typeof selfSigned> | undefined;

// Taken before a test puts another clock in place.
const soon = setImmediate;

/** One end of a link in memory: what is written comes out of the other one, when {@link hold} does not hold it up. */
export class LinkEnd extends Duplex {
  other: LinkEnd | undefined;
  /** what each call of the operating system would have been, were there one */
  readonly writes: Buffer[] = [];
  #held: (() => void)[] | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pass(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#pass(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    const end = (): void => {
      soon(() => void this.other?.push(null));
      done();
    };
    if (this.#held === undefined) end();
    else this.#held.push(end);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#held = undefined;
    const { other } = this;
    if (other !== undefined && !other.destroyed) soon(() => soon(() => other.destroy()));
    done(error);
  }

  /** Takes writes, and is slow with them. */
  hold(): void {
    this.#held ??= [];
  }

  /** Lets go of what was held, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  #pass(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.writes.push(Buffer.from(bytes));
    const copy = Buffer.from(bytes);
    const pass = (): void => {
      if (this.destroyed) return;
      // In a turn of its own, as from a socket: what a handler throws is not thrown at the writer.
      soon(() => void this.other?.push(copy));
      done();
    };
    if (this.#held === undefined) pass();
    else this.#held.push(pass);
  }
}

/** Two ends of a link: the first ends by itself alone, as any `Duplex`; the second with its peer, as a socket does. */
export function link(): [LinkEnd, LinkEnd] {
  const [one, other] = [new LinkEnd(), new LinkEnd({ allowHalfOpen: false })];
  one.other = other;
  other.other = one;
  for (const end of [one, other]) end.on('error', () => undefined);
  return [one, other];
}

/** A connection of ours in one role, and a peer that speaks frames by hand. */
export function open(sides: Sides): Promise<Opened> {
  return sides.role === 'server' ? openServer(sides) : openClient(sides);
}

function settingsOf({ compressed = false, options }: Sides): ConnectionOptionsOfBoth {
  return { codec, perMessageDeflate: compressed ? { threshold: 0 } : false, ...options };
}

function certificateOf(): ReturnType<typeof selfSigned> {
  certificate ??= selfSigned();
  return certificate;
}

async function listening(over: Over): Promise<Server> {
  const http = over === 'TLS' ? createHttps(certificateOf()) : createHttp();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  after(() => {
    http.closeAllConnections();
    http.close();
  });
  return http as Server;
}

async function openServer(sides: Sides): Promise<Opened> {
  const { over = 'TCP', compressed = false, opened, behindHandshake, early } = sides;
  const http = await listening(over);
  const server = new WebSocketServer({ ...settingsOf(sides), server: http, ...sides.server });
  const connected: WebSocket[] = [];
  server.on('connection', (websocket) => {
    connected.push(websocket);
    opened?.(websocket);
  });
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  let end: LinkEnd | undefined;
  const stream = ((): Duplex => {
    if (over === 'TCP') return net.connect(portOf(http), '127.0.0.1');
    if (over === 'TLS') {
      return tls.connect({ port: portOf(http), host: '127.0.0.1', ca: certificateOf().cert });
    }
    const [here, there] = link();
    end = here;
    http.emit('connection', here);
    return there;
  })();
  after(() => stream.destroy());
  stream.on('error', () => undefined);
  const speaker = new WirePeer(new LinkEnd(), true, compressed, Buffer.alloc(0));
  const request = Buffer.from(upgradeRequest(...(compressed ? [DEFLATE] : [])));
  stream.write(Buffer.concat([request, behindHandshake?.(speaker) ?? Buffer.alloc(0)]));
  for (const bytes of early?.(speaker) ?? []) {
    await pass(3);
    stream.write(bytes);
  }
  const rest = await headOf(stream);
  await until(() => connected.length === 1, 'the connection');
  const websocket = connected[0] as WebSocket;
  const peer = new WirePeer(stream, true, compressed, rest.behind);
  return { websocket, peer, server, link: end, reset: () => reset(stream, end) };
}

async function openClient(sides: Sides): Promise<Opened> {
  const { over = 'TCP', compressed = false, opened, behindHandshake } = sides;
  const streams: Duplex[] = [];
  let end: LinkEnd | undefined;
  let url = `${over === 'TLS' ? 'wss' : 'ws'}://127.0.0.1/`;
  const transport: ClientOptions = {};
  if (over === 'a Duplex') {
    const [here, there] = link();
    end = here;
    streams.push(there);
    transport.createConnection = () => here;
  } else {
    const server = over === 'TLS' ? tls.createServer(certificateOf()) : net.createServer();
    server.on(over === 'TLS' ? 'secureConnection' : 'connection', (stream: Duplex) => {
      stream.on('error', () => undefined);
      after(() => stream.destroy());
      streams.push(stream);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
    url = `${over === 'TLS' ? 'wss' : 'ws'}://127.0.0.1:${portOf(server)}/`;
    if (over === 'TLS') transport.ca = certificateOf().cert;
  }
  const websocket = new WebSocket(url, { ...settingsOf(sides), ...transport });
  after(() => websocket.terminate());
  websocket.on('open', () => opened?.(websocket));
  await until(() => streams.length === 1, 'the connection');
  const [stream] = streams as [Duplex];
  const { head } = await headOf(stream);
  const key = /^sec-websocket-key: *(.+?)\r$/im.exec(head)?.[1];
  const answer = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
    ...(compressed ? [DEFLATE] : []),
    '\r\n',
  ].join('\r\n');
  const peer = new WirePeer(stream, false, compressed, Buffer.alloc(0));
  stream.write(Buffer.concat([Buffer.from(answer), behindHandshake?.(peer) ?? Buffer.alloc(0)]));
  await until(() => websocket.readyState !== WebSocket.CONNECTING, 'the open event');
  return { websocket, peer, server: undefined, link: end, reset: () => reset(stream, end) };
}

/** What answers a key (§4.2.2). */
export function acceptOf(key: string | undefined): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** Reads an HTTP head, and what came behind it. */
async function headOf(stream: Duplex): Promise<{ head: string; behind: Buffer }> {
  let bytes = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
  };
  stream.on('data', onData);
  await until(() => bytes.includes('\r\n\r\n'), 'the head of the handshake');
  stream.off('data', onData);
  const end = bytes.indexOf('\r\n\r\n') + 4;
  return { head: bytes.toString('latin1', 0, end), behind: bytes.subarray(end) };
}

function reset(stream: Duplex, end: LinkEnd | undefined): void {
  if (end !== undefined) end.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  else if (stream instanceof tls.TLSSocket) stream.destroy();
  else if (stream instanceof net.Socket) stream.resetAndDestroy();
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const pass = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
