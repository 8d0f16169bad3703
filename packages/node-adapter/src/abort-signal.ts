import type { EventEmitter } from 'node:events';
import { nextTick } from './clock.js';

/** What Node's own functions throw when their signal is aborted. */
function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

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
  signal.addEventListener('abort', onAbort, { once: true });
  emitter.once('close', () => signal.removeEventListener('abort', onAbort));
}
