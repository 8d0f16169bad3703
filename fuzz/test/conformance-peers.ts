import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import type { SubjectOptions } from '../conformance/case.js';
import { frame, OP } from '../conformance/case.js';
import { TesterDeflate } from '../conformance/deflate.js';
import { encodeFrame } from '../conformance/frame-writer.js';
import { portOf } from '../conformance/opening.js';
import type { Subject } from '../conformance/subject.js';
import { FrameModel } from '../models/frames.js';
import { type ModelEvent, outcomeOf } from '../models/messages.js';
import { isUtf8 } from '../models/utf8.js';

/** What a peer may do wrong; each is a line or two below. */
export type Fault =
  | 'looks at text when the message is whole'
  | 'takes any bytes for text'
  | 'fails with 1003'
  | 'answers every close frame with 1000'
  | 'takes any close code'
  | 'looks at no reserved bit'
  | 'sends pongs without payload'
  | 'answers pongs'
  | 'echoes text as binary'
  | 'drops byte order marks'
  | 'answers twice'
  | 'closes before it has answered'
  | 'closes amid its answer'
  | 'keeps the TCP connection'
  | 'pings behind its close frame'
  | 'masks the wrong way'
  | 'masks with one key'
  | 'writes long lengths'
  | 'sets RSV1 unasked'
  | 'drops who breaks a rule'
  | 'has no limit'
  | 'keeps its window'
  | 'looks back too far';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** An echo made of the slow models, right but for its fault. In its handshake it agrees to anything. */
export function peer(fault?: Fault): Subject {
  return {
    listen: (options) =>
      new Promise((resolve) => {
        const sockets = new Set<Socket>();
        const server = createServer((socket) => {
          sockets.add(socket);
          accept(socket, options, fault);
        });
        const close = (): Promise<void> =>
          new Promise((closed) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => closed());
          });
        server.listen(0, '127.0.0.1', () => resolve({ port: portOf(server.address()), close }));
      }),
    connect(url, options) {
      const { port, pathname } = new URL(url);
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      const offer = options.perMessageDeflate ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
      socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`,
      );
      onHead(socket, (_, rest) => new Peer(socket, false, options, fault, undefined).take(rest));
      return new Promise((resolve) => socket.on('close', () => resolve()));
    },
  };
}

function onHead(socket: Socket, then: (head: string, rest: Buffer) => void): void {
  let head = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', function onData(chunk) {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    socket.off('data', onData);
    then(head.toString('latin1', 0, end), head.subarray(end + 4));
  });
}

function accept(socket: Socket, options: SubjectOptions, fault: Fault | undefined): void {
  onHead(socket, (head, rest) => {
    const key = /^Sec-WebSocket-Key: (.*)$/m.exec(head)?.[1]?.trim() ?? '';
    const offer = /^Sec-WebSocket-Extensions: (.*)$/m.exec(head)?.[1]?.trim();
    const digest = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    const answer = offer === undefined ? '' : `Sec-WebSocket-Extensions: ${offer}\r\n`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${digest}\r\n${answer}\r\n`,
    );
    new Peer(socket, true, options, fault, offer).take(rest);
  });
}

