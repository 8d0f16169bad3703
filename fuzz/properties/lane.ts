import {
  Connection,
  type ConnectionHandler,
  DeflatePool,
  Endpoint,
  type Extension,
  FrameDecoder,
  type KernelKind,
  OPCODES,
  type Opcode,
  PermessageDeflate,
  type Role,
  RSV,
} from '@x/frame-codec';
import fc from 'fast-check';
import { CALLS, type Deed, LOSSY, SENDS } from './lane-deeds.js';
import { type Item, Sending } from './lane-sending.js';
import { counts } from './meter.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { otherRole } from './round-trip.js';
import { codecOf } from './subjects.js';

export interface LaneStep {
  readonly do: Deed;
  readonly size: number;
  /** what is done from inside the `done` of this step, or from inside the next write */
  readonly inside: Deed | undefined;
  readonly where: 'done' | 'write';
}

export interface LaneInput {
  readonly role: Role;
  readonly deflate: boolean;
  readonly turns: boolean;
  readonly steps: readonly LaneStep[];
}

const deed = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<Deed>(...SENDS) },
  { weight: 6, arbitrary: fc.constantFrom<Deed>(...CALLS) },
  { weight: 1, arbitrary: fc.constantFrom<Deed>(...LOSSY) },
);

const step: fc.Arbitrary<LaneStep> = fc.record({
  do: deed,
  size: fc.oneof(
    { weight: 8, arbitrary: fc.nat(100) },
    { weight: 2, arbitrary: fc.constantFrom(5000, 40_000, 70_000, 140_000) },
  ),
  inside: fc.option(deed, { nil: undefined, freq: 3 }),
  where: fc.constantFrom('done' as const, 'write' as const),
});

const POOL = new DeflatePool({ engine: PAKO, threshold: 0 });
const WINDOWS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

function extensionsOf(role: Role, deflate: boolean): Extension[] {
  return deflate ? [new PermessageDeflate(role, WINDOWS, POOL)] : [];
}

/** What the peer was told, in order. */
interface Told {
  readonly id: number;
  readonly kind: Item['kind'];
  readonly length: number;
}

/** Behind the close frame only pings are answered, until the peer's has come (§5.5.2). */
function checkEnd(kernel: KernelKind, { role, deflate }: LaneInput, wire: readonly Uint8Array[]): void {
  const opcodes: Opcode[] = [];
  const claims = { first: deflate ? RSV.rsv1 : 0, continuation: 0 };
  const decoder = new FrameDecoder(
    new Endpoint({ role: otherRole(role), codec: codecOf(kernel) }),
    ({ first, opcode }) => {
      if (first) opcodes.push(opcode);
    },
    claims,
  );
  for (const bytes of wire) decoder.receive(bytes);
  const close = opcodes.indexOf(OPCODES.close);
  if (close >= 0 && opcodes.some((opcode, at) => at > close && opcode !== OPCODES.pong))
    throw new Error('something is sent behind the close frame (§5.5.1)');
}

/** Reads the wire by the rules of the other role. */
function readWire(kernel: KernelKind, { role, deflate }: LaneInput, wire: readonly Uint8Array[]): Told[] {
  const told: Told[] = [];
  const note = (kind: Item['kind'], bytes: Uint8Array): void => {
    counts.frames++;
    const text = new TextDecoder().decode(bytes);
    // Answers to pings are of zeros, or empty.
    if (/^\d/.test(text)) told.push({ id: Number.parseInt(text, 10), kind, length: bytes.length });
  };
  const handler: ConnectionHandler<undefined> = {
    write: () => true,
    end: () => undefined,
    textBytes: (_, payload) => note('message', payload),
    binary: (_, payload) => note('message', payload),
    ping: (_, payload) => note('control', payload),
    pong: (_, payload) => note('control', payload),
    error: (_, { violation }) => {
      throw new Error(`what was sent breaks a rule: ${violation}`);
    },
  };
  const peer = otherRole(role);
  const endpoint = new Endpoint({ role: peer, codec: codecOf(kernel) });
  const connection = new Connection(endpoint, handler, undefined, extensionsOf(peer, deflate));
  for (const bytes of wire) connection.receive(bytes);
  connection.receiveEnd();
  return told;
}

