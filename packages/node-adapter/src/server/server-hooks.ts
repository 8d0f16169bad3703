import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusals } from '../opening/server-handshake.js';
import { type Answers, askListeners, isPromise, later } from '../runtime/ask-listeners.js';
import { clearTimeout, setTimeout } from '../runtime/clock.js';
import { toError, warn } from '../runtime/thrown.js';
import type { TypedEmitter } from '../runtime/typed-emitter.js';
import { isAttached } from '../transport/transport.js';
import type { ServerEvents } from './server-options.js';

/** Who is asked for. */
export interface Client {
  readonly socket: Duplex;
  readonly request: IncomingMessage;
}

/** Begins to ask a hook, which answers or fails through these, now or later. */
type Start<Value> = (answer: (value: Value) => void, fail: (thrown: unknown) => void) => void;

/**
 * Asks the hooks of the application about clients that have no answer yet. What a hook throws, or its promise rejects
 * with, is told by `wsClientError` or, where nobody listens to it, by `error` or a warning of the process; the client
 * gets 500. A client cannot end the process with a request that a hook does not expect.
 */
export class Hooks {
  readonly #server: TypedEmitter<ServerEvents>;
  readonly #refusals: Refusals;
  readonly #timeout: number;
  /** Refuses those whose hooks have not answered. */
  readonly #waiting: Set<() => void> = new Set();

  /** @param timeout how long a hook may take to answer, in milliseconds; 0 for no limit */
  constructor(server: TypedEmitter<ServerEvents>, refusals: Refusals, timeout: number) {
    this.#server = server;
    this.#refusals = refusals;
    this.#timeout = timeout;
  }

  /** Asks a hook that returns its answer or a promise of it. What `next` throws surfaces. */
  ask<Value>(client: Client, hook: () => Value | PromiseLike<Value>, next: (value: Value) => void): void {
    this.#run<Value>(
      client,
      (answer, fail) => {
        const value = hook();
        if (isPromise(value)) value.then(later(answer), later(fail));
        else answer(value);
      },
      next,
    );
  }

  /** Asks a hook that calls back with its answer: the first counts. */
  askBack<Value>(
    client: Client,
    hook: (answer: (value: Value) => void) => unknown,
    next: (value: Value) => void,
  ): void {
    this.#run<Value>(
      client,
      (answer, fail) => {
        const value = hook(answer);
        if (isPromise(value)) value.then(undefined, later(fail));
      },
      next,
    );
  }

  /** Nobody waits any longer: RFC 9110 §15.6.4. */
  refuseWaiting(): void {
    for (const refuse of this.#waiting) refuse();
  }

  #run<Value>(client: Client, start: Start<Value>, next: (value: Value) => void): void {
    let settle: ((step: () => void) => void) | undefined;
    let first: (() => void) | undefined;
    // What is answered while the hook runs has its effect behind it, so that nothing else is thrown through it.
    const take = (step: () => void): void => {
      if (settle !== undefined) settle(step);
      else first ??= step;
    };
    let failed = false;
    const fail = (thrown: unknown): void => {
      if (failed) return;
      failed = true;
      this.#drop(client, thrown);
    };
    try {
      start(
        (value) => take(() => next(value)),
        (thrown) => {
          take(() => fail(thrown));
          fail(thrown);
        },
      );
    } catch (error) {
      settle = ignore;
      fail(error);
      return;
    }
    if (first === undefined) settle = this.#wait(client.socket);
    else {
      settle = ignore;
      first();
    }
  }

  /** Waits for an answer; what is returned takes the first, and none when the client has gone or been refused. */
  #wait(socket: Duplex): (step: () => void) => void {
    const forget = (): boolean => {
      clearTimeout(timer);
      socket.off('close', forget);
      return this.#waiting.delete(refuse);
    };
    const refuse = (): void => {
      if (forget()) this.#refusals.refuse(socket, 503);
    };
    const timer = this.#timeout > 0 ? setTimeout(refuse, this.#timeout) : undefined;
    this.#waiting.add(refuse);
    socket.once('close', forget);
    return (step) => {
      if (forget()) step();
    };
  }

  /** Hands a client to who listens to `wsClientError`; what they throw, or their promises reject with, is told too. */
  tell({ socket, request }: Client, error: Error): Answers {
    const answers = askListeners(this.#server, 'wsClientError', error, socket, request);
    const { promises, thrown } = answers;
    const report = (failure: unknown): void => this.#report(socket, toError(failure));
    for (const promise of promises) promise.catch(later(report));
    if (thrown !== undefined) report(thrown.error);
    return answers;
  }

  #drop(client: Client, thrown: unknown): void {
    const { socket } = client;
    const error = toError(thrown);
    // Its listeners end the socket, which is a connection's where the hook had answered before.
    if (isAttached(socket)) {
      this.#report(socket, error);
      return;
    }
    const { heard, promises } = this.tell(client, error);
    if (!heard) this.#report(socket, error);
    else if (promises.length === 0) this.#refuse(socket);
    else {
      const settle = this.#wait(socket);
      const refuse = (): void => settle(() => this.#refuse(socket));
      Promise.all(promises).then(later(refuse), ignore);
    }
  }

  #report(socket: Duplex, error: Error): void {
    try {
      if (this.#server.listenerCount('error') > 0) this.#server.emit('error', error);
      else warn(error);
    } finally {
      this.#refuse(socket);
    }
  }

  #refuse(socket: Duplex): void {
    if (!isAttached(socket)) this.#refusals.refuse(socket, 500);
  }
}

function ignore(): void {}
