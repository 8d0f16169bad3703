import { AsyncResource } from 'node:async_hooks';
import {
  type Done,
  MAX_CONTROL_LENGTH,
  type MessageSlot,
  type MessageWriter,
  PreparedMessage,
} from '@x/frame-codec';
import { nextTick } from '../runtime/clock.js';
import { toError } from '../runtime/thrown.js';
import { SendCallback, type Sent } from '../transport/send-callback.js';
import type { SocketConnection } from '../transport/socket-connection.js';
import { byteLength, isBlob, type Payload, toBytes } from '../values/payload.js';
import { notOpen, READY_STATES, type ReadyState } from '../values/ready-state.js';

/** How a message is sent. */
export interface SendOptions {
  /** as a binary message; default: unless it is a string */
  binary?: boolean | undefined;
  /** whether to compress it, where that was negotiated; default true */
  compress?: boolean | undefined;
  /** whether the message ends with this fragment; default true */
  fin?: boolean | undefined;
  /** accepted for the sake of `ws`: clients mask, servers do not (§5.1) */
  mask?: boolean | undefined;
}

/** What sending needs of the `WebSocket` that sends. */
export interface Sending {
  readonly readyState: ReadyState;
  emit(event: 'drain'): boolean;
}

const NO_OPTIONS: SendOptions = {};
const TRUSTED = { trusted: true };
const TRUSTED_PLAIN = { trusted: true, compress: false };

/**
 * What a `WebSocket` sends, put into the terms of the codec, whose lane keeps the order. Text that comes as bytes is not
 * checked, as with npm `ws`: a peer answers with 1007 where it is none.
 */
export class Outgoing {
  readonly #connection: SocketConnection<Sending>;
  /** the message whose fragments are being sent */
  #writer: MessageWriter | undefined;
  /** the caller was told to stop: a `drain` is owed, in the async context of that call */
  #owed: AsyncResource | undefined;

  constructor(connection: SocketConnection<Sending>) {
    this.#connection = connection;
  }

  /**
   * Sends a message, or a fragment of one. Returns whether to go on.
   *
   * @throws {TypeError} when nothing stands for `data`, or a client is to send a `PreparedMessage`
   */
  send(data: Payload | PreparedMessage, options: SendOptions | undefined, sent: Sent | undefined): boolean {
    const connection = this.#connection;
    // Only who was told to stop can have too much waiting.
    if (this.#owed !== undefined && connection.isFull) {
      connection.overflow();
      if (sent !== undefined)
        new SendCallback(sent, connection).tellLater(notOpen(connection.context.readyState));
      return false;
    }
    connection.gather();
    if (sent === undefined) this.#put(data, options ?? NO_OPTIONS, undefined);
    else this.#call(sent, (done) => this.#put(data, options ?? NO_OPTIONS, done));
    connection.tellOverflow();
    if (!connection.isQueueing && connection.bufferedLength < connection.socket.writableHighWaterMark)
      return true;
    this.#stop();
    return false;
  }

