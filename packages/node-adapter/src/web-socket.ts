import type { Duplex } from 'node:stream';
import { setImmediate as nextTask } from 'node:timers/promises';
import {
  Endpoint,
  type Extension,
  isSendableCloseCode,
  MAX_CLOSE_REASON_LENGTH,
  type MessageWriter,
} from '@x/frame-codec';
import { ClientHandshake } from './client-handshake.js';
import { WebSocketEventTarget } from './event-target.js';
import { type ClientOptions, type ConnectionOptionsOfBoth, DEFAULTS, type SocketOptions } from './options.js';
import { byteLength, EMPTY, isBlob, type Payload, type RawData, toBytes } from './payload.js';
import { notOpen, READY_STATES, type ReadyState } from './ready-state.js';
import { SendQueue } from './send-queue.js';
import type { Sent, SocketConnection } from './socket-connection.js';
import { Transport } from './transport.js';
import { webSocketHandler } from './web-socket-handler.js';

const { CONNECTING, OPEN, CLOSING, CLOSED } = READY_STATES;

/** How binary messages are handed out. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';

const BINARY_TYPES: readonly BinaryType[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob'];

/** What the caller calls text is sent as text, as npm `ws` does; a peer answers with 1007 when it is none. */
const TRUSTED = { trusted: true };
const TRUSTED_PLAIN = { trusted: true, compress: false };

/** Longer messages are compressed in slices of this many bytes: one takes a millisecond or two. */
const SLICE = 65_536;

const NO_EXTENSIONS: { readonly [name: string]: Extension } = Object.freeze({});

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

/** The transport of the connections that one server accepts, kept with its options. */
export const TRANSPORT: unique symbol = Symbol('transport');

/**
 * A WebSocket connection with the interface of npm `ws` and of browsers, in either role.
 *
 * Events: `open` (), `message` (data, isBinary), `ping` (data), `pong` (data), `error` (error), `close` (code, reason),
 * `drain` (); while a client connects also `upgrade` (response), `unexpected-response` (request, response) and
 * `redirect` (url, request). Text messages are handed to `message` listeners as a `Buffer` of UTF-8, and as strings to
 * `onmessage` and `addEventListener`. What is handed out is owned by the listener.
 *
 * @example
 * const websocket = new WebSocket('ws://127.0.0.1:8080');
 * websocket.on('open', () => websocket.send('hello'));
 * websocket.on('message', (data) => console.log(String(data)));
 */
export class WebSocket extends WebSocketEventTarget {
  static readonly CONNECTING: 0 = CONNECTING;
  static readonly OPEN: 1 = OPEN;
  static readonly CLOSING: 2 = CLOSING;
  static readonly CLOSED: 3 = CLOSED;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  /** The stream below, once open; for its addresses and the like. */
  _socket: Duplex | null = null;
  /** @internal */
  _readyState: ReadyState = CONNECTING;
  /** @internal */
  _protocol = '';
  /** @internal What the handshake agreed on, by name. */
  _extensions: { readonly [name: string]: Extension } = NO_EXTENSIONS;
  /** @internal */
  _url: string | undefined;
  /** @internal */
  readonly _isServer: boolean;
  /** @internal */
  readonly _settings: ConnectionOptionsOfBoth;
  /** @internal */
  _connection: SocketConnection<WebSocket> | undefined;
  #handshake: ClientHandshake | undefined;
  #binaryType: BinaryType = 'nodebuffer';
  #paused = false;
  /** The message that is being sent in fragments. */
  #writer: MessageWriter | undefined;
  #queue: SendQueue | undefined;
  /** Bytes of what was sent too late: they count as buffered for ever, as in browsers. */
  #lost = 0;
  #closeTimer: NodeJS.Timeout | undefined;
  #closeCode = 1006;
  #closeReason: Buffer = EMPTY;
  #error: Error | undefined;
  #errored = false;

