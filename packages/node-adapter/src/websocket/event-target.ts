import type { ClientRequest, IncomingMessage } from 'node:http';
import { emitterOf, type TypedEmitterClass } from '../runtime/typed-emitter.js';
import type { RawData } from '../values/payload.js';
import { CloseEvent, ErrorEvent, Event, MessageEvent } from './events.js';
import { Listeners } from './listeners.js';

/** The events of the browser's interface, where they come from a `Target`. */
export interface EventMapOf<Target> {
  open: Event<Target>;
  message: MessageEvent<Target, string | RawData>;
  error: ErrorEvent<Target>;
  close: CloseEvent<Target>;
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

type Type = keyof EventMapOf<unknown>;

/** A function, or an object whose `handleEvent` is called. */
export type EventHandler<E> =
  | ((event: E) => void)
  | {
      /** Is called with the object as `this`. */
      handleEvent(event: E): void;
    };

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
export abstract class WebSocketEventTarget<Target> extends Emitter {
  /** @internal Node's table of listeners. */
  declare _events: object | undefined;

  constructor() {
    super();
    // Where Node does not keep one there, nothing needs to be small.
    if (this._events !== undefined) this._events = new Listeners();
  }

  /** @internal whether both close frames passed */
  abstract get _wasClean(): boolean;

  /** The types that have listeners. */
  override eventNames(): (string | symbol)[] {
    return super.eventNames().filter((type) => this.listenerCount(type) > 0);
  }

  get onopen(): ((event: Event<Target>) => void) | null {
    return attributeOf(this, 'open');
  }
  set onopen(handler: ((event: Event<Target>) => void) | null | undefined) {
    setAttribute(this, 'open', handler);
  }

  get onmessage(): ((event: MessageEvent<Target, string | RawData>) => void) | null {
    return attributeOf(this, 'message');
  }
  set onmessage(handler: ((event: MessageEvent<Target, string | RawData>) => void) | null | undefined) {
    setAttribute(this, 'message', handler);
  }

  get onerror(): ((event: ErrorEvent<Target>) => void) | null {
    return attributeOf(this, 'error');
  }
  set onerror(handler: ((event: ErrorEvent<Target>) => void) | null | undefined) {
    setAttribute(this, 'error', handler);
  }

  get onclose(): ((event: CloseEvent<Target>) => void) | null {
    return attributeOf(this, 'close');
  }
  set onclose(handler: ((event: CloseEvent<Target>) => void) | null | undefined) {
    setAttribute(this, 'close', handler);
  }

  /** Adds a listener unless it is there already. Types other than those of the map are ignored, as browsers do. */
  addEventListener<K extends Type>(
    type: K,
    handler: EventHandler<EventMapOf<Target>[K]> | null,
    options: { once?: boolean | undefined } | boolean = {},
  ): void {
    if (handler === null) return;
    if (listenerOf(this, type, handler) !== undefined) return;
    add(this, type, handler, false, typeof options === 'object' && options.once === true);
  }

  removeEventListener<K extends Type>(type: K, handler: EventHandler<EventMapOf<Target>[K]> | null): void {
    const listener = listenerOf(this, type, handler);
    if (listener !== undefined) this.removeListener(type, listener);
  }
}

/** What the functions below need of it, whatever its events name as their target. */
type Emitting = Pick<
  WebSocketEventTarget<never>,
  'listeners' | 'on' | 'once' | 'removeListener' | '_wasClean'
>;

// Functions, because an object of a class with private methods has one field more for having them.

function find(target: Emitting, type: Type, matches: (origin: Origin) => boolean): Listener | undefined {
  for (const listener of target.listeners(type) as Listener[]) {
    const origin = listener[ORIGIN];
    if (origin !== undefined && matches(origin)) return listener;
  }
  return undefined;
}

function listenerOf(target: Emitting, type: Type, handler: unknown): Listener | undefined {
  return find(target, type, (origin) => !origin.attribute && origin.handler === handler);
}

function attributeOf<E>(target: Emitting, type: Type): ((event: E) => void) | null {
  const listener = find(target, type, (origin) => origin.attribute);
  return (listener?.[ORIGIN]?.handler as ((event: E) => void) | undefined) ?? null;
}

function setAttribute<E>(
  target: Emitting,
  type: Type,
  handler: ((event: E) => void) | null | undefined,
): void {
  const before = find(target, type, (origin) => origin.attribute);
  if (before !== undefined) target.removeListener(type, before);
  if (typeof handler === 'function') add(target, type, handler, true, false);
}

function add(
  target: Emitting,
  type: Type,
  handler: EventHandler<never>,
  attribute: boolean,
  once: boolean,
): void {
  // A name such as `constructor` is a type of event no more than any other that the table has not.
  if (!Object.hasOwn(WRAPPERS, type)) return;
  const wrapper = WRAPPERS[type](target, handler as EventHandler<unknown>);
  wrapper[ORIGIN] = { handler, attribute };
  if (once) target.once(type, wrapper);
  else target.on(type, wrapper);
}

/** For each type, what turns the values of Node's event into the browser's. */
const WRAPPERS: {
  readonly [K in Type]: (target: Emitting, handler: EventHandler<unknown>) => Listener;
} = {
  open: (target, handler) => () => call(handler, target, new Event('open', target)),
  message: (target, handler) => (data: RawData, isBinary: boolean) =>
    call(handler, target, new MessageEvent(target, isBinary ? data : String(data))),
  error: (target, handler) => (error: Error) => call(handler, target, new ErrorEvent(target, error)),
  close: (target, handler) => (code: number, reason: Buffer) =>
    call(handler, target, new CloseEvent(target, code, reason.toString(), target._wasClean)),
};

function call(handler: EventHandler<unknown>, target: Emitting, event: Event): void {
  if (typeof handler === 'function') handler.call(target, event);
  else handler.handleEvent(event);
}