  /**
   * Sends a ping or pong.
   *
   * @throws {RangeError} when it has more than 125 bytes (§5.5)
   */
  sendControl(kind: 'ping' | 'pong', data: Payload, sent: Sent | undefined): void {
    if (byteLength(data) > MAX_CONTROL_LENGTH) {
      throw new RangeError('The data size must not be greater than 125 bytes');
    }
    const connection = this.#connection;
    connection.gather();
    this.#call(sent, (done) => {
      if (isBlob(data)) return read(data, connection.sendLater(kind, data.size, { done }));
      return connection[kind](typeof data === 'string' ? Buffer.from(data) : toBytes(data), done);
    });
  }

  /** Sends a close frame behind everything else. */
  close(code: number | undefined, reason: string): void {
    this.#connection.gather();
    this.#connection.close(code, reason);
  }

  /** What waited has left: whoever was told to stop is told to go on. */
  drained(): void {
    const { context, corkedLength, isQueueing, socket } = this.#connection;
    if (this.#owed === undefined || isQueueing || socket.writableNeedDrain) return;
    if (corkedLength > 0) {
      this.#awaitGathered();
      return;
    }
    const owed = this.#owed;
    this.#owed = undefined;
    if (context.readyState === READY_STATES.OPEN) owed.runInAsyncScope(() => context.emit('drain'));
  }

  #stop(): void {
    if (this.#owed !== undefined) return;
    this.#owed = new AsyncResource('WebSocketDrain');
    if (this.#connection.corkedLength > 0) this.#awaitGathered();
  }

  /** Node tells of a full buffer that has emptied; what is still gathered it does not know of. */
  #awaitGathered(): void {
    this.#connection.awaitSent({
      tell: (error) => {
        if (!error) this.drained();
      },
    });
  }

  /**
   * Calls `send` with what stands for the callback `sent`: where it returns that nothing is sent any more, that is told an
   * error, and where it throws, nothing.
   */
  #call(sent: Sent | undefined, send: (done: Done | undefined) => boolean): void {
    const callback = sent === undefined ? undefined : new SendCallback(sent, this.#connection);
    try {
      if (!send(callback?.done)) callback?.tellLater(notOpen(this.#connection.context.readyState));
    } catch (error) {
      callback?.cancel();
      throw error;
    }
  }

  #put(data: Payload | PreparedMessage, options: SendOptions, done: Done | undefined): boolean {
    const connection = this.#connection;
    if (data instanceof PreparedMessage) return connection.sendPrepared(data, done);
    const { fin = true, binary = typeof data !== 'string', compress } = options;
    if (!fin || this.#writer !== undefined) return this.#putFragment(data, binary, fin, compress, done);
    const plain = compress === false ? TRUSTED_PLAIN : TRUSTED;
    const how = done === undefined ? plain : { ...plain, done };
    if (typeof data === 'string') {
      return binary ? connection.sendBinary(Buffer.from(data), how) : connection.sendText(data, how);
    }
    if (isBlob(data)) return read(data, connection.sendLater(binary ? 'binary' : 'text', data.size, how));
    const bytes = toBytes(data);
    return binary ? connection.sendBinary(bytes, how) : connection.sendTextBytes(bytes, how);
  }

  #putFragment(
    data: Payload,
    binary: boolean,
    last: boolean,
    compress: boolean | undefined,
    done: Done | undefined,
  ): boolean {
    const kind = binary ? 'binary' : 'text';
    this.#writer ??= this.#connection.startMessage(kind, { compress, trusted: true });
    const writer = this.#writer;
    // Before: what is sent from inside the write of the last fragment belongs to no message any more.
    if (last) this.#writer = undefined;
    try {
      if (isBlob(data)) return read(data, writer.writeLater(data.size, last, done));
      const bytes = typeof data === 'string' ? Buffer.from(data) : toBytes(data);
      // An empty fragment goes out as well, as with npm ws: it keeps the place of its message.
      return last ? writer.end(bytes, done) : writer.write(bytes, done ?? keepsPlace);
    } catch (error) {
      // Where the first fragment is refused, there is no message that the next could belong to.
      if (!writer.discard()) this.#writer ??= writer;
      else if (this.#writer === writer) this.#writer = undefined;
      throw error;
    }
  }
}

/** Whoever has no callback waits for nothing. */
function keepsPlace(): void {}

/** Reads a `Blob` into the place that is kept for it; outside of any promise, so that what listeners throw surfaces. */
function read(blob: Blob, slot: MessageSlot | undefined): boolean {
  if (slot === undefined) return false;
  new Promise<ArrayBuffer>((resolve) => resolve(blob.arrayBuffer())).then(
    (buffer) => nextTick(() => slot.fill(toBytes(buffer))),
    (error) => nextTick(() => slot.fail(toError(error))),
  );
  return true;
}
