import type { Endpoint } from '../endpoint/endpoint.js';
import type { DataPart, Extension } from '../extension/extension.js';
import { RECORD_ASCII, RECORD_LAST } from '../kernel/memory-map.js';
import { cutLength, decodeText, Utf8Checker } from '../kernel/text.js';
import { type Borrowed, lend, type Memory, memoryOf, NO_MEMORY } from '../memory/borrowed.js';
import { FIN, OPCODE_BITS, RSV_BITS } from '../rules/first-byte.js';
import { OPCODES } from '../rules/opcode.js';
import { LimitError, ProtocolError } from '../rules/violation.js';
import { isUnshared } from '../runtime/bytes.js';
import { GrowingBytes } from './growing-bytes.js';
import { PIECE_LENGTH, Pieces } from './pieces.js';
import { FLOW, type Flow, TAKEN } from './scanner.js';

/** Stops decoders whose output nobody takes any more. */
const DROPPED: Error = new Error('the connection has ended');
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/**
 * Where several extensions decode a message none of them can be stopped, so they are fed so many bytes at a time:
 * DEFLATE makes at most 1,032 of one.
 */
const SLICE = 1024;
/** How much faster than by inflating bytes come together by being copied, at the least. */
const COPY_SPEED = 4;

/** Who takes messages: whole, or in parts as they arrive. */
export interface MessageSink {
  /** whether more is wanted now */
  readonly flow: Flow;
  /** whether messages are taken in parts */
  readonly inParts: boolean;
  text(memory: Memory, start: number, length: number, ascii: boolean): void;
  binary(memory: Memory, start: number, length: number): void;
  textPart(text: string, last: boolean): void;
  binaryPart(payload: Borrowed, last: boolean): void;
  /** Enough was decoded for one turn: either `flow` says so from now on, or {@link MessageReceiver.proceed} was called. */
  yield(): void;
  /** The peer broke a rule; nothing more follows. */
  violation(error: ProtocolError): void;
}

/** An extension that decodes the message, and where in it the part stands that it is given next. */
interface Decoder {
  readonly extension: Extension;
  inMessage: boolean;
  inFrame: boolean;
}

const NO_DECODERS: readonly Decoder[] = [];

/** The message that is arriving. */
interface Message {
  readonly text: boolean;
  /** the extensions that decode it, in the order in which they do */
  readonly decoders: readonly Decoder[];
  readonly bytes: GrowingBytes;
  /** what was decoded before `bytes`, where that is much */
  pieces: Pieces | undefined;
  /** bytes that decoders have put out */
  decodedLength: number;
  readonly utf8: Utf8Checker | undefined;
  /** whether all of it is below 0x80 so far */
  ascii: boolean;
  /** a character that the parts handed out so far left cut: at most three bytes */
  cut: Uint8Array<ArrayBuffer>;
  /** what a handler threw while decoders were at work */
  thrown: { readonly error: unknown } | undefined;
  /** whether a handler ended the connection while the message was handed out */
  dropped: boolean;
}

function release({ bytes, pieces }: Message): void {
  bytes.release();
  pieces?.release();
}

/**
 * Puts messages together from the parts of frames (RFC 6455 §5.4), decodes what extensions encoded (§9), and checks
 * that what comes out is UTF-8 and within the limit.
 */
export class MessageReceiver {
  readonly #endpoint: Endpoint;
  readonly #extensions: readonly Extension[];
  readonly #sink: MessageSink;
  #message: Message | undefined;
  #receiving: Message | undefined;
  /** Bytes that may be decoded before others have their turn. */
  #turn: number;
  #left: number = TAKEN;

  /** @param extensions in the order in which they were negotiated */
  constructor(endpoint: Endpoint, extensions: readonly Extension[], sink: MessageSink) {
    this.#endpoint = endpoint;
    this.#extensions = extensions;
    this.#sink = sink;
    this.#turn = endpoint.limits.maxTurnLength;
  }

  /** How many bytes of the last part wait to be decoded, with which it is to be given again; else `TAKEN`. */
  get left(): number {
    return this.#left;
  }

