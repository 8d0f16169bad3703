import type { EventEmitter } from 'node:events';
import { nextTick } from './clock.js';
import { runAll } from './scheduler.js';

/** What Node's own functions throw when their signal is aborted. */
function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

type Follower = () => void;

/** Who follows a signal: one listener serves them all, where Node would warn of a leak from the eleventh on. */
class Followers {
  readonly #all = new Set<Follower>();
  readonly #signal: AbortSignal;
  // One that closes while another is told is told nothing.
  readonly #onAbort = (): void => runAll([...this.#all], (each) => this.#all.has(each) && each());

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  add(follower: Follower): void {
    this.#all.add(follower);
  }

  delete(follower: Follower): void {
    this.#all.delete(follower);
    if (this.#all.size > 0 || followed.get(this.#signal) !== this) return;
    this.#signal.removeEventListener('abort', this.#onAbort);
    followed.delete(this.#signal);
  }
}

const followed: WeakMap<AbortSignal, Followers> = new WeakMap();

/** Calls `abort` when the signal is aborted, or soon when it is already, until `emitter` emits `close`. */
export function follow(
  signal: AbortSignal | undefined,
  emitter: EventEmitter,
  abort: (error: Error) => void,
): void {
  if (signal === undefined) return;
  const onAbort = (): void => abort(abortError(signal));
  if (signal.aborted) {
    nextTick(onAbort);
    return;
  }
  const followers = followed.get(signal) ?? new Followers(signal);
  followed.set(signal, followers);
  followers.add(onAbort);
  emitter.once('close', () => followers.delete(onAbort));
}
