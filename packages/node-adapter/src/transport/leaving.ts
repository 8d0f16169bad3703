import { getSystemErrorName } from 'node:util';
import type { Waiter } from './send-callback.js';

/** What is on its way out, and who waits for it; of connections that have had such. */
export interface Leaving {
  /** what waits for the rest of its frame */
  head: Uint8Array | undefined;
  /** who waits for what is written next */
  waiters: Waiter[] | undefined;
  /** writes to the stream that have not left, and who waits for them */
  writes: number;
  written: Set<readonly Waiter[]> | undefined;
  /** bytes written to the handle that have not left, and who waits for that */
  unsent: number;
  unsentFor: readonly Waiter[] | undefined;
  /** how much of that is counted among what all connections hold together */
  counted: number;
  /** whether they hold too much together, and this one is given up for it */
  isTooMuch: boolean;
}

export const NOTHING_LEAVES: Leaving = {
  head: undefined,
  waiters: undefined,
  writes: 0,
  written: undefined,
  unsent: 0,
  unsentFor: undefined,
  counted: 0,
  isTooMuch: false,
};

/** What is told where the stream has ended before. */
export function tooLate(): Error {
  return new Error('The socket was closed before the data was sent');
}

/** What is told where the handle says that a write has failed. */
export function writeError(status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: 'write' });
}