  /** Whether the message that is being handed out was decoded by an extension. */
  get isDecoded(): boolean {
    return (this.#receiving?.decoders.length ?? 0) > 0;
  }

  /** Bytes held for the message that is arriving. */
  get retainedLength(): number {
    if (this.#message === undefined) return 0;
    const { bytes, pieces } = this.#message;
    return bytes.capacity + (pieces?.capacity ?? 0);
  }

  /** Others have had their turn. */
  proceed(): void {
    this.#turn = this.#endpoint.limits.maxTurnLength;
  }

  clear(): void {
    if (this.#receiving !== undefined) this.#receiving.dropped = true;
    else if (this.#message !== undefined) release(this.#message);
    this.#message = undefined;
  }

  /**
   * Takes part of a data frame.
   *
   * @param head the head of its record
   * @param announced payload bytes that the frames of the message announced so far
   * @throws what a handler threw
   */
  receive(memory: Memory, head: number, start: number, length: number, announced: number): void {
    this.#message ??= this.#begin(head);
    const message = this.#message;
    const lastFrame = (head & FIN) !== 0;
    const lastOfFrame = (head & RECORD_LAST) !== 0;
    const lastOfMessage = lastFrame && lastOfFrame;
    this.#receiving = message;
    // The message is over also where a handler throws at its last part.
    if (lastOfMessage) this.#message = undefined;
    let broken: ProtocolError | undefined;
    this.#left = TAKEN;
    try {
      if (message.decoders.length === 0) {
        if ((head & RECORD_ASCII) === 0) message.ascii = false;
        // In the last frame the length of the whole message is known.
        const whole = lastOfMessage ? message.bytes.length + length : announced;
        broken = this.#take(message, memory, start, length, lastOfMessage, lastFrame ? whole : undefined);
      } else {
        // What is being joined was decoded to its end.
        if (message.pieces?.isJoining !== true)
          broken = this.#tryDecode(message, memory, head, start, length);
        if (lastOfMessage && this.#left === TAKEN && broken === undefined) broken = this.#join(message);
      }
      if (lastOfMessage && this.#left === TAKEN && broken === undefined) broken = this.#finish(message);
    } finally {
      this.#receiving = undefined;
      if (message.dropped || (lastOfMessage && this.#left === TAKEN)) release(message);
      else this.#message = message;
    }
    if (broken !== undefined) this.#sink.violation(broken);
    const { thrown } = message;
    message.thrown = undefined;
    if (thrown !== undefined) throw thrown.error;
  }

  #begin(head: number): Message {
    const text = (head & OPCODE_BITS) === OPCODES.text;
    const decoders = this.#extensions.length === 0 ? NO_DECODERS : this.#decodersFor(head);
    const { codec, memory, validateText } = this.#endpoint;
    const utf8 = text && decoders.length > 0 && validateText ? new Utf8Checker(codec.kernel) : undefined;
    const bytes = new GrowingBytes(codec.pool, memory);
    return {
      text,
      decoders,
      bytes,
      pieces: undefined,
      decodedLength: 0,
      utf8,
      ascii: text,
      cut: NOTHING,
      thrown: undefined,
      dropped: false,
    };
  }

  #decodersFor(head: number): readonly Decoder[] {
    return this.#extensions
      .filter(({ decodes, claims }) => decodes === 'all' || (head & claims.first) !== 0)
      .reverse()
      .map((extension) => ({ extension, inMessage: false, inFrame: false }));
  }

  /**
   * Decodes a part, as far as it may be now. What a handler throws while it does is kept in the message; what comes back
   * is the peer's fault.
   */
  #tryDecode(
    message: Message,
    memory: Memory,
    head: number,
    start: number,
    length: number,
  ): ProtocolError | undefined {
    const rsv = head & RSV_BITS;
    const slice = message.decoders.length === 1 ? length : SLICE;
    let at = 0;
    try {
      do {
        if (length > 0 && this.#waits(length - at)) return undefined;
        const end = Math.min(at + slice, length);
        const lastOfFrame = end === length && (head & RECORD_LAST) !== 0;
        const lastOfMessage = lastOfFrame && (head & FIN) !== 0;
        at += this.#decode(message, 0, lend(memory, start + at, end - at), rsv, lastOfFrame, lastOfMessage);
      } while (at < length);
    } catch (error) {
      if (error instanceof ProtocolError) return error;
      if (error !== DROPPED) throw error;
    }
    return undefined;
  }

  /** Whether what is left of a part, so many bytes, must wait. */
  #waits(left: number): boolean {
    if (this.#goesOn()) return false;
    this.#left = left;
    if (this.#sink.flow === FLOW.go) this.#sink.yield();
    if (!this.#goesOn()) return true;
    this.#left = TAKEN;
    return false;
  }

  /** Puts together what was decoded, as far as it may be now. */
  #join({ bytes, pieces }: Message): ProtocolError | undefined {
    if (pieces === undefined) return undefined;
    if (!pieces.isJoining && !pieces.beginJoin(bytes)) return this.#endpoint.exhausted();
    while (!pieces.isEmpty && !this.#waits(0)) {
      this.#turn -= Math.ceil(pieces.join(bytes, this.#turn * COPY_SPEED) / COPY_SPEED);
    }
    return undefined;
  }

  #goesOn(): boolean {
    return this.#turn > 0 && this.#sink.flow === FLOW.go;
  }

  /** Lets decoder `index` and those behind it decode a part; returns how many bytes of it were used. */
  #decode(
    message: Message,
    index: number,
    payload: Uint8Array,
    rsv: number,
    lastOfFrame: boolean,
    lastOfMessage: boolean,
  ): number {
    const decoder = message.decoders[index];
    if (decoder === undefined) {
      this.#takeDecoded(message, payload);
      return payload.length;
    }
    const part: DataPart = {
      text: message.text,
      rsv,
      firstOfMessage: !decoder.inMessage,
      firstOfFrame: !decoder.inFrame,
      lastOfFrame,
      lastOfMessage,
    };
    decoder.inMessage = true;
    const several = message.decoders.length > 1;
    const used = decoder.extension.decode(payload, part, (bytes) => {
      this.#decode(message, index + 1, bytes, rsv, false, false);
      return several || this.#goesOn();
    });
    decoder.inFrame = !lastOfFrame || used < payload.length;
    // What ends here ends for the next decoder too, behind all that came out.
    if (message.dropped) throw DROPPED;
    if (lastOfFrame && index + 1 < message.decoders.length) {
      this.#decode(message, index + 1, NOTHING, rsv, lastOfFrame, lastOfMessage);
    }
    return used;
  }

  #takeDecoded(message: Message, payload: Uint8Array): void {
    if (message.dropped) throw DROPPED;
    const { maxMessageLength } = this.#endpoint.limits;
    message.decodedLength += payload.length;
    this.#turn -= payload.length;
    if (message.decodedLength > maxMessageLength) throw new LimitError('message-too-long', maxMessageLength);
    if (message.utf8 === undefined) message.ascii = false;
    else if (!message.utf8.check(payload)) throw new ProtocolError('text-not-utf8');
    else message.ascii &&= message.utf8.ascii;
    if (!this.#sink.inParts) {
      this.#keep(message, payload);
      return;
    }
    const { buffer } = payload;
    const memory = isUnshared(buffer) ? new Uint8Array(buffer) : new Uint8Array(payload);
    const start = isUnshared(buffer) ? payload.byteOffset : 0;
    // What a handler throws must not tear the decoders out of their stream: it is thrown when they are through.
    const { pool } = this.#endpoint.codec;
    pool.lendForeign(memory);
    try {
      this.#take(message, memoryOf(memory), start, payload.length, false, undefined);
    } catch (error) {
      message.thrown ??= { error };
    } finally {
      pool.endForeign(memory);
    }
  }

  #keep(message: Message, payload: Uint8Array): void {
    const { bytes } = message;
    if (bytes.length >= PIECE_LENGTH) {
      message.pieces ??= new Pieces(this.#endpoint.codec.pool, this.#endpoint.memory);
      message.pieces.add(bytes);
    }
    const total = message.pieces && Math.max(PIECE_LENGTH, payload.length);
    if (!bytes.append(payload, 0, payload.length, total)) throw this.#endpoint.exhausted();
  }

  #take(
    message: Message,
    memory: Memory,
    start: number,
    length: number,
    last: boolean,
    total: number | undefined,
  ): ProtocolError | undefined {
    if (!this.#sink.inParts) {
      return message.bytes.append(memory.bytes, start, length, total)
        ? undefined
        : this.#endpoint.exhausted();
    }
    if (!message.text) this.#sink.binaryPart(lend(memory, start, length), last);
    else this.#takeText(message, memory, start, length, last);
    return undefined;
  }

  /** Hands out the whole characters of a part of text; one that the part cuts waits for the next. */
  #takeText(message: Message, memory: Memory, start: number, length: number, last: boolean): void {
    let bytes = memory.bytes.subarray(start, start + length);
    if (message.cut.length > 0) {
      bytes = new Uint8Array(message.cut.length + length);
      bytes.set(message.cut);
      bytes.set(memory.bytes.subarray(start, start + length), message.cut.length);
    }
    const end = bytes.length - cutLength(bytes, 0, bytes.length);
    message.cut = end === bytes.length ? NOTHING : bytes.slice(end);
    if (end > 0 || last) this.#sink.textPart(decodeText(bytes, 0, end, message.ascii), last);
  }

  /** The message is all here. */
  #finish(message: Message): ProtocolError | undefined {
    if (message.dropped) return undefined;
    if (message.utf8 !== undefined && !message.utf8.complete) return new ProtocolError('text-not-utf8');
    const { memory, length } = message.bytes;
    if (this.#sink.inParts) {
      // Only behind decoders it is not known before that a part is the last.
      if (message.decoders.length === 0) return undefined;
      if (message.text) this.#sink.textPart('', true);
      else this.#sink.binaryPart(lend(NO_MEMORY, 0, 0), true);
    } else if (message.text) {
      this.#sink.text(memory, 0, length, message.ascii);
    } else {
      this.#sink.binary(memory, 0, length);
    }
    return undefined;
  }
}
