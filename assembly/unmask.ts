// RFC 6455 §5.3: masking. The same operation masks and unmasks, in place.

import { TAIL_MASKS } from './utf8';

/** The key, turned so that its first byte fits the byte `count` further on. */
// @ts-ignore: decorators are AssemblyScript's
@inline
export function turn(maskingKey: u32, count: u32): u32 {
  return rotr(maskingKey, (count & 3) << 3);
}

/**
 * Masks `length` bytes at `position` in place. Returns whether any of them is 0x80 or above afterwards: text without
 * one needs no further check. A key of 0 changes nothing and only looks.
 */
export function mask(position: i32, length: i32, maskingKey: u32): bool {
  const key = i32x4.splat(maskingKey);
  let seen = i8x16.splat(0);
  const end = position + length;
  while (position + 64 <= end) {
    const a = v128.xor(v128.load(position), key);
    const b = v128.xor(v128.load(position, 16), key);
    const c = v128.xor(v128.load(position, 32), key);
    const d = v128.xor(v128.load(position, 48), key);
    v128.store(position, a);
    v128.store(position, b, 16);
    v128.store(position, c, 32);
    v128.store(position, d, 48);
    seen = v128.or(seen, v128.or(v128.or(a, b), v128.or(c, d)));
    position += 64;
  }
  while (position + 16 <= end) {
    const a = v128.xor(v128.load(position), key);
    v128.store(position, a);
    seen = v128.or(seen, a);
    position += 16;
  }
  if (position < end) {
    // The last vector reaches over the end: what lies there is stored back as it was.
    const inside = v128.load(TAIL_MASKS + 16 - (end - position));
    const a = v128.xor(v128.load(position), v128.and(key, inside));
    v128.store(position, a);
    seen = v128.or(seen, v128.and(a, inside));
  }
  return i8x16.bitmask(seen) != 0;
}
