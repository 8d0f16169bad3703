import type { Duplex } from 'node:stream';
import { PreparedMessage } from '@x/frame-codec';
import { ClientHandshake } from '../opening/client-handshake.js';
import { warnOfMisspelt } from '../options/misspelt.js';
import {
  CLIENT_OPTIONS,
  type ClientOptionsOf,
  type ConnectionOptionsOfBoth,
  DEFAULTS,
  type SocketOptions,
} from '../options/options.js';
import { follow } from '../runtime/abort-signal.js';
import { nextTick } from '../runtime/clock.js';
import { watchFor } from '../transport/keep-alive.js';
import type { Sent } from '../transport/send-callback.js';
import type { SocketConnection } from '../transport/socket-connection.js';
import type { Transport } from '../transport/transport.js';
import { BINARY_TYPES, type BinaryType } from '../values/binary-type.js';
import { checkClose } from '../values/close-argument.js';
import { type Bytes, byteLength, type Payload } from '../values/payload.js';
import { notOpen, READY_STATES, type ReadyState } from '../values/ready-state.js';
import { ConnectionSender } from '../ws-internals/connection-sender.js';
import type { Sender } from '../ws-internals/sender.js';
import type { EventMapOf } from './event-target.js';
import { Outgoing, type SendOptions } from './outgoing.js';
import { shape } from './shape.js';
import { NO_EXTENSIONS } from './terms.js';
import { endingOf, WebSocketCore } from './web-socket-core.js';
import type { Owner } from './web-socket-handler.js';
import { createTransport, TRANSPORT } from './web-socket-transport.js';

const { CONNECTING, OPEN, CLOSING, CLOSED } = READY_STATES;

const NOT_ESTABLISHED = 'WebSocket was closed before the connection was established';

/** How a client connects; whatever `http.request`, `net.connect` and `tls.connect` take may stand beside these. */
export interface ClientOptions extends ClientOptionsOf<WebSocket> {}

/** The events of the browser's interface. */
export interface WebSocketEventMap extends EventMapOf<WebSocket> {}

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
export class WebSocket extends WebSocketCore<WebSocket> {
  declare static readonly CONNECTING: 0;
  declare static readonly OPEN: 1;
  declare static readonly CLOSING: 2;
  declare static readonly CLOSED: 3;
  declare readonly CONNECTING: 0;
  declare readonly OPEN: 1;
  declare readonly CLOSING: 2;
  declare readonly CLOSED: 3;

  /** @internal */
  _outgoing: Outgoing | undefined;

  /**
   * Connects to a server; `null` makes one side of a connection that {@link setSocket} starts later, as a server.
   *
   * @throws {SyntaxError} when the URL or a subprotocol is no good
   * @throws {RangeError} when an option is out of its range
   * @throws {TypeError} when an option is of another kind
   */
  constructor(address: null, protocols?: undefined, options?: ConnectionOptionsOfBoth);
  constructor(address: string | URL, options?: ClientOptions);
  constructor(address: string | URL, protocols?: string | readonly string[], options?: ClientOptions);
  constructor(
    address: string | URL | null,
    protocols?: string | readonly string[] | ClientOptions,
    options?: ClientOptions,
  ) {
    const given = isOptions(protocols) ? protocols : (options ?? {});
    super(address === null, address === null ? given : { ...DEFAULTS, ...given });
    if (address === null) return;
    const settings: ClientOptions = this._terms.settings;
    const offered = isOptions(protocols) || protocols === undefined ? given.protocols : protocols;
    warnOfMisspelt(given, CLIENT_OPTIONS);
    watchFor(settings);
    const list = offered === undefined ? [] : Array.isArray(offered) ? offered : [offered];
    // Made here, so that an option which is no good is refused before anything is sent.
    const complete = { ...settings, [TRANSPORT]: createTransport(false, settings, settings) };
    const handshake = new ClientHandshake(this, address, list, complete);
    this.agree({ handshake });
    handshake.start();
    follow(settings.signal, this, (error) => abort(this, error));
  }

  /** How binary messages are handed out; what is none of the four is ignored. */
  get binaryType(): BinaryType {
    return this._terms.binaryType;
  }

