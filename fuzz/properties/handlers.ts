import {
  Connection,
  type ConnectionHandler,
  DeflatePool,
  Endpoint,
  PermessageDeflate,
  ProtocolError,
} from '@x/frame-codec';
import fc from 'fast-check';
import { chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import { framesSent } from './messages.js';
import { counts } from './meter.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { otherRole, send, writerTo } from './round-trip.js';
import { codecOf } from './subjects.js';

/** What a handler does when it is told for the `at`-th time. */
export interface HandlersInput {
  readonly stream: ValidInput;
  readonly at: number;
  readonly does: 'throw' | 'pause and throw' | 'close' | 'fail' | 'end' | 'throw and end' | 'break';
  readonly deflate: boolean;
  readonly parts: boolean;
  readonly yields: boolean;
  readonly inbox: boolean;
}

const MOST = 10;
const POOL = new DeflatePool({ engine: PAKO, threshold: 0 });
const WINDOWS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const LIMITS = { maxFragments: 100, maxTurnLength: 50 };

/** A connection whose handler does something once. */
class Wayward {
  readonly connection: Connection<undefined>;
  /** kind and bytes of each message and control frame, parts put together */
  readonly told: string[] = [];
  readonly errors: string[] = [];
  closes = 0;
  #part = '';
  #calls = 0;
  readonly #input: HandlersInput;

  constructor(kernel: Parameters<typeof codecOf>[0], input: HandlersInput) {
    this.#input = input;
    const { stream, deflate, parts, yields } = input;
    const { role } = stream;
    const note = (kind: string, bytes: Uint8Array): void =>
      this.#note(kind, Buffer.from(bytes).toString('hex'));
    const handler: ConnectionHandler<undefined> = {
      write: () => {
        if (input.does === 'break' && this.#calls > input.at) throw new Thrown('by the transport');
        return true;
      },
      end: () => undefined,
      ping: (_, payload) => note('ping', payload),
      pong: (_, payload) => note('pong', payload),
      error: (_, { violation }) => {
        this.errors.push(violation);
      },
      close: () => {
        this.closes++;
      },
    };
    if (yields) handler.yield = () => undefined;
    if (parts) {
      handler.textPart = (_, text, last) => this.#put('text', Buffer.from(text).toString('hex'), last);
      handler.binaryPart = (_, payload, last) =>
        this.#put('binary', Buffer.from(payload).toString('hex'), last);
    } else {
      handler.textBytes = (_, payload) => note('text', payload);
      handler.binary = (_, payload) => note('binary', payload);
    }
    const extensions = deflate ? [new PermessageDeflate(role, WINDOWS, POOL)] : [];
    const endpoint = new Endpoint({ role, codec: codecOf(kernel), ...stream.limits, ...LIMITS });
    this.connection = new Connection(endpoint, handler, undefined, extensions);
  }

  #put(kind: string, hex: string, last: boolean): void {
    this.#part += hex;
    const whole = this.#part;
    if (last) {
      this.#part = '';
      this.#note(kind, whole);
    } else this.#act();
  }

  #note(kind: string, hex: string): void {
    counts.frames++;
    if (this.closes > 0) throw new Error('something is told behind the end');
    this.told.push(`${kind} ${hex}`);
    this.#act();
  }

  #act(): void {
    const { at, does } = this.#input;
    const past = this.#calls++ - at;
    // What throws once may throw twice: also while the rest is handed out.
    if (past === 1 && does === 'throw') throw new Thrown('by the handler');
    if (past !== 0) return;
    const { connection } = this;
    if (does === 'close') connection.close(1000);
    if (does === 'fail') connection.fail(new ProtocolError('text-not-utf8'));
    if (does === 'end' || does === 'throw and end') connection.receiveEnd();
    if (does === 'pause and throw') connection.pause();
    if (does.includes('throw')) throw new Thrown('by the handler');
  }

  /** Runs what hands out; returns whether the handler threw. */
  run(call: () => void): boolean {
    try {
      call();
    } catch (error) {
      if (error instanceof Thrown) return true;
      throw error;
    }
    return false;
  }
}

class Thrown extends Error {}