  /**
   * Connects to a server; `null` makes one side of a connection that {@link setSocket} starts later, as a server.
   *
   * @throws {SyntaxError} when the URL or a subprotocol is no good
   * @throws {RangeError} when an option is out of its range
   */
  constructor(address: null, protocols?: undefined, options?: ConnectionOptionsOfBoth);
  constructor(address: string | URL, options?: ClientOptions);
  constructor(address: string | URL, protocols?: string | readonly string[], options?: ClientOptions);
  constructor(
    address: string | URL | null,
    protocols?: string | readonly string[] | ClientOptions,
    options?: ClientOptions,
  ) {
    super();
    if (address === null) {
      this._isServer = true;
      this._settings = options ?? {};
      return;
    }
    this._isServer = false;
    const given = isOptions(protocols) ? protocols : (options ?? {});
    const offered = isOptions(protocols) || protocols === undefined ? given.protocols : protocols;
    const settings = { ...DEFAULTS, ...given };
    this._settings = settings;
    const list = offered === undefined ? [] : typeof offered === 'string' ? [offered] : offered;
    this.#handshake = new ClientHandshake(this, address, list, settings);
  }

  /** How binary messages are handed out; what is none of the four is ignored. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (BINARY_TYPES.includes(type)) this.#binaryType = type;
  }

  /** Bytes that are sent but have not gone to the operating system, heads of frames included. */
  get bufferedAmount(): number {
    return (this._connection?.bufferedLength ?? 0) + (this.#queue?.length ?? 0) + this.#lost;
  }

  /** The extensions in use, by name. */
  get extensions(): string {
    return Object.keys(this._extensions).join();
  }

  /** Whether {@link pause} holds back what arrives. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** The subprotocol in use, or the empty string. */
  get protocol(): string {
    return this._protocol;
  }

  get readyState(): ReadyState {
    return this._readyState;
  }

  /** The URL that a client connects to; after redirects the last one. */
  get url(): string | undefined {
    return this._url;
  }

  /**
   * Starts the connection on a stream whose opening handshake is done, and emits `open`.
   *
   * @param head bytes that came behind the handshake
   */
  setSocket(
    socket: Duplex,
    head: Uint8Array,
    options: SocketOptions & { [TRANSPORT]?: Transport<WebSocket> },
  ): void {
    const transport = options[TRANSPORT] ?? createTransport(this._isServer, this._settings, options);
    if (hasMethod(socket, 'setTimeout')) socket.setTimeout(0);
    if (hasMethod(socket, 'setNoDelay')) socket.setNoDelay();
    this._socket = socket;
    this.#handshake = undefined;
    this._connection = transport.attach(socket, this, head, Object.values(this._extensions));
    this._readyState = OPEN;
    this.emit('open');
  }

  /**
   * Sends a message. An `error` is given to `sent` when it cannot be sent any more.
   *
   * @param data text goes as UTF-8; bytes are not copied when there are many: leave them alone until they are sent
   * @param sent called when the bytes have gone to the operating system
   * @returns whether to go on: after `false` a `drain` event tells when
   * @throws {Error} while the connection is not open yet
   * @throws {TypeError} when `data` is nothing that can be sent
   */
  send(data: Payload, sent?: Sent): boolean;
  send(data: Payload, options: SendOptions | undefined, sent?: Sent): boolean;
  send(data: Payload, options?: SendOptions | Sent, sent?: Sent): boolean {
    const message = typeof data === 'number' ? String(data) : data;
    if (typeof options === 'function') return this.#send(message, undefined, options);
    return this.#send(message, options, sent);
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @throws {RangeError} when `data` has more than 125 bytes
   */
  ping(data?: Payload | Sent, mask?: boolean | Sent, sent?: Sent): void {
    this.#control('ping', data, mask, sent);
  }

  /** Sends a pong that no ping asked for (§5.5.3); otherwise as {@link ping}. */
  pong(data?: Payload | Sent, mask?: boolean | Sent, sent?: Sent): void {
    this.#control('pong', data, mask, sent);
  }

  /**
   * Starts the closing handshake (§7.1.2); when the peer does not answer within `closeTimeout` the socket is dropped.
   * While connecting it gives up instead, with an `error`.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999
   * @param reason at most 123 bytes of UTF-8
   * @throws {TypeError} when the code must not be sent
   * @throws {RangeError} when the reason is too long
   */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this._readyState === CLOSED) return;
    if (this._readyState === CONNECTING) {
      this.#abort();
      return;
    }
    if (this._readyState === CLOSING) return;
    const text = checkClose(code, reason);
    this._readyState = CLOSING;
    this.startCloseTimer();
    if (this.#queue === undefined) this.#close(code, text);
    else
      this.#queue.push(
        0,
        () => '',
        () => this.#close(code, text),
      );
  }

