import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Connection, type ConnectionHandler, type Endpoint, type Extension } from '@x/frame-codec';

/** Writes that announce more to come wait for it when they are no longer than this: a head in front of its payload. */
const WAITS_FOR_MORE = 1024;

const NO_EXTENSIONS: readonly Extension[] = [];

const CONNECTION = Symbol('connection');

/** A stream that a {@link SocketConnection} is attached to. */
type Attached = Duplex & { [CONNECTION]: SocketConnection };

/** Called when bytes have gone to the operating system, or failed to. */
export type Sent = (error?: Error | null) => void;

/**
 * What a {@link Transport} tells about its connections; one object serves all of them. As the codec's
 * `ConnectionHandler`, without what the transport does itself.
 */
export interface SocketHandler<Context = unknown> extends Omit<ConnectionHandler<Context>, 'write' | 'end'> {
  /** Nothing more will be written: the socket is ended (§7.1.1). */
  end?(connection: SocketConnection<Context>): void;
  /** The peer ended the stream; nothing can be sent any more, and `close` follows. */
  peerEnd?(connection: SocketConnection<Context>): void;
  /** The socket takes more again after its buffer was full. */
  drain?(connection: SocketConnection<Context>): void;
}

/** How a {@link Transport} uses its sockets. */
export interface TransportOptions {
  /**
   * lets what a connection sends outside of a read callback wait for the end of the tick, to leave in one write; default true
   */
  gatherWrites?: boolean;
}

/**
 * Frames over streams: attaches a codec `Connection` to any `Duplex`. One transport serves any number of connections
 * with the same endpoint and the same handler.
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
export class Transport<Context = unknown> {
  readonly endpoint: Endpoint;
  readonly gatherWrites: boolean;
  readonly #handler: ConnectionHandler<Context>;

  constructor(
    endpoint: Endpoint,
    handler: SocketHandler<Context>,
    { gatherWrites = true }: TransportOptions = {},
  ) {
    this.endpoint = endpoint;
    this.gatherWrites = gatherWrites;
    const ended = handler.end?.bind(handler);
    const io = {
      write(connection: SocketConnection<Context>, bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
        return connection.transmit(bytes, more);
      },
      end(connection: SocketConnection<Context>): void {
        connection.socket.end();
        // What the peer still sends is read and dropped, so that its end is seen.
        connection.socket.resume();
        ended?.(connection);
      },
    };
    this.#handler = Object.setPrototypeOf(io, handler);
  }

  /**
   * Starts a connection on a stream behind its opening handshake. The stream belongs to the connection from here on.
   *
   * @param head bytes that came behind the handshake; handed out in a later tick
   * @param extensions what the handshake agreed on
   */
  attach(
    socket: Duplex,
    context: Context,
    head?: Uint8Array,
    extensions: readonly Extension[] = NO_EXTENSIONS,
  ): SocketConnection<Context> {
    const connection = new SocketConnection(this, this.#handler, context, socket, extensions);
    const attached: Attached = Object.assign(socket, { [CONNECTION]: connection });
    if (head !== undefined && head.length > 0) socket.unshift(head);
    attached.on('close', onClose);
    attached.on('data', onData);
    attached.on('drain', onDrain);
    attached.on('end', onEnd);
    attached.on('error', onError);
    return connection;
  }
}

/** Whether a stream has a connection already. */
export function isAttached(socket: Duplex): boolean {
  return CONNECTION in socket;
}

/** A codec `Connection` on a stream. */
export class SocketConnection<Context = unknown> extends Connection<Context> {
  readonly socket: Duplex;
  readonly transport: Transport<Context>;
  /** Whether a write that has ended leaves nothing behind that looks at its bytes. */
  readonly #reusable: boolean;
  #receiving = false;
  #gathering = false;
  /** Whether the socket is corked for the rest of a frame. */
  #held = false;
  #sent: Sent[] | undefined;

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
  }

  /** Bytes that are sent but have not gone to the operating system. */
  get bufferedLength(): number {
    return this.corkedLength + this.socket.writableLength;
  }

  /** Stops reading, and holds back what was read, in the middle of a chunk too. */
  override pause(): void {
    super.pause();
    this.socket.pause();
  }

  /** Ends {@link pause}. */
  override resume(): void {
    this.socket.resume();
    this.#deliver(undefined);
  }

  override receive(chunk: Uint8Array): void {
    this.#deliver(chunk);
  }

  /** Lets what is sent from here on leave together, at the latest at the end of this tick. */
  gather(): void {
    if (this.#receiving || this.#gathering || !this.transport.gatherWrites) return;
    this.#gathering = true;
    this.cork();
    if (gathering.push(this) === 1) process.nextTick(releaseGathered);
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

  /** Drops the socket at once, with whatever it still holds. */
  destroy(error?: Error): void {
    this.release();
    this.socket.destroy(error);
  }

  /** @internal */
  transmit(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    const { socket } = this;
    // Then what waits for having been sent is told so when the socket closes.
    if (socket.destroyed || socket.writableEnded) return true;
    if (more && bytes.length <= WAITS_FOR_MORE) {
      if (!this.#held) socket.cork();
      this.#held = true;
      socket.write(Buffer.from(bytes));
      return true;
    }
    const sent = this.#sent;
    if (more || sent === undefined) socket.write(bytes);
    else {
      this.#sent = undefined;
      socket.write(bytes, (error) => callAll(sent, error));
    }
    if (this.#held) {
      this.#held = false;
      socket.uncork();
    }
    return this.#reusable && socket.writableLength === 0;
  }

  /** @internal the stream is closed */
  finish(): void {
    const { socket } = this;
    this.release();
    try {
      // Hands out what a pause held back, as long as the handler takes it.
      if (this.isPaused) this.#deliver(undefined);
      socket.removeListener('data', onData);
      const rest: unknown = socket.readableLength > 0 ? socket.read() : null;
      if (rest instanceof Uint8Array) this.#deliver(rest);
      const sent = this.#sent;
      this.#sent = undefined;
      if (sent !== undefined) callAll(sent, tooLate());
    } finally {
      this.receiveEnd();
    }
  }

  #deliver(chunk: Uint8Array | undefined): void {
    let thrown = true;
    const outer = this.#receiving;
    this.#receiving = true;
    try {
      if (chunk === undefined) super.resume();
      else super.receive(chunk);
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

function callAll(callbacks: readonly Sent[], error: Error | null | undefined): void {
  for (const callback of callbacks) {
    if (error) callback(error);
    else callback();
  }
}

/** The connections that gather in this tick. */
let gathering: SocketConnection[] = [];

function releaseGathered(): void {
  const connections = gathering;
  gathering = [];
  for (const connection of connections) connection.release();
}

function onData(this: Attached, chunk: Uint8Array): void {
  this[CONNECTION].receive(chunk);
}

function onDrain(this: Attached): void {
  const connection = this[CONNECTION];
  connection.drained();
  const handler: SocketHandler = connection.handler;
  handler.drain?.(connection);
}

/** The peer sends nothing more: without its close frame the connection cannot be closed cleanly any more. */
function onEnd(this: Attached): void {
  const connection = this[CONNECTION];
  connection.release();
  const handler: SocketHandler = connection.handler;
  handler.peerEnd?.(connection);
  this.end();
}

function onError(this: Attached): void {
  this.destroy();
}

function onClose(this: Attached): void {
  this[CONNECTION].finish();
}
