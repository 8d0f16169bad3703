import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from '@x/frame-codec';
import { type ConnectionOptionsOfBoth, DEFAULTS } from '../options/options.js';
import { clearTimeout, nextTick, setImmediate, setTimeout } from '../runtime/clock.js';
import { surfaceLater } from '../runtime/scheduler.js';
import { watchFor } from '../transport/keep-alive.js';
import type { SocketConnection } from '../transport/socket-connection.js';
import { pack } from '../values/binary-type.js';
import { toWsError } from '../values/protocol-error.js';
import { READY_STATES, type ReadyState } from '../values/ready-state.js';
import { type Ending, newEnding } from './ending.js';
import { WebSocketEventTarget } from './event-target.js';
import { type Terms, termsOf, withChange } from './terms.js';
import type { Owner } from './web-socket-handler.js';

const { CONNECTING, OPEN, CLOSING, CLOSED } = READY_STATES;

/**
 * The life of a `WebSocket`, as its handshake and its connection tell of it: events, states, and how it ends.
 *
 * Fields are few and methods are not private (each class that has some costs its objects a field), because of those
 * which wait by the ten thousand.
 */
export abstract class WebSocketCore<Target> extends WebSocketEventTarget<Target> {
  /** @internal */
  _readyState: ReadyState = CONNECTING;
  /** @internal */
  _terms: Terms;
  /** @internal */
  _connection: SocketConnection<Owner> | undefined;
  /** @internal Made when the end begins. */
  _ending: Ending | undefined;
  /** @internal */
  _paused = false;

  constructor(isServer: boolean, settings: ConnectionOptionsOfBoth) {
    super();
    this._terms = termsOf(isServer, settings);
  }

  /** The stream below, once open; for its addresses and the like. */
  get _socket(): Duplex | null {
    return this._connection?.socket ?? null;
  }

  /** Whether it sends as a server does; plugins set it before `setSocket`, for the other side of a stream in memory. */
  get _isServer(): boolean {
    return this._terms.isServer;
  }

  set _isServer(isServer: boolean) {
    this.agree({ isServer });
  }

  /** @internal */
  override get _wasClean(): boolean {
    return this._ending?.wasClean ?? false;
  }

  abstract close(code?: number): void;

  /** @internal some terms change */
  agree(terms: Partial<Terms>): void {
    this._terms = withChange(this._terms, terms);
  }

  /** @internal a whole message, owned */
  receiveMessage(data: Buffer<ArrayBuffer>, isBinary: boolean): void {
    if (this._ending?.isMute) return;
    const message = isBinary ? pack(data, this._terms.binaryType) : data;
    if (this._terms.settings.allowSynchronousEvents === false) emitLater(this, 'message', message, isBinary);
    else this.emit('message', message, isBinary);
  }

  /** @internal a ping or pong, owned */
  receiveControl(type: 'ping' | 'pong', data: Buffer): void {
    if (this._ending?.isMute) return;
    if (this._terms.settings.allowSynchronousEvents === false) emitLater(this, type, data);
    else this.emit(type, data);
  }

  /** @internal the peer's close frame came; the answer is sent, or waits behind what was accepted before */
  receiveClose(code: number, reason: string): void {
    const ending = endingOf(this);
    ending.code = code;
    ending.reason = Buffer.from(reason);
    if (this._readyState === OPEN) this.startCloseTimer();
    this._readyState = CLOSING;
  }

  /** @internal the peer broke a rule: `error` is emitted when the close frame is sent */
  fail(error: Error): void {
    if (this._readyState === OPEN) this.startCloseTimer();
    this._readyState = CLOSING;
    endingOf(this).error = error;
  }

  /** @internal nothing more will be written */
  ended(): void {
    const { _ending: ending } = this;
    if (ending?.error === undefined) return;
    const { error } = ending;
    ending.error = undefined;
    this.reportError(error);
  }

  /** @internal the peer does not read, and too much waits for it, or for all */
  overflow(): void {
    const { _connection: connection } = this;
    const limit = connection?.exhausted;
    endingOf(this).isMute = true;
    if (this._terms.settings.overflow === 'close') {
      this._readyState = CLOSING;
      this.startCloseTimer();
      connection?.abandon(limit?.closeCode ?? CLOSE_CODES.policyViolation, limit?.summary);
    } else {
      this._readyState = CLOSING;
      connection?.destroy();
    }
    endingOf(this).error = limit === undefined ? tooMuchBuffered() : toWsError(limit);
    // Not from inside the call that sent too much.
    nextTick(() => this.ended());
  }

  /** @internal emits `error`, at most once, and not behind `close` */
  reportError(error: Error): void {
    const ending = endingOf(this);
    if (ending.reported || this._readyState === CLOSED) return;
    ending.reported = true;
    this.emit('error', error);
  }

  /** @internal the connection is over */
  finish(clean: boolean): void {
    const ending = endingOf(this);
    const { settings, server } = this._terms;
    clearTimeout(ending.timer);
    if (this._connection !== undefined) watchFor(settings)?.remove(this._connection);
    surfaceLater(() => this.ended());
    ending.wasClean = clean;
    this._readyState = CLOSED;
    server?.forget(this);
    this.emit('close', ending.code, ending.reason);
  }

  /** @internal the opening handshake failed */
  failHandshake(error: Error): void {
    this._readyState = CLOSING;
    this.agree({ handshake: undefined });
    surfaceLater(() => this.reportError(error));
    this.finish(false);
  }

  /** @internal drops the connection when its end takes too long; another time goes before the first */
  startCloseTimer(timeout?: number): void {
    const { _connection: connection } = this;
    if (connection === undefined || this._readyState === CLOSED) return;
    const ending = endingOf(this);
    if (ending.timer !== undefined && timeout === undefined) return;
    clearTimeout(ending.timer);
    const { closeTimeout = DEFAULTS.closeTimeout } = this._terms.settings;
    ending.timer = setTimeout(destroy, timeout ?? closeTimeout, connection);
  }

  /** @internal what was accepted could not be sent: the connection closes */
  failSending(error: Error): void {
    if (this._readyState === OPEN) this.startCloseTimer();
    if (this._readyState !== CLOSED) this._readyState = CLOSING;
    this.reportError(error);
  }
}

/** What is known of its end; from here on it has one. */
export function endingOf(websocket: WebSocketCore<never>): Ending {
  websocket._ending ??= newEnding();
  return websocket._ending;
}

function tooMuchBuffered(): Error {
  const error = new RangeError('Too much is buffered for a peer that does not read');
  return Object.assign(error, { code: 'WS_ERR_TOO_MUCH_BUFFERED' });
}

/** What follows waits until the event was emitted, in a task of its own. */
function emitLater(websocket: WebSocketCore<never>, type: string, ...values: unknown[]): void {
  websocket._connection?.pause();
  setImmediate(() => {
    try {
      websocket.emit(type, ...values);
    } finally {
      if (!websocket._paused && websocket._readyState !== CLOSED) websocket._connection?.resume();
    }
  });
}

function destroy(connection: SocketConnection): void {
  connection.destroy();
}
