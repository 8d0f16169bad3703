import { Random } from '../arbitraries/random.js';
import { bytesOf } from './case.js';

const WORDS = [
  'the',
  'a',
  'of',
  'frame',
  'message',
  'octet',
  'window',
  'server',
  'client',
  'peer',
  'sends',
  'answers',
  'masks',
  'closes',
  'waits',
  'long',
  'short',
  'empty',
  'each',
  'behind',
  'before',
  'between',
  'again',
  'and',
  'but',
  'not',
] as const;
const SCRIPTS = [
  'žluťoučký',
  'ελληνικά',
  'кириллица',
  'עברית',
  'العربية',
  'हिन्दी',
  '日本語',
  '한국어',
  '🌍🌒',
  'ASCII',
] as const;
/** How far back noise recurs: on both sides of windows of 2^8 to 2^15 bytes. */
const DISTANCES = [100, 240, 300, 500, 700, 1500, 5000, 9000, 20_000, 32_000] as const;
const BLOCK = 50;

/** Text of so many bytes, from pieces; a character that does not fit becomes full stops. */
function textFrom(length: number, next: (index: number) => string): Uint8Array {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let index = 0; total < length; index++) {
    const piece = bytesOf(next(index));
    pieces.push(piece);
    total += piece.length;
  }
  const bytes = new Uint8Array(Buffer.concat(pieces));
  let end = length;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.fill(0x2e, end).subarray(0, length);
}

/** A kind of payload, made to a length; the same seed makes the same payload. */
export interface PayloadKind {
  readonly name: string;
  readonly says: string;
  readonly kind: 'text' | 'binary';
  make(length: number, seed: number): Uint8Array;
}

export const RECURRING: PayloadKind = {
  name: 'recurring',
  says: 'noise that recurs at distances around every window',
  kind: 'binary',
  make(length, seed) {
    const random = new Random(seed + 1);
    const bytes = new Uint8Array(length);
    for (let from = 0; from < length; from += BLOCK) {
      const end = Math.min(length, from + BLOCK);
      const distance = random.pick(DISTANCES);
      const copies = distance <= from && !random.once(3);
      for (let at = from; at < end; at++)
        bytes[at] = copies ? (bytes[at - distance] ?? 0) : random.next() >>> 5;
    }
    return bytes;
  },
};

export const RECORDS: PayloadKind = {
  name: 'records',
  says: 'lines of JSON',
  kind: 'text',
  make(length, seed) {
    const random = new Random(seed + 1);
    return textFrom(
      length,
      (index) =>
        `${JSON.stringify({ id: index, name: random.pick(WORDS), size: random.below(100_000), ok: random.once(2) })}\n`,
    );
  },
};

/** From what compresses well to what does not at all. */
export const PAYLOAD_KINDS: readonly PayloadKind[] = [
  {
    name: 'zeros',
    says: 'zeros',
    kind: 'binary',
    make: (length) => new Uint8Array(length),
  },
  {
    name: 'prose',
    says: 'words',
    kind: 'text',
    make(length, seed) {
      const random = new Random(seed + 1);
      return textFrom(length, () => `${random.pick(WORDS)} `);
    },
  },
  RECORDS,
  {
    name: 'scripts',
    says: 'words in many scripts',
    kind: 'text',
    make(length, seed) {
      const random = new Random(seed + 1);
      return textFrom(length, () => `${random.pick(SCRIPTS)} `);
    },
  },
  {
    name: 'waves',
    says: 'samples of a wave, two bytes each',
    kind: 'binary',
    make: (length, seed) =>
      Uint8Array.from({ length }, (_, at) => {
        const sample = Math.round(8000 * Math.sin((at >> 1) / (20 + seed))) + 32_768;
        return at % 2 === 0 ? sample >> 8 : sample & 0xff;
      }),
  },
  {
    name: 'noise',
    says: 'noise',
    kind: 'binary',
    make(length, seed) {
      const random = new Random(seed + 1);
      return Uint8Array.from({ length }, () => random.next() >>> 5);
    },
  },
];
