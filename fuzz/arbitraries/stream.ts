import type { Role } from '@x/frame-codec';
import type fc from 'fast-check';
import { ByteWriter } from './byte-writer.js';
import { FAULT_NAMES, FAULTS, type FaultName, LOW_LIMITS } from './faults.js';
import { control, FIN, frame, message, OPCODE, type Sheet, type Told } from './groups.js';
import { alignedText, nearText, octets, text } from './payload.js';
import type { Random } from './random.js';
import { RandomArbitrary } from './random-arbitrary.js';
import { piecesOf, shrinkStream } from './shrink.js';
import type { StreamInput } from './stream-input.js';

/** A stream that keeps every rule, and what the application is to be told of it. */
export interface ValidInput extends StreamInput {
  readonly told: readonly Told[];
  /** the close frame at the end, where there is one */
  readonly close: { readonly code: number; readonly reason: Uint8Array<ArrayBuffer> } | undefined;
}

/** A stream that breaks one rule, and where. */
export interface PlantedInput extends StreamInput {
  readonly violation: FaultName;
  readonly position: number | undefined;
  /** whole frames before the fault */
  readonly frames: number;
}

const writer = new ByteWriter();

function sheetFor(random: Random): { sheet: Sheet; role: Role } {
  writer.reset();
  const masked = !random.once(3);
  return { sheet: { writer, random, masked, told: [], frames: 0 }, role: masked ? 'server' : 'client' };
}

/** Mostly a few dozen groups; now and then more frames than a kernel has records for. */
function writeGroups(sheet: Sheet): void {
  const { random } = sheet;
  if (random.once(60)) {
    const many = random.between(500, 1100);
    for (let index = 0; index < many; index++) {
      const payload = octets(random, random.below(3));
      frame(sheet, FIN | OPCODE.binary, payload);
      sheet.told.push({ kind: 'binary', payload });
    }
    return;
  }
  const count = random.below(50);
  for (let index = 0; index < count; index++) {
    if (random.once(8)) control(sheet);
    else message(sheet, LOW_LIMITS.maxFrameLength, LOW_LIMITS.maxFragments);
  }
}

/** Nowhere, in a few places, often, or behind each byte. */
function anyCuts(random: Random, length: number): number[] {
  if (length < 2) return [];
  const kind = random.below(8);
  if (kind === 0) return [];
  if (kind === 1 && length < 400) return Array.from({ length: length - 1 }, (_, index) => index + 1);
  if (kind === 2) {
    const size = random.between(1, 40) + (length >> 8);
    return Array.from({ length: Math.ceil(length / size) - 1 }, (_, index) => (index + 1) * size);
  }
  const cuts = Array.from({ length: random.between(1, 8) }, () => random.below(length));
  return cuts.sort((a, b) => a - b);
}

/** The chunks that a stream is cut into. */
export function chunksOf({ bytes, cuts }: Pick<StreamInput, 'bytes' | 'cuts'>): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const cut of cuts) {
    chunks.push(bytes.subarray(from, cut));
    from = cut;
  }
  chunks.push(bytes.subarray(from));
  return chunks;
}

function writeValid(random: Random): ValidInput {
  const { sheet, role } = sheetFor(random);
  writeGroups(sheet);
  const { told } = sheet;
  let close: ValidInput['close'];
  if (random.once(3)) {
    const bare = random.once(4);
    const code = random.pick([
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ]);
    const reason = bare ? new Uint8Array(0) : text(random, random.pick([0, 5, 60, 119]));
    close = { code: bare ? 1005 : code, reason };
    frame(sheet, FIN | OPCODE.close, bare ? reason : Uint8Array.of(code >> 8, code & 255, ...reason));
    // §1.4: what follows is discarded, whatever it is.
    if (random.once(2)) writer.put(octets(random, random.below(20)));
  }
  const bytes = writer.slice();
  return { role, limits: LOW_LIMITS, rsv1: false, bytes, cuts: anyCuts(random, bytes.length), told, close };
}

function writePlanted(random: Random): PlantedInput {
  const { sheet, role } = sheetFor(random);
  const count = random.below(40);
  for (let index = 0; index < count; index++) {
    message(sheet, LOW_LIMITS.maxFrameLength, LOW_LIMITS.maxFragments);
  }
  const other = role === 'server' ? 'mask-unexpected' : 'mask-missing';
  const named = random.pick(FAULT_NAMES.filter((name) => name !== other && name !== 'message-too-long'));
  // Its bytes are many.
  const violation = random.once(40) ? 'message-too-long' : named;
  const limits =
    violation === 'message-too-long' && random.once(2)
      ? { ...LOW_LIMITS, maxMessageLength: random.between(16, 300), maxFrameLength: 2 ** 40 }
      : LOW_LIMITS;
  const legal = limits === LOW_LIMITS;
  if (!legal) {
    writer.reset();
    sheet.frames = 0;
  }
  const position = FAULTS[violation](sheet, limits);
  const { frames } = sheet;
  writer.put(octets(random, random.below(20)));
  const bytes = writer.slice();
  return {
    role,
    limits,
    rsv1: false,
    bytes,
    cuts: anyCuts(random, bytes.length),
    violation,
    position,
    frames,
  };
}

