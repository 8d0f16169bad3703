import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { types } from 'node:util';
import type { ConnectionHandler, Extension } from '@x/frame-codec';
import { nextTick, setImmediate, setTimeout } from '../runtime/clock.js';
import {
  beginReceiving,
  endReceiving,
  runAll,
  surfaceLater,
  takeTurnLater,
  throwLater,
} from '../runtime/scheduler.js';
import type { Bytes } from '../values/payload.js';
import { FINISHED, HEARD, READS_LATER, RECEIVING } from './connection-flags.js';
import { SocketWriter, type WriterTransport } from './socket-writer.js';
import { pauseStream } from './zero-copy.js';

/** A stream that was destroyed and does not tell that it is closed within this is taken for closed, in milliseconds. */
const DESTROY_MS = 1000;

/**
 * So many bytes of messages that were compressed a connection hands out of one read before others have their turn: a few of
 * 16 KiB, echoed in half a millisecond. Without it a few connections wait for all messages of each other.
 */
const HANDLED_LENGTH = 65_536;
/** What the connection that receives has handed out of them. */
let handledLength = 0;

/** What streams had to give to connections from inside their own handlers, in order. */
const fedInside: Map<SocketConnection, Uint8Array[]> = new Map();

/**
 * What a `Transport` tells about its connections; one object serves all of them. As the codec's
 * `ConnectionHandler`, without what the transport does itself.
 */
export interface SocketHandler<Context = unknown>
  extends Omit<ConnectionHandler<Context>, 'write' | 'end' | 'yield' | 'yieldSending'> {
  /** Nothing more will be written: the socket is ended (§7.1.1). */
  end?(connection: SocketConnection<Context>): void;
  /** The peer ended the stream: what was accepted is still sent, nothing more is, and `close` follows. */
  peerEnd?(connection: SocketConnection<Context>): void;
  /** The socket takes more again after its buffer was full, or what waited for its turn has left. */
  drain?(connection: SocketConnection<Context>): void;
  /**
   * The peer does not read: more than `maxBufferedLength` waits for it, or more than the `memory` of the endpoint for all.
   * Told once, and never from inside a write. Without this the socket is dropped.
   */
  overflow?(connection: SocketConnection<Context>): void;
}

/** The `Transport` that has put a connection on its stream, as that connection has it. */
export interface ConnectionTransport<Context = unknown> extends WriterTransport {
  readonly zeroCopyReads: boolean;
  /** @internal */
  readonly inboxLength: number;
  /** @internal */
  readonly handler: ConnectionHandler<Context>;
  attach(
    socket: Duplex,
    context: Context,
    head?: Bytes,
    extensions?: readonly Extension[],
  ): SocketConnection<Context>;
}

/** A codec `Connection` on a stream. */
export class SocketConnection<Context = unknown> extends SocketWriter<Context, ConnectionTransport<Context>> {
  /** @internal Whether something was received since this was last reset. */
  get heard(): boolean {
    return this.has(HEARD);
  }

  /** @internal */
  set heard(heard: boolean) {
    this.mark(HEARD, heard);
  }

  /** Stops reading, and holds back what was read, in the middle of a chunk too, as long as the stream lives. */
  override pause(): void {
    if (this.has(FINISHED)) return;
    super.pause();
    pauseStream(this.socket);
  }

  /** Ends {@link pause}. */
  override resume(): void {
    if (!this.isYielding && !this.has(READS_LATER | FINISHED)) this.socket.resume();
    const outer = this.beginReceive(RECEIVING);
    let hasThrown = true;
    try {
      super.resume();
      hasThrown = false;
    } finally {
      this.endReceive(outer, hasThrown);
    }
  }

  /** Reads again behind a turn; where it was paused meanwhile, only until the buffer of the stream is full. */
  private readOn(): void {
    if (this.isYielding || this.has(READS_LATER | FINISHED)) return;
    this.socket.resume();
    if (this.isPaused) pauseStream(this.socket);
  }

  /** As that of the codec; from inside a handler, as by a stream whose peer answers at once, it is taken behind that. */
  override receive(chunk: Uint8Array): void {
    if (this.has(RECEIVING)) {
      const chunks = fedInside.get(this);
      if (chunks === undefined) fedInside.set(this, [chunk]);
      else chunks.push(chunk);
    } else this.receiveNow(chunk);
  }

  private receiveNow(chunk: Uint8Array): void {
    const outer = this.beginReceive(RECEIVING | HEARD);
    let hasThrown = true;
    try {
      super.receive(chunk);
      hasThrown = false;
    } finally {
      this.endReceive(outer, hasThrown);
    }
  }

