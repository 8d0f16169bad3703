import type { Endpoint } from './endpoint.js';
import { type Extension, framePart, joinClaims } from './extension.js';
import { FIN, OPCODE_BITS, RSV_BITS } from './first-byte.js';
import { checkControlLength } from './frame-encoder.js';
import {
  type Done,
  type Entry,
  Lane,
  type MessageEntry,
  type OpenMessage,
  type SlotEntry,
  startsMessage,
  WRITING,
} from './lane.js';
import { MessageSlot } from './message-slot.js';
import { MessageWriter } from './message-writer.js';
import { OPCODES } from './opcode.js';
import type { PreparedMessage } from './prepared-message.js';
import { Sender } from './sender.js';
import { encodeText, Utf8Checker } from './text.js';

/** How a message is sent. */
export interface SendOptions {
  /** whether extensions may compress it; default true */
  compress?: boolean | undefined;
  /** text as bytes: known to be UTF-8, and not checked again; default false */
  trusted?: boolean | undefined;
  /**
   * called right before the last frame of the message is written, or with an error when the connection ended before;
   * also with an error, behind that, where the frame could not be written. Not where the call returns `false`
   */
  done?: Done | undefined;
}

/** Longer messages are compressed in slices of this many bytes, each a frame: one takes a millisecond or two. */
const SLICE = 65_536;
/** So much of what waits is sent before others have their turn, in bytes of payload: a millisecond or two too, */
const TURN = 65_536;
/** with what a message costs beside its bytes: itself, and where it is compressed. */
const ENTRY_COST = 256;
const COMPRESSED_COST = 1024;
/** Up to here the payload of what waits is copied: the caller may use its memory again, as where it leaves at once. */
const BY_REFERENCE = 32_768;

/** The messages that a connection sends, encoded by its extensions (RFC 6455 §5.6, §5.8), and the lane in which they wait. */
export abstract class MessageSender extends Sender {
  /** What the handshake agreed on, in its order. */
  readonly extensions: readonly Extension[];

  constructor(endpoint: Endpoint, extensions: readonly Extension[], plainText: boolean) {
    super(endpoint, endpoint.configFor(joinClaims(extensions), plainText));
    this.extensions = extensions;
  }

  /** Whether messages can be sent: no close frame has passed yet, in either direction, and nothing has failed. */
  abstract get isOpen(): boolean;

  /** @internal asks for `proceedSending` in a later task */
  protected abstract yieldSending(): void;

  /** For classes that extend this: so many bytes more wait for their turn. */
  protected queued(_length: number): void {}

  /** @internal the close frame has left the lane */
  protected abstract closeSent(): void;

  /** For classes that extend this: what waited for its turn has left. */
  protected abstract laneEmptied(): void;

  /** @internal what was accepted cannot be sent */
  protected abstract sendingFailed(error: Error): void;

  /** Bytes of payload that were accepted and wait for their turn. */
  get queuedLength(): number {
    return this.lane?.length ?? 0;
  }

  /** Whether something waits for its turn. */
  get isQueueing(): boolean {
    return this.lane?.isEmpty === false;
  }

  /** Whether what waits does so for {@link proceedSending}. */
  get isYieldingSend(): boolean {
    return this.lane?.isYielding ?? false;
  }

  /**
   * Sends a text message; a lone surrogate becomes U+FFFD. Behind a message that is not complete yet it waits for its
   * turn. Returns `false`, and sends nothing, when the connection is not open any more.
   *
   * @throws {TypeError} when `text` is no string
   */
  sendText(text: string, options?: SendOptions): boolean {
    if (typeof text !== 'string') throw new TypeError('text must be a string');
    if (!this.isOpen) return false;
    if (this.extensions.length === 0 && this.lane === undefined) {
      options?.done?.();
      this.sendTextFrame(FIN | OPCODES.text, text);
    } else this.sendWhole(OPCODES.text, encodeText(text), options);
    return true;
  }

  /**
   * Sends a binary message; otherwise as {@link sendText}. The payload may be borrowed. Below 32 KiB it is copied, and
   * by a client whenever it leaves at once; a longer one is handed to the transport as it is, or waits as it is: it must
   * not be changed until it has left.
   *
   * @throws {TypeError} when `payload` is no `Uint8Array`
   */
  sendBinary(payload: Uint8Array, options?: SendOptions): boolean {
    return this.sendBytes(OPCODES.binary, payload, options);
  }

  /**
   * Sends a text message that is UTF-8 already; otherwise as {@link sendBinary}.
   *
   * @throws {TypeError} also when the payload is not UTF-8 (§8.1), unless it is `trusted`
   */
  sendTextBytes(payload: Uint8Array, options?: SendOptions): boolean {
    return this.sendBytes(OPCODES.text, payload, options);
  }

