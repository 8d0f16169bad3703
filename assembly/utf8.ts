// RFC 6455 §8.1, RFC 3629 §4: is this UTF-8? Resumable: a text may be cut anywhere.
//
// The state between two bytes is 0 between characters; inside one it holds how many bytes are still needed and the
// range of the next: needed | lowest << 8 | highest << 16. −1 says that no byte can mend it.

import { VIOLATION_AT } from '../packages/frame-codec/src/kernel/memory-map';

const ANY_NEEDED: i32 = (0x80 << 8) | (0xbf << 16);

/** One byte further, straight from the table of RFC 3629 §4. */
function step(state: i32, byte: i32): i32 {
  if (state != 0) {
    if (byte < ((state >> 8) & 0xff) || byte > ((state >> 16) & 0xff)) return -1;
    const needed = (state & 0xff) - 1;
    return needed == 0 ? 0 : needed | ANY_NEEDED;
  }
  if (byte < 0x80) return 0;
  if (byte < 0xc2) return -1;
  if (byte < 0xe0) return 1 | ANY_NEEDED;
  if (byte == 0xe0) return 2 | (0xa0 << 8) | (0xbf << 16);
  if (byte == 0xed) return 2 | (0x80 << 8) | (0x9f << 16);
  if (byte < 0xf0) return 2 | ANY_NEEDED;
  if (byte == 0xf0) return 3 | (0x90 << 8) | (0xbf << 16);
  if (byte < 0xf4) return 3 | ANY_NEEDED;
  if (byte == 0xf4) return 3 | (0x80 << 8) | (0x8f << 16);
  return -1;
}

/** Byte by byte; the position of the byte at fault is left in the register for it. */
function walk(position: i32, end: i32, state: i32): i32 {
  while (position < end) {
    state = step(state, load<u8>(position));
    if (state < 0) {
      store<i32>(VIOLATION_AT << 2, position);
      return -1;
    }
    position++;
  }
  return state;
}

/** Where a character that the end cuts begins; the end itself where none is cut. */
function cutFrom(position: i32, end: i32): i32 {
  for (let back = 1; back <= 3 && end - back >= position; back++) {
    const byte = <i32>load<u8>(end - back);
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      return needed > back ? end - back : end;
    }
  }
  return end;
}

// The lookup algorithm of Keiser and Lemire (2021): every fault shows in a byte and the one before it. Three tables,
// by high and low half of the byte before and by high half of the byte, have one bit a fault; a bit in all three is
// that fault. What is left, the third and fourth byte of a character, is compared on its own.
// @ts-ignore: decorators are AssemblyScript's
@inline const TOO_SHORT: u8 = 1 << 0; // a lead, and no continuation behind it
// @ts-ignore
@inline const TOO_LONG: u8 = 1 << 1; // a continuation behind ASCII
// @ts-ignore
@inline const OVERLONG_3: u8 = 1 << 2; // E0 below A0
// @ts-ignore
@inline const TOO_LARGE: u8 = 1 << 3; // above U+10FFFF
// @ts-ignore
@inline const SURROGATE: u8 = 1 << 4; // ED above 9F
// @ts-ignore
@inline const OVERLONG_2: u8 = 1 << 5; // C0, C1
// @ts-ignore
@inline const OVERLONG_4: u8 = 1 << 6; // F0 below 90; also F5 and up with 8x
// @ts-ignore
@inline const TWO_CONTINUATIONS: u8 = 1 << 7; // right only as third or fourth byte
// @ts-ignore
@inline const ALWAYS: u8 = 1 | 2 | 128; // faults that do not hang on the low half

