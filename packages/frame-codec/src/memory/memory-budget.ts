/**
 * Memory that all connections of an endpoint may hold together (RFC 6455 §10.4): what has arrived of messages that are
 * not complete, what is decoded or parked and not handed out yet, and what waits to be sent. A connection asks for it
 * where it takes memory for longer than a call, and never for a message that comes and goes whole.
 *
 * @example
 * const endpoint = new Endpoint({ role: 'server', memory: new MemoryBudget(512 * 1024 * 1024) });
 */
export class MemoryBudget {
  /** bytes that there are */
  readonly most: number;
  #used = 0;

  /** @throws {RangeError} when it is no whole number of bytes from 1 to 2^53 − 1 */
  constructor(most: number) {
    if (!Number.isSafeInteger(most) || most < 1) {
      throw new RangeError(
        `a budget must be a whole number of bytes from 1 to ${Number.MAX_SAFE_INTEGER}, not ${most}`,
      );
    }
    this.most = most;
  }

  /** Bytes that are held. */
  get used(): number {
    return this.#used;
  }

  /** Whether more is held than there is, by {@link charge}. */
  get isOverdrawn(): boolean {
    return this.#used > this.most;
  }

  /** Takes so many bytes, all or none; returns whether they were to be had. A number below 0 gives bytes back. */
  take(bytes: number): boolean {
    if (bytes > 0 && this.#used + bytes > this.most) return false;
    this.#used += bytes;
    return true;
  }

  /** Counts bytes that are held already, beyond the bound too: whoever does so is to give them up where it is passed. */
  charge(bytes: number): void {
    this.#used += bytes;
  }

  /** Gives back what {@link take} or {@link charge} took. */
  give(bytes: number): void {
    this.#used -= bytes;
  }
}
