import type { Duplex } from 'node:stream';
import type { Extension } from '@x/frame-codec';
import { type BinaryType, pack } from './binary-type.js';
import type { ClientHandshake } from './client-handshake.js';
import { WebSocketEventTarget } from './event-target.js';
import { watchFor } from './keep-alive.js';
import { type ConnectionOptionsOfBoth, DEFAULTS } from './options.js';
import { EMPTY } from './payload.js';
import { READY_STATES, type ReadyState } from './ready-state.js';
import type { SocketConnection } from './socket-connection.js';
import type { WebSocket } from './web-socket.js';

const { CONNECTING, OPEN, CLOSING, CLOSED } = READY_STATES;

/** What a handshake agreed on that agreed on nothing. */
export const NO_EXTENSIONS: { readonly [name: string]: Extension } = Object.freeze({});

/** The life of a `WebSocket`, as its handshake and its connection tell of it: events, states, and how it ends. */
export abstract class WebSocketCore extends WebSocketEventTarget {
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
  /** @internal */
  _handshake: ClientHandshake | undefined;
  /** @internal */
  _binaryType: BinaryType = 'nodebuffer';
  /** @internal */
  _paused = false;
  /** @internal Who keeps this among its clients. */
  _server: { _forget(websocket: WebSocketCore): void } | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #closeCode = 1006;
  #closeReason: Buffer = EMPTY;
  #error: Error | undefined;
  #errored = false;

  constructor(isServer: boolean, settings: ConnectionOptionsOfBoth) {
    super();
    this._isServer = isServer;
    this._settings = settings;
  }

  abstract close(code?: number): void;

  /** @internal a whole message, owned */
  receiveMessage(data: Buffer<ArrayBuffer>, isBinary: boolean): void {
    const message = isBinary ? pack(data, this._binaryType) : data;
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
        if (!this._paused && this._readyState !== CLOSED) this._connection?.resume();
      }
    });
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
    if (this._connection !== undefined) watchFor(this._settings)?.remove(this._connection);
    this._wasClean = clean;
    this._readyState = CLOSED;
    this.emit('close', this.#closeCode, this.#closeReason);
  }

  /** @internal the opening handshake failed */
  failHandshake(error: Error): void {
    this._readyState = CLOSING;
    this._handshake = undefined;
    try {
      this.reportError(error);
    } finally {
      this.finish(false);
    }
  }

  /** @internal drops the socket when the closing handshake takes too long; another time goes before the first */
  startCloseTimer(timeout?: number): void {
    const { _socket: socket } = this;
    if (socket === null || this._readyState === CLOSED) return;
    if (this.#closeTimer !== undefined && timeout === undefined) return;
    clearTimeout(this.#closeTimer);
    const { closeTimeout = DEFAULTS.closeTimeout } = this._settings;
    this.#closeTimer = setTimeout(destroy, timeout ?? closeTimeout, socket);
  }

  /** @internal what waits to be sent could not be read */
  failSending(error: Error): void {
    if (this._readyState === CLOSED) return;
    if (this._readyState === OPEN) {
      this._readyState = CLOSING;
      this.startCloseTimer();
    }
    this._socket?.end();
    this.reportError(error);
  }
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
