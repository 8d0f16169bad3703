import type { Limits } from '@x/frame-codec';
import { isUtf8, Utf8Model } from '../models/utf8.js';
import { writeFrame, writeHead } from './byte-writer.js';
import { FIN, frame, OPCODE, openMessage, type Sheet } from './groups.js';
import { nearText, octets, text } from './payload.js';

/** Limits low enough to be passed by a few bytes. */
export const LOW_LIMITS = { maxFrameLength: 150_000, maxMessageLength: 200_000, maxFragments: 6 } as const;

/** Writes bytes that break one rule; returns where in them the fault lies, or nothing where the error tells no place. */
export type Fault = (sheet: Sheet, limits: Pick<Limits, keyof typeof LOW_LIMITS>) => number | undefined;

const DATA = [OPCODE.text, OPCODE.binary] as const;
const CONTROLS = [OPCODE.close, OPCODE.ping, OPCODE.pong] as const;
const RESERVED = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as const;
const UNSENDABLE = [
  0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 65535,
] as const;

/** The second byte of a head, and what may follow it. */
function anyRest({ writer, random, masked }: Sheet): void {
  writer.byte((masked ? 0x80 : 0) | random.below(126));
}

function closePayload(code: number, reason: Uint8Array): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff, ...reason);
}

/** Writes a text frame, or a text in two, that is not UTF-8; returns the place of the byte that nothing can mend. */
function badText(sheet: Sheet): number {
  const { writer, random, masked } = sheet;
  const from = writer.length;
  const whole = random.once(3) ? cutText(sheet) : nearText(random, random.once(6) ? 200 : random.below(24));
  const at = firstBad(whole);
  const cut = random.once(3) ? random.between(0, Math.min(at, whole.length)) : undefined;
  if (cut === undefined) {
    writeFrame(writer, FIN | OPCODE.text, whole, masked, random);
    return (at < whole.length ? writer.length - whole.length + at : writer.length) - from;
  }
  frame(sheet, OPCODE.text, whole.subarray(0, cut));
  writeFrame(writer, FIN, whole.subarray(cut), masked, random);
  return (at < whole.length ? writer.length - whole.length + at : writer.length) - from;
}

/** Text that ends within a character. */
function cutText({ random }: Sheet): Uint8Array {
  const before = text(random, random.below(40));
  return Uint8Array.of(
    ...before,
    ...random.pick([[0xc3], [0xe2], [0xe2, 0x82], [0xf0], [0xf0, 0x9f], [0xf0, 0x9f, 0x98]]),
  );
}

function firstBad(bytes: Uint8Array): number {
  const model = new Utf8Model();
  const at = bytes.findIndex((byte) => !model.push(byte));
  return at < 0 ? bytes.length : at;
}

function badReason(sheet: Sheet): Uint8Array {
  const { random } = sheet;
  for (;;) {
    const reason = random.once(3) ? cutText(sheet) : nearText(random, random.below(30)).subarray(0, 123);
    if (!isUtf8(reason)) return reason;
  }
}

/**
 * For each rule that bytes can break: how to break it, and nothing before it. The names are those of the codec's
 * `VIOLATIONS`; `properties/planted.ts` fails where one of its rows is missing here.
 */
