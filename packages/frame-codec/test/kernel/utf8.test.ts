import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.js';
import { SCRATCH, VIOLATION_AT } from '../../src/kernel/memory-map.js';
import { utf8Step } from '../../src/kernel/utf8.js';
import { toHex } from '../support/hex.js';
import { KERNELS } from '../support/kernels.js';

/*
 * UTF-8 (§8.1, RFC 3629) against the runtime's TextDecoder with `fatal`. It decodes a stream byte by byte, so it says
 * at which byte no continuation can mend the text any more.
 */

/** A verdict: the index of the byte at fault, or one of these. */
const WHOLE = 101;
const CUT = 102;

function verdictOf(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let index = 0; index < bytes.length; index++) {
    try {
      decoder.decode(bytes.subarray(index, index + 1), { stream: true });
    } catch {
      return index;
    }
  }
  try {
    decoder.decode();
    return WHOLE;
  } catch {
    return CUT;
  }
}

/** What a kernel says of the bytes from `start` to `end`, as a verdict. */
function judge(kernel: Kernel, start: number, end: number, state = 0): number {
  const after = kernel.validate(start, end, state);
  if (after === -1) return (kernel.words[VIOLATION_AT] ?? 0) - start;
  return after === 0 ? WHOLE : CUT;
}

/** A verdict about bytes that stand `by` further on. */
function shifted(verdict: number, by: number): number {
  return verdict >= WHOLE ? verdict : verdict + by;
}

/** Verdicts for all sequences of one, two and three bytes, by their value as a big-endian number. */
function allVerdicts(): [Uint8Array, Uint8Array, Uint8Array] {
  const one = new Uint8Array(2 ** 8);
  const two = new Uint8Array(2 ** 16);
  const three = new Uint8Array(2 ** 24);
  for (let a = 0; a < 256; a++) {
    one[a] = verdictOf(Uint8Array.of(a));
  }
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) {
      const ab = (a << 8) | b;
      const before = one[a] ?? 0;
      // Behind a fault nothing changes; behind a whole character text begins anew.
      if (before === WHOLE) two[ab] = shifted(one[b] ?? 0, 1);
      else two[ab] = before === CUT ? verdictOf(Uint8Array.of(a, b)) : before;
    }
  }
  for (let ab = 0; ab < 2 ** 16; ab++) {
    const a = ab >> 8;
    const before = two[ab] ?? 0;
    for (let c = 0; c < 256; c++) {
      const abc = (ab << 8) | c;
      if (one[a] === WHOLE) three[abc] = shifted(two[abc & 0xffff] ?? 0, 1);
      else if (before === WHOLE) three[abc] = shifted(one[c] ?? 0, 2);
      else three[abc] = before === CUT ? verdictOf(Uint8Array.of(a, ab, c)) : before;
    }
  }
  return [one, two, three];
}

const [ONE, TWO, THREE] = allVerdicts();

/** One byte of each kind that RFC 3629 §4 tells apart, and the bounds of each kind. */
const BOUNDS: readonly number[] = [
  ...[0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf],
  ...[0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff],
];