// @ts-ignore
@inline
function faults(bytes: v128, before: v128): v128 {
  const low = i8x16.splat(0x0f);
  const previous1 = v128.shuffle<u8>(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const previous2 = v128.shuffle<u8>(before, bytes, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const previous3 = v128.shuffle<u8>(before, bytes, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  const byHigh = v128.swizzle(
    i8x16(
      TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
      TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS,
      TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | OVERLONG_4,
    ),
    v128.and(i16x8.shr_u(previous1, 4), low),
  );
  const byLow = v128.swizzle(
    i8x16(
      ALWAYS | OVERLONG_2 | OVERLONG_3 | OVERLONG_4, ALWAYS | OVERLONG_2, ALWAYS, ALWAYS, ALWAYS | TOO_LARGE,
      ALWAYS | TOO_LARGE | OVERLONG_4, ALWAYS | TOO_LARGE | OVERLONG_4, ALWAYS | TOO_LARGE | OVERLONG_4,
      ALWAYS | TOO_LARGE | OVERLONG_4, ALWAYS | TOO_LARGE | OVERLONG_4, ALWAYS | TOO_LARGE | OVERLONG_4,
      ALWAYS | TOO_LARGE | OVERLONG_4, ALWAYS | TOO_LARGE | OVERLONG_4,
      ALWAYS | TOO_LARGE | OVERLONG_4 | SURROGATE, ALWAYS | TOO_LARGE | OVERLONG_4, ALWAYS | TOO_LARGE | OVERLONG_4,
    ),
    v128.and(previous1, low),
  );
  const byNext = v128.swizzle(
    i8x16(
      TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
      TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | OVERLONG_4,
      TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | TOO_LARGE,
      TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE,
      TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE,
      TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
    ),
    v128.and(i16x8.shr_u(bytes, 4), low),
  );
  const special = v128.and(v128.and(byHigh, byLow), byNext);
  // Only a byte two behind an E0…FF, or three behind an F0…FF, reaches 0x80 here.
  const third = i8x16.sub_sat_u(previous2, i8x16.splat(0x60));
  const fourth = i8x16.sub_sat_u(previous3, i8x16.splat(0x70));
  const expected = v128.and(v128.or(third, fourth), i8x16.splat(<i8>0x80));
  return v128.xor(expected, special);
}

/**
 * Checks the bytes from `position` to `end` in the state `state`; returns the state behind them, or −1 with the
 * position of the byte at fault in its register.
 */
export function validate(position: i32, end: i32, state: i32): i32 {
  const start = position;
  const startState = state;
  // A character that the last piece cut is finished first: three bytes at most.
  while (state != 0 && position < end) {
    state = step(state, load<u8>(position));
    if (state < 0) {
      store<i32>(VIOLATION_AT << 2, position);
      return -1;
    }
    position++;
  }
  if (end - position < 16) return walk(position, end, state);

  const cut = cutFrom(position, end);
  let before = i8x16.splat(0);
  let wrong = i8x16.splat(0);
  while (position + 64 <= cut) {
    const a = v128.load(position);
    const b = v128.load(position, 16);
    const c = v128.load(position, 32);
    const d = v128.load(position, 48);
    if (i8x16.bitmask(v128.or(v128.or(a, b), v128.or(c, d))) == 0) {
      wrong = v128.or(wrong, unfinished(before));
    } else {
      wrong = v128.or(wrong, v128.or(v128.or(faults(a, before), faults(b, a)), v128.or(faults(c, b), faults(d, c))));
    }
    before = d;
    position += 64;
  }
  while (position + 16 <= cut) {
    const a = v128.load(position);
    wrong = v128.or(wrong, faults(a, before));
    before = a;
    position += 16;
  }
  if (position < cut) {
    // The rest, less than a vector: what lies behind the cut counts as ASCII.
    const rest = v128.and(v128.load(position), v128.load(TAIL_MASKS + 16 - (cut - position)));
    wrong = v128.or(wrong, faults(rest, before));
  } else {
    // What lies behind the cut begins a character: the one before must have ended.
    wrong = v128.or(wrong, unfinished(before));
  }
  if (v128.any_true(wrong)) return walk(start, end, startState);
  return cut == end ? 0 : walk(cut, end, 0);
}

/** Nonzero where the last three bytes begin a character that needs more of them than there are. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function unfinished(bytes: v128): v128 {
  return i8x16.sub_sat_u(bytes, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, <i8>0xef, <i8>0xdf, <i8>0xbf));
}

/** 16 bytes of ones, then 16 of zeros: loaded at 16 − n, a mask of the first n bytes of a vector. */
export const TAIL_MASKS: i32 = <i32>memory.data<u8>([
  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
