import { EventEmitter } from 'node:events';
import { nextTick } from './clock.js';

/** What the listeners of an event had to say. */
export interface Answers {
  /** whether there was a listener */
  readonly heard: boolean;
  /** what async listeners returned */
  readonly promises: readonly Promise<unknown>[];
  /** what one of them threw: as with `emit`, those behind it were not called */
  readonly thrown?: { readonly error: unknown };
}

const { emit } = EventEmitter.prototype;

/**
 * Calls the listeners of an event as `emit` does, which drops the promises that async ones return: a rejection of these
 * would end the process. Where somebody has put another `emit` in the place of Node's, that one is called, and is left the
 * promises.
 */
export function askListeners(emitter: EventEmitter, event: string, ...values: unknown[]): Answers {
  const promises: Promise<unknown>[] = [];
  const listeners = emitter.rawListeners(event);
  const heard = listeners.length > 0;
  try {
    if (emitter.emit !== emit) return { heard: emitter.emit(event, ...values), promises };
    for (const listener of listeners) {
      const result: unknown = Reflect.apply(listener, emitter, values);
      if (isPromise(result)) promises.push(Promise.resolve(result));
    }
    return { heard, promises };
  } catch (error) {
    return { heard, promises, thrown: { error } };
  }
}

/** Whether it is to be waited for. */
export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof Reflect.get(value, 'then') === 'function';
}

/** In a tick of its own: what is thrown there is no rejection of the promise. */
export function later<Value>(step: (value: Value) => void): (value: Value) => void {
  return (value) => nextTick(step, value);
}
