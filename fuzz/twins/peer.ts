import { createHash } from 'node:crypto';
import type { Role } from '@x/frame-codec';
import { ByteWriter, writeHead } from '../arbitraries/byte-writer.js';
import { KEY } from '../arbitraries/handshake.js';
import { FrameModel } from '../models/frames.js';
import { PeerDeflate } from './deflate.js';
import type { FarEnd, FarListener } from './link.js';
import { bytesOf, textOf } from './payload.js';
import type { PeerFrame, Program } from './program.js';
import { Wire, type WireItem } from './wire.js';

/** As in §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MASKING_KEY = [0x37, 0xfa, 0x21, 0x3d];
const OPCODES = { text: 1, bytes: 2, close: 8, ping: 9, pong: 10, nonsense: 11 } as const;

/** What the peer sent, as the application should be told of it. */
export interface PeerItem {
  readonly kind: 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'nonsense';
  readonly payload: Buffer;
  /** a close frame that answers that of the application */
  readonly isAnswer: boolean;
}

/** The other side of the connection under test: frames by itself, and reads with the slow model. */
export class Peer implements FarListener {
  readonly wire: Wire;
  readonly sent: PeerItem[] = [];
  /** the application's side has ended its half */
  ended = false;
  gone = false;
  opened = false;
  closeSent = false;
  closeReceived = false;
  /** it will send nothing more */
  done = false;
  readonly #far: FarEnd;
  readonly #program: Program;
  readonly #role: Role;
  readonly #model: FrameModel;
  readonly #deflate: PeerDeflate | undefined;
  readonly #path: string;
  #head = '';
  #taken = 0;
  #stalled = false;

