/*
 * Time and turns, as they are when this is loaded. A fake clock of a test (`@sinonjs/fake-timers`, vitest's, Jest's)
 * replaces the globals, `process.nextTick` among them, and when it is removed what it still held is never called: a
 * connection that lives through this would wait for ever.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import timers from 'node:timers';

export const nextTick: typeof process.nextTick = process.nextTick.bind(process);
export const setTimeout: typeof timers.setTimeout = timers.setTimeout;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setInterval: typeof timers.setInterval = timers.setInterval;
export const clearInterval: typeof timers.clearInterval = timers.clearInterval;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
/** Milliseconds since some moment in the past. */
export const now: () => number = performance.now.bind(performance);
