/*
 * The events of the browser's interface, as listeners added with `addEventListener` or `on…` get them: WHATWG DOM §2.2,
 * HTML §9.2.2 and WHATWG WebSockets, without bubbling and the rest of the tree.
 */

/** What every listener gets. */
export class Event<Target = unknown> {
  readonly type: string;
  readonly target: Target;

  constructor(type: string, target: Target) {
    this.type = type;
    this.target = target;
  }
}

/** The connection is over. */
export class CloseEvent<Target = unknown> extends Event<Target> {
  readonly code: number;
  readonly reason: string;
  /** whether both close frames passed (§7.1.4) */
  readonly wasClean: boolean;

  constructor(target: Target, code: number, reason: string, wasClean: boolean) {
    super('close', target);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** Something went wrong; a `close` event follows. */
export class ErrorEvent<Target = unknown> extends Event<Target> {
  readonly error: Error;
  readonly message: string;

  constructor(target: Target, error: Error) {
    super('error', target);
    this.error = error;
    this.message = error.message;
  }
}

/** A message: text as a string, anything else as `binaryType` says. */
export class MessageEvent<Target = unknown, Data = unknown> extends Event<Target> {
  readonly data: Data;

  constructor(target: Target, data: Data) {
    super('message', target);
    this.data = data;
  }
}
