import {
  Connection,
  type ConnectionHandler,
  Endpoint,
  type EndpointOptions,
  type Extension,
} from '../../src/index.js';
import { concat, toHex } from './hex.js';
import { type ReadFrame, readWire } from './wire.js';

/** A connection whose events are written down as lines, and whose writes are kept. */
export interface Recorded {
  connection: Connection<undefined>;
  /** `text …`, `binary 01 02`, `ping …`, `pong …`, `error <violation> <code>`, `closing …`, `end`, `close …` */
  events: string[];
  /** what each call of `write` was given, copied */
  writes: Uint8Array<ArrayBuffer>[];
  /** all that was written */
  wire(): Uint8Array<ArrayBuffer>;
  /** all that was written, frame by frame */
  frames(): ReadFrame[];
}

/** Methods of a handler that run after the event was written down; `yield`, which is none, takes its place. */
export type Also = Partial<Omit<ConnectionHandler<undefined>, 'write' | 'textBytes'>>;

/** A recorded connection; `also` acts on its events. */
export function record(
  options: EndpointOptions,
  also: Also = {},
  extensions: readonly Extension[] = [],
): Recorded {
  const events: string[] = [];
  const writes: Uint8Array<ArrayBuffer>[] = [];
  const handler: ConnectionHandler<undefined> = {
    write: (_, bytes) => {
      writes.push(bytes.slice());
      return true;
    },
    end: (connection) => {
      events.push('end');
      also.end?.(connection);
    },
    text: (connection, text) => {
      events.push(`text ${text}`);
      also.text?.(connection, text);
    },
    binary: (connection, payload) => {
      events.push(`binary ${toHex(payload)}`);
      also.binary?.(connection, payload);
    },
    ping: (connection, payload) => {
      events.push(`ping ${toHex(payload)}`);
      also.ping?.(connection, payload);
    },
    pong: (connection, payload) => {
      events.push(`pong ${toHex(payload)}`);
      also.pong?.(connection, payload);
    },
    error: (connection, error) => {
      events.push(`error ${error.violation} ${error.closeCode}`);
      also.error?.(connection, error);
    },
    closing: (connection, closeCode, reason) => {
      events.push(`closing ${closeCode} ${reason}`.trimEnd());
      also.closing?.(connection, closeCode, reason);
    },
    close: (connection, closeCode, reason, clean) => {
      events.push(`close ${closeCode} ${reason}`.trimEnd() + (clean ? ' clean' : ''));
      also.close?.(connection, closeCode, reason, clean);
    },
    ...(also.yield === undefined ? {} : { yield: also.yield }),
  };
  return {
    connection: new Connection(new Endpoint(options), handler, undefined, extensions),
    events,
    writes,
    wire: () => concat(...writes),
    frames: () => readWire(concat(...writes)),
  };
}
