import { reconnectWaitMs } from './backoff.js';

/** A connection that has lasted this long was a success: the next loss starts with the shortest wait again. */
const STABLE_MS = 3000;
/** An attempt that hangs is given up after this long; browsers would wait for minutes. */
const CONNECT_TIMEOUT_MS = 10_000;

/** What a connection tells about itself. */
export interface ConnectionEvents {
  /** `readyState`, `closed`, `retryAt` or `failures` has changed. */
  changed(): void;
  /** A connection that was open has ended: {@link Connection.closed} tells how. */
  lost(closed: Closed): void;
  /** A text message has come in. */
  received(text: string): void;
}

/** How a connection ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** The browser's `WebSocket`, opened anew after each loss. */
export class Connection {
  /** Where it goes; the next attempt takes what stands here then. */
  readonly url: URL;
  readonly #protocol: string;
  readonly #events: ConnectionEvents;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = true;
  #closed: Closed | undefined;
  #retryAt: number | undefined;
  #failures = 0;

  constructor(url: URL, protocol: string, events: ConnectionEvents) {
    this.url = url;
    this.#protocol = protocol;
    this.#events = events;
  }

  /** The `readyState` of the socket at hand. */
  get readyState(): number {
    return this.#socket?.readyState ?? WebSocket.CLOSED;
  }

  /** Bytes given to `send` that have not left the browser. */
  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** How the last connection that was open ended, whatever became of attempts since; undefined before. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** When the next attempt begins, on the clock of `performance.now()`; undefined when none is due. */
  get retryAt(): number | undefined {
    return this.#retryAt;
  }

  /** Attempts lost in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether a lost connection is opened anew: true until `close` is called. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Opens a connection now, whatever wait was due. Does nothing while there is one. */
  open(): void {
    this.#wanted = true;
    this.#cancelRetry();
    if (this.readyState !== WebSocket.CLOSED) return;
    const socket = new WebSocket(this.url, this.#protocol);
    let wasOpen = false;
    let timer = setTimeout(() => socket.close(), CONNECT_TIMEOUT_MS);
    socket.addEventListener('open', () => {
      wasOpen = true;
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.#failures = 0;
        this.#events.changed();
      }, STABLE_MS);
      this.#events.changed();
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') this.#events.received(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      clearTimeout(timer);
      if (wasOpen) this.#closed = { code, reason };
      if (this.#wanted) this.#retryLater();
      if (wasOpen) this.#events.lost({ code, reason });
      this.#events.changed();
    });
    this.#socket = socket;
    this.#events.changed();
  }

  /** Closes with 1000 and stays closed until `open` is called. */
  close(): void {
    this.#wanted = false;
    this.#failures = 0;
    this.#cancelRetry();
    this.#socket?.close(1000, 'left the chat');
    this.#events.changed();
  }

  /** Sends a text message. False when the connection is not open: nothing was sent. */
  send(text: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  #retryLater(): void {
    this.#failures += 1;
    const wait = reconnectWaitMs(this.#failures);
    this.#retryAt = performance.now() + wait;
    this.#timer = setTimeout(() => this.open(), wait);
  }

  #cancelRetry(): void {
    clearTimeout(this.#timer);
    this.#retryAt = undefined;
  }
}
