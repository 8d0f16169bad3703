import { LARGE_OUTBOX, type Outbox, SMALL_OUTBOX } from './codec.js';
import type { Endpoint } from './endpoint.js';
import { FIN } from './first-byte.js';
import {
  copyMasked,
  headLength,
  MAX_HEAD_LENGTH,
  writeFrame,
  writeHead,
  writeMaskingKey,
} from './frame-encoder.js';
import { OPCODES } from './opcode.js';
import { encodeText, encodeTextInto, maxUtf8Length } from './text.js';

/** From here on the payload of a server goes to the transport as it is instead of being copied behind its head. */
const BY_REFERENCE = LARGE_OUTBOX / 2;

/** Where a {@link Sender} writes; what it returns is told at `ConnectionHandler.write`. */
export interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean;
}

/** The outgoing half of a connection: frames are gathered while it is corked, and leave in as few writes as can be. */
export class Sender {
  readonly #endpoint: Endpoint;
  readonly #sink: Sink;
  #outbox: Outbox | undefined;
  #corks = 0;
  #large = false;
  /** whether the transport still holds bytes */
  #held = false;
  /** pongs sent since then */
  #pongs = 0;
  #latestPing: Uint8Array | undefined;
  #dropped = false;

  constructor(endpoint: Endpoint, sink: Sink) {
    this.#endpoint = endpoint;
    this.#sink = sink;
  }

  /** Bytes gathered and not yet written. */
  get length(): number {
    return this.#outbox?.length ?? 0;
  }

  /** Whether nothing can be written any more. */
  get isDropped(): boolean {
    return this.#dropped;
  }

  /** Gathers until the matching {@link uncork}; `large` where much may come. */
  cork(large: boolean): void {
    this.#corks++;
    this.#large ||= large;
  }

  uncork(): void {
    if (this.#corks > 0) this.#corks--;
    if (this.#corks > 0) return;
    this.#large = false;
    this.flush();
  }

  /** Sends a frame; `first` is its first byte: FIN, RSV bits, opcode. */
  frame(first: number, payload: Uint8Array): void {
    const { codec, masks } = this.#endpoint;
    if (payload.length < BY_REFERENCE) {
      const outbox = this.#reserve(MAX_HEAD_LENGTH + payload.length);
      outbox.length = writeFrame(this.#endpoint, outbox.bytes, outbox.length, first, payload);
      this.#sent();
      return;
    }
    // Corked, so that nothing which the transport asks for meanwhile comes between.
    this.#corks++;
    try {
      if (masks || codec.isKernelMemory(payload)) {
        this.#flush(true);
        this.#writeCopy(first, payload);
      } else {
        const outbox = this.#reserve(MAX_HEAD_LENGTH);
        outbox.length = writeHead(outbox.bytes, outbox.length, first, payload.length, false);
        this.#flush(true);
        // The transport may hold the payload for longer than it was lent.
        this.#write(codec.owned(payload), false);
      }
    } finally {
      this.#corks--;
    }
    this.#sent();
  }

  /** Writes a frame from memory that is used again: fresh memory costs more than the copy (`echo: 64 KiB`). */
  #writeCopy(first: number, payload: Uint8Array): void {
    const { pool } = this.#endpoint.codec;
    const memory = pool.take(MAX_HEAD_LENGTH + payload.length);
    const length = writeFrame(this.#endpoint, memory, 0, first, payload);
    if (this.#write(memory.subarray(0, length), false)) pool.give(memory);
    else pool.keep(memory);
  }

  /** Sends a frame whose payload is `text`, encoded in its place. */
  text(first: number, text: string): void {
    const { codec, masks } = this.#endpoint;
    const room = MAX_HEAD_LENGTH + maxUtf8Length(text);
    if (room > LARGE_OUTBOX) {
      this.frame(first, encodeText(text));
      return;
    }
    const outbox = this.#reserve(room);
    const { bytes, length: at } = outbox;
    // How long the head is shows only when the text is encoded: it is written as if it were ASCII, and moved if not.
    const guess = at + headLength(text.length, masks);
    const length = encodeTextInto(text, bytes, guess);
    const start = at + headLength(length, masks);
    if (start !== guess) bytes.copyWithin(start, guess, guess + length);
    const behindHead = writeHead(bytes, at, first, length, masks);
    outbox.length = start + length;
    if (masks) {
      const maskingKey = this.#endpoint.maskingKey();
      writeMaskingKey(bytes, behindHead, maskingKey);
      copyMasked(codec, bytes.subarray(start, start + length), bytes, start, maskingKey);
    }
    this.#sent();
  }

  /** Sends bytes that are frames already, and never change. */
  frames(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length < BY_REFERENCE && this.#corks > 0) {
      const outbox = this.#reserve(bytes.length);
      outbox.bytes.set(bytes, outbox.length);
      outbox.length += bytes.length;
    } else {
      this.#flush(true);
      this.#write(bytes, false);
    }
  }

  /**
   * Answers a ping. While the transport still holds bytes, answers are counted; from the limit on only the latest ping
   * is answered, when they have left (§5.5.3 allows that): a peer that pings and does not read costs no memory.
   */
  pong(payload: Uint8Array): void {
    if (this.#held && ++this.#pongs > this.#endpoint.limits.maxQueuedPongs)
      this.#latestPing = payload.slice();
    else this.frame(FIN | OPCODES.pong, payload);
  }

  /** The transport has taken everything. */
  drained(): void {
    this.#held = false;
    this.#pongs = 0;
    const payload = this.#latestPing;
    this.#latestPing = undefined;
    if (payload !== undefined) this.frame(FIN | OPCODES.pong, payload);
  }

  /** Writes what was gathered now, corked or not. */
  flush(): void {
    this.#flush(false);
  }

  /** The transport is gone: nothing is written any more. */
  drop(): void {
    this.#dropped = true;
    if (this.#outbox !== undefined) this.#endpoint.codec.giveOutbox(this.#outbox);
    this.#outbox = undefined;
    this.#latestPing = undefined;
  }

  /** Nothing is sent any more, but for what was gathered. */
  close(): void {
    this.flush();
    this.#latestPing = undefined;
  }

  /** An outbox with room for `length` more bytes. */
  #reserve(length: number): Outbox {
    let outbox = this.#outbox;
    if (outbox !== undefined) {
      if (outbox.bytes.length - outbox.length >= length) return outbox;
      this.#flush(true);
    }
    outbox = this.#endpoint.codec.takeOutbox(this.#large || length > SMALL_OUTBOX);
    this.#outbox = outbox;
    return outbox;
  }

  #sent(): void {
    if (this.#corks === 0) this.flush();
  }

  #flush(more: boolean): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    this.#outbox = undefined;
    // Where the transport still holds the bytes, the outbox is its own.
    if (this.#write(outbox.bytes.subarray(0, outbox.length), more)) this.#endpoint.codec.giveOutbox(outbox);
  }

  #write(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    if (this.#dropped) return true;
    let taken: boolean | undefined;
    try {
      taken = this.#sink.write(bytes, more);
    } finally {
      // A transport that throws may have taken half a frame: nothing can follow it.
      if (taken === undefined) this.#dropped = true;
    }
    if (!taken) this.#held = true;
    else if (this.#held && !more) this.drained();
    return taken;
  }
}