  /**
   * Sends a message that was framed, and compressed, before; otherwise as {@link sendText}.
   *
   * @throws {TypeError} on a client, whose frames are masked each with a key of its own (§5.3)
   */
  sendPrepared(message: PreparedMessage, done?: Done): boolean {
    if (this.endpoint.masks) throw new TypeError('a client cannot send prepared messages');
    if (!this.isOpen) return false;
    if (this.lane === undefined) {
      done?.();
      this.putPrepared(message);
    } else this.enqueue({ kind: 'prepared', message, length: message.length, done, next: undefined });
    return true;
  }

  /**
   * Starts a message that is sent in parts, of a length that need not be known. Other messages that are sent before it
   * ends wait for that; where the connection closes first, they are dropped.
   *
   * @throws {TypeError} when one is being sent already
   */
  startMessage(kind: 'text' | 'binary', options?: SendOptions): MessageWriter {
    const opcode = opcodeOf(kind);
    if (this.lane?.open !== undefined) {
      throw new TypeError('a message is being sent in parts, and must end first');
    }
    const compress = options?.compress ?? true;
    const message: OpenMessage = {
      opcode,
      compress,
      lastPart: undefined,
      hasBegun: false,
      isAbandoned: false,
    };
    if (this.isOpen) {
      const lane = this.makeLane();
      lane.open = message;
      if (lane.isEmpty) lane.current = message;
    }
    return new MessageWriter(
      kind,
      this.endpoint.codec,
      (payload, first, last, done) => this.sendOpenPart(message, payload, first, last, done),
      options?.trusted ?? false,
    );
  }

  /**
   * Keeps a place for a message, a ping or a pong whose bytes must be read first: what is sent behind it waits until they
   * are there. `undefined` when the connection is not open any more.
   *
   * @param length as many bytes as are expected, which count as waiting
   * @throws {RangeError} when a ping or pong is to have more than 125 bytes (§5.5)
   */
  sendLater(
    kind: 'text' | 'binary' | 'ping' | 'pong',
    length: number,
    options?: SendOptions,
  ): MessageSlot | undefined {
    if (!this.isOpen) return undefined;
    const waiting = { length, payload: undefined, done: options?.done, next: undefined };
    if (kind === 'ping' || kind === 'pong') {
      checkControlLength(length);
      return this.enqueueSlot({ kind: 'control', opcode: OPCODES[kind], ...waiting });
    }
    const compress = options?.compress ?? true;
    return this.enqueueSlot({ kind: 'message', opcode: opcodeOf(kind), compress, sent: 0, ...waiting });
  }

  /**
   * Sends bytes that are whole frames already, in their turn; where the first begins a message, also behind a message
   * that is being sent in parts. What else they hold is the caller's matter. They must not be changed any more. Returns
   * `false`, and sends nothing, when the connection is not open any more.
   */
  sendRaw(bytes: Uint8Array<ArrayBuffer>, done?: Done): boolean {
    if (!this.isOpen) return false;
    const opcode = (bytes[0] ?? 0) & OPCODE_BITS;
    const isMessage = opcode === OPCODES.text || opcode === OPCODES.binary;
    const { lane } = this;
    if (
      lane === undefined ||
      (lane.isEmpty && !lane.isWriting && !(isMessage && lane.current !== undefined))
    ) {
      done?.();
      this.sendFrames(bytes);
    } else this.enqueue({ kind: 'frames', bytes, isMessage, length: bytes.length, done, next: undefined });
    return true;
  }

  /** Goes on with what waits, behind `yieldSending` of the handler: others have had their turn. */
  proceedSending(): void {
    const { lane } = this;
    if (lane === undefined || !lane.isYielding) return;
    lane.isYielding = false;
    this.advance();
  }

  private sendBytes(kind: number, payload: Uint8Array, options: SendOptions | undefined): boolean {
    if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array');
    if (kind === OPCODES.text && options?.trusted !== true) {
      const utf8 = new Utf8Checker(this.endpoint.codec.kernel);
      if (!utf8.check(payload) || !utf8.complete) throw new TypeError('the text is not UTF-8');
    }
    if (!this.isOpen) return false;
    this.sendWhole(kind, payload, options);
    return true;
  }

  private sendWhole(opcode: number, payload: Uint8Array, options: SendOptions | undefined): void {
    const compress = options?.compress ?? true;
    const done = options?.done;
    if (this.lane === undefined && !this.takesSlices(payload.length, compress)) {
      done?.();
      this.sendPart(opcode, payload, true, true, compress);
      return;
    }
    const kept = this.keepPayload(payload);
    const { length } = payload;
    this.enqueue({
      kind: 'message',
      opcode,
      payload: kept,
      compress,
      sent: 0,
      length,
      done,
      next: undefined,
    });
  }

