import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionHandler, Endpoint, Extension } from '@x/frame-codec';
import { now } from '../runtime/clock.js';
import { isExiting, surfaceLater, takeTurnLater, throwLater, watchExit } from '../runtime/scheduler.js';
import { type Bytes, toHead } from '../values/payload.js';
import { readsNatively } from './native-socket.js';
import { type ConnectionTransport, SocketConnection, type SocketHandler } from './socket-connection.js';
import { readIntoInbox } from './zero-copy.js';

/** How a {@link Transport} uses its sockets. */
export interface TransportOptions {
  /**
   * gathers what a connection sends from inside its handler, to leave in one write when all that was read is handed out;
   * and lets what it sends otherwise, by `gather`, wait for the end of the tick, but for the first frame; default true
   */
  gatherWrites?: boolean | undefined;
  /** has the operating system write what it reads straight into the codec, where Node allows it; default true */
  zeroCopyReads?: boolean | undefined;
  /** hands what is written to the operating system without a way through the stream, where Node allows it; default true */
  directWrites?: boolean | undefined;
  /**
   * bytes that may wait for a peer before more is sent, each write that waits counted as 1 KiB more; passing it is an
   * overflow; default 268435456 (256 MiB)
   */
  maxBufferedLength?: number | undefined;
}

const NO_EXTENSIONS: readonly Extension[] = [];
const MAX_BUFFERED_LENGTH = 268_435_456;

/** As much as Node reads into a chunk. */
const FULL_CHUNK = 65_536;
/** As much as TLS hands out at a time: one record (RFC 8446 §5.1). */
const FULL_RECORD = 16_384;
/** How long a connection may go on with reads that fill their buffer, from the end of the first, in milliseconds. */
const READ_MS = 1;

const CONNECTION = Symbol('connection');

/** Whose last read filled its buffer, and until when it may go on. */
let reader: SocketConnection | undefined;
let readUntil = 0;

/** A stream that a {@link SocketConnection} is attached to. */
type Attached = Duplex & { [CONNECTION]: SocketConnection };

/**
 * Frames over streams: attaches a codec `Connection` to any `Duplex`. One transport serves any number of connections
 * with the same endpoint and the same handler, and makes no closure for any of them.
 *
 * @example
 * const transport = new Transport(new Endpoint({ role: 'server' }), {
 *   text: (connection, text) => connection.sendText(text),
 * });
 * server.on('upgrade', (request, socket, head) => {
 *   // … the opening handshake, see @x/handshake …
 *   transport.attach(socket, undefined, head);
 * });
 */
export class Transport<Context = unknown> implements ConnectionTransport<Context> {
  readonly endpoint: Endpoint;
  readonly gatherWrites: boolean;
  readonly zeroCopyReads: boolean;
  readonly directWrites: boolean;
  readonly maxBufferedLength: number;
  /** @internal bytes that a read takes at most */
  readonly inboxLength: number;
  /** @internal not private, so that the `transport` of a connection is one of these to the compiler */
  readonly handler: ConnectionHandler<Context>;

  /** @throws {RangeError} when `maxBufferedLength` is no number, or below 0 */
  constructor(endpoint: Endpoint, handler: SocketHandler<Context>, options: TransportOptions = {}) {
    const { gatherWrites = true, zeroCopyReads = true, directWrites = true } = options;
    const { maxBufferedLength = MAX_BUFFERED_LENGTH } = options;
    if (!(maxBufferedLength >= 0)) {
      throw new RangeError(`maxBufferedLength must be at least 0, not ${maxBufferedLength}`);
    }
    this.endpoint = endpoint;
    this.gatherWrites = gatherWrites;
    this.zeroCopyReads = zeroCopyReads;
    this.directWrites = directWrites;
    this.maxBufferedLength = maxBufferedLength;
    this.inboxLength = endpoint.codec.inbox.length;
    const ended = handler.end?.bind(handler);
    const io = {
      write(connection: SocketConnection<Context>, bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
        return connection.transmit(bytes, more);
      },
      yield(connection: SocketConnection<Context>): void {
        connection.yieldTurn();
      },
      yieldSending(connection: SocketConnection<Context>): void {
        // No turn comes any more.
        if (isExiting()) connection.proceedSending();
        else takeTurnLater(connection);
      },
      end(connection: SocketConnection<Context>): void {
        awaitEnds(connection);
        connection.socket.end();
        // What the peer still sends is read and dropped, so that its end is seen.
        connection.socket.resume();
        ended?.(connection);
      },
    };
    this.handler = Object.setPrototypeOf(io, handler);
    watchExit();
  }

