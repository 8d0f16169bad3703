import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { Connection, type ConnectionHandler, type Extension } from '@x/frame-codec';
import { canWriteDirectly, type DirectSocket, REFUSED, type Writer, writeDirectly } from './direct-write.js';
import { releaseLater, runAll, throwLater } from './gathering.js';
import type { SocketHandler, Transport } from './transport.js';
import { proceedLater } from './turns.js';

/** Writes that announce more to come wait for it when they are no longer than this: a head in front of its payload. */
const WAITS_FOR_MORE = 1024;
/** What a write that waits costs beside its bytes: Node's requests and ours. */
const WRITE_COST = 1024;

/** Called when bytes have gone to the operating system, or failed to. */
export type Sent = (error?: Error | null) => void;

/** What `handOver` hands to the codec when there are no new bytes: what it has kept, behind a pause or behind a turn. */
const KEPT = -1;
const YIELDED = -2;

// What a connection knows of itself, as bits of one number: a field for each counts where ten thousand wait.
/** Something was received since this was last reset. */
const HEARD = 1;
/** A write that has ended leaves nothing behind that looks at its bytes. */
const REUSABLE = 2;
/** The handle of the socket may be written to. */
const DIRECT = 4;
const RECEIVING = 8;
const GATHERING = 16;
const OVERFLOWED = 32;

/** What is on its way out, and who waits for it; of connections that have had such. */
interface Leaving {
  /** what waits for the rest of its frame */
  head: Uint8Array | undefined;
  /** who waits for what is written next */
  sent: Sent[] | undefined;
  /** writes to the stream that have not left */
  writes: number;
  /** bytes written to the handle that have not left, and who waits for that */
  unsent: number;
  unsentFor: Sent[] | undefined;
}

/** A codec `Connection` on a stream. */
export class SocketConnection<Context = unknown> extends Connection<Context> implements Writer {
  readonly socket: Duplex;
  readonly transport: Transport<Context>;
  #flags = HEARD;
  #leaving: Leaving | undefined;