class Peer {
  readonly #socket: Socket;
  readonly #isServer: boolean;
  readonly #fault: Fault | undefined;
  readonly #model: FrameModel;
  readonly #deflate: TesterDeflate | undefined;
  #done = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(
    socket: Socket,
    isServer: boolean,
    options: SubjectOptions,
    fault: Fault | undefined,
    offer: string | undefined,
  ) {
    this.#socket = socket;
    this.#isServer = isServer;
    this.#fault = fault;
    if (offer !== undefined) {
      const bits = Number(/server_max_window_bits=(\d+)/.exec(offer)?.[1] ?? 15);
      // As the tester sees a client: this side is what that calls the server.
      this.#deflate = new TesterDeflate(
        {
          serverTakeover: !offer.includes('server_no_context_takeover') || fault === 'keeps its window',
          clientTakeover: !offer.includes('client_no_context_takeover'),
          serverBits: fault === 'looks back too far' ? 15 : bits,
          clientBits: 15,
        },
        'client',
      );
    }
    const late = fault === 'looks at text when the message is whole' || fault === 'takes any bytes for text';
    this.#model = new FrameModel({
      masked: isServer,
      rsv1: offer !== undefined,
      checkText: !late,
      maxFrameLength: NO_LIMIT,
      maxMessageLength: fault === 'has no limit' ? NO_LIMIT : (options.maxPayload ?? NO_LIMIT),
      maxFragments: NO_LIMIT,
    });
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('close', () => this.#deflate?.close());
  }

  take(chunk: Uint8Array): void {
    if (this.#fault === 'looks at no reserved bit' && chunk[0] !== undefined) chunk[0] &= 0x8f;
    this.#model.push(chunk);
    const { events, replies } = outcomeOf(this.#model);
    const code = replies.at(-1)?.payload ?? [];
    for (const event of events.slice(this.#done)) {
      this.#done++;
      if (event.kind === 'closing' && this.#fault === 'closes before it has answered') {
        this.#close(Uint8Array.from(code));
        continue;
      }
      this.#working = this.#working.then(() => this.#answer(event, Uint8Array.from(code)));
    }
  }

  async #answer(event: ModelEvent, closing: Uint8Array): Promise<void> {
    switch (event.kind) {
      case 'text':
      case 'binary':
        await this.#echo(event.kind, Uint8Array.from(event.payload));
        break;
      case 'ping':
        this.#send(
          OP.pong,
          this.#fault === 'sends pongs without payload' ? new Uint8Array() : Uint8Array.from(event.payload),
        );
        break;
      case 'pong':
        if (this.#fault === 'answers pongs') this.#send(OP.pong, Uint8Array.from(event.payload));
        break;
      case 'closing':
        this.#close(this.#fault === 'answers every close frame with 1000' ? Uint8Array.of(3, 232) : closing);
        break;
      case 'error':
        if (this.#fault === 'drops who breaks a rule') this.#socket.end();
        else if (this.#fault === 'takes any close code' && event.violation === 'close-code-invalid')
          this.#close(Uint8Array.of(3, 232));
        else this.#close(this.#fault === 'fails with 1003' ? Uint8Array.of(3, 235) : closing);
        break;
    }
  }

  async #echo(kind: 'text' | 'binary', payload: Uint8Array): Promise<void> {
    const message = (await this.#deflate?.decompress(payload)) ?? payload;
    if (kind === 'text' && this.#fault !== 'takes any bytes for text' && !isUtf8(message)) {
      this.#close(Uint8Array.of(3, 239));
      return;
    }
    const hasMark = message[0] === 0xef && message[1] === 0xbb && message[2] === 0xbf;
    const answer = this.#fault === 'drops byte order marks' && hasMark ? message.subarray(3) : message;
    const opcode = this.#fault === 'echoes text as binary' ? OP.binary : OP[kind];
    if (this.#fault === 'closes amid its answer') {
      this.#send(opcode, answer.subarray(0, 1), 0);
      setTimeout(() => this.#send(OP.continuation, answer.subarray(1)), 5);
      return;
    }
    const rsv1 = this.#deflate !== undefined || this.#fault === 'sets RSV1 unasked' ? 0x40 : 0;
    for (let times = this.#fault === 'answers twice' ? 2 : 1; times > 0; times--)
      this.#send(rsv1 + opcode, (await this.#deflate?.compress(answer)) ?? answer);
  }

  #close(payload: Uint8Array): void {
    this.#send(OP.close, payload);
    if (this.#fault === 'pings behind its close frame') this.#send(OP.ping, new Uint8Array());
    if (this.#fault !== 'keeps the TCP connection') this.#socket.end();
  }

  #send(first: number, payload: Uint8Array, fin = 0x80): void {
    if (!this.#socket.writable) return;
    const maskingKey = this.#fault === 'masks with one key' ? '01 02 03 04' : randomBytes(4).toString('hex');
    const isLong = this.#fault === 'writes long lengths';
    const masks = this.#isServer === (this.#fault === 'masks the wrong way');
    this.#socket.write(
      encodeFrame(frame(fin + first, payload, { maskingKey, ...(isLong ? { lengthSize: 8 } : {}) }), masks),
    );
  }
}
