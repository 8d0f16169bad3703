/* Third in the chain of classes that `connection.ts` draws: it extends Sender, and MessageSender extends it. */

import type { Endpoint } from '../endpoint/endpoint.js';
import { type Extension, framePart, joinClaims } from '../extension/extension.js';
import { FIN, RSV_BITS } from '../rules/first-byte.js';
import { OPCODES } from '../rules/opcode.js';
import { toError } from '../runtime/thrown.js';
import { checkControlLength } from './frame-encoder.js';
import {
  type Entry,
  Lane,
  type MessageEntry,
  type OpenMessage,
  type SlotEntry,
  startsMessage,
  WRITING,
} from './lane.js';
import { MessageSlot } from './message-slot.js';
import type { PreparedMessage } from './prepared-message.js';
import { BY_REFERENCE, Sender } from './sender.js';

/** Longer messages are compressed in slices of this many bytes, each a frame: one takes a millisecond or two. */
const SLICE = 65_536;
/** So much of what waits is sent before others have their turn, in bytes of payload: a millisecond or two as well. */
const TURN = 65_536;
/** What an entry costs beside its bytes, as so many bytes of a turn. */
const ENTRY_COST = 256;
/** The same for one that is compressed. */
const COMPRESSED_COST = 1024;

/** Sends frames of messages, encoded by extensions (RFC 6455 §5.8), and what waits in the {@link Lane} when its turn comes. */
export abstract class LaneSender extends Sender {
  /** What the handshake agreed on, in its order. */
  readonly extensions: readonly Extension[];

  constructor(endpoint: Endpoint, extensions: readonly Extension[], plainText: boolean) {
    super(endpoint, endpoint.configFor(joinClaims(extensions), plainText));
    this.extensions = extensions;
  }

  /** @internal asks for `proceedSending` in a later task */
  protected abstract yieldSending(): void;

  /** For classes that extend this: so many bytes more wait for their turn. */
  protected queued(_length: number): void {}

  /** For classes that extend this: what waits here, and elsewhere, is more than there is memory for. */
  protected abstract overdrawn(): void;

  /** @internal the close frame has left the lane */
  protected abstract closeSent(): void;

  /** @internal the frame that was at hand when the end came has left */
  protected abstract endReached(): void;

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

  /** Goes on with what waits, behind `yieldSending` of the handler: others have had their turn. */
  proceedSending(): void {
    const { lane } = this;
    if (lane === undefined || !lane.isYielding) return;
    lane.isYielding = false;
    this.advance();
  }

  /** @internal Whether a message would hold the event loop while it is compressed, and somebody gives it turns. */
  protected takesSlices(length: number, compress: boolean): boolean {
    return length > SLICE && compress && this.extensions.length > 0 && this.givesTurns;
  }

  /** @internal whether the handler has what is long go on in later tasks */
  protected abstract readonly givesTurns: boolean;

  /** @internal */
  protected keepPayload(payload: Uint8Array): Uint8Array {
    // Up to here the caller may use its memory again, as where it leaves at once.
    return payload.length < BY_REFERENCE ? payload.slice() : this.endpoint.codec.owned(payload);
  }

  /** @internal */
  protected makeLane(): Lane {
    let { lane } = this;
    if (lane === undefined || lane === WRITING) {
      lane = new Lane(this.endpoint.memory);
      lane.isWriting = this.lane === WRITING;
      this.lane = lane;
    }
    return lane;
  }

  /** @internal */
  protected enqueue(entry: Entry): void {
    this.makeLane().push(entry);
    this.accepted(entry);
    this.leaveUnlessCorked();
  }

  /** @internal Behind what is put into the lane. */
  protected accepted(entry: Entry): void {
    this.queued(entry.length);
    this.checkMemory(entry);
  }

  private checkMemory({ kind }: Entry): void {
    // A close frame must go out all the same, and pings and pongs are short.
    if (kind !== 'control' && kind !== 'end' && this.endpoint.memory?.isOverdrawn) this.overdrawn();
  }