  /** Whether a message would hold the event loop while it is compressed, and somebody gives it turns. */
  private takesSlices(length: number, compress: boolean): boolean {
    return length > SLICE && compress && this.extensions.length > 0 && this.givesTurns;
  }

  /** @internal whether the handler has what is long go on in later tasks */
  protected abstract readonly givesTurns: boolean;

  private keepPayload(payload: Uint8Array): Uint8Array {
    return payload.length < BY_REFERENCE ? payload.slice() : this.endpoint.codec.owned(payload);
  }

  private makeLane(): Lane {
    let { lane } = this;
    if (lane === undefined || lane === WRITING) {
      lane = new Lane();
      lane.isWriting = this.lane === WRITING;
      this.lane = lane;
    }
    return lane;
  }

  private enqueue(entry: Entry): void {
    this.makeLane().push(entry);
    this.queued(entry.length);
    this.leaveUnlessCorked();
  }

  private enqueueSlot(entry: SlotEntry): MessageSlot {
    const lane = this.makeLane();
    if (entry.kind === 'part') lane.pushPart(entry);
    else lane.push(entry);
    this.queued(entry.length);
    const waits = (): boolean => this.lane === lane && entry.payload === undefined;
    return new MessageSlot(
      (payload) => {
        if (!waits()) return;
        if (entry.kind === 'control') checkControlLength(payload.length);
        entry.payload = payload;
        lane.resize(entry, payload.length);
        this.leaveUnlessCorked();
      },
      (error) => {
        if (waits()) this.sendingFailed(error);
      },
    );
  }

  /** @internal */
  protected override sendControlFrame(opcode: number, payload: Uint8Array, done?: Done): void {
    if (this.lane === undefined || this.lane.letsControlPass) {
      done?.();
      this.sendFrame(FIN | opcode, payload);
    } else {
      const { length } = payload;
      this.enqueue({ kind: 'control', opcode, payload: payload.slice(), length, done, next: undefined });
    }
  }

  /** @internal Sends the close frame behind all that was accepted; a message in parts that was not ended never is. */
  protected putClose(payload: Uint8Array): void {
    this.lane?.abandon();
    if (this.lane === undefined || (this.lane.isEmpty && !this.lane.isWriting)) {
      this.sendFrame(FIN | OPCODES.close, payload);
      this.closeSent();
    } else {
      const { length } = payload;
      const opcode = OPCODES.close;
      this.enqueue({ kind: 'control', opcode, payload, length, done: undefined, next: undefined });
    }
  }

  /** @internal Forgets what waits, and tells whoever waits for it. */
  protected dropLane(error: Error): void {
    const { lane } = this;
    if (lane === undefined || lane === WRITING) return;
    const dropped = lane.clear();
    if (lane.isOver) this.lane = undefined;
    tellAll(dropped, error);
  }

  /** Sends what is ready, a turn at a time. */
  protected override advance(): void {
    const { lane } = this;
    if (lane === undefined || lane.isAdvancing || lane.isWriting || lane.isYielding) return;
    const hasWaited = !lane.isEmpty;
    lane.isAdvancing = true;
    let left = TURN;
    try {
      while (lane.isReady) {
        if (left <= 0) {
          lane.isYielding = this.givesTurns;
          this.yieldSending();
          if (lane.isYielding) break;
          left = TURN;
        }
        this.cork();
        try {
          while (left > 0 && lane.isReady) left -= this.sendNext(lane);
        } finally {
          this.uncork();
        }
      }
    } finally {
      lane.isAdvancing = false;
      if (this.lane === lane && lane.isOver) this.lane = undefined;
    }
    if (hasWaited && lane.isEmpty && !lane.isWriting) this.laneEmptied();
  }

  /** Sends what is first in the lane, or the next slice of it; returns what that cost. */
  private sendNext(lane: Lane): number {
    const entry = lane.first;
    if (entry === undefined) return 0;
    let cost: number;
    try {
      cost = this.sendEntry(lane, entry);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
      if (lane.first === entry) lane.shift();
      entry.done?.(error);
      this.sendingFailed(error);
      return ENTRY_COST;
    }
    // Outside of the above: what a handler throws at this is no fault of the frame.
    if (entry.kind === 'control' && entry.opcode === OPCODES.close) this.closeSent();
    return cost;
  }

