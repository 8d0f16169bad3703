import { AsyncResource } from 'node:async_hooks';
import { clearInterval, setInterval } from '../runtime/clock.js';
import { surfaceLater } from '../runtime/scheduler.js';
import type { SocketConnection } from './socket-connection.js';

/** When a connection that is silent is pinged, and when it is given up. */
export interface KeepAliveOptions {
  /**
   * milliseconds without a sign of life after which a ping is sent; when none follows for as long again, the connection
   * is terminated; 0, the default, for never
   */
  pingInterval?: number | undefined;
  /** milliseconds without a sign of life after which the connection is terminated; 0, the default, for never */
  idleTimeout?: number | undefined;
}

/** How often within a period the connections are looked at: a deadline is met to a quarter of its length. */
const LOOKS = 4;
const LONGEST = 0x7fff_ffff;

/** A connection in its async context, to which what comes of a look belongs, and for how many looks it has been silent. */
class Watched extends AsyncResource {
  readonly connection: SocketConnection;
  silent = 0;

  constructor(connection: SocketConnection) {
    super('WebSocketKeepAlive');
    this.connection = connection;
  }
}

/** All connections that share their periods, watched by one timer. */
class Watch {
  readonly #pingAfter: number;
  readonly #dropAfter: number;
  readonly #period: number;
  readonly #watched: Map<SocketConnection, Watched> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(pingInterval: number, idleTimeout: number) {
    const drop = Math.min(
      idleTimeout || Number.POSITIVE_INFINITY,
      2 * pingInterval || Number.POSITIVE_INFINITY,
    );
    this.#period = Math.max(1, Math.min(pingInterval || drop, drop) / LOOKS);
    this.#pingAfter = pingInterval === 0 ? Number.POSITIVE_INFINITY : Math.round(pingInterval / this.#period);
    this.#dropAfter = Math.ceil(drop / this.#period);
  }

  add(connection: SocketConnection): void {
    this.#watched.set(connection, new Watched(connection));
    // It keeps no process alive: the sockets do.
    this.#timer ??= setInterval(() => this.#look(), this.#period).unref();
  }

  remove(connection: SocketConnection): void {
    if (!this.#watched.delete(connection) || this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const watched of this.#watched.values()) {
      const { connection } = watched;
      // Also while it is paused: a peer that is gone would not be seen otherwise.
      if (connection.heard) watched.silent = 0;
      else watched.silent++;
      connection.heard = false;
      if (watched.silent >= this.#dropAfter) {
        this.remove(connection);
        surfaceLater(() => watched.runInAsyncScope(connection.destroy, connection));
      } else if (watched.silent === this.#pingAfter) {
        surfaceLater(() => watched.runInAsyncScope(connection.probe, connection, NOTHING));
      }
    }
  }
}

const NOTHING = new Uint8Array(0);
const watches = new Map<string, Watch>();

/**
 * What watches connections with these options; one for all that have the same.
 *
 * @throws {RangeError} when a period is no number of milliseconds that a timer takes
 */
export function watchFor({ pingInterval = 0, idleTimeout = 0 }: KeepAliveOptions): Watch | undefined {
  for (const [name, period] of Object.entries({ pingInterval, idleTimeout })) {
    if (!(period >= 0 && period <= LONGEST)) {
      throw new RangeError(`${name} must be from 0 to ${LONGEST} milliseconds, not ${period}`);
    }
  }
  if (pingInterval === 0 && idleTimeout === 0) return undefined;
  const key = `${pingInterval} ${idleTimeout}`;
  const watch = watches.get(key) ?? new Watch(pingInterval, idleTimeout);
  watches.set(key, watch);
  return watch;
}

export type { Watch };
