import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  Connection,
  type ConnectionHandler,
  type Endpoint,
  type Extension,
  type LimitError,
} from '@x/frame-codec';
import { nextTick } from '../runtime/clock.js';
import { currentTick, isExiting, releaseAtEndOfTick, runAll, surfaceLater } from '../runtime/scheduler.js';
import { toError } from '../runtime/thrown.js';
import {
  DIRECT,
  FINISHED,
  FLAGS,
  FLUSHES_AT_END,
  GATHERED_SEVERAL,
  GATHERING,
  HEARD,
  OVERFLOWED,
  OVERFLOWS,
  RECEIVING,
  REUSABLE,
  SENDS_SEVERAL,
  TICK_SHIFT,
} from './connection-flags.js';
import { canWriteDirectly, type DirectSocket, REFUSED, type Writer, writeDirectly } from './direct-write.js';
import { type Leaving, NOTHING_LEAVES, tooLate, writeError } from './leaving.js';
import { writesNatively } from './native-socket.js';
import { SendCallback, type Sent, type Waiter } from './send-callback.js';

/** Writes that announce more to come wait for it when they are no longer than this: a head in front of its payload. */
const WAITS_FOR_MORE = 1024;
/** What a write that waits costs beside its bytes: Node's requests and ours. */
const WRITE_COST = 1024;

/** How a transport has its connections write. */
export interface WriterTransport {
  readonly endpoint: Endpoint;
  readonly gatherWrites: boolean;
  readonly directWrites: boolean;
  readonly maxBufferedLength: number;
}