  /** @param answers whether it answers pings and close frames */
  constructor(far: FarEnd, program: Program, path: string) {
    this.#far = far;
    this.#program = program;
    this.#role = program.role;
    this.#path = path;
    const { deflate } = program.settings;
    this.#deflate = deflate === undefined ? undefined : new PeerDeflate(deflate.takeover);
    this.wire = new Wire(this.#deflate);
    this.#model = new FrameModel({
      masked: program.role === 'client',
      rsv1: deflate !== undefined,
      checkText: false,
      maxFrameLength: 2 ** 40,
      maxMessageLength: 2 ** 40,
      maxFragments: 2 ** 30,
    });
    far.listener = this;
    if (program.role === 'server') this.#greet(this.#request());
  }

  get idle(): boolean {
    return this.#far.idle;
  }

  get stalled(): boolean {
    return this.#stalled;
  }

  /** What is wrong with what it read. */
  get fault(): string | undefined {
    const { fault } = this.#model;
    return fault === undefined ? this.wire.fault : `${fault.violation} at ${fault.position}`;
  }

  bytes(chunk: Uint8Array): void {
    if (this.opened) {
      this.#read(chunk);
      return;
    }
    this.#head += Buffer.from(chunk).toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const rest = Buffer.from(this.#head.slice(end + 4), 'latin1');
    this.opened = true;
    if (this.#role === 'client') {
      const key = /^sec-websocket-key: *(\S+)/im.exec(this.#head)?.[1] ?? '';
      this.#greet(this.#answer(key));
    } else if (!this.#head.startsWith('HTTP/1.1 101')) this.wire.fault = `refused: ${this.#head}`;
    this.#read(rest);
  }

  end(): void {
    this.ended = true;
    if (!this.#program.deaf) this.endSending();
  }

  closed(): void {
    this.gone = true;
  }

  endSending(): void {
    if (this.done) return;
    this.done = true;
    this.#far.end();
  }

  reset(): void {
    this.done = true;
    this.#far.reset();
  }

  stall(): void {
    this.#stalled = true;
    this.#far.stall();
  }

  read(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    this.#far.read();
  }

  /** Sends frames in one chunk. */
  send(frames: readonly PeerFrame[]): void {
    if (!this.done) this.#far.send(this.#encode(frames));
  }

  #encode(frames: readonly PeerFrame[]): Uint8Array {
    const writer = new ByteWriter();
    for (const frame of frames) if (!this.closeSent) this.#write(writer, frame);
    return writer.slice();
  }

  #write(writer: ByteWriter, frame: PeerFrame): void {
    const { what, size, compressed = false, parts = 1, code } = frame;
    const id = `p${this.sent.length}`;
    const payload =
      what === 'close'
        ? closePayload(code, id)
        : what === 'bytes'
          ? bytesOf(id, size, false)
          : Buffer.from(textOf(id, size, false));
    const isData = what === 'text' || what === 'bytes';
    this.sent.push({
      kind: what === 'bytes' ? 'binary' : what,
      payload,
      isAnswer: what === 'close' && this.closeReceived,
    });
    if (what === 'close' || what === 'nonsense') this.closeSent = true;
    if (!isData) {
      this.#frame(writer, 0x80 | OPCODES[what], payload.subarray(0, 125));
      return;
    }
    const rsv1 = compressed && this.#deflate !== undefined;
    const body = rsv1 ? (this.#deflate?.compress(payload) ?? payload) : payload;
    const part = Math.max(1, Math.ceil(body.length / parts));
    for (let at = 0, first = true; first || at < body.length; at += part, first = false) {
      const last = at + part >= body.length;
      const head = (last ? 0x80 : 0) | (first ? OPCODES[what] | (rsv1 ? 0x40 : 0) : 0);
      this.#frame(writer, head, body.subarray(at, at + part));
    }
  }

  /** §5.1: a peer that is a client masks. */
  #frame(writer: ByteWriter, head: number, payload: Uint8Array): void {
    const masked = this.#role === 'server';
    writeHead(writer, head, payload.length, masked);
    if (masked) writer.put(MASKING_KEY);
    writer.put(masked ? payload.map((byte, index) => byte ^ (MASKING_KEY[index & 3] ?? 0)) : payload);
  }

  #read(chunk: Uint8Array): void {
    const { frames } = this.#model;
    this.#model.push(chunk);
    for (let frame = frames[this.#taken]; frame?.whole; frame = frames[this.#taken]) {
      this.#taken++;
      const item = this.wire.take(frame);
      // Read once, and long.
      frame.payload.length = 0;
      if (item !== undefined) this.#answerTo(item);
    }
  }

  #answerTo({ kind, payload }: WireItem): void {
    if (kind === 'close') this.closeReceived = true;
    if (this.#program.deaf || this.done) return;
    if (kind === 'close') {
      if (!this.closeSent) {
        const code = payload.length < 2 ? undefined : payload.readUInt16BE();
        this.send([{ what: 'close', size: 0, ...(code === undefined ? {} : { code }) }]);
      }
      // §7.1.1: the server ends first.
      if (this.#role === 'client') this.endSending();
    }
  }

  #greet(head: string): void {
    const { early, settings } = this.#program;
    if (settings.verifiedAfter !== undefined) {
      // Chunks of their own, which wait in the socket until the server has made up its mind.
      this.#far.send(Buffer.from(head));
      for (const frame of early) this.send([frame]);
      return;
    }
    this.#far.send(Buffer.concat([Buffer.from(head), this.#encode(early)]));
  }

  #request(): string {
    const { deflate } = this.#program.settings;
    const offer =
      deflate === undefined ? '' : `Sec-WebSocket-Extensions: permessage-deflate${takeoverOf(deflate)}\r\n`;
    return (
      `GET ${this.#path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`
    );
  }

  #answer(key: string): string {
    const { deflate } = this.#program.settings;
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    const answer =
      deflate === undefined ? '' : `Sec-WebSocket-Extensions: permessage-deflate${takeoverOf(deflate)}\r\n`;
    return (
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n${answer}\r\n`
    );
  }
}

function takeoverOf({ takeover }: { readonly takeover: boolean }): string {
  return takeover ? '' : '; server_no_context_takeover; client_no_context_takeover';
}

function closePayload(code: number | undefined, reason: string): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
}
