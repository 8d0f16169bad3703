import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { until } from './loopback.js';

/*
 * The other side of a connection, which speaks frames by hand: it shares nothing with the code under test, and writes down
 * what came in the order in which it came.
 */

/** A frame as it was on the wire, its payload unmasked. */
export interface Frame {
  /** FIN, RSV bits and opcode */
  readonly first: number;
  readonly payload: Buffer;
}

const FIN = 0x80;
const RSV1 = 0x40;
const CONTROL = 0x08;
const KINDS = new Map([
  [1, 'text'],
  [2, 'binary'],
  [8, 'close'],
  [9, 'ping'],
  [10, 'pong'],
]);
/** RFC 7692 §7.2.1: taken from the end of each message. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const WINDOW = 32_768;

/** A payload in a word: itself, or its length and a digest. */
function word(payload: Uint8Array): string {
  if (payload.length <= 40) return Buffer.from(payload).toString('latin1');
  return `${payload.length} bytes ${createHash('sha1').update(payload).digest('hex').slice(0, 12)}`;
}

/** As {@link WirePeer.story} tells of a text message. */
export function text(data: string | Uint8Array): string {
  return `text ${word(Buffer.from(data as string))}`.trimEnd();
}

/** As {@link WirePeer.story} tells of a binary message. */
export function binary(data: Uint8Array): string {
  return `binary ${word(data)}`.trimEnd();
}

export class WirePeer {
  readonly stream: Duplex;
  /** the frames that came */
  readonly frames: Frame[] = [];
  /** what came: `text …`, `binary …`, `ping …`, `pong …`, `close 1000`, `end`; and `broken: …` where a rule was broken */
  readonly story: string[] = [];
  /** whether it closes the way that RFC 6455 §5.5.1 has it, by an answer of its own to a close frame */
  answersClose = true;
  #rest: Buffer;
  readonly #masks: boolean;
  #fragments: Buffer[] = [];
  #kind = '';
  #compressed = false;
  #window: Buffer = Buffer.alloc(0);
  #closed = false;
  #broken = false;
  #sentClose = false;
  readonly #acceptsDeflate: boolean;

  /** @param masks whether it is the client: then it masks, and the other must not (§5.1) */
  constructor(stream: Duplex, masks: boolean, acceptsDeflate: boolean, rest: Buffer) {
    this.stream = stream;
    this.#masks = masks;
    this.#acceptsDeflate = acceptsDeflate;
    this.#rest = Buffer.alloc(0);
    stream.on('error', () => undefined);
    stream.on('end', () => this.story.push('end'));
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#take(rest);
  }

  /** What came, without the end of the stream. */
  get told(): string[] {
    return this.story.filter((each) => each !== 'end');
  }

  get ended(): boolean {
    return this.story.includes('end') || this.stream.destroyed;
  }