/** Bytes without sense, though their first bytes look like heads more often than not. */
function writeNonsense(random: Random, role: Role): Uint8Array<ArrayBuffer> {
  writer.reset();
  const count = random.below(8);
  for (let index = 0; index < count; index++) {
    writer.byte(
      random.once(4) ? random.next() : random.pick([0x81, 0x82, 0x01, 0x02, 0, 0x80, 0x89, 0x8a, 0x88, 0xc1]),
    );
    writer.byte((role === 'server' ? 0x80 : 0) ^ (random.once(8) ? random.next() & 0xff : random.below(128)));
    writer.put(octets(random, random.below(30)));
  }
  return writer.slice();
}

/** Valid, with one fault, with bytes gone wrong or lost, or without sense. */
function writeAny(random: Random): StreamInput {
  const dice = random.below(8);
  if (dice < 3) return onlyStream(writeValid(random));
  if (dice === 3) return onlyStream(writePlanted(random));
  if (dice === 4) {
    const role = random.pick(['client', 'server'] as const);
    const bytes = writeNonsense(random, role);
    return { role, limits: LOW_LIMITS, rsv1: random.once(3), bytes, cuts: anyCuts(random, bytes.length) };
  }
  const { role, limits, bytes, cuts } = writeValid(random);
  if (bytes.length === 0) return { role, limits, rsv1: false, bytes, cuts };
  for (let count = random.between(1, 3); count > 0; count--) {
    const at = random.below(bytes.length);
    bytes[at] = random.once(2) ? random.next() : (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  const end = random.once(4) ? random.below(bytes.length) : bytes.length;
  const rsv1 = random.once(4);
  if (rsv1) markFrames(random, bytes);
  return { role, limits, rsv1, bytes: bytes.slice(0, end), cuts: cuts.filter((cut) => cut < end) };
}

/** Sets RSV1 on frames of every kind: only the first of a message may carry it (RFC 7692 §6). */
function markFrames(random: Random, bytes: Uint8Array): void {
  for (const { from } of piecesOf(bytes)) {
    const opcode = (bytes[from] ?? 0) & 15;
    const may = opcode === OPCODE.text || opcode === OPCODE.binary;
    if (random.once(may ? 2 : 40)) bytes[from] = (bytes[from] ?? 0) | 0x40;
  }
}

/** Texts, the last of them right or wrong by a byte: long enough for vectors, aligned in every way. */
function writeText(random: Random): StreamInput {
  const { sheet, role } = sheetFor(random);
  for (let count = random.below(12); count > 0; count--) {
    frame(sheet, FIN | OPCODE.text, text(random, random.below(40)));
  }
  const length = random.once(3) ? random.below(300) : random.below(70);
  const near = random.once(3) ? alignedText(random) : nearText(random, length);
  const bytes = random.once(3) ? text(random, length) : near;
  // A byte more or less moves all that follows.
  const whole = random.once(4) ? bytes.slice(random.below(Math.min(4, bytes.length + 1))) : bytes;
  const cut = random.once(3) ? random.below(whole.length + 1) : whole.length;
  frame(sheet, OPCODE.text | (cut === whole.length ? FIN : 0), whole.subarray(0, cut));
  if (cut < whole.length) frame(sheet, FIN, whole.subarray(cut));
  const wire = writer.slice();
  return {
    role,
    limits: LOW_LIMITS,
    rsv1: false,
    bytes: wire,
    cuts: random.once(2) ? [] : anyCuts(random, wire.length),
  };
}

function onlyStream({ role, limits, rsv1, bytes, cuts }: StreamInput): StreamInput {
  return { role, limits, rsv1, bytes, cuts };
}

function* shrinkCuts<Input extends StreamInput>(input: Input): Iterable<Input> {
  const { cuts } = input;
  if (cuts.length > 1) yield { ...input, cuts: [] };
  for (const cut of cuts.slice(0, 20)) yield { ...input, cuts: cuts.filter((other) => other !== cut) };
}

export const anyStream: fc.Arbitrary<StreamInput> = new RandomArbitrary(writeAny, shrinkStream);
export const textStream: fc.Arbitrary<StreamInput> = new RandomArbitrary(writeText, shrinkStream);
export const validStream: fc.Arbitrary<ValidInput> = new RandomArbitrary(writeValid, shrinkCuts);
export const plantedStream: fc.Arbitrary<PlantedInput> = new RandomArbitrary(writePlanted, shrinkCuts);
