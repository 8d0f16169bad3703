import { setImmediate as nextTask } from 'node:timers/promises';
import { type MessageWriter, PreparedMessage } from '@x/frame-codec';
import { byteLength, isBlob, type Payload, toBytes } from './payload.js';
import { SendQueue } from './send-queue.js';
import type { Sent, SocketConnection } from './socket-connection.js';
import type { WebSocket } from './web-socket.js';

/** How a message is sent. */
export interface SendOptions {
  /** as a binary message; default: unless it is a string */
  binary?: boolean | undefined;
  /** whether to compress it, where that was negotiated; default true */
  compress?: boolean;
  /** whether the message ends with this fragment; default true */
  fin?: boolean | undefined;
  /** accepted for the sake of `ws`: clients mask, servers do not (§5.1) */
  mask?: boolean | undefined;
}

/** Most bytes of payload in a control frame (§5.5). */
const MAX_CONTROL_LENGTH = 125;
/** Longer messages are compressed in slices of this many bytes: one takes a millisecond or two. */
const SLICE = 65_536;

/** What the caller calls text is sent as text, as npm `ws` does; a peer answers with 1007 when it is none. */
const TRUSTED = { trusted: true };
const TRUSTED_PLAIN = { trusted: true, compress: false };

/** What a `WebSocket` sends, in order, also where a part of it must be read or compressed first. */
export class Outgoing {
  readonly #connection: SocketConnection<WebSocket>;
  /** The message that is being sent in fragments. */
  #writer: MessageWriter | undefined;
  #queue: SendQueue | undefined;
  /** Whether the caller was told to stop, and waits for `drain`. */
  #stopped = false;

  constructor(connection: SocketConnection<WebSocket>) {
    this.#connection = connection;
  }

  /** Bytes that wait for their turn. */
  get waitingLength(): number {
    return this.#queue?.length ?? 0;
  }

  /** Sends a message, or a fragment of one. Returns whether to go on. */
  send(data: Payload | PreparedMessage, options: SendOptions | undefined, sent: Sent | undefined): boolean {
    if (this.#queue !== undefined || this.#takesLong(data, options)) {
      this.#enqueue(data, sent, () => this.#transmitLater(data, options, sent));
      this.#stopped = true;
      return false;
    }
    this.#transmit(data, options, sent);
    const { socket, bufferedLength } = this.#connection;
    if (bufferedLength < socket.writableHighWaterMark) return true;
    if (!this.#stopped) this.#stop();
    return false;
  }

  /** What waited has left: whoever was told to stop is told to go on. */
  drained(): void {
    const { context, corkedLength, socket } = this.#connection;
    if (!this.#stopped || this.#queue !== undefined || socket.writableNeedDrain) return;
    if (corkedLength > 0) {
      this.#stop();
      return;
    }
    this.#stopped = false;
    context.emit('drain');
  }

  /** Node tells of a full buffer that has emptied; what is still gathered it does not know of. */
  #stop(): void {
    this.#stopped = true;
    if (this.#connection.corkedLength === 0) return;
    this.#connection.whenSent((error) => {
      if (!error) this.drained();
    });
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
    const transmit = (bytes: Payload): void => {
      this.#prepare(sent);
      this.#connection[kind](typeof bytes === 'string' ? Buffer.from(bytes) : toBytes(bytes));
    };
    if (isBlob(data)) this.#enqueue(data, sent, async () => transmit(await data.arrayBuffer()));
    else if (this.#queue !== undefined) this.#enqueue(data, sent, () => transmit(data));
    else transmit(data);
  }

  /** Sends a close frame behind everything else. */
  close(code: number | undefined, reason: string): void {
    const close = (): void => {
      this.#connection.gather();
      this.#connection.close(code, reason);
    };
    if (this.#queue === undefined) close();
    else this.#queue.push(0, close);
  }

  #prepare(sent: Sent | undefined): void {
    this.#connection.gather();
    if (sent !== undefined) this.#connection.whenSent(sent);
  }

  #transmit(data: Payload | PreparedMessage, options: SendOptions | undefined, sent: Sent | undefined): void {
    const connection = this.#connection;
    if (data instanceof PreparedMessage) {
      if (sent !== undefined) connection.whenSent(sent);
      connection.sendPrepared(data);
      return;
    }
    const bytes = typeof data === 'string' ? data : toBytes(data);
    this.#prepare(sent);
    if (options === undefined && this.#writer === undefined) {
      if (typeof bytes === 'string') connection.sendText(bytes);
      else connection.sendBinary(bytes);
      return;
    }
    const { fin = true, binary = typeof data !== 'string' } = options ?? {};
    if (!fin || this.#writer !== undefined) this.#sendFragment(bytes, binary, fin, options);
    else if (binary) connection.sendBinary(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, options);
    else if (typeof bytes === 'string') connection.sendText(bytes, options);
    else connection.sendTextBytes(bytes, options?.compress === false ? TRUSTED_PLAIN : TRUSTED);
  }

  #sendFragment(
    bytes: string | Uint8Array,
    binary: boolean,
    last: boolean,
    options: SendOptions | undefined,
  ): void {
    this.#writer ??= this.#connection.startMessage(binary ? 'binary' : 'text', options);
    const writer = this.#writer;
    const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (!last) {
      writer.write(part);
      return;
    }
    this.#writer = undefined;
    writer.end(part);
  }

  /** Whether a message must be read first, or would hold the event loop while it is compressed. */
  #takesLong(data: Payload | PreparedMessage, options: SendOptions | undefined): boolean {
    if (typeof data === 'string') return this.#compresses(options) && data.length > SLICE;
    if (data instanceof PreparedMessage) return false;
    return isBlob(data) || (this.#compresses(options) && toBytes(data).length > SLICE);
  }

  #compresses(options: SendOptions | undefined): boolean {
    if (this.#connection.extensions.length === 0 || options?.compress === false) return false;
    return this.#writer === undefined && options?.fin !== false;
  }

  /** Sends a message whose turn has come; a long one to compress in fragments, each in a task of its own. */
  async #transmitLater(
    data: Payload | PreparedMessage,
    options: SendOptions | undefined,
    sent: Sent | undefined,
  ): Promise<void> {
    const ready = isBlob(data) ? await data.arrayBuffer() : data;
    if (ready instanceof PreparedMessage || !this.#takesLong(ready, options)) {
      this.#transmit(ready, options, sent);
      return;
    }
    const binary = options?.binary ?? typeof ready !== 'string';
    const bytes = typeof ready === 'string' ? Buffer.from(ready) : toBytes(ready);
    const writer = this.#connection.startMessage(binary ? 'binary' : 'text', options);
    let at = 0;
    for (; at + SLICE < bytes.length; at += SLICE) {
      writer.write(bytes.subarray(at, at + SLICE));
      await nextTask();
    }
    this.#prepare(sent);
    writer.end(bytes.subarray(at));
  }

  #enqueue(
    data: Payload | PreparedMessage,
    sent: Sent | undefined,
    transmit: () => void | Promise<void>,
  ): void {
    this.#queue ??= new SendQueue(
      () => {
        this.#queue = undefined;
        // Outside of the promise that the queue runs in: what listeners throw surfaces as ever.
        process.nextTick(() => this.drained());
      },
      (error) => this.#connection.context.failSending(error),
    );
    const length = data instanceof PreparedMessage ? data.length : byteLength(data);
    this.#queue.push(length, transmit, sent);
  }
}
