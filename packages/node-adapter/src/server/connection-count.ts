import type { Duplex } from 'node:stream';

/** Counts the connections of a server, where there is a bound on them. */
export class ConnectionCount {
  readonly #most: number | undefined;
  #count = 0;

  /** @throws {RangeError} when the bound is no whole number */
  constructor(most: number | undefined) {
    if (
      most !== undefined &&
      most !== Number.POSITIVE_INFINITY &&
      !(Number.isSafeInteger(most) && most >= 0)
    ) {
      throw new RangeError(`maxConnections must be a whole number, not ${most}`);
    }
    this.#most = most;
  }

  /** Whether there is no room for one more. */
  get isFull(): boolean {
    return this.#most !== undefined && this.#count >= this.#most;
  }

  add(socket: Duplex): void {
    if (this.#most === undefined || socket.closed) return;
    this.#count++;
    socket.once('close', () => {
      this.#count--;
    });
  }
}