/** What a connection says of itself. */
function checkState({ connection, closes, hasYielded }: Sending): void {
  const { queuedLength, closingState, isOpen, isYieldingSend, isDecoded } = connection;
  if (isDecoded) throw new Error('no message came, and one is decoded');
  if (queuedLength < 0) throw new Error(`${queuedLength} bytes wait`);
  if (isOpen && closingState !== 'open') throw new Error(`it is open and ${closingState}`);
  if ((closingState === 'over') !== closes > 0)
    throw new Error(`${closes} ends were told, and it is ${closingState}`);
  if (isYieldingSend && !hasYielded) throw new Error('it waits for a turn that nobody was asked for');
}

/** Each is told of once; also with an error behind that, where its frame could not be written. */
function checkCallbacks({ items, isLossy }: Sending): void {
  for (const { id, told } of items) {
    for (const calls of told) {
      const [first, second, third] = calls;
      const isRight =
        second === undefined ? first !== undefined : first === true && !second && third === undefined;
      if (!isRight) throw new Error(`item ${id} is told of as ${JSON.stringify(calls)}`);
      if (!isLossy && first === false) throw new Error(`item ${id} is lost, and nothing says why`);
    }
  }
}

function checkOrder({ items, isLossy }: Sending, told: readonly Told[]): void {
  const place = new Map(told.map(({ id }, at) => [id, at]));
  if (place.size < told.length) throw new Error('something is sent twice');
  for (const { id, kind, length } of told) {
    const item = items[id];
    if (item === undefined || item.kind !== kind || !(item.length === length || Number.isNaN(item.length)))
      throw new Error(`item ${id} is not what was sent: a ${kind} of ${length} bytes`);
    if (item.told.some(([first]) => first === false))
      throw new Error(`item ${id} is told of as lost, and was sent`);
  }
  for (const before of items) {
    const at = place.get(before.id);
    if (at === undefined) {
      if (!isLossy && before.until !== Number.POSITIVE_INFINITY) throw new Error(`item ${before.id} is lost`);
      continue;
    }
    for (const behind of items) {
      // A control frame may pass what is left of a message (§5.4).
      if (before.kind === 'message' && behind.kind === 'control') continue;
      if (behind.since <= before.until) continue;
      const other = place.get(behind.id);
      if (other !== undefined && other < at) throw new Error(`item ${behind.id} comes before ${before.id}`);
    }
  }
}

export const lane: Property<LaneInput> = {
  name: 'lane',
  claim:
    'what is accepted leaves in its order, and each is told once what became of it, whatever is called from inside what (§5.4, §5.5.1)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    role: fc.constantFrom<Role>('client', 'server'),
    deflate: fc.boolean(),
    turns: fc.boolean(),
    steps: fc.array(step, { maxLength: 25 }),
  }),
  check: (input, kernel) => {
    const { role, deflate, turns, steps } = input;
    const sending = new Sending(kernel, role, turns, extensionsOf(role, deflate));
    for (const { do: what, size, inside, where } of steps) {
      const nested = inside && (() => sending.attempt(inside, size % 200, undefined));
      if (where === 'write') sending.inWrite = nested;
      sending.attempt(what, size, where === 'done' ? nested : undefined);
      checkState(sending);
    }
    sending.settle();
    if (!sending.isLossy) sending.attempt('close', 0, undefined);
    const { connection } = sending;
    sending.run(() => connection.receiveEnd());
    if (connection.queuedLength !== 0 || connection.isQueueing)
      throw new Error('something waits behind the end');
    if (sending.closes !== 1) throw new Error(`the end is told ${sending.closes} times`);
    checkCallbacks(sending);
    checkEnd(kernel, input, sending.wire);
    checkOrder(sending, readWire(kernel, input, sending.wire));
  },
};
