import { constants, deflateRawSync } from 'node:zlib';
import { DeflatePool, MemoryBudget, PermessageDeflate, type Role } from '@x/frame-codec';
import fc from 'fast-check';
import { ByteWriter, writeFrame } from '../arbitraries/byte-writer.js';
import { Random } from '../arbitraries/random.js';
import { chunksOf } from '../arbitraries/stream.js';
import { PAKO } from './pako-engine.js';
import type { Property } from './property.js';
import { type Manner, Subject } from './subjects.js';
import { same, TAG, Transcript } from './transcript.js';

/** A message that is short on the wire. */
export interface LongInput {
  readonly role: Role;
  readonly kind: 'text' | 'binary';
  /** bytes that it inflates to */
  readonly length: number;
  readonly manner: Manner;
  readonly yields: boolean;
  readonly maxTurnLength: number;
  /** where it is cut, in thousandths */
  readonly cuts: readonly number[];
  /** the transport ends behind so many chunks; 9 for never */
  readonly endsAt: number;
  /** bytes that the connection may hold */
  readonly room: number;
}

const MIB = 1_048_576;
const POOL = new DeflatePool({ engine: PAKO });
const WINDOWS = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const expected = new Transcript();
const writer = new ByteWriter();

/** Deflated once for all inputs: four messages of 1 to 4 MiB and what is around them. */
const wires = new Map<number, readonly [plain: Buffer, deflated: Buffer]>();

function messageOf(length: number): readonly [plain: Buffer, deflated: Buffer] {
  const known = wires.get(length);
  if (known !== undefined) return known;
  const plain = Buffer.alloc(length, 'to be continued €😀 ');
  const end = length - (length % plain.indexOf('to', 1) || 0);
  const whole = plain.subarray(0, end);
  const deflated = deflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  const made = [whole, deflated] as const;
  wires.set(length, made);
  return made;
}

export const deflateLong: Property<LongInput> = {
  name: 'deflate-long',
  claim:
    'a long message inflates to what it was, in turns or at once, and what is held of it is bounded and let go (§10.4, RFC 7692 §8)',
  part: 'codec',
  slow: true,
  arbitrary: fc.record({
    role: fc.constantFrom<Role>('client', 'server'),
    kind: fc.constantFrom('text' as const, 'binary' as const),
    length: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(1000, 65_536, 200_000) },
      { weight: 1, arbitrary: fc.constantFrom(MIB, MIB + 5000, 2 * MIB + 1, 3 * MIB) },
    ),
    manner: fc.constantFrom<Manner>('strings', 'bytes', 'memory', 'bytes', 'memory', 'parts'),
    yields: fc.boolean(),
    maxTurnLength: fc.constantFrom(100_000, MIB, 3 * MIB),
    cuts: fc.array(fc.nat(999), { maxLength: 5 }),
    endsAt: fc.oneof(fc.constant(9), fc.nat(6)),
    room: fc.constantFrom(50_000, MIB, 3 * MIB, 5 * MIB, 100 * MIB, 100 * MIB),
  }),
  check: ({ role, kind, length, manner, yields, maxTurnLength, cuts, endsAt, room }, kernel) => {
    // What is put together of parts goes through arrays, byte by byte.
    const [plain, deflated] = messageOf(manner === 'parts' ? Math.min(length, 65_536) : length);
    writer.reset();
    writeFrame(writer, 0xc0 | (kind === 'text' ? 1 : 2), deflated, role === 'server', new Random(length));
    const bytes = writer.slice();
    const places = cuts.map((cut) => Math.floor((cut * bytes.length) / 1000)).sort((a, b) => a - b);
    const memory = new MemoryBudget(room);
    const options = { role, limits: { maxTurnLength }, yields, memory };
    const subject = new Subject(kernel, options, manner, [new PermessageDeflate(role, WINDOWS, POOL)]);
    const { connection } = subject;
    const chunks = chunksOf({ bytes, cuts: places });
    let most = 0;
    const look = (): void => {
      most = Math.max(most, connection.retainedLength);
      if (memory.used !== connection.retainedLength) throw new Error(`${memory.used} bytes are counted`);
      if (memory.isOverdrawn) throw new Error(`${memory.used} bytes are held, and ${room} may be`);
    };
    for (const [index, chunk] of chunks.entries()) {
      if (index === endsAt) break;
      connection.receive(chunk);
      look();
      while (connection.isYielding) {
        connection.proceed();
        look();
      }
    }
    // ARCHITECTURE.md: memory grows to four times what has arrived, or to 1 MiB.
    if (most > Math.max(4 * plain.length, MIB)) throw new Error(`${most} bytes are held for ${plain.length}`);
    connection.receiveEnd();
    if (connection.retainedLength > 0) throw new Error('memory is held behind the end');
    if (memory.used !== 0) throw new Error(`${memory.used} bytes are counted behind the end`);
    // At the most it is there twice, and of memory that is used again there may be twice as much.
    if (subject.violation === 'memory-exhausted' && room < 4 * plain.length + MIB) return;
    if (subject.failed) throw new Error(`failed: ${subject.events.lines().join()}`);
    if (endsAt < chunks.length) return;
    expected.clear();
    expected.begin(TAG[kind]);
    expected.put(plain);
    if (!expected.begins(subject.events)) same('told', subject.events, 'sent', expected);
  },
};
