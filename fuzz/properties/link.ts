import {
  Connection,
  type ConnectionHandler,
  Endpoint,
  type KernelKind,
  PreparedMessage,
  type Role,
} from '@x/frame-codec';
import fc from 'fast-check';
import { FrameModel } from '../models/frames.js';
import { outcomeOf } from '../models/messages.js';
import { framesSent } from './messages.js';
import { counts } from './meter.js';
import type { Property } from './property.js';
import { codecOf } from './subjects.js';

/** One step of two peers and the link between them. */
export type Step =
  | { readonly do: 'text'; readonly by: Role; readonly text: string; readonly parts: number }
  | { readonly do: 'binary'; readonly by: Role; readonly bytes: Uint8Array; readonly prepared: boolean }
  | { readonly do: 'ping'; readonly by: Role; readonly bytes: Uint8Array }
  | { readonly do: 'close'; readonly by: Role; readonly code: number | undefined; readonly reason: string }
  | { readonly do: 'cork' | 'uncork' | 'pause' | 'resume' | 'drain'; readonly by: Role }
  /** the transport takes what is written at once, or holds it until `drain` */
  | { readonly do: 'hold'; readonly by: Role; readonly holds: boolean }
  /** the link brings so many bytes to a side, in pieces */
  | { readonly do: 'deliver'; readonly by: Role; readonly count: number; readonly piece: number }
  /** the link breaks, for both directions or for one */
  | { readonly do: 'cut'; readonly by: Role; readonly both: boolean };

export interface LinkInput {
  readonly steps: readonly Step[];
}

const role = fc.constantFrom<Role>('client', 'server');
const bytes = fc.uint8Array({ maxLength: 125 });
const ROLES: readonly Role[] = ['client', 'server'];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('text' as const),
      by: role,
      text: fc.string({ unit: 'binary', maxLength: 40 }),
      parts: fc.nat(3),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('binary' as const), by: role, bytes, prepared: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ping' as const), by: role, bytes }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('close' as const),
      by: role,
      code: fc.constantFrom(undefined, 1000, 1001, 1011, 3000, 4999),
      reason: fc.string({ unit: 'binary', maxLength: 20 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'cork' as const,
        'uncork' as const,
        'pause' as const,
        'resume' as const,
        'drain' as const,
      ),
      by: role,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), by: role, holds: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      by: role,
      count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(10_000)),
      piece: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(10_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), by: role, both: fc.boolean() }) },
);

/** A side, all that it told and sent, and what the link still has for it. */
class Side {
  readonly connection: Connection<undefined>;
  readonly role: Role;
  readonly told: string[] = [];
  readonly sent: string[] = [];
  readonly written: number[] = [];
  /** of `other.written`: how much has arrived */
  arrived = 0;
  closes: string[] = [];
  ended = false;
  holds = false;
  down = false;
  /** whether the link was cut before all had left that was gathered */
  lost = false;

  constructor(kernel: KernelKind, side: Role) {
    this.role = side;
    const handler: ConnectionHandler<undefined> = {
      write: (_, written) => {
        if (this.closes.length > 0) throw new Error('something is written behind the end');
        for (const byte of written) this.written.push(byte);
        return !this.holds;
      },
      text: (_, text) => this.#tell(`text ${text}`),
      binary: (_, payload) => this.#tell(`binary ${payload}`),
      error: (_, error) => {
        throw new Error(`a peer that keeps the rules is refused: ${error.violation}`);
      },
      end: () => {
        this.ended = true;
      },
      close: (_, code, reason, clean) => {
        this.closes.push(`${code} ${reason} ${clean}`);
      },
    };
    this.connection = new Connection(
      new Endpoint({ role: side, codec: codecOf(kernel) }),
      handler,
      undefined,
    );
  }

  #tell(line: string): void {
    counts.frames++;
    if (this.closes.length > 0) throw new Error('something is told behind the end');
    this.told.push(line);
  }
}

function act(side: Side, other: Side, move: Step): void {
  const { connection } = side;
  switch (move.do) {
    case 'text':
      sendText(side, move.text, move.parts);
      break;
    case 'binary': {
      const prepared = move.prepared && side.role === 'server';
      const taken = prepared
        ? connection.sendPrepared(new PreparedMessage(move.bytes))
        : connection.sendBinary(move.bytes);
      if (taken) side.sent.push(`binary ${move.bytes}`);
      break;
    }
    case 'ping':
      connection.ping(move.bytes);
      break;
    case 'close':
      connection.close(move.code, move.code === undefined ? '' : move.reason);
      if (connection.isOpen) throw new Error('open behind close()');
      break;
    case 'hold':
      side.holds = move.holds;
      break;
    case 'drain':
      connection.drained();
      break;
    case 'deliver':
      deliver(side, other, move.count, move.piece);
      break;
    case 'cut':
      cut(side);
      if (move.both) cut(other);
      break;
    default:
      connection[move.do]();
  }
}