  /** @internal use {@link Transport.attach} */
  constructor(
    transport: Transport<Context>,
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

  /** @internal Whether something was received since this was last reset. */
  get heard(): boolean {
    return this.has(HEARD);
  }

  set heard(heard: boolean) {
    this.mark(HEARD, heard);
  }

  /** Bytes that are sent but have not gone to the operating system. */
  get bufferedLength(): number {
    const { head, unsent } = this.#leaving ?? NOTHING_LEAVES;
    return this.corkedLength + (head?.length ?? 0) + unsent + this.socket.writableLength;
  }

  /** Stops reading, and holds back what was read, in the middle of a chunk too. */
  override pause(): void {
    super.pause();
    this.socket.pause();
  }

  /** Ends {@link pause}. */
  override resume(): void {
    if (!this.isYielding) this.socket.resume();
    this.handOver(KEPT);
  }

  /** @internal so much was read or inflated that others have their turn first, and nothing is read meanwhile */
  yieldTurn(): void {
    this.socket.pause();
    proceedLater(this);
  }

  /** Goes on behind a turn of others: called by the transport, and of no use to others. */
  override proceed(): void {
    try {
      this.handOver(YIELDED);
    } finally {
      if (!this.isYielding && !this.isPaused) this.socket.resume();
    }
  }

  override receive(chunk: Uint8Array): void {
    this.handOver(chunk);
  }

  override receiveInbox(length: number): void {
    this.handOver(length);
  }

  /** Lets what is sent from here on leave together, at the latest at the end of this tick. */
  gather(): void {
    if (this.has(RECEIVING | GATHERING) || !this.transport.gatherWrites) return;
    this.mark(GATHERING, true);
    this.cork();
    releaseLater(this);
  }

  /** Ends {@link gather} before its time. */
  release(): void {
    if (!this.has(GATHERING)) return;
    this.mark(GATHERING, false);
    this.uncork();
  }

  /** Calls `sent` when what was sent until now, and what is sent next, has gone to the operating system. */
  whenSent(sent: Sent): void {
    if (this.socket.destroyed || this.socket.writableEnded) {
      process.nextTick(sent, tooLate());
      return;
    }
    const leaving = this.leaving();
    leaving.sent ??= [];
    leaving.sent.push(sent);
  }

  /** Drops the socket at once; what was sent before goes out as far as the socket takes it. */
  destroy(error?: Error): void {
    this.flush();
    this.socket.destroy(error);
  }

  /** @internal */
  transmit(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    if (more && bytes.length <= WAITS_FOR_MORE) {
      const leaving = this.leaving();
      leaving.head = leaving.head === undefined ? Buffer.from(bytes) : Buffer.concat([leaving.head, bytes]);
      return true;
    }
    const { head, unsent, writes } = this.#leaving ?? NOTHING_LEAVES;
    if (head !== undefined) this.leaving().head = undefined;
    const { socket } = this;
    if (this.has(DIRECT) && !more && unsent === 0) {
      // What has this mark is one.
      const direct = socket as DirectSocket;
      const waiting = writeDirectly(direct, head === undefined ? bytes : [head, bytes], this);
      if (waiting !== REFUSED) return this.sentDirectly(waiting);
    }
    // What waits for having been sent is told when the socket closes.
    if (socket.destroyed || socket.writableEnded) return true;
    const waiting = unsent + socket.writableLength + writes * WRITE_COST;
    if (head !== undefined) {
      socket.cork();
      socket.write(head);
    }
    let atOnce = true;
    const sent = more ? undefined : this.takeSent();
    socket.write(bytes, (error) => {
      if (!atOnce) this.leaving().writes--;
      if (more) return;
      // Node says of writes that a destroyed socket cut off that all is well.
      this.passed(sent, error ?? (!atOnce && socket.destroyed ? tooLate() : undefined));
    });
    if (head !== undefined) socket.uncork();
    atOnce = socket.writableLength === 0;
    if (!atOnce) this.leaving().writes++;
    if (waiting > this.transport.maxBufferedLength) this.overflow();
    return atOnce && this.has(REUSABLE);
  }

  /** What went through the stream has left. Node tells of an emptied buffer only when that was full before. */
  private passed(sent: Sent[] | undefined, error: Error | undefined): void {
    try {
      if (sent !== undefined) callAll(sent, error);
    } catch (thrown) {
      // Node calls back for several writes in a row.
      throwLater(thrown);
    }
    if (this.bufferedLength === this.corkedLength) this.drained();
  }

  /** Whether what was written to the handle has left but for so many bytes. */
  private sentDirectly(waiting: number): boolean {
    const sent = this.takeSent();
    if (waiting > 0) {
      const leaving = this.leaving();
      leaving.unsent = waiting;
      leaving.unsentFor = sent;
      return false;
    }
    if (sent !== undefined) process.nextTick(callAll, sent);
    return true;
  }

  private takeSent(): Sent[] | undefined {
    const leaving = this.#leaving;
    if (leaving?.sent === undefined) return undefined;
    const { sent } = leaving;
    leaving.sent = undefined;
    return sent;
  }

  /** What did not leave at once has left, or was lost: called behind direct writes, and of no use to others. */
  written(status: number): void {
    const { socket } = this;
    const leaving = this.leaving();
    const sent = leaving.unsentFor ?? [];
    leaving.unsent = 0;
    leaving.unsentFor = undefined;
    if (status < 0) {
      const error = writeError(status);
      socket.destroy(error);
      callAll(sent, error);
      return;
    }
    try {
      callAll(sent);
    } finally {
      if (!socket.writableNeedDrain) this.drain();
    }
  }

  /** @internal the socket takes more again */
  drain(): void {
    if (this.bufferedLength === this.corkedLength) this.drained();
    const handler: SocketHandler<Context> = this.handler;
    handler.drain?.(this);
  }

  /** @internal the stream is closed: a handler that throws at one of these keeps the others for the next tick */
  finish(): void {
    const { socket } = this;
    this.release();
    const steps = [
      // What a pause held back is handed out, as long as the handler takes it.
      () => {
        if (this.isPaused) this.handOver(KEPT);
      },
      () => {
        const rest: unknown = socket.readableLength > 0 ? socket.read() : null;
        if (rest instanceof Uint8Array) this.handOver(rest);
      },
      () => {
        const sent = this.takeSent();
        if (sent !== undefined) callAll(sent, tooLate());
      },
      () => this.receiveEnd(),
    ];
    runAll(steps, (step) => step());
  }

  private overflow(): void {
    if (this.has(OVERFLOWED)) return;
    this.mark(OVERFLOWED, true);
    const handler: SocketHandler<Context> = this.handler;
    if (handler.overflow === undefined) this.socket.destroy();
    else handler.overflow(this);
  }

  private has(flags: number): boolean {
    return (this.#flags & flags) !== 0;
  }

  private mark(flag: number, set: boolean): void {
    this.#flags = set ? this.#flags | flag : this.#flags & ~flag;
  }

  private leaving(): Leaving {
    this.#leaving ??= { ...NOTHING_LEAVES };
    return this.#leaving;
  }

  /** Hands a chunk to the codec, or so many bytes of its inbox, or what it has kept. */
  private handOver(what: Uint8Array | number): void {
    let thrown = true;
    const outer = this.has(RECEIVING);
    this.#flags |= RECEIVING | HEARD;
    try {
      if (typeof what !== 'number') super.receive(what);
      else if (what === KEPT) super.resume();
      else if (what === YIELDED) super.proceed();
      else super.receiveInbox(what);
      thrown = false;
    } finally {
      this.mark(RECEIVING, outer);
      // A handler threw, and that surfaces; what it has not seen is handed out in the next tick.
      if (thrown) process.nextTick(goOn, this);
    }
  }
}

const NOTHING_LEAVES: Leaving = {
  head: undefined,
  sent: undefined,
  writes: 0,
  unsent: 0,
  unsentFor: undefined,
};

function tooLate(): Error {
  return new Error('The socket was closed before the data was sent');
}

function goOn(connection: SocketConnection): void {
  if (!connection.isPaused) connection.resume();
}

function writeError(status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: 'write' });
}

function callAll(callbacks: readonly Sent[], error?: Error | null): void {
  runAll(callbacks, (callback) => (error ? callback(error) : callback()));
}
