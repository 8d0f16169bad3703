import type { ClientRequest, IncomingMessage } from 'node:http';
import { CloseEvent, ErrorEvent, Event, MessageEvent } from './events.js';
import type { RawData } from './payload.js';
import { emitterOf, type TypedEmitterClass } from './typed-emitter.js';
import type { WebSocket } from './web-socket.js';

/** The events of the browser's interface. */
export interface WebSocketEventMap {
  open: Event<WebSocket>;
  message: MessageEvent<WebSocket, string | RawData>;
  error: ErrorEvent<WebSocket>;
  close: CloseEvent<WebSocket>;
}

/** The events of a `WebSocket`, with the values that their listeners get. */
export interface WebSocketEvents {
  open: [];
  message: [data: RawData, isBinary: boolean];
  ping: [data: Buffer];
  pong: [data: Buffer];
  error: [error: Error];
  close: [code: number, reason: Buffer];
  drain: [];
  upgrade: [response: IncomingMessage];
  'unexpected-response': [request: ClientRequest, response: IncomingMessage];
  redirect: [url: string, request: ClientRequest];
}

const Emitter: TypedEmitterClass<WebSocketEvents> = emitterOf();

type Type = keyof WebSocketEventMap;

/** A function, or an object whose `handleEvent` is called. */
export type EventHandler<E> = ((event: E) => void) | { handleEvent(event: E): void };

/** What stands behind a listener of the emitter that was added through the browser's interface. */
interface Origin {
  readonly handler: unknown;
  /** whether it was set as `onmessage` and the like, which are no listeners to `removeEventListener` */
  readonly attribute: boolean;
}

const ORIGIN = Symbol('origin');

/** A listener of the emitter. */
interface Listener {
  // The types of the values are the emitter's business: it has the signatures.
  // biome-ignore lint/suspicious/noExplicitAny: only `any` fits listeners of every event
  (...values: any[]): void;
  [ORIGIN]?: Origin;
}

/** `addEventListener`, `removeEventListener` and the `on…` attributes over the events of Node. */
export abstract class WebSocketEventTarget extends Emitter {
  /** @internal whether both close frames passed */
  _wasClean = false;

  get onopen(): ((event: Event<WebSocket>) => void) | null {
    return this.#attribute('open');
  }
  set onopen(handler: ((event: Event<WebSocket>) => void) | null | undefined) {
    this.#setAttribute('open', handler);
  }

  get onmessage(): ((event: MessageEvent<WebSocket, string | RawData>) => void) | null {
    return this.#attribute('message');
  }
  set onmessage(handler: ((event: MessageEvent<WebSocket, string | RawData>) => void) | null | undefined) {
    this.#setAttribute('message', handler);
  }

  get onerror(): ((event: ErrorEvent<WebSocket>) => void) | null {
    return this.#attribute('error');
  }
  set onerror(handler: ((event: ErrorEvent<WebSocket>) => void) | null | undefined) {
    this.#setAttribute('error', handler);
  }

  get onclose(): ((event: CloseEvent<WebSocket>) => void) | null {
    return this.#attribute('close');
  }
  set onclose(handler: ((event: CloseEvent<WebSocket>) => void) | null | undefined) {
    this.#setAttribute('close', handler);
  }

  /** Adds a listener unless it is there already. Types other than those of the map are ignored, as browsers do. */
  addEventListener<K extends Type>(
    type: K,
    handler: EventHandler<WebSocketEventMap[K]> | null,
    options: { once?: boolean | undefined } | boolean = {},
  ): void {
    if (handler === null) return;
    if (this.#find(type, (origin) => !origin.attribute && origin.handler === handler) !== undefined) return;
    this.#add(type, handler, false, typeof options === 'object' && options.once === true);
  }

  removeEventListener<K extends Type>(type: K, handler: EventHandler<WebSocketEventMap[K]> | null): void {
    const listener = this.#find(type, (origin) => !origin.attribute && origin.handler === handler);
    if (listener !== undefined) this.removeListener(type, listener);
  }

  #find(type: Type, matches: (origin: Origin) => boolean): Listener | undefined {
    for (const listener of this.listeners(type) as Listener[]) {
      const origin = listener[ORIGIN];
      if (origin !== undefined && matches(origin)) return listener;
    }
    return undefined;
  }

  #attribute<E>(type: Type): ((event: E) => void) | null {
    const listener = this.#find(type, (origin) => origin.attribute);
    return (listener?.[ORIGIN]?.handler as ((event: E) => void) | undefined) ?? null;
  }

  #setAttribute<E>(type: Type, handler: ((event: E) => void) | null | undefined): void {
    const before = this.#find(type, (origin) => origin.attribute);
    if (before !== undefined) this.removeListener(type, before);
    if (typeof handler === 'function') this.#add(type, handler, true, false);
  }

  #add<K extends Type>(type: K, handler: EventHandler<never>, attribute: boolean, once: boolean): void {
    const wrapper = WRAPPERS[type]?.(this, handler as EventHandler<unknown>);
    if (wrapper === undefined) return;
    wrapper[ORIGIN] = { handler, attribute };
    if (once) this.once(type, wrapper);
    else this.on(type, wrapper);
  }
}

/** For each type, what turns the values of Node's event into the browser's. */
const WRAPPERS: {
  readonly [K in Type]: (target: WebSocketEventTarget, handler: EventHandler<unknown>) => Listener;
} = {
  open: (target, handler) => () => call(handler, target, new Event('open', target)),
  message: (target, handler) => (data: RawData, isBinary: boolean) =>
    call(handler, target, new MessageEvent(target, isBinary ? data : String(data))),
  error: (target, handler) => (error: Error) => call(handler, target, new ErrorEvent(target, error)),
  close: (target, handler) => (code: number, reason: Buffer) =>
    call(handler, target, new CloseEvent(target, code, reason.toString(), target._wasClean)),
};

function call(handler: EventHandler<unknown>, target: WebSocketEventTarget, event: Event): void {
  if (typeof handler === 'function') handler.call(target, event);
  else handler.handleEvent(event);
}