/** Those that a character may begin with, or that look like it. */
const LEADS: readonly number[] = [
  0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

/** Every sequence of one of {@link LEADS} and three of {@link BOUNDS}, with its verdict. */
const FOURS: readonly { bytes: readonly [number, number, number, number]; verdict: number }[] = LEADS.flatMap(
  (a) =>
    BOUNDS.flatMap((b) =>
      BOUNDS.flatMap((c) => {
        const three = THREE[(a << 16) | (b << 8) | c] ?? 0;
        return BOUNDS.map((d) => {
          const bytes = [a, b, c, d] as const;
          if (three < WHOLE) return { bytes, verdict: three };
          if (three === WHOLE) return { bytes, verdict: shifted(ONE[d] ?? 0, 3) };
          return { bytes, verdict: verdictOf(Uint8Array.from(bytes)) };
        });
      }),
    ),
);

const LENGTH = 80;

describe('the verdicts of TextDecoder', () => {
  it('are those of RFC 3629 §4', () => {
    expect(ONE.filter((verdict) => verdict === WHOLE)).toHaveLength(128);
    expect(ONE.filter((verdict) => verdict === CUT)).toHaveLength(0xf4 - 0xc2 + 1);
    expect(TWO[0xc280]).toBe(WHOLE);
    expect(TWO[0xc180]).toBe(0);
    expect(TWO[0xe09f]).toBe(1);
    expect(TWO[0xeda0]).toBe(1);
    expect(TWO[0xf48f]).toBe(CUT);
    expect(TWO[0xf490]).toBe(1);
    expect(THREE[0xe0a080]).toBe(WHOLE);
    expect(THREE[0xe282ff]).toBe(2);
    expect(THREE[0xf09080]).toBe(CUT);
  });
});

describe.each(KERNELS)('validate ($kind)', { timeout: 60_000 }, ({ kernel: load }) => {
  const kernel = load();
  const { bytes } = kernel;

  it('agrees with TextDecoder on every sequence of up to three bytes, alone', () => {
    const wrong: string[] = [];
    for (const [count, verdicts] of [ONE, TWO, THREE].entries()) {
      const end = SCRATCH + count + 1;
      for (let code = 0; code < verdicts.length; code++) {
        bytes[end - 1] = code;
        if (count > 0) bytes[end - 2] = code >> 8;
        if (count > 1) bytes[end - 3] = code >> 16;
        if (judge(kernel, SCRATCH, end) !== verdicts[code]) wrong.push(code.toString(16));
      }
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it('agrees with TextDecoder on every sequence of two bytes and a third of each kind inside a longer text', () => {
    const wrong: string[] = [];
    bytes.fill(0x61, SCRATCH, SCRATCH + LENGTH);
    for (let index = 0; index < 2 ** 16 * BOUNDS.length; index++) {
      const code = ((index & 0xffff) << 8) | (BOUNDS[index >> 16] ?? 0);
      // Each offset modulo 64 meets every class of sequences: 61 is prime to the powers of two.
      const offset = (index * 61 + (index >> 16)) % 64;
      const at = SCRATCH + offset;
      bytes[at] = code >> 16;
      bytes[at + 1] = code >> 8;
      bytes[at + 2] = code;
      // A character that is cut here is at fault where the text goes on.
      const verdict = THREE[code] === CUT ? 3 : (THREE[code] ?? 0);
      if (judge(kernel, SCRATCH, SCRATCH + LENGTH) !== shifted(verdict, offset))
        wrong.push(code.toString(16));
      bytes[at] = bytes[at + 1] = bytes[at + 2] = 0x61;
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it.each([
    ['ASCII', [0x61], [0x7a]],
    ['characters of two bytes', [0xc3, 0xa9], [0xdf, 0xbf]],
    ['characters of three bytes', [0xe2, 0x82, 0xac], [0xed, 0x9f, 0xbf]],
    ['characters of four bytes', [0xf0, 0x9f, 0x98, 0x80], [0xf4, 0x8f, 0xbf, 0xbf]],
  ])(
    'agrees with TextDecoder on the bounds of four bytes at every offset modulo 64, between %s',
    (_, before, behind) => {
      const wrong: string[] = [];
      const text = new Uint8Array(LENGTH + 8);
      for (let offset = 0; offset < 64; offset++) {
        // Whole characters before and behind, ASCII where none fits.
        text.fill(0x20);
        for (let at = offset - before.length; at >= 0; at -= before.length) text.set(before, at);
        for (let at = offset + 4; at + behind.length <= LENGTH; at += behind.length) text.set(behind, at);
        bytes.set(text, SCRATCH);
        const step = before.length === 1 ? 1 : 13;
        for (let index = offset % step; index < FOURS.length; index += step) {
          const four = FOURS[index];
          if (four === undefined) break;
          for (let digit = 0; digit < 4; digit++) bytes[SCRATCH + offset + digit] = four.bytes[digit] ?? 0;
          const verdict = four.verdict === CUT ? 4 : four.verdict;
          if (judge(kernel, SCRATCH, SCRATCH + LENGTH) !== shifted(verdict, offset)) {
            wrong.push(`${toHex(Uint8Array.from(four.bytes))} at ${offset}`);
          }
        }
      }
      expect(wrong.slice(0, 9)).toEqual([]);
    },
  );

  it('agrees with TextDecoder on the bounds of four bytes around the border of two blocks, with ASCII behind', () => {
    const wrong: string[] = [];
    const length = 192;
    bytes.fill(0x61, SCRATCH, SCRATCH + length);
    for (let offset = 58; offset <= 66; offset++) {
      const at = SCRATCH + offset;
      for (const four of FOURS) {
        for (let digit = 0; digit < 4; digit++) bytes[at + digit] = four.bytes[digit] ?? 0;
        const verdict = four.verdict === CUT ? 4 : four.verdict;
        if (judge(kernel, SCRATCH, SCRATCH + length) !== shifted(verdict, offset)) {
          wrong.push(`${toHex(Uint8Array.from(four.bytes))} at ${offset}`);
        }
      }
      bytes.fill(0x61, at, at + 4);
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it('agrees with TextDecoder on the bounds of four bytes at the end of a text, at every offset modulo 64', () => {
    const wrong: string[] = [];
    bytes.fill(0x61, SCRATCH, SCRATCH + LENGTH);
    for (const [index, four] of FOURS.entries()) {
      const at = SCRATCH + (index % 64);
      for (let digit = 0; digit < 4; digit++) bytes[at + digit] = four.bytes[digit] ?? 0;
      // What lies behind the end must not matter.
      bytes[at + 4] = BOUNDS[index % BOUNDS.length] ?? 0;
      if (judge(kernel, SCRATCH, at + 4) !== shifted(four.verdict, index % 64)) {
        wrong.push(`${toHex(Uint8Array.from(four.bytes))} at ${index % 64}`);
      }
      bytes.fill(0x61, at, at + 5);
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it('goes on from every cut with the state before it, to the same verdict', () => {
    const wrong: string[] = [];
    const size = 40;
    bytes.fill(0x61, SCRATCH, SCRATCH + size);
    for (const [index, four] of FOURS.entries()) {
      const offset = index % 32;
      const at = SCRATCH + offset;
      const end = SCRATCH + size;
      for (let digit = 0; digit < 4; digit++) bytes[at + digit] = four.bytes[digit] ?? 0;
      const expected = shifted(four.verdict === CUT ? 4 : four.verdict, offset);
      for (let place = at + 1; place <= at + 4; place++) {
        const state = kernel.validate(SCRATCH, place, 0);
        let verdict = (kernel.words[VIOLATION_AT] ?? 0) - SCRATCH;
        if (state !== -1) {
          const rest = judge(kernel, place, end, state);
          verdict = shifted(rest, place - SCRATCH);
        }
        if (verdict !== expected)
          wrong.push(`${toHex(Uint8Array.from(four.bytes))} at ${offset}, cut at ${place - at}`);
      }
      bytes.fill(0x61, at, at + 4);
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it('comes to the same state byte by byte as in one piece', () => {
    for (const { bytes: four, verdict } of FOURS) {
      if (verdict < WHOLE) continue;
      bytes.set(four, SCRATCH);
      let state = 0;
      for (let at = SCRATCH; at < SCRATCH + 4; at++) state = kernel.validate(at, at + 1, state);
      if (state !== kernel.validate(SCRATCH, SCRATCH + 4, 0))
        expect.unreachable(toHex(Uint8Array.from(four)));
    }
  });

  it('keeps the state over an empty piece', () => {
    bytes.set([0xe2, 0x82], SCRATCH);
    const state = kernel.validate(SCRATCH, SCRATCH + 2, 0);
    expect(state).toBeGreaterThan(0);
    expect(kernel.validate(SCRATCH, SCRATCH, state)).toBe(state);
    expect(kernel.validate(SCRATCH, SCRATCH, 0)).toBe(0);
  });

  it('agrees with TextDecoder on mixed texts, whole, cut anywhere, and with one byte spoilt (property)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.nat(400),
        fc.option(fc.tuple(fc.nat(800), fc.nat(255))),
        fc.nat(63),
        (string, place, spoilt, offset) => {
          const text = new TextEncoder().encode(string);
          if (spoilt !== null && spoilt[0] < text.length) text[spoilt[0]] = spoilt[1];
          const start = SCRATCH + offset;
          bytes.set(text, start);
          const expected = verdictOf(text);
          expect(judge(kernel, start, start + text.length)).toBe(expected);
          const middle = start + Math.min(place, text.length);
          const state = kernel.validate(start, middle, 0);
          if (state === -1) expect((kernel.words[VIOLATION_AT] ?? 0) - start).toBe(expected);
          else
            expect(shifted(judge(kernel, middle, start + text.length, state), middle - start)).toBe(expected);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('utf8Step', () => {
  it('walks from state to state as TextDecoder does, on the bounds of four bytes', () => {
    for (const { bytes, verdict } of FOURS) {
      let state = 0;
      let found = WHOLE;
      for (const [index, byte] of bytes.entries()) {
        state = utf8Step(state, byte);
        if (state < 0) {
          found = index;
          break;
        }
      }
      if (found === WHOLE && state !== 0) found = CUT;
      if (found !== verdict) expect.unreachable(toHex(Uint8Array.from(bytes)));
    }
  });
});