export const handlersAny: Property<HandlersInput> = {
  name: 'handlers-any',
  claim:
    'a handler that throws, pauses, closes, fails or ends at any call, or a transport that throws, loses nothing, and what was thrown comes out once (§6.2, §7)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    stream: validStream,
    at: fc.nat(12),
    does: fc.constantFrom(
      'throw' as const,
      'pause and throw' as const,
      'close' as const,
      'fail' as const,
      'end' as const,
      'throw and end' as const,
      'break' as const,
    ),
    deflate: fc.boolean(),
    parts: fc.boolean(),
    yields: fc.boolean(),
    inbox: fc.boolean(),
  }),
  check: (input, kernel) => {
    const { stream, does, deflate, inbox } = input;
    const { role } = stream;
    const wire: number[] = [];
    const out = deflate ? [new PermessageDeflate(otherRole(role), WINDOWS, POOL)] : [];
    const sender = writerTo(wire, kernel, otherRole(role), out);
    const sent: string[] = [];
    for (const [index, message] of stream.told.slice(0, MOST).entries()) {
      send(sender, message, index + message.payload.length);
      sent.push(`${message.kind} ${Buffer.from(message.payload).toString('hex')}`);
    }
    sender.receiveEnd();
    const bytes = Uint8Array.from(wire);
    if (!deflate) framesSent(bytes, role === 'server');
    const subject = new Wayward(kernel, input);
    const { connection } = subject;
    let thrown = 0;
    const count = (call: () => void): void => {
      if (subject.run(call)) thrown++;
    };
    const goOn = (): void => {
      while (connection.isYielding || connection.isPaused) {
        count(() => (connection.isYielding ? connection.proceed() : connection.resume()));
      }
    };
    for (const chunk of chunksOf({ bytes, cuts: stream.cuts.filter((cut) => cut < bytes.length) })) {
      if (inbox) {
        codecOf(kernel).inbox.set(chunk);
        count(() => connection.receiveInbox(chunk.length));
      } else count(() => connection.receive(chunk));
      if (subject.closes > 0) break;
      goOn();
    }
    count(() => connection.receiveEnd());
    goOn();
    if (subject.closes !== 1) throw new Error(`close is told ${subject.closes} times`);
    const most = does === 'throw' ? 2 : does.includes('throw') || does === 'break' ? 1 : 0;
    if (thrown > most) throw new Error(`thrown ${thrown} times`);
    const ends = does === 'fail' || does === 'end' || does === 'throw and end';
    for (const [index, line] of subject.told.entries()) {
      if (line !== sent[index]) throw new Error(`told ${line}, not ${sent[index]}`);
    }
    if (!ends && subject.told.length !== sent.length)
      throw new Error(`told ${subject.told.length} messages, not ${sent.length}`);
    if (subject.errors.length > 0 && does !== 'fail') throw new Error(`failed: ${subject.errors.join()}`);
    if (connection.retainedLength > 0) throw new Error('memory is held behind the end');
  },
};

/** Pings to a side whose transport is full. */
export interface PingsInput {
  readonly pings: number;
  readonly maxQueuedPongs: number;
  /** frames behind which the transport takes all again */
  readonly drains: readonly number[];
}

export const pingsHeld: Property<PingsInput> = {
  name: 'pings-held',
  claim: 'a peer that pings and does not read gets so many pongs, and then only the latest (§5.5.3, §10.4)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    pings: fc.integer({ min: 1, max: 60 }),
    maxQueuedPongs: fc.nat(8),
    drains: fc.array(fc.nat(60), { maxLength: 3 }),
  }),
  check: ({ pings, maxQueuedPongs, drains }, kernel) => {
    const pongs: number[] = [];
    /** what the transport holds on to, and what it was when it came */
    const held: [Uint8Array, Uint8Array][] = [];
    let takes = false;
    const handler: ConnectionHandler<undefined> = {
      write: (_, bytes) => {
        for (const { first, payload } of framesSent(Uint8Array.from(bytes), true))
          if (first === 0x8a) pongs.push(payload[0] ?? -1);
        if (!takes) held.push([bytes, bytes.slice()]);
        return takes;
      },
      end: () => undefined,
    };
    const endpoint = new Endpoint({ role: 'client', codec: codecOf(kernel), maxQueuedPongs });
    const connection = new Connection(endpoint, handler, undefined);
    const wanted: number[] = [];
    /** pongs left with the transport, and the ping that waits */
    let queued = 0;
    let latest: number | undefined;
    for (let index = 0; index < pings; index++) {
      connection.receive(Uint8Array.of(0x89, 1, index));
      // The first write finds the transport empty.
      if (wanted.length === 0 || queued < maxQueuedPongs) {
        if (wanted.length > 0) queued++;
        wanted.push(index);
      } else latest = index;
      if (!drains.includes(index)) continue;
      takes = true;
      connection.drained();
      takes = false;
      if (latest !== undefined) wanted.push(latest);
      latest = undefined;
      queued = 0;
      // What is written from here on finds it empty again.
      if (index + 1 < pings) {
        connection.receive(Uint8Array.of(0x89, 1, ++index));
        wanted.push(index);
      }
    }
    if (pongs.join() !== wanted.join()) throw new Error(`pongs ${pongs}, not ${wanted}`);
    // Too long to be gathered.
    for (const byte of [1, 2]) connection.sendBinary(new Uint8Array(40_000).fill(byte));
    connection.cork();
    connection.ping(new Uint8Array(5));
    // Head, masking key, payload.
    if (connection.corkedLength !== 11) throw new Error(`${connection.corkedLength} bytes are gathered`);
    connection.uncork();
    if (connection.corkedLength > 0) throw new Error('something is gathered for ever');
    connection.receiveEnd();
    if (held.some(([bytes, before]) => Buffer.compare(bytes, before) !== 0))
      throw new Error('what the transport holds was written to');
  },
};