  override receiveInbox(length: number): void {
    const outer = this.beginReceive(RECEIVING | HEARD);
    let hasThrown = true;
    try {
      super.receiveInbox(length);
      hasThrown = false;
    } finally {
      this.endReceive(outer, hasThrown);
    }
  }

  /** @internal So much was read or inflated that others have their turn first, and nothing is read meanwhile. */
  yieldTurn(): void {
    this.mark(READS_LATER, true);
    this.socket.pause();
    takeTurnLater(this);
  }

  /** @internal Goes on behind a turn of others, with what was received and what waits to be sent. */
  takeTurn(): void {
    if (this.has(READS_LATER)) surfaceLater(() => this.proceed());
    this.proceedSending();
  }

  /** Goes on behind a turn of others: called by the scheduler, and of no use to others. */
  override proceed(): void {
    this.mark(READS_LATER, false);
    const outer = this.beginReceive(RECEIVING);
    let hasThrown = true;
    try {
      super.proceed();
      hasThrown = false;
    } finally {
      this.endReceive(outer, hasThrown);
      this.readOn();
    }
  }

  /**
   * Drops the socket at once; what was sent before goes out as far as the socket takes it, and what was received before is
   * handed out. The last event comes with the end of the stream; one that does not tell its end is not waited for.
   */
  destroy(error?: Error): void {
    this.flush();
    super.terminate();
    this.socket.destroy(error);
    this.recount();
    if (!(this.socket instanceof Socket)) setTimeout(() => this.finish(), DESTROY_MS).unref();
  }

  /**
   * @internal Both directions of a stream that is no socket have ended. Some do not close then, as Node's do (`autoDestroy`):
   * nothing can come any more. Behind a clean end (§7.1.3) nothing is left to read either; else the other side gets a while,
   * as it may lose what it has not read.
   */
  bothEnded(): void {
    const close = (): void => {
      if (!this.has(FINISHED)) this.destroy();
    };
    if (this.closingState === 'both-passed') setImmediate(close);
    else setTimeout(close, DESTROY_MS).unref();
  }

  /** As {@link destroy}. */
  override terminate(): void {
    this.destroy();
  }

  /** @internal The stream is closed: what was received before is handed out, and then the last event. */
  finish(): void {
    if (this.has(FINISHED)) return;
    const { socket } = this;
    const steps = [
      () => this.release(),
      () => this.mark(FINISHED, true),
      () => this.recount(),
      // Nothing can be sent any more: a close frame that is found now stays without an answer.
      () => super.terminate(),
      // What was held back is handed out: nobody can resume what is over.
      () => this.resume(),
      () => {
        const rest: unknown = socket.readableLength > 0 ? socket.read() : null;
        if (types.isUint8Array(rest)) this.receive(rest);
      },
      () => this.failWaiters(),
      () => this.receiveEnd(),
    ];
    // A handler that throws at one of these keeps the others for the next tick.
    runAll(steps, (step) => step());
  }

  /** @internal */
  protected override alsoThrown(error: unknown): void {
    throwLater(error);
  }

  /** @internal */
  protected override tellDrain(): void {
    if (this.has(FINISHED)) return;
    const handler: SocketHandler<Context> = this.handler;
    handler.drain?.(this);
  }

  /** @internal */
  protected override tellOverflowing(): void {
    const handler: SocketHandler<Context> = this.handler;
    if (handler.overflow === undefined) this.destroy();
    else handler.overflow(this);
  }

  /** @internal So many bytes that were compressed were handed out: behind many of them others go first. */
  handled(length: number): void {
    handledLength += length;
    if (handledLength >= HANDLED_LENGTH) this.giveTurn();
  }

  private beginReceive(marks: number): boolean {
    const outer = this.has(RECEIVING);
    handledLength = 0;
    this.mark(marks, true);
    beginReceiving(this);
    return outer;
  }

  private endReceive(outer: boolean, hasThrown: boolean): void {
    endReceiving();
    this.mark(RECEIVING, outer);
    // A handler threw, and that surfaces; what it has not seen is handed out in the next tick.
    if (hasThrown) nextTick(goOn, this);
    if (!outer && fedInside.size > 0) this.receiveFed();
  }

  private receiveFed(): void {
    const chunks = fedInside.get(this);
    if (chunks === undefined) return;
    // Until all are taken, what comes meanwhile goes behind them.
    this.mark(RECEIVING, true);
    for (const chunk of chunks) surfaceLater(() => this.receiveNow(chunk));
    fedInside.delete(this);
    this.mark(RECEIVING, false);
  }
}

function goOn(connection: SocketConnection): void {
  if (!connection.isPaused) connection.resume();
}