  set binaryType(type: BinaryType) {
    if (BINARY_TYPES.includes(type)) this.agree({ binaryType: type });
  }

  /** Bytes that are sent but have not gone to the operating system, heads of frames included. */
  get bufferedAmount(): number {
    const { _connection: connection, _ending: ending } = this;
    return (connection?.bufferedLength ?? 0) + (ending?.lost ?? 0);
  }

  /** The extensions in use, by name. */
  get extensions(): string {
    const extensions = this._connection?.extensions ?? Object.values(this._terms.extensions);
    return extensions.map(({ name }) => name).join();
  }

  /** Whether {@link pause} holds back what arrives. */
  get isPaused(): boolean {
    return this._paused;
  }

  /** What software beside npm `ws` reaches for to write frames that it made itself; `null` while connecting. */
  get _sender(): Sender | null {
    if (this._connection === undefined) return null;
    const sender = frameSenders.get(this._connection) ?? new ConnectionSender(this._connection);
    frameSenders.set(this._connection, sender);
    return sender;
  }

  /** How much of a message has arrived; `null` while connecting. */
  get _receiver(): { readonly _bufferedBytes: number } | null {
    return this._connection === undefined ? null : { _bufferedBytes: this._connection.retainedLength };
  }

  /** The subprotocol in use, or the empty string. */
  get protocol(): string {
    return this._terms.protocol;
  }

  get readyState(): ReadyState {
    return this._readyState;
  }

  /** The URL that a client connects to; after redirects the last one. */
  get url(): string | undefined {
    return this._terms.url;
  }

  /**
   * Starts the connection on a stream whose opening handshake is done, and emits `open`.
   *
   * @param head bytes that came behind the handshake
   */
  setSocket(socket: Duplex, head: Bytes, options: SocketOptions & { [TRANSPORT]?: Transport<Owner> }): void {
    if (this._terms.handshake !== undefined) this.agree({ handshake: undefined });
    const { isServer, settings, extensions } = this._terms;
    const transport = options[TRANSPORT] ?? createTransport(isServer, settings, options);
    if (hasMethod(socket, 'setTimeout')) socket.setTimeout(0);
    if (hasMethod(socket, 'setNoDelay')) socket.setNoDelay();
    this._connection = transport.attach(
      socket,
      this,
      head,
      extensions === NO_EXTENSIONS ? undefined : Object.values(extensions),
    );
    if (extensions !== NO_EXTENSIONS) this.agree({ extensions: NO_EXTENSIONS });
    watchFor(settings)?.add(this._connection);
    this._readyState = OPEN;
    this.emit('open');
  }

