import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Opening } from './case.js';
import { PATIENCE_MS } from './wire.js';

/** A head longer than this is none. */
const MAX_HEAD = 16_384;
/** §1.3 */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What the handshake came to. */
export interface Opened {
  readonly socket: Socket;
  /** Sec-WebSocket-Extensions of the tested side */
  readonly extensions: string | undefined;
  /** what came behind it */
  readonly rest: Uint8Array;
}

/** The other side did not hold to the handshake. */
export class OpeningError extends Error {}

/** A server answered with a status that tells the client that it was wrong. */
export class RefusedError extends OpeningError {}

interface Head {
  readonly start: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly rest: Uint8Array;
}

/** The port of a server that listens. */
export function portOf(address: unknown): number {
  if (typeof address === 'object' && address !== null && 'port' in address) return Number(address.port);
  throw new TypeError('the server does not listen');
}

/** Reads to the empty line, and leaves the socket paused. */
function readHead(socket: Socket): Promise<Head> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = setTimeout(() => fail('no handshake within the time'), PATIENCE_MS);
    const settle = (): void => {
      clearTimeout(timer);
      socket.pause();
      socket.off('data', onData).off('close', onClose);
    };
    const fail = (why: string): void => {
      settle();
      reject(new OpeningError(why));
    };
    const onClose = (): void => fail('the connection ended during the handshake');
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        if (bytes.length > MAX_HEAD) fail('the head of the handshake does not end');
        return;
      }
      settle();
      const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
      const fields = new Map<string, string>();
      for (const line of lines) {
        const [, name = '', value = ''] = /^([^:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
        const before = fields.get(name.toLowerCase());
        fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
      }
      resolve({ start, fields, rest: bytes.subarray(end + 4) });
    };
    socket.on('data', onData).on('close', onClose);
  });
}

function extensionLines(opening: Opening | undefined): string {
  return (opening?.fields ?? []).map((field) => `Sec-WebSocket-Extensions: ${field}\r\n`).join('');
}

/** The tester as a client (§4.1). */
export async function openAsClient(port: number, opening: Opening | undefined): Promise<Opened> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => {});
  try {
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${extensionLines(opening)}\r\n`,
    );
    const { start, fields, rest } = await readHead(socket);
    if (/^HTTP\/1\.1 4\d\d /.test(start)) throw new RefusedError(`the server answered ${start}`);
    if (!/^HTTP\/1\.1 101 /.test(start)) throw new OpeningError(`the server answered ${start}`);
    if (fields.get('sec-websocket-accept') !== ACCEPT)
      throw new OpeningError('Sec-WebSocket-Accept is not that of the key (§4.2.2)');
    if (
      fields.get('upgrade')?.toLowerCase() !== 'websocket' ||
      !/\bupgrade\b/i.test(fields.get('connection') ?? '')
    )
      throw new OpeningError('the fields Upgrade and Connection are missing (§4.2.2)');
    return { socket, extensions: fields.get('sec-websocket-extensions'), rest };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The tester as a server: one listening socket, where each case has a path of its own. */
export class TesterServer {
  readonly #server: Server;
  readonly #waiting = new Map<string, { opening: Opening | undefined; settle: (opened: Opened) => void }>();
  #next = 0;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      this.#accept(socket).catch(() => socket.destroy());
    });
  }

  static async listen(): Promise<TesterServer> {
    const tester = new TesterServer();
    tester.#server.listen(0, '127.0.0.1');
    await once(tester.#server, 'listening');
    return tester;
  }

  /** Has a client connect to a URL, and answers its handshake (§4.2.2). */
  async open(opening: Opening | undefined, dial: (url: string) => void): Promise<Opened> {
    const path = `/${this.#next++}`;
    const opened = new Promise<Opened>((settle) => this.#waiting.set(path, { opening, settle }));
    dial(`ws://127.0.0.1:${portOf(this.#server.address())}${path}`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new OpeningError('the client did not connect')), PATIENCE_MS);
    });
    try {
      return await Promise.race([opened, late]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(path);
    }
  }

  close(): void {
    this.#server.close();
  }

  async #accept(socket: Socket): Promise<void> {
    const { start, fields, rest } = await readHead(socket);
    const [, path = ''] = start.split(' ');
    const waiting = this.#waiting.get(path);
    if (waiting === undefined) throw new OpeningError(`nobody waits at ${path}`);
    const accept = createHash('sha1')
      .update(`${fields.get('sec-websocket-key')}${GUID}`)
      .digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n${extensionLines(waiting.opening)}\r\n`,
    );
    waiting.settle({ socket, extensions: fields.get('sec-websocket-extensions'), rest });
  }
}
