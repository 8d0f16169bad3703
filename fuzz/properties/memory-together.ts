import {
  Connection,
  DeflatePool,
  Endpoint,
  type KernelKind,
  MemoryBudget,
  type MessageSlot,
  type MessageWriter,
  PermessageDeflate,
} from '@x/frame-codec';
import fc from 'fast-check';
import { chunksOf, type ValidInput, validStream } from '../arbitraries/stream.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { otherRole, send, writerTo } from './round-trip.js';
import { codecOf, Subject } from './subjects.js';
import { same } from './transcript.js';

const DEEDS = [
  'receive',
  'receive all',
  'receive deep inside',
  'pause',
  'resume',
  'proceed',
  'text',
  'binary',
  'later',
  'fill',
  'start',
  'part',
  'end message',
  'close',
  'terminate',
  'transport end',
  'end inside',
  'throw inside',
] as const;

/** What is done with one of the connections. */
export interface TogetherStep {
  readonly who: number;
  readonly do: (typeof DEEDS)[number];
  readonly size: number;
}

/** Connections that share what they may hold. */
export interface TogetherInput {
  readonly streams: readonly ValidInput[];
  readonly most: number;
  readonly deflate: boolean;
  readonly yields: boolean;
  readonly pauseEvery: number;
  readonly steps: readonly TogetherStep[];
}

/** None of these inputs holds as much. */
const PLENTY = 50_000_000;
/** More messages are not worth their time: deflating in script is slow. */
const MESSAGES = 12;
/** Kernels that may be in use one inside the other. */
const DEEP = 64;
const POOL = new DeflatePool({ engine: PAKO, threshold: 0 });
const WINDOWS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

class Thrown extends Error {}

/** Calls something that may be thrown at by a handler. */
function run(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof Thrown)) throw error;
  }
}

/** Runs `call` where all kernels are in use. */
function deepInside(kernel: KernelKind, depth: number, call: () => void): void {
  if (depth === 0) {
    call();
    return;
  }
  const handler = {
    write: () => true,
    end: () => undefined,
    ping: () => deepInside(kernel, depth - 1, call),
  };
  const endpoint = new Endpoint({ role: 'client', codec: codecOf(kernel) });
  new Connection(endpoint, handler, undefined).receive(Uint8Array.of(0x89, 0));
}

/** One side of what is compared: a connection, and what it sends that is not ready. */
class Side extends Subject {
  readonly #slots: MessageSlot[] = [];
  #writer: MessageWriter | undefined;

  act({ do: deed, size }: TogetherStep): void {
    const { connection } = this;
    const payload = new Uint8Array(size);
    switch (deed) {
      case 'pause':
        connection.pause();
        break;
      case 'resume':
        connection.resume();
        break;
      case 'proceed':
        connection.proceed();
        break;
      case 'text':
        connection.sendText('x'.repeat(size));
        break;
      case 'binary':
        connection.sendBinary(payload);
        break;
      case 'later': {
        const slot = connection.sendLater('binary', size >> 1);
        if (slot !== undefined) this.#slots.push(slot);
        break;
      }
      case 'fill':
        this.#slots.shift()?.fill(payload);
        break;
      case 'start':
        this.#writer ??= connection.startMessage('binary');
        break;
      case 'part':
        this.#writer?.write(payload);
        break;
      case 'end message':
        this.#writer?.end(payload);
        this.#writer = undefined;
        break;
      case 'close':
        connection.close(1000);
        break;
      case 'terminate':
        connection.terminate();
        break;
      case 'transport end':
        connection.receiveEnd();
        break;
      case 'end inside':
      case 'throw inside':
        this.inside = () => {
          if (deed === 'end inside') connection.receiveEnd();
          else connection.terminate();
          if (deed === 'throw inside' || size % 2 === 0) throw new Thrown();
        };
    }
  }

  /** Ends it, and hands out what is left. */
  end(): void {
    const { connection } = this;
    this.pauseEvery = 0;
    this.inside = undefined;
    run(() => connection.receiveEnd());
    while (connection.isYielding || connection.isPaused) {
      run(() => (connection.isYielding ? connection.proceed() : connection.resume()));
    }
  }
}

/** A connection that shares its memory, and one that has as much as it likes: all is done to both. */
class Member {
  readonly bounded: Side;
  readonly free: Side;
  readonly #kernel: KernelKind;
  readonly #yields: boolean;
  readonly #chunks: Uint8Array[];
  /** whether there was no memory for it */
  isGivenUp = false;