  private sendEntry(lane: Lane, entry: Entry): number {
    if (startsMessage(entry) && lane.current !== undefined) {
      lane.shift();
      entry.done?.(new Error('The connection was closed amid a message that came before'));
      return ENTRY_COST;
    }
    if (entry.kind === 'message') return this.sendSlice(lane, entry);
    lane.shift();
    entry.done?.();
    switch (entry.kind) {
      case 'part': {
        const { message, payload = NOTHING, first, last } = entry;
        lane.current = message;
        message.hasBegun = true;
        this.sendPart(message.opcode, payload, first, last, message.compress);
        if (last) lane.current = undefined;
        break;
      }
      case 'prepared':
        this.putPrepared(entry.message);
        break;
      case 'frames':
        this.sendFrames(entry.bytes);
        break;
      default:
        this.sendFrame(FIN | entry.opcode, entry.payload ?? NOTHING);
    }
    return entry.length + ENTRY_COST;
  }

  private sendSlice(lane: Lane, entry: MessageEntry): number {
    const { opcode, payload = NOTHING, compress, sent } = entry;
    const left = payload.length - sent;
    const length = this.takesSlices(left, compress) ? SLICE : left;
    const last = length === left;
    if (last) {
      lane.shift();
      entry.done?.();
    } else lane.resize(entry, left - length);
    this.sendPart(opcode, payload.subarray(sent, sent + length), sent === 0, last, compress);
    entry.sent = sent + length;
    return length + (this.extensions.length > 0 && compress ? COMPRESSED_COST : ENTRY_COST);
  }

  /** Sends a part of a message that its caller has not ended, or keeps a place for one of so many bytes. */
  private sendOpenPart(
    message: OpenMessage,
    payload: Uint8Array | number,
    first: boolean,
    last: boolean,
    done: Done | undefined,
  ): MessageSlot | boolean {
    const { lane } = this;
    if (!this.isOpen || lane?.open !== message) return false;
    if (typeof payload === 'number') {
      if (last) lane.open = undefined;
      const waiting = { length: payload, payload: undefined, done, next: undefined };
      return this.enqueueSlot({ kind: 'part', message, first, last, ...waiting });
    }
    if (lane.current === message && message.lastPart === undefined && !lane.isWriting) {
      done?.();
      this.sendPart(message.opcode, payload, first, last, message.compress);
      message.hasBegun = true;
      if (last) lane.current = undefined;
    } else {
      const kept = this.keepPayload(payload);
      const { length } = payload;
      lane.pushPart({ kind: 'part', message, payload: kept, first, last, length, done, next: undefined });
      this.queued(length);
    }
    if (last) lane.open = undefined;
    if (this.lane === lane && lane.isOver) this.lane = undefined;
    else this.leaveUnlessCorked();
    return true;
  }

  private putPrepared(message: PreparedMessage): void {
    const [extension] = this.extensions;
    if (this.extensions.length > 1 || (extension !== undefined && extension.variant === undefined)) {
      this.sendPart(message.opcode, message.payload, true, true, message.compress);
      return;
    }
    const frame = message.frame(this.endpoint, extension);
    this.sendFrames(frame);
    if (((frame[0] ?? 0) & RSV_BITS) !== 0) extension?.bypassed?.();
  }

  /** Sends a frame of a message that is `kind`, text or binary. */
  private sendPart(
    kind: number,
    payload: Uint8Array,
    first: boolean,
    last: boolean,
    compress: boolean,
  ): void {
    const { extensions } = this;
    const opcode = first ? kind : OPCODES.continuation;
    if (extensions.length === 0) {
      this.sendFrame((last ? FIN : 0) | opcode, payload);
      return;
    }
    // Before anything is encoded: where it throws, the extensions have seen nothing of the part.
    const maskingKey = this.endpoint.masks ? this.endpoint.maskingKey() : undefined;
    const part = framePart(kind === OPCODES.text, first, last);
    let bytes = payload;
    for (const extension of extensions) bytes = extension.encode(bytes, part, compress);
    this.sendFrame((last ? FIN : 0) | part.rsv | opcode, bytes, maskingKey);
  }
}

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Tells all that were dropped; what one of them throws comes out when the others know. */
function tellAll(entry: Entry | undefined, error: Error): void {
  for (let rest = entry; rest !== undefined; rest = rest.next) {
    try {
      rest.done?.(error);
    } catch (thrown) {
      tellAll(rest.next, error);
      throw thrown;
    }
  }
}

function opcodeOf(kind: 'text' | 'binary'): number {
  const opcode = kind === 'text' ? OPCODES.text : OPCODES.binary;
  if (opcode !== OPCODES[kind]) throw new TypeError(`a message is text or binary, not ${kind}`);
  return opcode;
}
