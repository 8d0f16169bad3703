import { describe, expect, it } from 'vitest';
import * as map from '../../src/kernel/memory-map.js';

/** What a vector load may pass the end of a region by. */
const VECTOR = 16;
/** The longest that waits in front of the inbox: a control frame but for its last byte. */
const LONGEST_CARRY = 2 + 4 + 125 - 1;

describe('the memory of a kernel', () => {
  it('has registers that do not overlap, before the constants', () => {
    const narrow = [
      ...[map.CONFIG, map.MESSAGE, map.FRAGMENTS, map.UTF8, map.FRAME, map.MASKING_KEY],
      ...[map.MAX_FRAGMENTS, map.CONSUMED, map.VIOLATION, map.VIOLATION_AT],
    ].map((index) => ({ from: index * 4, to: index * 4 + 4 }));
    const wide = [map.REMAINING, map.MESSAGE_LENGTH, map.MAX_FRAME_LENGTH, map.MAX_MESSAGE_LENGTH].map(
      (index) => ({
        from: index * 8,
        to: index * 8 + 8,
      }),
    );
    const all = [...narrow, ...wide].sort((a, b) => a.from - b.from);
    expect(all).toHaveLength(14);
    for (const [index, { to }] of all.entries()) {
      expect(to).toBeLessThanOrEqual(all[index + 1]?.from ?? map.CONSTANTS);
    }
  });

  it('has regions in order, each with the room that it needs', () => {
    expect(map.CONSTANTS).toBeLessThan(map.RECORDS);
    expect((map.RECORDS_END - map.RECORDS) % map.RECORD_LENGTH).toBe(0);
    expect((map.RECORDS_END - map.RECORDS) / map.RECORD_LENGTH).toBe(512);
    expect(map.INBOX - map.RECORDS_END).toBeGreaterThanOrEqual(LONGEST_CARRY);
    expect(map.SCRATCH - (map.INBOX + map.INBOX_LENGTH)).toBeGreaterThanOrEqual(VECTOR);
    expect(map.MEMORY_LENGTH - (map.SCRATCH + map.SCRATCH_LENGTH)).toBeGreaterThanOrEqual(VECTOR);
  });

  it('has inbox and scratch at multiples of 64, the records at a multiple of 4', () => {
    expect(map.INBOX % 64).toBe(0);
    expect(map.SCRATCH % 64).toBe(0);
    expect(map.RECORDS % 4).toBe(0);
    expect(map.SCRATCH_LENGTH % 4).toBe(0);
  });

  it('is a whole number of pages of WebAssembly', () => {
    expect(map.MEMORY_LENGTH % 65536).toBe(0);
  });

  it('has bits of CONFIG and of a record that do not overlap', () => {
    const config = [
      ...[map.CONFIG_MASKED, map.CONFIG_TEXT],
      ...[map.CONFIG_FIRST_RSV, map.CONFIG_CONTINUATION_RSV, map.CONFIG_TRANSFORMED_RSV].map(
        (shift) => 7 << shift,
      ),
    ];
    const record = [0xff, map.RECORD_FIRST, map.RECORD_LAST, map.RECORD_ASCII];
    for (const bits of [config, record]) {
      expect(bits.reduce((sum, bit) => sum + bit)).toBe(bits.reduce((union, bit) => union | bit));
    }
    // FRAME holds the first byte of a frame beside it.
    expect(map.FRAME_OPEN & 0xff).toBe(0);
  });
});