export const FAULTS = {
  'reserved-bit-set': (sheet) => {
    const { writer, random } = sheet;
    const open = random.once(3);
    if (open) openMessage(sheet, 'binary', 1);
    const at = writer.length;
    const opcode = random.once(3) ? random.pick(CONTROLS) : open ? 0 : random.pick(DATA);
    writer.byte(FIN | (random.between(1, 7) << 4) | opcode);
    anyRest(sheet);
    return at;
  },
  'opcode-reserved': (sheet) => {
    const { writer, random } = sheet;
    const at = writer.length;
    writer.byte(random.pick([0, FIN]) | random.pick(RESERVED));
    anyRest(sheet);
    return at;
  },
  'control-fragmented': (sheet) => {
    const { writer, random } = sheet;
    const at = writer.length;
    writer.byte(random.pick(CONTROLS));
    anyRest(sheet);
    return at;
  },
  'continuation-unexpected': (sheet) => {
    const { writer, random } = sheet;
    const at = writer.length;
    writer.byte(random.pick([0, FIN]));
    anyRest(sheet);
    return at;
  },
  'message-interleaved': (sheet) => {
    const { writer, random } = sheet;
    openMessage(sheet, random.pick(['text', 'binary']), random.between(1, 2));
    const at = writer.length;
    writer.byte(random.pick([0, FIN]) | random.pick(DATA));
    anyRest(sheet);
    return at;
  },
  'fragments-too-many': (sheet, { maxFragments }) => {
    const { writer, random } = sheet;
    openMessage(sheet, random.pick(['text', 'binary']), maxFragments);
    const at = writer.length;
    writer.byte(random.pick([0, FIN]));
    anyRest(sheet);
    return at;
  },
  'mask-missing': (sheet) => {
    const { writer, random } = sheet;
    const at = writer.length;
    writer.byte(FIN | random.pick([...DATA, ...CONTROLS]));
    writer.byte(random.below(128));
    return at;
  },
  'mask-unexpected': (sheet) => {
    const { writer, random } = sheet;
    const at = writer.length;
    writer.byte(FIN | random.pick([...DATA, ...CONTROLS]));
    writer.byte(0x80 | random.below(128));
    return at;
  },
  'control-too-long': (sheet) => {
    const { writer, random, masked } = sheet;
    const at = writer.length;
    writeHead(writer, FIN | random.pick(CONTROLS), random.pick([126, 127, 200, 65536]), masked);
    return at;
  },
  'length-not-minimal': (sheet) => {
    const { writer, random, masked } = sheet;
    const at = writer.length;
    const size = random.pick([2, 8] as const);
    const lengths = size === 2 ? [0, 1, 125] : [0, 125, 126, 300, 65535];
    writeHead(writer, FIN | random.pick(DATA), random.pick(lengths), masked, size);
    return at;
  },
  'length-top-bit-set': (sheet) => {
    const { writer, random, masked } = sheet;
    const at = writer.length;
    writer.byte(FIN | random.pick(DATA));
    writer.byte((masked ? 0x80 : 0) | 127);
    writer.number(0x80000000 + random.pick([0, 1, 0x7fffffff]), 4);
    writer.number(random.pick([0, 5, 65536, 0xffffffff]), 4);
    return at;
  },
  'frame-too-long': (sheet, { maxFrameLength }) => {
    const { writer, random, masked } = sheet;
    const at = writer.length;
    const length = random.pick([maxFrameLength + 1, maxFrameLength * 2, 0xffff_ffff, 2 ** 32, 2 ** 53]);
    writeHead(writer, FIN | random.pick(DATA), length, masked);
    return at;
  },
  'message-too-long': (sheet, { maxFrameLength, maxMessageLength }) => {
    const { writer, random, masked } = sheet;
    let room = maxMessageLength;
    for (let index = 0; room > maxFrameLength; index++) {
      frame(sheet, index === 0 ? OPCODE.binary : 0, octets(random, maxFrameLength));
      room -= maxFrameLength;
    }
    const lacks = random.pick([0, 1, 10]);
    frame(sheet, room === maxMessageLength ? OPCODE.binary : 0, octets(random, Math.max(0, room - lacks)));
    const at = writer.length;
    writeHead(writer, random.pick([0, FIN]), Math.min(room, lacks) + 1, masked);
    return at;
  },
  'text-not-utf8': (sheet) => {
    const before = sheet.writer.length;
    return before + badText(sheet);
  },
  'close-code-truncated': (sheet) => {
    frame(sheet, FIN | OPCODE.close, octets(sheet.random, 1));
    return undefined;
  },
  'close-code-invalid': (sheet) => {
    const { random } = sheet;
    frame(sheet, FIN | OPCODE.close, closePayload(random.pick(UNSENDABLE), text(random, random.below(20))));
    return undefined;
  },
  'close-reason-not-utf8': (sheet) => {
    const { random } = sheet;
    frame(sheet, FIN | OPCODE.close, closePayload(random.pick([1000, 1001, 3000, 4999]), badReason(sheet)));
    return undefined;
  },
} satisfies Record<string, Fault>;

/** A rule that {@link FAULTS} breaks. */
export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];
