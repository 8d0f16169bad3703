import { ByteWriter } from './byte-writer.js';
import type { Random } from './random.js';

/** Both sides of every border in UTF-8 (RFC 3629 §3). */
const CODE_POINTS = [
  0x00, 0x41, 0x7f, 0x80, 0xe9, 0x7ff, 0x800, 0x20ac, 0xfeff, 0xcfff, 0xd000, 0xd7ff, 0xe000, 0xfffd, 0xffff,
  0x10000, 0x1f600, 0x3ffff, 0x40000, 0xfffff, 0x100000, 0x10ffff,
] as const;

/** Lengths on both sides of a border: of the length field, of a vector, of what is masked in one go. */
const LENGTHS = [
  0, 1, 2, 3, 4, 15, 16, 17, 31, 32, 63, 64, 65, 95, 96, 97, 124, 125, 126, 127, 128, 255, 300,
] as const;
const LONG_LENGTHS = [4096, 8191, 8193, 65535, 65536, 65537, 131072] as const;

/** Bytes that are no UTF-8, each wrong in a way of its own. */
const NOT_UTF8: readonly (readonly number[])[] = [
  [0x80],
  [0xbf],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xc3, 0x28],
  [0xc3, 0xc3],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xe2, 0x28, 0xa1],
  [0xe2, 0x82, 0x28],
  [0xe2, 0x82, 0xc0],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf0, 0x9f, 0x28, 0x80],
  [0xf0, 0x9f, 0x98, 0x28],
  [0xf0, 0x9f, 0x98, 0xf0],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf7, 0xbf, 0xbf, 0xbf],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfe],
  [0xff],
];

function writeCodePoint(writer: ByteWriter, code: number): void {
  if (code < 0x80) {
    writer.byte(code);
  } else if (code < 0x800) {
    writer.byte(0xc0 | (code >> 6));
    writer.byte(0x80 | (code & 63));
  } else if (code < 0x10000) {
    writer.byte(0xe0 | (code >> 12));
    writer.byte(0x80 | ((code >> 6) & 63));
    writer.byte(0x80 | (code & 63));
  } else {
    writer.byte(0xf0 | (code >> 18));
    writer.byte(0x80 | ((code >> 12) & 63));
    writer.byte(0x80 | ((code >> 6) & 63));
    writer.byte(0x80 | (code & 63));
  }
}

function anyCodePoint(random: Random): number {
  if (random.once(2)) return random.pick(CODE_POINTS);
  const code = random.below(random.pick([0x80, 0x800, 0x10000, 0x110000]));
  return code >= 0xd800 && code < 0xe000 ? 0xd7ff : code;
}

/** How long a payload is: short, mostly. */
export function anyLength(random: Random): number {
  const dice = random.below(256);
  if (dice === 0) return random.once(6) ? random.pick(LONG_LENGTHS) : random.below(2000);
  if (dice < 24) return random.pick(LENGTHS);
  return random.below(16);
}

const scratch = new ByteWriter();

/** UTF-8 of about `length` bytes: ASCII alone, or with anything in it. */
export function text(random: Random, length: number): Uint8Array<ArrayBuffer> {
  scratch.reset();
  const kind = random.below(4);
  if (kind === 0) {
    while (scratch.length < length) writeCodePoint(scratch, anyCodePoint(random));
  } else {
    // One character here and there, so that vectors of ASCII stand beside others.
    const rare = kind === 1 ? 1 + random.below(40) : 0;
    for (let index = 0; scratch.length < length; index++) {
      if (rare > 0 && index % rare === rare - 1) writeCodePoint(scratch, anyCodePoint(random));
      else scratch.byte(0x20 + (index % 95));
    }
  }
  return scratch.slice();
}

/** Text with one thing in it that is not UTF-8. */
export function nearText(random: Random, length: number): Uint8Array<ArrayBuffer> {
  const before = text(random, random.below(length + 1));
  const behind = text(random, random.below(length + 1));
  scratch.reset();
  scratch.put(before);
  scratch.put(random.pick(NOT_UTF8));
  scratch.put(behind);
  return scratch.slice();
}

/** Of each length, and near the borders of their ranges. */
const CHARACTERS: readonly (readonly number[])[] = [
  ...['é', '\u07ff', '\u0800', '€', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀', '\u{10ffff}'],
].map((character) => [...new TextEncoder().encode(character)]);

/**
 * ASCII with one thing in it that is not UTF-8, or with the beginning of a character, just before or behind the border of
 * a vector.
 */
export function alignedText(random: Random): Uint8Array<ArrayBuffer> {
  const wrong = random.pick(random.once(2) ? NOT_UTF8 : CHARACTERS);
  const part = random.once(3) ? wrong : wrong.slice(0, random.between(1, Math.max(1, wrong.length - 1)));
  // Mostly it ends where the vector does.
  const before = 16 * random.between(1, 12) - (random.once(3) ? random.below(5) : part.length);
  const behind = random.once(3) ? random.below(40) : random.between(64, 140);
  scratch.reset();
  for (let index = 0; index < before; index++) scratch.byte(0x61);
  scratch.put(part);
  for (let index = 0; index < behind; index++) scratch.byte(0x62);
  return scratch.slice();
}

/** Any bytes. */
export function octets(random: Random, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (random.once(3)) return bytes.fill(random.next());
  for (let index = 0; index < length; index++) bytes[index] = random.next() >>> 7;
  return bytes;
}