  /** Drops the connection at once. */
  terminate(): void {
    if (this._readyState === CLOSED) return;
    if (this._readyState === CONNECTING) {
      this.#abort();
      return;
    }
    this._readyState = CLOSING;
    this._connection?.destroy();
  }

  /** Stops reading from the socket, and hands out nothing more until {@link resume}: not even the rest of a chunk. */
  pause(): void {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this.#paused = true;
    this._connection?.pause();
  }

  /** Ends {@link pause}. */
  resume(): void {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this.#paused = false;
    this._connection?.resume();
  }

  #send(data: Payload, options: SendOptions | undefined, sent: Sent | undefined): boolean {
    const connection = this._connection;
    if (this._readyState !== OPEN || connection === undefined) {
      this.#refuse(data, sent);
      return false;
    }
    if (this.#queue !== undefined || isBlob(data)) {
      this.#enqueue(data, sent, (bytes) => this.#transmitLater(connection, bytes, options, sent));
      return false;
    }
    if (this.#compressesLong(connection, data, options)) {
      this.#enqueue(data, sent, (bytes) => this.#transmitLater(connection, bytes, options, sent));
      return false;
    }
    this.#transmit(connection, data, options, sent);
    return connection.bufferedLength < connection.socket.writableHighWaterMark;
  }

  #transmit(
    connection: SocketConnection<WebSocket>,
    data: Payload,
    options: SendOptions | undefined,
    sent: Sent | undefined,
  ): void {
    const bytes = typeof data === 'string' ? data : toBytes(data);
    connection.gather();
    if (sent !== undefined) connection.whenSent(sent);
    if (options === undefined && this.#writer === undefined) {
      if (typeof bytes === 'string') connection.sendText(bytes);
      else connection.sendBinary(bytes);
      return;
    }
    const { fin = true, binary = typeof data !== 'string' } = options ?? {};
    if (!fin || this.#writer !== undefined) this.#sendFragment(connection, bytes, binary, fin, options);
    else if (binary) connection.sendBinary(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, options);
    else if (typeof bytes === 'string') connection.sendText(bytes, options);
    else connection.sendTextBytes(bytes, options?.compress === false ? TRUSTED_PLAIN : TRUSTED);
  }

  /** Whether compressing a message would hold the event loop for long. */
  #compressesLong(connection: SocketConnection<WebSocket>, data: Payload, options?: SendOptions): boolean {
    if (connection.extensions.length === 0 || options?.compress === false) return false;
    const { length } = typeof data === 'string' ? data : toBytes(data);
    return length > SLICE && this.#writer === undefined && options?.fin !== false;
  }

  /** Sends a message whose turn has come; what takes long to compress is cut into fragments, each in a task of its own. */
  async #transmitLater(
    connection: SocketConnection<WebSocket>,
    data: Payload,
    options: SendOptions | undefined,
    sent: Sent | undefined,
  ): Promise<void> {
    if (!this.#compressesLong(connection, data, options)) {
      this.#transmit(connection, data, options, sent);
      return;
    }
    const binary = options?.binary ?? typeof data !== 'string';
    const bytes = typeof data === 'string' ? Buffer.from(data) : toBytes(data);
    const writer = connection.startMessage(binary ? 'binary' : 'text', options);
    let at = 0;
    for (; at + SLICE < bytes.length; at += SLICE) {
      writer.write(bytes.subarray(at, at + SLICE));
      await nextTask();
    }
    connection.gather();
    if (sent !== undefined) connection.whenSent(sent);
    writer.end(bytes.subarray(at));
  }

  #sendFragment(
    connection: SocketConnection<WebSocket>,
    bytes: string | Uint8Array,
    binary: boolean,
    last: boolean,
    options: SendOptions | undefined,
  ): void {
    this.#writer ??= connection.startMessage(binary ? 'binary' : 'text', options);
    const writer = this.#writer;
    const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (!last) {
      writer.write(part);
      return;
    }
    this.#writer = undefined;
    writer.end(part);
  }

  #control(
    kind: 'ping' | 'pong',
    data: Payload | Sent | undefined,
    mask: boolean | Sent | undefined,
    sent: Sent | undefined,
  ): void {
    if (typeof data === 'function') this.#sendControl(kind, '', data);
    else this.#sendControl(kind, data ?? '', typeof mask === 'function' ? mask : sent);
  }

  #sendControl(kind: 'ping' | 'pong', data: Payload, sent: Sent | undefined): void {
    const connection = this._connection;
    if (this._readyState !== OPEN || connection === undefined) {
      this.#refuse(data, sent);
      return;
    }
    if (byteLength(data) > 125) throw new RangeError('The data size must not be greater than 125 bytes');
    const transmit = (bytes: Payload): void => {
      connection.gather();
      if (sent !== undefined) connection.whenSent(sent);
      connection[kind](typeof bytes === 'string' ? Buffer.from(bytes) : toBytes(bytes));
    };
    if (this.#queue !== undefined || isBlob(data)) this.#enqueue(data, sent, transmit);
    else transmit(data);
  }

  /** Sends what must be read first, and what comes behind it, in order. */
  #enqueue(data: Payload, sent: Sent | undefined, transmit: (data: Payload) => void): void {
    this.#queue ??= new SendQueue(
      () => {
        this.#queue = undefined;
      },
      (error) => this.#failSending(error),
    );
    this.#queue.push(byteLength(data), isBlob(data) ? () => data.arrayBuffer() : () => data, transmit, sent);
  }

  #failSending(error: Error): void {
    if (this._readyState === CLOSED) return;
    if (this._readyState === OPEN) {
      this._readyState = CLOSING;
      this.startCloseTimer();
    }
    this._socket?.end();
    this.reportError(error);
  }

  #close(code: number | undefined, reason: string): void {
    this._connection?.gather();
    this._connection?.close(code, reason);
  }

  #abort(): void {
    this.#handshake?.abort('WebSocket was closed before the connection was established');
  }

  /** Nothing can be sent in this state. */
  #refuse(data: Payload, sent: Sent | undefined): void {
    const state = this._readyState;
    if (state === CONNECTING) throw notOpen(state);
    this.#lost += byteLength(data);
    if (sent !== undefined) process.nextTick(sent, notOpen(state));
  }

  /** @internal a whole message, owned */
  receiveMessage(data: Buffer<ArrayBuffer>, isBinary: boolean): void {
    const message = isBinary ? this.#packBinary(data) : data;
    if (this._settings.allowSynchronousEvents === false) this.#emitLater('message', message, isBinary);
    else this.emit('message', message, isBinary);
  }

  /** @internal a ping or pong, owned */
  receiveControl(type: 'ping' | 'pong', data: Buffer): void {
    if (this._settings.allowSynchronousEvents === false) this.#emitLater(type, data);
    else this.emit(type, data);
  }

  /** What follows waits until the event was emitted, in a task of its own. */
  #emitLater(type: string, ...values: unknown[]): void {
    this._connection?.pause();
    setImmediate(() => {
      try {
        this.emit(type, ...values);
      } finally {
        if (!this.#paused && this._readyState !== CLOSED) this._connection?.resume();
      }
    });
  }

  #packBinary(data: Buffer<ArrayBuffer>): RawData {
    switch (this.#binaryType) {
      case 'arraybuffer':
        return data.byteLength === data.buffer.byteLength
          ? data.buffer
          : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
      case 'fragments':
        return [data];
      case 'blob':
        return new Blob([data]);
      default:
        return data;
    }
  }

  /** @internal the peer's close frame came, and was answered */
  receiveClose(code: number, reason: string): void {
    this.#closeCode = code;
    this.#closeReason = Buffer.from(reason);
    if (this._readyState === OPEN) this.startCloseTimer();
    this._readyState = CLOSING;
  }

  /** @internal the peer broke a rule: `error` is emitted when the close frame is sent */
  fail(error: Error): void {
    if (this._readyState === OPEN) this.startCloseTimer();
    this._readyState = CLOSING;
    this.#error = error;
  }

  /** @internal nothing more will be written */
  ended(): void {
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) this.reportError(error);
  }

  /** @internal the peer does not read, and too much waits for it */
  overflow(): void {
    const error = new RangeError('Too much is buffered for a peer that does not read');
    if (this._settings.overflow === 'close') this.close(1008);
    else this._socket?.destroy();
    this.reportError(Object.assign(error, { code: 'WS_ERR_TOO_MUCH_BUFFERED' }));
  }

  /** @internal emits `error`, at most once */
  reportError(error: Error): void {
    if (this.#errored) return;
    this.#errored = true;
    this.emit('error', error);
  }

  /** @internal the connection is over */
  finish(clean: boolean): void {
    clearTimeout(this.#closeTimer);
    this._wasClean = clean;
    this._readyState = CLOSED;
    this.emit('close', this.#closeCode, this.#closeReason);
  }

  /** @internal the opening handshake failed */
  failHandshake(error: Error): void {
    this._readyState = CLOSING;
    this.#handshake = undefined;
    try {
      this.reportError(error);
    } finally {
      this.finish(false);
    }
  }

  /** @internal */
  startCloseTimer(): void {
    const { closeTimeout = DEFAULTS.closeTimeout } = this._settings;
    const { _socket: socket } = this;
    if (socket !== null) this.#closeTimer ??= setTimeout(destroy, closeTimeout, socket);
  }
}

for (const target of [WebSocket, WebSocket.prototype]) {
  for (const [name, value] of Object.entries(READY_STATES)) {
    Object.defineProperty(target, name, { enumerable: true, value });
  }
}

/** How connections of one role with these options are put on streams. */
export function createTransport(
  isServer: boolean,
  settings: ConnectionOptionsOfBoth,
  options: SocketOptions,
): Transport<WebSocket> {
  const { generateMask, maxFragments = DEFAULTS.maxFragments, maxPayload = DEFAULTS.maxPayload } = options;
  const codec = options.codec ?? settings.codec;
  const endpoint = new Endpoint({
    role: isServer ? 'server' : 'client',
    autoPong: settings.autoPong ?? DEFAULTS.autoPong,
    validateText: !options.skipUTF8Validation,
    maxMessageLength: limitOf(maxPayload, Number.MAX_SAFE_INTEGER),
    maxFragments: limitOf(maxFragments, 0x7fff_ffff),
    ...(codec === undefined ? {} : { codec }),
    ...(generateMask === undefined ? {} : { maskingKey: maskingKeyOf(generateMask) }),
  });
  return new Transport<WebSocket>(endpoint, webSocketHandler, {
    gatherWrites: options.gatherWrites ?? settings.gatherWrites,
    zeroCopyReads: options.zeroCopyReads ?? settings.zeroCopyReads,
    maxBufferedLength: options.maxBufferedAmount ?? settings.maxBufferedAmount,
  });
}

function maskingKeyOf(generateMask: (mask: Buffer) => void): () => number {
  const mask = Buffer.alloc(4);
  return () => {
    generateMask(mask);
    return mask.readInt32LE();
  };
}

/** 0 stands for no limit. */
function limitOf(option: number, most: number): number {
  return option === 0 || option === Number.POSITIVE_INFINITY ? most : option;
}

function isOptions(value: unknown): value is ClientOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasMethod<Name extends string>(
  value: object,
  name: Name,
): value is { [name in Name]: (...values: unknown[]) => unknown } {
  return typeof Reflect.get(value, name) === 'function';
}

function destroy(socket: Duplex): void {
  socket.destroy();
}

function checkClose(code: number | undefined, reason: string | Uint8Array | undefined): string {
  if (code === undefined) return '';
  if (typeof code !== 'number' || !isSendableCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number');
  }
  if (reason === undefined) return '';
  if (typeof reason !== 'string' && !(reason instanceof Uint8Array)) {
    throw new TypeError('Second argument must be a string or a Uint8Array');
  }
  if (Buffer.byteLength(reason) > MAX_CLOSE_REASON_LENGTH) {
    throw new RangeError('The message must not be greater than 123 bytes');
  }
  return typeof reason === 'string' ? reason : Buffer.from(reason).toString();
}