  /**
   * Sends a message. An `error` is given to `sent` when it cannot be sent any more.
   *
   * @param data text goes as UTF-8; bytes are not copied when there are many: leave them alone until they are sent. A
   * server may send a `PreparedMessage` to any number of clients: it is framed, and compressed, once
   * @param sent called when the bytes have gone to the operating system
   * @returns whether to go on: after `false` a `drain` event tells when
   * @throws {Error} while the connection is not open yet
   * @throws {TypeError} when `data` is nothing that can be sent
   */
  send(data: Payload | PreparedMessage, sent?: Sent): boolean;
  send(data: Payload | PreparedMessage, options: SendOptions | undefined, sent?: Sent): boolean;
  send(data: Payload | PreparedMessage, options?: SendOptions | Sent, sent?: Sent): boolean {
    const message = typeof data === 'number' ? String(data) : data;
    if (typeof options === 'function') return transmit(this, message, undefined, options);
    return transmit(this, message, options, sent);
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @throws {RangeError} when `data` has more than 125 bytes
   */
  ping(data?: Payload | Sent, mask?: boolean | Sent, sent?: Sent): void {
    control(this, 'ping', data, mask, sent);
  }

  /** Sends a pong that no ping asked for (§5.5.3); otherwise as {@link ping}. */
  pong(data?: Payload | Sent, mask?: boolean | Sent, sent?: Sent): void {
    control(this, 'pong', data, mask, sent);
  }

  /**
   * Starts the closing handshake (§7.1.2); when the peer does not answer within `closeTimeout` the socket is dropped.
   * While connecting it gives up instead, with an `error`.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999
   * @param reason at most 123 bytes of UTF-8
   * @throws {TypeError} when the code must not be sent, or the reason is neither text nor bytes
   * @throws {RangeError} when the reason is too long
   */
  close(code?: number, reason?: string | Bytes): void {
    if (this._readyState === CLOSED) return;
    if (this._readyState === CONNECTING) {
      this._terms.handshake?.abort(new Error(NOT_ESTABLISHED));
      return;
    }
    if (this._readyState === CLOSING) return;
    const text = checkClose(code, reason);
    this._readyState = CLOSING;
    this.startCloseTimer();
    outgoingOf(this).close(code, text);
  }

  /** Drops the connection at once. */
  terminate(): void {
    if (this._readyState === CLOSED) return;
    if (this._readyState === CONNECTING) {
      this._terms.handshake?.abort(new Error(NOT_ESTABLISHED));
      return;
    }
    this._readyState = CLOSING;
    this._connection?.destroy();
  }

  /** Stops reading from the socket, and hands out nothing more until {@link resume}: not even the rest of a chunk. */
  pause(): void {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this._paused = true;
    this._connection?.pause();
  }

  /** Hands what was sent to the operating system now, instead of when the tick ends or the handler returns. */
  flush(): void {
    this._connection?.flush();
  }

  /** Ends {@link pause}. */
  resume(): void {
    if (this._readyState === CONNECTING || this._readyState === CLOSED) return;
    this._paused = false;
    // In a tick of its own: a stream that reads from here takes what listeners throw for an error of its own.
    nextTick(resumeUnlessPaused, this);
  }
}

function resumeUnlessPaused(websocket: WebSocket): void {
  if (!websocket._paused) websocket._connection?.resume();
}

const frameSenders = new WeakMap<SocketConnection, ConnectionSender>();

function transmit(
  websocket: WebSocket,
  data: Payload | PreparedMessage,
  options: SendOptions | undefined,
  sent: Sent | undefined,
): boolean {
  if (websocket._readyState === OPEN) return outgoingOf(websocket).send(data, options, sent);
  refuse(websocket, data, sent);
  return false;
}

/** Made when it is first needed: many connections only listen. */
function outgoingOf(websocket: WebSocket): Outgoing {
  if (websocket._connection === undefined) throw notOpen(websocket._readyState);
  websocket._outgoing ??= new Outgoing(websocket._connection);
  return websocket._outgoing;
}

function control(
  websocket: WebSocket,
  kind: 'ping' | 'pong',
  data: Payload | Sent | undefined,
  mask: boolean | Sent | undefined,
  sent: Sent | undefined,
): void {
  if (typeof data === 'function') transmitControl(websocket, kind, '', data);
  else transmitControl(websocket, kind, data ?? '', typeof mask === 'function' ? mask : sent);
}

function transmitControl(
  websocket: WebSocket,
  kind: 'ping' | 'pong',
  data: Payload,
  sent: Sent | undefined,
): void {
  if (websocket._readyState === OPEN) outgoingOf(websocket).sendControl(kind, data, sent);
  else refuse(websocket, data, sent);
}

function abort(websocket: WebSocket, error: Error): void {
  const { handshake } = websocket._terms;
  if (handshake !== undefined) {
    handshake.abort(error);
    return;
  }
  websocket.terminate();
  if (websocket._readyState !== CLOSED) websocket.reportError(error);
}

/** Nothing can be sent in this state. */
function refuse(websocket: WebSocket, data: Payload | PreparedMessage, sent: Sent | undefined): void {
  const state = websocket._readyState;
  if (state === CONNECTING) throw notOpen(state);
  const ending = endingOf(websocket);
  if (!ending.isMute) ending.lost += data instanceof PreparedMessage ? data.length : byteLength(data);
  if (sent !== undefined) nextTick(sent, notOpen(state));
}

shape(WebSocket);

function isOptions(value: unknown): value is ClientOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasMethod<Name extends string>(
  value: object,
  name: Name,
): value is { [name in Name]: (...values: unknown[]) => unknown } {
  return typeof Reflect.get(value, name) === 'function';
}