  /**
   * Starts a connection on a stream behind its opening handshake. The stream belongs to the connection from here on.
   *
   * @param head bytes that came behind the handshake; handed out in a later tick
   * @param extensions what the handshake agreed on
   * @throws {Error} when the stream has a connection already
   * @throws {TypeError} when `head` is neither bytes nor nothing
   */
  attach(
    socket: Duplex,
    context: Context,
    head?: Bytes,
    extensions: readonly Extension[] = NO_EXTENSIONS,
  ): SocketConnection<Context> {
    if (isAttached(socket)) throw new Error('the stream has a connection already');
    const behind = toHead(head);
    const connection = new SocketConnection(this, this.handler, context, socket, extensions);
    const attached: Attached = Object.assign(socket, { [CONNECTION]: connection });
    if (behind.length > 0) socket.unshift(behind);
    attached.on('close', onClose);
    attached.on('data', onData);
    attached.on('drain', onDrain);
    listenForEnd(attached);
    attached.on('error', onError);
    if (this.zeroCopyReads) readIntoInbox(attached, this.endpoint.codec.inbox, onRead);
    // The HTTP server may have paused the socket during the upgrade.
    attached.resume();
    return connection;
  }
}

/** Whether a stream has a connection already. */
export function isAttached(socket: Duplex): boolean {
  return CONNECTION in socket;
}

function onData(this: Attached, chunk: Uint8Array): void {
  const connection = this[CONNECTION];
  try {
    connection.receive(chunk);
  } catch (thrown) {
    // In the stream it would have what follows in its buffer come behind what is read next.
    throwLater(thrown);
  }
  afterRead(connection, chunk.length >= FULL_CHUNK || isFullRecord(this, chunk.length));
}

function onRead(this: Attached, length: number): boolean {
  const connection = this[CONNECTION];
  // Read while it is paused, or behind what was: it waits in the buffer of the stream. Or somebody has begun to watch `push`.
  if (connection.isPaused || this.readableLength > 0 || !readsNatively(this)) {
    return this.push(Buffer.from(connection.endpoint.codec.inbox.subarray(0, length)));
  }
  try {
    connection.receiveInbox(length);
  } catch (thrown) {
    throwLater(thrown);
  }
  afterRead(connection, length === connection.transport.inboxLength || isFullRecord(this, length));
  return true;
}

function isFullRecord(socket: Attached, length: number): boolean {
  return length >= FULL_RECORD && 'encrypted' in socket;
}

/**
 * Node reads a socket that fills its buffer up to 32 times before it looks at the next: megabytes, which take a third of a
 * second where they are empty messages. Who takes long has others go first.
 */
function afterRead(connection: SocketConnection, full: boolean): void {
  if (!full) {
    reader = undefined;
    return;
  }
  const time = now();
  if (reader !== connection) {
    reader = connection;
    readUntil = time + READ_MS;
  } else if (time > readUntil) {
    reader = undefined;
    connection.yieldTurn();
  }
}

function onDrain(this: Attached): void {
  try {
    this[CONNECTION].drain();
  } catch (thrown) {
    // Behind this event Node tells who waits for having written.
    throwLater(thrown);
  }
}

/**
 * Sockets listen for their own end, and two listeners take an array for each of ten thousand that wait: theirs, the same
 * for all of them, is called by ours.
 */
function listenForEnd(attached: Attached): void {
  const [listener, ...others] = attached.listeners('end');
  if (attached instanceof Socket && others.length === 0 && isEndOfSocket(listener)) {
    onEndOfSocket ??= listener;
    if (listener === onEndOfSocket) {
      // Not `removeAllListeners`, which turns the table of listeners into a dictionary.
      attached.removeListener('end', listener);
      attached.on('end', onBothEnds);
      return;
    }
  }
  attached.on('end', onEnd);
}

type EndListener = (this: Attached) => void;

let onEndOfSocket: EndListener | undefined;

function isEndOfSocket(listener: unknown): listener is EndListener {
  return typeof listener === 'function' && listener.name === 'onReadableStreamEnd';
}

function onBothEnds(this: Attached): void {
  onEndOfSocket?.call(this);
  onEnd.call(this);
}

/** The ends that are still to come of streams that are no sockets, from the first on. */
const endsLeft: WeakMap<SocketConnection, number> = new WeakMap();

function awaitEnds(connection: SocketConnection): void {
  const { socket } = connection;
  if (socket instanceof Socket || endsLeft.has(connection)) return;
  endsLeft.set(connection, 2);
  socket.once('finish', () => countEnd(connection));
}

function countEnd(connection: SocketConnection): void {
  const left = endsLeft.get(connection);
  if (left === undefined) return;
  endsLeft.set(connection, left - 1);
  if (left === 1) connection.bothEnded();
}

/** The peer sends nothing more: without its close frame the connection cannot be closed cleanly any more. */
function onEnd(this: Attached): void {
  const connection = this[CONNECTION];
  surfaceLater(() => connection.release());
  const handler: SocketHandler = connection.handler;
  surfaceLater(() => handler.peerEnd?.(connection));
  surfaceLater(() => connection.receivePeerEnd());
  awaitEnds(connection);
  countEnd(connection);
}

function onError(this: Attached): void {
  this.destroy();
}

function onClose(this: Attached): void {
  this.removeListener('data', onData);
  if (reader === this[CONNECTION]) reader = undefined;
  this[CONNECTION].finish();
}
