import { READY_STATES } from '../values/ready-state.js';
import { WebSocketEventTarget } from './event-target.js';

const ACCESSORS = ['binaryType', 'bufferedAmount', 'extensions', 'isPaused', 'protocol', 'readyState', 'url'];
const INHERITED = [
  'addEventListener',
  'eventNames',
  'onclose',
  'onerror',
  'onmessage',
  'onopen',
  'removeEventListener',
];

/** Gives the class its constants, and has `for…in` find on its prototype what it finds with npm `ws` and in browsers. */
export function shape(socketClass: { readonly prototype: WebSocketEventTarget<never> }): void {
  const { prototype } = socketClass;
  for (const target of [socketClass, prototype]) {
    for (const [name, value] of Object.entries(READY_STATES)) {
      Object.defineProperty(target, name, { enumerable: true, value });
    }
  }
  for (const name of ACCESSORS) Object.defineProperty(prototype, name, { enumerable: true });
  for (const name of INHERITED) {
    const property = Object.getOwnPropertyDescriptor(WebSocketEventTarget.prototype, name);
    if (property !== undefined) Object.defineProperty(prototype, name, { ...property, enumerable: true });
  }
}
