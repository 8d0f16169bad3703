import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { Connection, type ConnectionHandler, type Extension } from '@x/frame-codec';
import { canWriteDirectly, type DirectSocket, REFUSED, type Writer, writeDirectly } from './direct-write.js';
import { releaseLater, runAll } from './gathering.js';
import type { SocketHandler, Transport } from './transport.js';
import { proceedLater } from './turns.js';

/** Writes that announce more to come wait for it when they are no longer than this: a head in front of its payload. */
const WAITS_FOR_MORE = 1024;

/** Called when bytes have gone to the operating system, or failed to. */
export type Sent = (error?: Error | null) => void;

/** What `#deliver` hands to the codec when there are no new bytes: what it has kept, behind a pause or behind a turn. */
const KEPT = -1;
const YIELDED = -2;

/** A codec `Connection` on a stream. */
export class SocketConnection<Context = unknown> extends Connection<Context> implements Writer {
  readonly socket: Duplex;
  readonly transport: Transport<Context>;
  /** @internal Whether something was received since this was last reset. */
  heard = true;
  /** Whether a write that has ended leaves nothing behind that looks at its bytes. */
  readonly #reusable: boolean;
  #receiving = false;
  #gathering = false;
  /** What waits for the rest of its frame. */
  #head: Uint8Array | undefined;
  /** Whether the socket had not taken everything when it was last written to. */
  #backlogged = false;
  #overflowed = false;
  #sent: Sent[] | undefined;
  /** The socket, where its handle may be written to. */
  readonly #direct: DirectSocket | undefined;
  /** Bytes written to the handle that have not left, and who waits for that. */
  #unsent = 0;
  #unsentFor: Sent[] | undefined;

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
    this.#reusable = socket instanceof Socket && !('encrypted' in socket);
    this.#direct = transport.directWrites && canWriteDirectly(socket) ? socket : undefined;
  }

  /** Bytes that are sent but have not gone to the operating system. */
  get bufferedLength(): number {
    return this.corkedLength + (this.#head?.length ?? 0) + this.#unsent + this.socket.writableLength;
  }

  /** Stops reading, and holds back what was read, in the middle of a chunk too. */
  override pause(): void {
    super.pause();
    this.socket.pause();
  }

  /** Ends {@link pause}. */
  override resume(): void {
    if (!this.isYielding) this.socket.resume();
    this.#deliver(KEPT);
  }

  /** @internal so much was read or inflated that others have their turn first, and nothing is read meanwhile */
  yieldTurn(): void {
    this.socket.pause();
    proceedLater(this);
  }

  /** Goes on behind a turn of others: called by the transport, and of no use to others. */
  override proceed(): void {
    try {
      this.#deliver(YIELDED);
    } finally {
      if (!this.isYielding && !this.isPaused) this.socket.resume();
    }
  }

  override receive(chunk: Uint8Array): void {
    this.#deliver(chunk);
  }

  override receiveInbox(length: number): void {
    this.#deliver(length);
  }

  /** Lets what is sent from here on leave together, at the latest at the end of this tick. */
  gather(): void {
    if (this.#receiving || this.#gathering || !this.transport.gatherWrites) return;
    this.#gathering = true;
    this.cork();
    releaseLater(this);
  }

  /** Ends {@link gather} before its time. */
  release(): void {
    if (!this.#gathering) return;
    this.#gathering = false;
    this.uncork();
  }

  /** Calls `sent` when what was sent until now, and what is sent next, has gone to the operating system. */
  whenSent(sent: Sent): void {
    if (this.socket.destroyed || this.socket.writableEnded) {
      process.nextTick(sent, tooLate());
      return;
    }
    this.#sent ??= [];
    this.#sent.push(sent);
  }

  /** Drops the socket at once; what was sent before goes out as far as the socket takes it. */
  destroy(error?: Error): void {
    this.flush();
    this.socket.destroy(error);
  }

  override drained(): void {
    this.#backlogged = false;
    super.drained();
  }

  /** @internal */
  transmit(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    const head = this.#head;
    if (more && bytes.length <= WAITS_FOR_MORE) {
      this.#head = head === undefined ? Buffer.from(bytes) : Buffer.concat([head, bytes]);
      return true;
    }
    this.#head = undefined;
    if (this.#direct !== undefined && !more && this.#unsent === 0) {
      const waiting = writeDirectly(this.#direct, head === undefined ? bytes : [head, bytes], this);
      if (waiting !== REFUSED) return this.#sentDirectly(waiting);
    }
    const { socket } = this;
    // What waits for having been sent is told when the socket closes.
    if (socket.destroyed || socket.writableEnded) return true;
    const waiting = this.#unsent + socket.writableLength;
    if (this.#backlogged) this.#watchBacklog(waiting);
    const sent = this.#sent;
    if (head !== undefined) {
      socket.cork();
      socket.write(head);
    }
    if (more || sent === undefined) socket.write(bytes);
    else {
      this.#sent = undefined;
      socket.write(bytes, (error) => callAll(sent, error));
    }
    if (head !== undefined) socket.uncork();
    if (waiting > this.transport.maxBufferedLength) this.#overflow();
    if (this.#reusable && socket.writableLength === 0) return true;
    this.#backlogged = true;
    return false;
  }

  /** Whether what was written to the handle has left but for so many bytes. */
  #sentDirectly(waiting: number): boolean {
    const sent = this.#sent;
    this.#sent = undefined;
    this.#backlogged = waiting > 0;
    if (waiting > 0) {
      this.#unsent = waiting;
      this.#unsentFor = sent;
      return false;
    }
    if (sent !== undefined) process.nextTick(callAll, sent);
    return true;
  }

  /** @internal what did not leave at once has left, or was lost */
  written(status: number): void {
    const { socket } = this;
    const sent = this.#unsentFor ?? [];
    this.#unsent = 0;
    this.#unsentFor = undefined;
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
    if (this.socket.writableLength === 0) this.drained();
    const handler: SocketHandler<Context> = this.handler;
    handler.drain?.(this);
  }

  /** @internal the stream is closed */
  finish(): void {
    const { socket } = this;
    this.release();
    try {
      // Hands out what a pause held back, as long as the handler takes it.
      if (this.isPaused) this.#deliver(KEPT);
      const rest: unknown = socket.readableLength > 0 ? socket.read() : null;
      if (rest instanceof Uint8Array) this.#deliver(rest);
      const sent = this.#sent;
      this.#sent = undefined;
      if (sent !== undefined) callAll(sent, tooLate());
    } finally {
      this.receiveEnd();
    }
  }

  /** Node tells of an emptied buffer only when that was full before; so the next write is asked too. */
  #watchBacklog(waiting: number): void {
    if (waiting === 0) {
      this.drained();
    } else if (this.#sent === undefined) {
      this.whenSent(() => {
        if (this.#backlogged && this.socket.writableLength === 0) this.drained();
      });
    }
  }

  #overflow(): void {
    if (this.#overflowed) return;
    this.#overflowed = true;
    const handler: SocketHandler<Context> = this.handler;
    if (handler.overflow === undefined) this.socket.destroy();
    else handler.overflow(this);
  }

  /** Hands a chunk to the codec, or so many bytes of its inbox, or what it has kept. */
  #deliver(what: Uint8Array | number): void {
    let thrown = true;
    const outer = this.#receiving;
    this.#receiving = true;
    this.heard = true;
    try {
      if (typeof what !== 'number') super.receive(what);
      else if (what === KEPT) super.resume();
      else if (what === YIELDED) super.proceed();
      else super.receiveInbox(what);
      thrown = false;
    } finally {
      this.#receiving = outer;
      // A handler threw, and that surfaces; what it has not seen is handed out in the next tick.
      if (thrown) process.nextTick(goOn, this);
    }
  }
}

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
