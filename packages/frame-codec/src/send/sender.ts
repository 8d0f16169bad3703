/* Second in the chain of classes that `connection.ts` draws: it extends Scanner, and LaneSender extends it. */

import { LARGE_OUTBOX, type Outbox, SMALL_OUTBOX } from '../endpoint/codec.js';
import { encodeText, encodeTextInto, maxUtf8Length } from '../kernel/text.js';
import { Scanner } from '../receive/scanner.js';
import { FIN } from '../rules/first-byte.js';
import { OPCODES } from '../rules/opcode.js';
import {
  copyMasked,
  headLength,
  MAX_HEAD_LENGTH,
  writeFrame,
  writeHead,
  writeMaskingKey,
} from './frame-encoder.js';
import { type Done, type Lane, WRITING } from './lane.js';

/** From here on the payload of a server goes to the transport as it is instead of being copied behind its head. */
export const BY_REFERENCE: number = LARGE_OUTBOX / 2;

/** What {@link Sender} knows of the transport, where it holds nothing: it took the last bytes at once, or later, or is gone. */
const AT_ONCE = -1;
const LATER = -2;
const GONE = -3;

/**
 * The outgoing half of a connection: frames are gathered while it is corked, and leave in as few writes as can be. It is
 * on top of the incoming one, and not beside it, for the sake of idle connections; see {@link Scanner}.
 */
export abstract class Sender extends Scanner {
  /** @internal what waits to be sent, where something does; while the transport is given bytes it is {@link WRITING} */
  protected lane: Lane | undefined;
  #outbox: Outbox | undefined;
  #corks = 0;
  /** how many pongs were sent since the transport has held bytes, or `AT_ONCE`, `LATER` or `GONE` */
  #pongs = AT_ONCE;
  #latestPing: Uint8Array | undefined;

