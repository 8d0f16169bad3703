import { describe, expect, it } from 'vitest';
import { INBOX, INBOX_LENGTH, RECORDS, SCRATCH, SCRATCH_LENGTH } from '../../src/kernel/memory-map.js';
import { pattern } from '../support/hex.js';
import { KERNELS } from '../support/kernels.js';

const AROUND = 64;
/** As four bytes they are masked with in this order: 01 80 7f ff. */
const KEY = 0xff7f8001 | 0;
const OCTETS = [0x01, 0x80, 0x7f, 0xff];

/** Both operations of every kernel that mask. */
const MASKS = KERNELS.flatMap(({ kind, kernel }) =>
  (['mask', 'maskText'] as const).map((name) => ({ kind, kernel, name })),
);

describe.each(MASKS)('$name ($kind)', ({ kernel: load, name }) => {
  const { bytes, [name]: mask } = load();

  it('masks every length from 0 to 300 at every alignment modulo 16, and no byte outside (§5.3)', () => {
    const wrong: string[] = [];
    const before = pattern(AROUND + 16 + 300 + AROUND, 3);
    for (let alignment = 0; alignment < 16; alignment++) {
      for (let length = 0; length <= 300; length++) {
        bytes.set(before, SCRATCH);
        mask(SCRATCH + AROUND + alignment, length, KEY);
        const from = AROUND + alignment;
        for (let index = 0; index < before.length; index++) {
          const inside = index >= from && index < from + length;
          const octet = inside ? (OCTETS[(index - from) % 4] ?? 0) : 0;
          if (bytes[SCRATCH + index] !== ((before[index] ?? 0) ^ octet)) {
            wrong.push(`${length} bytes at ${alignment}: byte ${index - from}`);
            break;
          }
        }
      }
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it('masks the whole inbox and the whole scratch, up to their last byte', () => {
    for (const [start, length] of [
      [INBOX, INBOX_LENGTH],
      [SCRATCH, SCRATCH_LENGTH],
    ] as const) {
      const constants = bytes.slice(0, RECORDS);
      bytes.fill(0, RECORDS);
      mask(start, length, KEY);
      let wrong = 0;
      for (let index = RECORDS; index < bytes.length; index++) {
        const inside = index >= start && index < start + length;
        if (bytes[index] !== (inside ? OCTETS[(index - start) % 4] : 0)) wrong++;
      }
      expect(wrong).toBe(0);
      expect(bytes.slice(0, RECORDS)).toEqual(constants);
    }
  });

  it('gives the bytes back when it masks twice with one key', () => {
    const text = pattern(1000);
    bytes.set(text, SCRATCH + 5);
    mask(SCRATCH + 5, 1000, 0x12345678);
    expect(bytes.slice(SCRATCH + 5, SCRATCH + 1005)).not.toEqual(text);
    mask(SCRATCH + 5, 1000, 0x12345678);
    expect(bytes.slice(SCRATCH + 5, SCRATCH + 1005)).toEqual(text);
  });

  it('changes nothing with a key of 0', () => {
    const text = pattern(200);
    bytes.set(text, SCRATCH + 3);
    mask(SCRATCH + 3, 200, 0);
    expect(bytes.slice(SCRATCH + 3, SCRATCH + 203)).toEqual(text);
  });
});

describe.each(KERNELS)('maskText ($kind)', ({ kernel: load }) => {
  const { bytes, maskText } = load();

  it('tells whether a byte is 0x80 or above afterwards, wherever it stands, and looks at none outside', () => {
    const wrong: string[] = [];
    for (let alignment = 0; alignment < 16; alignment++) {
      const from = SCRATCH + AROUND + alignment;
      for (let length = 0; length <= 80; length++) {
        // What lies around is high, and must not be seen.
        bytes.fill(0x80, SCRATCH, SCRATCH + 256);
        bytes.fill(0x7f, from, from + length);
        if (maskText(from, length, 0) !== 0) wrong.push(`${length} at ${alignment}: none`);
        for (let index = 0; index < length; index++) {
          bytes[from + index] = 0x80;
          if (maskText(from, length, 0) === 0) wrong.push(`${length} at ${alignment}: byte ${index}`);
          bytes[from + index] = 0x7f;
        }
      }
    }
    expect(wrong.slice(0, 9)).toEqual([]);
  });

  it('speaks of the bytes after masking, not of those before', () => {
    for (let length = 1; length <= 80; length++) {
      bytes.fill(0xff, SCRATCH, SCRATCH + length);
      expect(maskText(SCRATCH, length, 0x80808080 | 0)).toBe(0);
      bytes.fill(0x7f, SCRATCH, SCRATCH + length);
      expect(maskText(SCRATCH, length, 0x80808080 | 0)).not.toBe(0);
    }
  });
});