/** A codec `Connection` that writes to a stream: gathered, in order, and with word of what has left. */
export abstract class SocketWriter<Context = unknown, Transport extends WriterTransport = WriterTransport>
  extends Connection<Context>
  implements Writer
{
  readonly socket: Duplex;
  readonly transport: Transport;
  #flags = HEARD;
  #leaving: Leaving | undefined;

  /** @internal use `attach` of a `Transport` */
  constructor(
    transport: Transport,
    handler: ConnectionHandler<Context>,
    context: Context,
    socket: Duplex,
    extensions: readonly Extension[],
  ) {
    super(transport.endpoint, handler, context, extensions);
    this.transport = transport;
    this.socket = socket;
    // TLS encrypts later, and any other stream may pass the bytes on as they are.
    if (socket instanceof Socket && !('encrypted' in socket)) this.#flags |= REUSABLE;
    if (transport.directWrites && canWriteDirectly(socket)) this.#flags |= DIRECT;
  }

  /** Bytes that are sent but have not gone to the operating system, each counted once. */
  get bufferedLength(): number {
    return this.corkedLength + this.queuedLength + this.unsentLength;
  }

  /** Bytes that the stream, or the handle below it, holds. */
  private get unsentLength(): number {
    const { head, unsent } = this.#leaving ?? NOTHING_LEAVES;
    return (head?.length ?? 0) + unsent + this.socket.writableLength;
  }

  /** The same, with what the writes cost beside their bytes. */
  private get heldLength(): number {
    const leaving = this.#leaving ?? NOTHING_LEAVES;
    return this.unsentLength + leaving.writes * WRITE_COST;
  }

  /** @internal Sends all that waits and is ready, without turns for others. */
  sendAll(): void {
    this.release();
    this.flush();
    while (this.isYieldingSend) this.proceedSending();
  }

  /**
   * Before something is sent: the first frame of a tick leaves at once, and what follows in that tick leaves together at
   * its end. A connection that sent several frames in the last tick in which it sent has the first one wait too.
   */
  gather(): void {
    const flags = this.#flags;
    if ((flags & FLUSHES_AT_END) === 0) this.flushAtEnd();
    if ((flags & (RECEIVING | GATHERING)) !== 0) {
      this.#flags |= GATHERED_SEVERAL;
      return;
    }
    if (!this.transport.gatherWrites || isExiting()) return;
    const tick = currentTick();
    const isFirst = flags >> TICK_SHIFT !== tick;
    this.#flags = (this.#flags & FLAGS & ~GATHERED_SEVERAL) | (tick << TICK_SHIFT);
    if (isFirst && (flags & SENDS_SEVERAL) === 0) return;
    this.#flags |= GATHERING | SENDS_SEVERAL;
    if (!isFirst) this.#flags |= GATHERED_SEVERAL;
    this.cork();
    releaseAtEndOfTick(this);
  }

  /** Ends {@link gather} before its time. */
  release(): void {
    if (!this.has(GATHERING)) return;
    if (!this.has(GATHERED_SEVERAL)) this.mark(SENDS_SEVERAL, false);
    this.mark(GATHERING | GATHERED_SEVERAL, false);
    this.uncork();
  }

  /** Hands what was sent to the operating system now, as far as it takes it. */
  override flush(): void {
    super.flush();
    if (this.has(OVERFLOWS)) this.tellOverflow();
  }

  /**
   * Calls `sent`, once, when the next write has gone to the operating system, or with an error when that cannot happen any
   * more. It is to be called before the message is sent: what was written already does not count.
   */
  whenSent(sent: Sent): void {
    this.awaitSent(new SendCallback(sent, this));
  }

  /** @internal whether the stream is closed */
  get isFinished(): boolean {
    return this.has(FINISHED);
  }

  /** @internal As {@link whenSent}. */
  awaitSent(waiter: Waiter): void {
    if (this.socket.destroyed || this.socket.writableEnded) {
      nextTick(() => waiter.tell(tooLate()));
      return;
    }
    const leaving = this.leaving();
    leaving.waiters ??= [];
    leaving.waiters.push(waiter);
  }

  /** @internal What it returns is told at `write` of the codec's handler. */
  transmit(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    if (more && bytes.length <= WAITS_FOR_MORE) {
      const leaving = this.leaving();
      leaving.head = leaving.head === undefined ? Buffer.from(bytes) : Buffer.concat([leaving.head, bytes]);
      return true;
    }
    const { head, unsent } = this.#leaving ?? NOTHING_LEAVES;
    if (head !== undefined) this.leaving().head = undefined;
    const waiters = more ? undefined : this.takeWaiters();
    try {
      if (this.has(DIRECT) && !more && unsent === 0) {
        // What has this mark is one.
        const direct = this.socket as DirectSocket;
        const waiting = writeDirectly(direct, head === undefined ? bytes : [head, bytes], this);
        if (waiting !== REFUSED) return this.sentDirectly(waiting, waiters);
      }
      return this.writeToStream(head, bytes, waiters);
    } catch (thrown) {
      // A stream that throws has taken nobody knows what: nothing can follow it.
      const error = toError(thrown);
      this.socket.destroy(error);
      if (waiters !== undefined) nextTick(tellAll, waiters, error);
      return false;
    }
  }

  /** Whether what was written to the handle has left but for so many bytes. */
  private sentDirectly(waiting: number, waiters: readonly Waiter[] | undefined): boolean {
    if (waiting > 0) {
      const leaving = this.leaving();
      leaving.unsent = waiting;
      leaving.unsentFor = waiters;
      this.recount();
      return false;
    }
    if (waiters !== undefined) nextTick(tellAll, waiters);
    return true;
  }

  private writeToStream(
    head: Uint8Array | undefined,
    bytes: Uint8Array<ArrayBuffer>,
    waiters: readonly Waiter[] | undefined,
  ): boolean {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) {
      if (waiters !== undefined) nextTick(tellAll, waiters, tooLate());
      return true;
    }
    const leaving = this.leaving();
    const waiting = this.heldLength;
    if (waiters !== undefined) {
      leaving.written ??= new Set();
      leaving.written.add(waiters);
    }
    if (head !== undefined) {
      socket.cork();
      socket.write(head);
    }
    // Whoever stands in the way of Node's methods may pass the bytes on later, as they are then.
    const isReusable = this.has(REUSABLE) && writesNatively(socket);
    let atOnce = true;
    socket.write(bytes, (error) => {
      if (!atOnce) leaving.writes--;
      // Node says of writes that a destroyed socket cut off that all is well.
      this.passed(waiters, error ?? (!atOnce && socket.destroyed ? tooLate() : undefined));
    });
    if (head !== undefined) socket.uncork();
    atOnce = socket.writableLength === 0;
    if (!atOnce) {
      leaving.writes++;
      this.recount();
    }
    if (waiting > this.transport.maxBufferedLength) this.mark(OVERFLOWS, true);
    return atOnce && isReusable;
  }

  /** What went through the stream has left. Node tells of an emptied buffer only when that was full before. */
  private passed(waiters: readonly Waiter[] | undefined, error: Error | undefined): void {
    this.recount();
    // Node calls back for several writes in a row.
    surfaceLater(() => {
      if (waiters !== undefined && this.leaving().written?.delete(waiters)) tellAll(waiters, error);
    });
    if (this.unsentLength === 0) surfaceLater(() => this.drained());
  }

  private takeWaiters(): readonly Waiter[] | undefined {
    const leaving = this.#leaving;
    if (leaving?.waiters === undefined) return undefined;
    const { waiters } = leaving;
    leaving.waiters = undefined;
    return waiters;
  }

  /** What did not leave at once has left, or was lost: called behind direct writes, and of no use to others. */
  written(status: number): void {
    const { socket } = this;
    const leaving = this.leaving();
    const waiters = leaving.unsentFor ?? [];
    leaving.unsent = 0;
    leaving.unsentFor = undefined;
    this.recount();
    if (status < 0) {
      const error = writeError(status);
      socket.destroy(error);
      tellAll(waiters, error);
      return;
    }
    surfaceLater(() => tellAll(waiters));
    if (!socket.writableNeedDrain) this.drain();
  }

  /** @internal The socket takes more again. */
  drain(): void {
    if (this.unsentLength === 0) this.drained();
    this.tellDrain();
  }

  /** @internal what waited has left */
  protected abstract tellDrain(): void;

  /** @internal too much waits */
  protected abstract tellOverflowing(): void;

  /** @internal */
  protected override laneEmptied(): void {
    super.laneEmptied();
    nextTick(() => this.tellDrain());
  }

  /** @internal */
  protected override queued(length: number): void {
    if (this.bufferedLength - length > this.transport.maxBufferedLength) this.mark(OVERFLOWS, true);
  }

  /** @internal Tells whoever waits for what the end of the stream has cut off. */
  protected failWaiters(): void {
    const leaving = this.#leaving;
    if (leaving === undefined) return;
    const lists = [...(leaving.written ?? []), leaving.unsentFor ?? [], this.takeWaiters() ?? []];
    leaving.written = undefined;
    leaving.unsentFor = undefined;
    tellAll(lists.flat(), tooLate());
  }

  /** @internal */
  protected override overdrawn(): void {
    this.leaving().isTooMuch = true;
    this.mark(OVERFLOWS, true);
  }

  /** @internal Counts what waits here among what all connections hold together; a stream that is destroyed holds nothing. */
  protected recount(): void {
    const { memory } = this.endpoint;
    if (memory === undefined) return;
    const leaving = this.leaving();
    const isOver = this.socket.destroyed || this.has(FINISHED);
    const held = isOver ? 0 : this.heldLength;
    const { counted } = leaving;
    leaving.counted = held;
    memory.charge(held - counted);
    // TLS takes nothing at once: a short write on its way through the stream is no sign of a peer that does not read.
    const passes = counted === 0 && !this.has(REUSABLE) && held <= this.socket.writableHighWaterMark;
    if (held > counted && memory.isOverdrawn && !passes) this.overdrawn();
  }

  /** @internal the bound on what all connections hold together, where this one is given up for it */
  get exhausted(): LimitError | undefined {
    return this.#leaving?.isTooMuch ? this.endpoint.exhausted() : undefined;
  }

  /** @internal Whether more waits than may. */
  get isFull(): boolean {
    return this.bufferedLength > this.transport.maxBufferedLength;
  }

  /** @internal Too much waits. */
  overflow(): void {
    this.mark(OVERFLOWS, true);
    this.tellOverflow();
  }

  /** @internal Tells that too much waits, outside of any write. */
  tellOverflow(): void {
    if (!this.has(OVERFLOWS) || this.isWriting) return;
    this.mark(OVERFLOWS, false);
    if (this.has(OVERFLOWED)) return;
    this.mark(OVERFLOWED, true);
    this.tellOverflowing();
  }

  /** @internal Without gathering each frame that a handler sends leaves by itself. */
  protected override beginGathering(): void {
    if (this.transport.gatherWrites) super.beginGathering();
  }

  /** @internal */
  protected override endGathering(): void {
    if (this.transport.gatherWrites) super.endGathering();
    else this.flush();
  }

  /** @internal */
  protected has(flags: number): boolean {
    return (this.#flags & flags) !== 0;
  }

  /** @internal */
  protected mark(flags: number, set: boolean): void {
    this.#flags = set ? this.#flags | flags : this.#flags & ~flags;
  }

  private leaving(): Leaving {
    this.#leaving ??= { ...NOTHING_LEAVES };
    return this.#leaving;
  }

  /** Has the end of the stream, when somebody calls for it, come behind what was sent before. */
  private flushAtEnd(): void {
    this.mark(FLUSHES_AT_END, true);
    const { socket } = this;
    const { end } = socket;
    Object.defineProperty(socket, 'end', { configurable: true, writable: true, value: endOf(this, end) });
  }
}

function endOf(connection: SocketWriter, end: Duplex['end']): (...values: unknown[]) => unknown {
  return function endBehindWrites(this: Duplex, ...values: unknown[]): unknown {
    connection.sendAll();
    return Reflect.apply(end, this, values);
  };
}

function tellAll(waiters: readonly Waiter[], error?: Error | null): void {
  runAll(waiters, (waiter) => waiter.tell(error));
}