  /** @internal what it returns is told at `ConnectionHandler.write` */
  abstract write(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean;

  /** @internal Sends what is ready in the lane. */
  protected abstract advance(): void;

  /** @internal Sends a ping or pong: at once where the lane lets it pass (§5.4), else in its turn. */
  protected abstract sendControlFrame(opcode: number, payload: Uint8Array, done?: Done): void;

  /** Bytes gathered by {@link cork} and not yet written. */
  get corkedLength(): number {
    return this.#outbox?.length ?? 0;
  }

  /** Whether the handler's `write`, or a `done`, is being called: what is sent meanwhile goes behind the frame at hand. */
  get isWriting(): boolean {
    return this.lane?.isWriting ?? false;
  }

  /** @internal whether nothing can be written any more */
  protected get isGone(): boolean {
    return this.#pongs === GONE;
  }

  /** Gathers what is sent until the matching {@link uncork}, to leave in as few writes as can be. */
  cork(): void {
    this.#corks++;
  }

  /** Ends what {@link cork} began: the last of them writes all that was gathered. */
  uncork(): void {
    if (this.#corks > 0) this.#corks--;
    if (this.#corks === 0) this.flush();
  }

  /** For classes that extend this: gathers what handlers send while they are handed what was received. */
  protected beginGathering(): void {
    this.cork();
  }

  /** Ends {@link beginGathering}. */
  protected endGathering(): void {
    this.uncork();
  }

  /** @internal Sends a frame; `first` is its first byte: FIN, RSV bits, opcode. A client may give the masking key. */
  protected sendFrame(first: number, payload: Uint8Array, maskingKey?: number): void {
    const { codec, masks } = this.endpoint;
    // First: once the transport was told that more follows, nothing may throw.
    const key = masks ? (maskingKey ?? this.endpoint.maskingKey()) : undefined;
    if (payload.length < BY_REFERENCE) {
      const outbox = this.reserve(MAX_HEAD_LENGTH + payload.length);
      outbox.length = writeFrame(this.endpoint, outbox.bytes, outbox.length, first, payload, key);
      this.leaveUnlessCorked();
      return;
    }
    // Corked, so that nothing which the transport asks for meanwhile comes between.
    this.#corks++;
    try {
      if (masks || codec.isKernelMemory(payload)) {
        this.writeOut(true);
        this.passCopy(first, payload, key);
      } else {
        const outbox = this.reserve(MAX_HEAD_LENGTH);
        outbox.length = writeHead(outbox.bytes, outbox.length, first, payload.length, false);
        this.writeOut(true);
        // The transport may hold the payload for longer than it was lent.
        this.pass(codec.owned(payload), false);
      }
    } finally {
      if (this.#corks > 0) this.#corks--;
    }
    this.leaveUnlessCorked();
  }

  /** Writes a frame from memory that is used again: fresh memory costs more than the copy (`echo: 64 KiB`). */
  private passCopy(first: number, payload: Uint8Array, maskingKey: number | undefined): void {
    const { pool } = this.endpoint.codec;
    const memory = pool.take(MAX_HEAD_LENGTH + payload.length);
    let left = false;
    try {
      const length = writeFrame(this.endpoint, memory, 0, first, payload, maskingKey);
      left = this.pass(memory.subarray(0, length), false);
    } finally {
      if (left) pool.give(memory);
      else pool.keep(memory);
    }
  }

  /** @internal Sends a frame whose payload is `text`, encoded in its place. */
  protected sendTextFrame(first: number, text: string): void {
    const { codec, masks } = this.endpoint;
    const room = MAX_HEAD_LENGTH + maxUtf8Length(text);
    if (room > LARGE_OUTBOX) {
      this.sendFrame(first, encodeText(text));
      return;
    }
    // First, as in `sendFrame`.
    const maskingKey = masks ? this.endpoint.maskingKey() : undefined;
    const outbox = this.reserve(room);
    const { bytes, length: at } = outbox;
    // How long the head is shows only when the text is encoded: it is written as if it were ASCII, and moved if not.
    const guess = at + headLength(text.length, masks);
    const length = encodeTextInto(text, bytes, guess);
    const start = at + headLength(length, masks);
    if (start !== guess) bytes.copyWithin(start, guess, guess + length);
    const behindHead = writeHead(bytes, at, first, length, masks);
    if (maskingKey !== undefined) {
      writeMaskingKey(bytes, behindHead, maskingKey);
      copyMasked(codec, bytes.subarray(start, start + length), bytes, start, maskingKey);
    }
    outbox.length = start + length;
    this.leaveUnlessCorked();
  }

  /** @internal Sends bytes that are frames already, and never change. */
  protected sendFrames(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#corks > 0 && bytes.length < BY_REFERENCE) {
      const outbox = this.reserve(bytes.length);
      outbox.bytes.set(bytes, outbox.length);
      outbox.length += bytes.length;
    } else {
      this.writeOut(true);
      this.pass(bytes, false);
      this.leaveUnlessCorked();
    }
  }

  /**
   * @internal Answers a ping. While the transport still holds bytes, answers are counted; from the limit on only the latest ping
   * is answered, when they have left (§5.5.3 allows that): a peer that pings and does not read costs no memory.
   */
  protected answerPing(payload: Uint8Array): void {
    if (this.#pongs >= 0 && ++this.#pongs > this.endpoint.limits.maxQueuedPongs)
      this.#latestPing = payload.slice();
    else this.sendPong(payload);
  }

  private sendPong(payload: Uint8Array): void {
    this.sendPast(OPCODES.pong, payload);
  }

  /** @internal Sends a ping or pong that waits for no message, only for the frame that is being written (§5.4). */
  protected sendPast(opcode: number, payload: Uint8Array): void {
    if (this.lane?.isWriting) this.sendControlFrame(opcode, payload);
    else this.sendFrame(FIN | opcode, payload);
  }

  /** The transport has taken all that `write` left with it: pongs that waited for it are sent. */
  drained(): void {
    if (this.#pongs >= 0) this.emptied(LATER);
  }

  /**
   * Writes what was gathered now, corked or not, and what is ready of what waits. Called from inside `write` it does
   * nothing: that follows by itself.
   */
  flush(): void {
    if (this.lane?.isWriting) return;
    this.writeOut(false);
    if (this.lane !== undefined) this.advance();
  }

  /** @internal The transport is gone: nothing is written any more. */
  protected dropTransport(): void {
    this.#pongs = GONE;
    if (this.#outbox !== undefined) this.endpoint.codec.giveOutbox(this.#outbox);
    this.#outbox = undefined;
    this.#latestPing = undefined;
  }

  /** @internal Nothing is sent any more, but for what was gathered. */
  protected endSending(): void {
    this.flush();
    this.#latestPing = undefined;
  }

  /** An outbox with room for `length` more bytes. */
  private reserve(length: number): Outbox {
    let outbox = this.#outbox;
    if (outbox !== undefined) {
      if (outbox.bytes.length - outbox.length >= length) return outbox;
      this.writeOut(true);
    }
    outbox = this.endpoint.codec.takeOutbox(this.isBusy || length > SMALL_OUTBOX);
    this.#outbox = outbox;
    return outbox;
  }

  /** @internal */
  protected leaveUnlessCorked(): void {
    if (this.#corks === 0) this.flush();
  }

  private writeOut(more: boolean): void {
    const outbox = this.#outbox;
    if (outbox === undefined) return;
    this.#outbox = undefined;
    const { codec } = this.endpoint;
    // Raw frames may be none.
    if (outbox.length === 0) {
      codec.giveOutbox(outbox);
      return;
    }
    const bytes = outbox.bytes.subarray(0, outbox.length);
    // Who did not take the last bytes at once will hold these too, and an outbox is mostly room: a peer that does not read
    // would cost 64 KiB for each short message, and TLS, which takes nothing at once, twice the time.
    if (this.#pongs !== AT_ONCE && bytes.length < outbox.bytes.length / 2) {
      const copy = bytes.slice();
      codec.giveOutbox(outbox);
      this.pass(copy, more);
    }
    // Where the transport still holds the bytes, the outbox is its own.
    else if (this.pass(bytes, more)) codec.giveOutbox(outbox);
  }

  private pass(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    if (this.#pongs === GONE) return true;
    let taken: boolean | undefined;
    this.beginWrite();
    try {
      taken = this.write(bytes, more);
    } finally {
      this.endWrite();
      // A transport that throws may have taken half a frame: nothing can follow it.
      if (taken === undefined) this.#pongs = GONE;
    }
    if (this.#pongs === GONE) return taken;
    if (!taken) this.#pongs = Math.max(this.#pongs, 0);
    else if (!more && this.#pongs !== AT_ONCE) this.emptied(AT_ONCE);
    return taken;
  }

  /** @internal Tells that a frame is next. What is sent meanwhile goes behind it. */
  protected tell(done: Done | undefined): void {
    if (done === undefined) return;
    this.beginWrite();
    try {
      done();
    } catch (error) {
      this.endWrite();
      this.leaveUnlessCorked();
      throw error;
    }
    this.endWrite();
  }

  /** What the transport has this side send while it is given bytes waits in the lane, so that no frame is cut. */
  private beginWrite(): void {
    if (this.lane === undefined) this.lane = WRITING;
    else this.lane.isWriting = true;
  }

  private endWrite(): void {
    if (this.lane === WRITING) this.lane = undefined;
    else if (this.lane !== undefined) this.lane.isWriting = false;
  }

  /** The transport holds nothing any more: a ping that had to wait for that is answered. */
  private emptied(taken: typeof AT_ONCE | typeof LATER): void {
    this.#pongs = taken;
    const payload = this.#latestPing;
    this.#latestPing = undefined;
    if (payload !== undefined) this.sendPong(payload);
  }
}
