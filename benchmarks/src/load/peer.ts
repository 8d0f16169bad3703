import { connect, type Socket } from 'node:net';

const NOTHING = Buffer.alloc(0);
const END_OF_HEAD = '\r\n\r\n';
/** Of a response to an upgrade; a longer one is no response. */
const MOST_HEAD = 16_384;

/** All sockets read into this: what comes is counted before the next read. */
const shared = Buffer.allocUnsafe(512 * 1024);

/** How a {@link Peer} connects. */
export interface PeerOptions {
  readonly port: number;
  /** no opening handshake */
  readonly raw: boolean;
  /** offers permessage-deflate */
  readonly deflate: boolean;
  /** Called when messages may be sent. */
  readonly opened: (peer: Peer) => void;
  /** Called for what came behind the handshake: bytes of a buffer that the next read overwrites. */
  readonly received: (peer: Peer, bytes: Buffer, length: number) => void;
  /** Called when the connection ends before {@link Peer.drop}. */
  readonly lost: (why: string) => void;
}

/** A client made for speed: it reads nothing of what it receives but the opening handshake. */
export class Peer {
  readonly #socket: Socket;
  readonly #options: PeerOptions;
  #open: boolean;
  #dropped = false;
  #head: Buffer = NOTHING;
  /** of the burst under way */
  startedAt = 0;
  awaited = 0;

  constructor(options: PeerOptions) {
    const { port, raw } = options;
    this.#options = options;
    this.#open = raw;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length) => {
          if (this.#open) options.received(this, shared, length);
          else this.#readHead(length);
          return true;
        },
      },
    });
    this.#socket.on('connect', () => {
      if (raw) options.opened(this);
      else this.#socket.write(request(port, options.deflate));
    });
    this.#socket.on('error', (error) => this.#lose(error.message));
    this.#socket.on('end', () => this.#lose('the server ended the connection'));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Ends the connection by a reset, which leaves no port waiting. */
  drop(): void {
    this.#dropped = true;
    this.#socket.resetAndDestroy();
  }

  #readHead(length: number): void {
    this.#head = Buffer.concat([this.#head, shared.subarray(0, length)]);
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (this.#head.length > MOST_HEAD) this.#lose('a response without an end');
      return;
    }
    const head = this.#head.toString('latin1', 0, end);
    const rest = this.#head.subarray(end + END_OF_HEAD.length);
    this.#head = NOTHING;
    if (!head.startsWith('HTTP/1.1 101 ')) {
      this.#lose(`refused with ${head.split('\r\n')[0]}`);
      return;
    }
    if (this.#options.deflate) {
      const agreed = /^sec-websocket-extensions:\s*permessage-deflate(.*)$/im.exec(head);
      if (agreed === null) {
        this.#lose('no permessage-deflate');
        return;
      }
      if (agreed[1]?.includes('no_context_takeover')) {
        this.#lose('no context takeover');
        return;
      }
    }
    this.#open = true;
    this.#options.opened(this);
    if (rest.length > 0) this.#options.received(this, rest, rest.length);
  }

  #lose(why: string): void {
    if (this.#dropped) return;
    this.drop();
    this.#options.lost(why);
  }
}

function request(port: number, deflate: boolean): string {
  return [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...(deflate ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []),
    '\r\n',
  ].join('\r\n');
}
