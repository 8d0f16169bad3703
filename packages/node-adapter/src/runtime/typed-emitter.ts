import { EventEmitter } from 'node:events';

/** Names of events, with the values that their listeners get. */
export type EventValues<Events> = { [Name in keyof Events]: unknown[] };

// What an application emits itself is its own business.
// biome-ignore lint/suspicious/noExplicitAny: only `any` fits listeners of every event
type Listener<Self> = (this: Self, ...values: any[]) => void;

/** Node's `EventEmitter` that knows the values of its events. */
export interface TypedEmitter<Events extends EventValues<Events>> extends EventEmitter {
  on<Name extends keyof Events>(event: Name, listener: (this: this, ...values: Events[Name]) => void): this;
  on(event: string | symbol, listener: Listener<this>): this;
  once<Name extends keyof Events>(event: Name, listener: (this: this, ...values: Events[Name]) => void): this;
  once(event: string | symbol, listener: Listener<this>): this;
  off<Name extends keyof Events>(event: Name, listener: (this: this, ...values: Events[Name]) => void): this;
  off(event: string | symbol, listener: Listener<this>): this;
  addListener<Name extends keyof Events>(
    event: Name,
    listener: (this: this, ...values: Events[Name]) => void,
  ): this;
  addListener(event: string | symbol, listener: Listener<this>): this;
  removeListener<Name extends keyof Events>(
    event: Name,
    listener: (this: this, ...values: Events[Name]) => void,
  ): this;
  removeListener(event: string | symbol, listener: Listener<this>): this;
  prependListener<Name extends keyof Events>(
    event: Name,
    listener: (this: this, ...values: Events[Name]) => void,
  ): this;
  prependListener(event: string | symbol, listener: Listener<this>): this;
}

/** The class that {@link TypedEmitter}s extend. */
export type TypedEmitterClass<Events extends EventValues<Events>> = new () => TypedEmitter<Events>;

/** Node's own class, seen with the values of some events. */
export function emitterOf<Events extends EventValues<Events>>(): TypedEmitterClass<Events> {
  return EventEmitter;
}