  constructor(kernel: KernelKind, input: TogetherInput, stream: ValidInput, memory: MemoryBudget) {
    const { deflate, yields, pauseEvery } = input;
    const { role, limits } = stream;
    const extensionsOf = (of: typeof role): PermessageDeflate[] =>
      deflate ? [new PermessageDeflate(of, WINDOWS, POOL)] : [];
    const options = { role, limits: { ...limits, maxFragments: 100, maxTurnLength: 50 }, yields };
    this.#kernel = kernel;
    this.#yields = yields;
    this.bounded = new Side(kernel, { ...options, memory }, 'bytes', extensionsOf(role));
    this.free = new Side(kernel, options, 'bytes', extensionsOf(role));
    for (const side of [this.bounded, this.free]) side.pauseEvery = pauseEvery;
    this.#chunks = deflate ? compressed(kernel, stream, extensionsOf(otherRole(role))) : chunksOf(stream);
  }

  do(step: TogetherStep): void {
    const chunk = this.#next(step);
    for (const side of this.isGivenUp ? [this.bounded] : [this.bounded, this.free]) {
      const { connection } = side;
      run(() => {
        if (chunk === undefined) side.act(step);
        else if (step.do === 'receive deep inside' && this.#yields)
          deepInside(this.#kernel, DEEP, () => connection.receive(chunk));
        else connection.receive(chunk);
      });
    }
    this.look();
  }

  /** Sees whether there was no memory for it. */
  look(): void {
    const { bounded, free } = this;
    if (bounded.violation === 'memory-exhausted' || (free.connection.isOpen && !bounded.connection.isOpen))
      this.isGivenUp = true;
  }

  #next({ do: deed }: TogetherStep): Uint8Array | undefined {
    if (deed === 'receive all') return Buffer.concat(this.#chunks.splice(0));
    if (deed === 'receive' || deed === 'receive deep inside')
      return this.#chunks.shift() ?? new Uint8Array(0);
    return undefined;
  }

  /** Bytes that it holds. */
  get held(): number {
    const { retainedLength, queuedLength } = this.bounded.connection;
    return retainedLength + queuedLength;
  }
}

function compressed(kernel: KernelKind, stream: ValidInput, extensions: PermessageDeflate[]): Uint8Array[] {
  const wire: number[] = [];
  const sender = writerTo(wire, kernel, otherRole(stream.role), extensions);
  for (const [index, message] of stream.told.slice(0, MESSAGES).entries()) send(sender, message, index);
  sender.receiveEnd();
  const bytes = Uint8Array.from(wire);
  return chunksOf({ bytes, cuts: stream.cuts.filter((cut) => cut < bytes.length) });
}

export const memoryTogether: Property<TogetherInput> = {
  name: 'memory-together',
  claim:
    'connections hold no more together than they may, and each byte is counted once and given back; who finds no room fails with 1013, and the others are told what they are told otherwise (§10.4)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    streams: fc.array(validStream, { minLength: 1, maxLength: 3 }),
    most: fc.oneof(
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1000, max: 20_000 }),
      fc.constant(PLENTY),
    ),
    deflate: fc.boolean(),
    yields: fc.boolean(),
    pauseEvery: fc.constantFrom(0, 0, 1, 5),
    steps: fc.array(
      fc.record({
        who: fc.nat(2),
        do: fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom<TogetherStep['do']>('receive', 'receive all') },
          { weight: 4, arbitrary: fc.constantFrom(...DEEDS) },
        ),
        size: fc.oneof(fc.nat(50), fc.nat(4000)),
      }),
      { maxLength: 30 },
    ),
  }),
  check: (input, kernel) => {
    const { streams, most, steps } = input;
    const memory = new MemoryBudget(most);
    const members = streams.map((stream) => new Member(kernel, input, stream, memory));
    // A close frame goes out also where nothing is left.
    const allowed = most + 127 * members.length;
    for (const step of steps) {
      members[step.who % members.length]?.do(step);
      const held = members.reduce((sum, member) => sum + member.held, 0);
      if (memory.used !== held) throw new Error(`${memory.used} bytes are counted, and ${held} are held`);
      if (memory.used > allowed) throw new Error(`${memory.used} bytes are held, and ${most} may be`);
    }
    for (const member of members) {
      const { bounded, free } = member;
      bounded.end();
      free.end();
      member.look();
      if (member.isGivenUp) {
        if (most === PLENTY) throw new Error('there was room');
        continue;
      }
      same('bounded', bounded.events, 'free', free.events);
      // What a deflater makes of the same bytes depends on who had it before.
      if (!input.deflate) same('bounded', bounded.writes, 'free', free.writes);
    }
    if (memory.used !== 0) throw new Error(`${memory.used} bytes are counted behind the end`);
  },
};