  /** Waits until so much was told. */
  async hears(count: number): Promise<string[]> {
    await until(() => this.story.length >= count || this.#broken, `${count} events, and not ${this.brief()}`);
    return this.story;
  }

  /** Waits until the other side has ended, and tells what came. */
  async hearsAll(): Promise<string[]> {
    await until(() => this.ended || this.#broken, `the end behind ${this.brief()}`);
    return this.told;
  }

  brief(): string {
    const { story } = this;
    return `${story.length} events, the last of them ${JSON.stringify(story.slice(-5))}`;
  }

  /** A frame as this side writes it. */
  frame(first: number, payload: string | Uint8Array = ''): Buffer {
    const bytes = Buffer.from(payload as string);
    const { length } = bytes;
    const mask = this.#masks ? 0x80 : 0;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = first;
    head[1] = mask + (length < 126 ? length : length < 65_536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
    if (!this.#masks) return Buffer.concat([head, bytes]);
    const key = [0x37, 0xfa, 0x21, 0x3d];
    for (let at = 0; at < length; at++) bytes[at] = (bytes[at] ?? 0) ^ (key[at & 3] ?? 0);
    return Buffer.concat([head, Buffer.from(key), bytes]);
  }

  /** A whole message, compressed where that was agreed on. */
  message(data: string | Uint8Array, compressed = this.#acceptsDeflate): Buffer {
    const opcode = typeof data === 'string' ? 1 : 2;
    if (!compressed) return this.frame(FIN + opcode, data);
    const deflated = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
    return this.frame(FIN + RSV1 + opcode, deflated.subarray(0, deflated.length - TAIL.length));
  }

  close(code: number): Buffer {
    this.#sentClose = true;
    return this.frame(FIN + 8, Buffer.from([code >> 8, code & 0xff]));
  }

  ping(payload = ''): Buffer {
    return this.frame(FIN + 9, payload);
  }

  /** Writes pieces in one write. */
  write(...pieces: readonly Buffer[]): void {
    this.stream.write(Buffer.concat(pieces));
  }

  /** Ends the stream as a peer that is done. */
  async ends(): Promise<void> {
    this.stream.end();
    if (!this.stream.destroyed) await once(this.stream, 'close');
  }

  #take(chunk: Buffer): void {
    if (this.#broken) return;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let size = this.#next(); size > 0; size = this.#next()) this.#rest = this.#rest.subarray(size);
  }

  /** Reads a frame, and says how long it is; 0 when it is not whole. */
  #next(): number {
    const bytes = this.#rest;
    if (bytes.length < 2 || this.#broken) return 0;
    const second = bytes[1] ?? 0;
    let length = second & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return 0;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return 0;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    const masked = second >= 0x80;
    if (masked === this.#masks) return this.#breaks(masked ? 'a server masks' : 'a client does not mask');
    const key = masked ? bytes.subarray(at, at + 4) : undefined;
    if (masked) at += 4;
    if (bytes.length < at + length) return 0;
    const payload = Buffer.from(bytes.subarray(at, at + length));
    if (key !== undefined) {
      for (let index = 0; index < length; index++)
        payload[index] = (payload[index] ?? 0) ^ (key[index & 3] ?? 0);
    }
    const frame = { first: bytes[0] ?? 0, payload };
    this.frames.push(frame);
    this.#hear(frame);
    return at + length;
  }

  #breaks(rule: string): 0 {
    this.#broken = true;
    this.story.push(`broken: ${rule}`);
    return 0;
  }

  #hear({ first, payload }: Frame): void {
    const opcode = first & 0x0f;
    const kind = KINDS.get(opcode);
    if (this.#closed) this.#breaks('something follows a close frame');
    else if ((first & 0x30) !== 0) this.#breaks('a reserved bit is set');
    else if ((opcode & CONTROL) !== 0) this.#hearControl(kind, first, payload);
    else if ((opcode === 0) !== (this.#kind !== '')) this.#breaks('frames of two messages are mixed');
    else {
      if (opcode !== 0) {
        if (kind === undefined) return void this.#breaks(`the opcode ${opcode}`);
        this.#kind = kind;
        this.#compressed = (first & RSV1) !== 0;
        if (this.#compressed && !this.#acceptsDeflate) this.#breaks('RSV1 was not agreed on');
      } else if ((first & RSV1) !== 0) this.#breaks('RSV1 on a continuation');
      this.#fragments.push(payload);
      if ((first & FIN) !== 0) this.#hearMessage();
    }
  }

  #hearMessage(): void {
    let payload = Buffer.concat(this.#fragments);
    this.#fragments = [];
    try {
      if (this.#compressed) payload = this.#inflate(payload);
    } catch (error) {
      this.#breaks(String(error));
      return;
    }
    this.story.push(`${this.#kind} ${word(payload)}`.trimEnd());
    this.#kind = '';
  }

  #inflate(payload: Buffer): Buffer<ArrayBuffer> {
    const dictionary = this.#window.length === 0 ? {} : { dictionary: this.#window };
    const options = { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary };
    const plain = Buffer.from(inflateRawSync(Buffer.concat([payload, TAIL]), options));
    this.#window = Buffer.concat([this.#window, plain]).subarray(-WINDOW);
    return plain;
  }

  #hearControl(kind: string | undefined, first: number, payload: Buffer): void {
    if (kind === undefined || (first & FIN) === 0 || (first & RSV1) !== 0 || payload.length > 125) {
      this.#breaks('a control frame that is none');
      return;
    }
    if (kind !== 'close') {
      this.story.push(`${kind} ${word(payload)}`.trimEnd());
      return;
    }
    this.#closed = true;
    // What is amid a message shows by its frames.
    const amid = this.#kind === '' ? '' : ` amid a ${this.#kind} message`;
    this.story.push(`close ${payload.length >= 2 ? payload.readUInt16BE(0) : 1005}${amid}`);
    if (this.#sentClose || !this.answersClose) return;
    this.#sentClose = true;
    this.stream.write(this.frame(FIN + 8, payload.subarray(0, 2)));
    // §7.1.1: the server is the first to end the TCP connection.
    if (!this.#masks) this.stream.end();
  }
}