function sendText(side: Side, text: string, parts: number): void {
  const { connection } = side;
  if (parts === 0) {
    if (connection.sendText(text)) side.sent.push(`text ${wellFormed(text)}`);
    return;
  }
  const writer = connection.startMessage('text');
  const size = Math.ceil(text.length / parts);
  for (let index = 0; index < parts; index++) writer.write(text.slice(index * size, (index + 1) * size));
  if (writer.end()) side.sent.push(`text ${wellFormed(text)}`);
}

/** Brings bytes of `other` to `side`. */
function deliver(side: Side, other: Side, count: number, piece: number): void {
  const end = Math.min(other.written.length, side.arrived + count);
  while (side.arrived < end && !side.down) {
    const next = Math.min(end, side.arrived + piece);
    const chunk = Uint8Array.from(other.written.slice(side.arrived, next));
    side.arrived = next;
    side.connection.receive(chunk);
  }
}

function cut(side: Side): void {
  if (side.down) return;
  side.down = true;
  side.lost = side.connection.corkedLength > 0;
  side.connection.receiveEnd();
}

/** What §7.1.5 says of a side, read from the bytes that reached it by the slow model. */
function checkEnd(side: Side, other: Side): void {
  const limits = { maxFrameLength: 2 ** 40, maxMessageLength: 2 ** 40, maxFragments: 2 ** 30 };
  const model = new FrameModel({ masked: side.role === 'server', rsv1: false, checkText: true, ...limits });
  model.push(Uint8Array.from(other.written.slice(0, side.arrived)));
  if (model.fault !== undefined) throw new Error(`${other.role} broke a rule: ${model.fault.violation}`);
  const { closeCode, events } = outcomeOf(model);
  const [close, more] = side.closes;
  if (close === undefined || more !== undefined)
    throw new Error(`${side.role}: close was told ${side.closes.length} times`);
  if (!close.startsWith(`${closeCode} `))
    throw new Error(`${side.role}: close ${close} instead of ${closeCode}`);
  // §7.1.4: clean where both close frames have passed; behind a cut link no answer can be sent.
  const clean = closeCode !== 1006 && hasSentClose(side);
  if (clean !== close.endsWith('true') && !side.lost)
    throw new Error(`${side.role}: close ${close} is ${clean ? 'clean' : 'not clean'}`);
  const messages = events.filter(({ kind }) => kind === 'text' || kind === 'binary').length;
  if (side.told.length !== messages)
    throw new Error(`${side.role}: told ${side.told.length} messages, not ${messages}`);
  for (const [index, line] of side.told.entries()) {
    if (line !== other.sent[index])
      throw new Error(`${side.role}: message ${index} is ${line}, not ${other.sent[index]}`);
  }
  checkSent(side);
  if (clean && !side.down && !side.ended) throw new Error(`${side.role}: end is not told`);
  if (side.connection.isOpen || side.connection.retainedLength > 0) throw new Error(`${side.role}: not over`);
}

export const linkClosed: Property<LinkInput> = {
  name: 'link-closed',
  claim: 'two peers end closed with the right codes, whatever they do and whatever the link does (§7)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({ steps: fc.array(step, { maxLength: 60, size: 'max' }) }),
  check: ({ steps }, kernel) => {
    const sides = { client: new Side(kernel, 'client'), server: new Side(kernel, 'server') };
    const otherOf = ({ role: own }: Side): Side => (own === 'client' ? sides.server : sides.client);
    for (const move of steps) act(sides[move.by], otherOf(sides[move.by]), move);
    // What is left of the link: all is taken and brought, and a side that has ended hangs up.
    for (const own of ROLES) {
      const { connection } = sides[own];
      connection.resume();
      connection.flush();
      sides[own].holds = false;
      connection.drained();
    }
    if (!sides.client.down && !sides.server.down) sides.client.connection.close(1000);
    for (let round = 0; round < 3; round++) {
      for (const own of ROLES) {
        sides[own].connection.flush();
        deliver(sides[own], otherOf(sides[own]), Number.MAX_SAFE_INTEGER, 4096);
        sides[own].connection.flush();
      }
    }
    const intact = !sides.client.down && !sides.server.down;
    for (const own of ROLES) cut(sides[own]);
    for (const own of ROLES) checkEnd(sides[own], otherOf(sides[own]));
    if (intact && ROLES.some((own) => !sides[own].closes[0]?.endsWith('true')))
      throw new Error('a whole link, and no clean end');
  },
};

function hasSentClose({ role, written }: Side): boolean {
  return framesSent(Uint8Array.from(written), role === 'client').some(({ first }) => first === 0x88);
}

/** §5.5.1: one close frame, and no data frames behind it. */
function checkSent({ role, written }: Side): void {
  const frames = framesSent(Uint8Array.from(written), role === 'client');
  const at = frames.findIndex(({ first }) => first === 0x88);
  const behind = at < 0 ? [] : frames.slice(at + 1);
  if (behind.some(({ first }) => first !== 0x8a))
    throw new Error(`${role}: more than pongs behind the close frame`);
}

/** A lone half of a surrogate pair becomes U+FFFD on the wire. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