  /** @internal */
  protected enqueueSlot(entry: SlotEntry): MessageSlot {
    const lane = this.makeLane();
    if (entry.kind === 'part') lane.pushPart(entry);
    else lane.push(entry);
    // Before: it may be given up at once.
    const { clears } = lane;
    this.accepted(entry);
    const waits = (): boolean => this.lane === lane && lane.clears === clears && entry.payload === undefined;
    return new MessageSlot(
      (payload) => {
        if (!waits()) return;
        if (entry.kind === 'control') checkControlLength(payload.length);
        entry.payload = payload;
        lane.resize(entry, payload.length);
        this.checkMemory(entry);
        this.leaveUnlessCorked();
      },
      (error) => {
        if (waits()) this.sendingFailed(error);
      },
    );
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
      const error = toError(thrown);
      if (lane.first === entry) lane.shift();
      try {
        entry.done?.(error);
      } finally {
        this.sendingFailed(error);
      }
      return ENTRY_COST;
    }
    // Outside of the above: what a handler throws at this is no fault of the frame.
    if (entry.kind === 'control' && entry.opcode === OPCODES.close) this.closeSent();
    else if (entry.kind === 'end') this.endReached();
    return cost;
  }

  private sendEntry(lane: Lane, entry: Entry): number {
    if (startsMessage(entry) && lane.current !== undefined) {
      const { done } = entry;
      entry.done = undefined;
      lane.shift();
      done?.(new Error('The connection was closed amid a message that came before'));
      return ENTRY_COST;
    }
    if (entry.kind === 'message') return this.sendSlice(lane, entry);
    lane.shift();
    if (entry.kind === 'part') {
      lane.current = entry.message;
      this.putPart(lane, entry.message, entry.payload ?? NOTHING, entry.last, () => this.tellOf(entry));
      return entry.length + ENTRY_COST;
    }
    this.tellOf(entry);
    switch (entry.kind) {
      case 'prepared':
        this.putPrepared(entry.message);
        break;
      case 'frames':
        this.sendFrames(entry.bytes);
        break;
      case 'control':
        this.sendFrame(FIN | entry.opcode, entry.payload ?? NOTHING);
    }
    return entry.length + ENTRY_COST;
  }

  /** A `done` that throws is not called again. */
  private tellOf(entry: Entry): void {
    const { done } = entry;
    entry.done = undefined;
    this.tell(done);
    entry.done = done;
  }

  /** @internal Sends the next part of the message that is on the wire; `tell` is called right before. */
  protected putPart(
    lane: Lane,
    message: OpenMessage,
    payload: Uint8Array,
    last: boolean,
    tell: () => void,
  ): void {
    const first = !message.hasBegun;
    // Before: what is sent from inside `done` or the write is no first part any more.
    message.hasBegun = true;
    try {
      tell();
      this.sendPart(message.opcode, payload, first, last, message.compress);
    } catch (error) {
      message.hasBegun = !first;
      throw error;
    }
    if (last) lane.current = undefined;
  }

  private sendSlice(lane: Lane, entry: MessageEntry): number {
    const { opcode, payload = NOTHING, compress, sent } = entry;
    const left = payload.length - sent;
    const length = this.takesSlices(left, compress) ? SLICE : left;
    const last = length === left;
    if (last) {
      lane.shift();
      this.tellOf(entry);
    } else lane.resize(entry, left - length);
    this.sendPart(opcode, payload.subarray(sent, sent + length), sent === 0, last, compress);
    entry.sent = sent + length;
    return length + (this.extensions.length > 0 && compress ? COMPRESSED_COST : ENTRY_COST);
  }

  /** @internal */
  protected putPrepared(message: PreparedMessage): void {
    const [extension] = this.extensions;
    if (this.extensions.length > 1 || (extension !== undefined && extension.variant === undefined)) {
      this.sendPart(message.opcode, message.payload, true, true, message.compress);
      return;
    }
    const frame = message.frame(this.endpoint, extension);
    // Before it is written: what is sent from inside the write is encoded behind it.
    if (((frame[0] ?? 0) & RSV_BITS) !== 0) extension?.bypassed?.();
    this.sendFrames(frame);
  }

  /** @internal Sends a frame of a message that is `kind`, text or binary. */
  protected sendPart(
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
  let thrown: { readonly error: unknown } | undefined;
  for (let rest = entry; rest !== undefined; rest = rest.next) {
    try {
      rest.done?.(error);
    } catch (caught) {
      thrown ??= { error: caught };
    }
  }
  if (thrown !== undefined) throw thrown.error;
}
