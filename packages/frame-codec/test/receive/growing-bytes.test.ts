import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytePool } from '../../src/memory/byte-pool.js';
import { GrowingBytes } from '../../src/receive/growing-bytes.js';
import { concat, pattern, toHex } from '../support/hex.js';

describe.each([
  ['plain', false],
  ['poisoned', true],
])('GrowingBytes (%s)', (_, poison) => {
  it('holds what was appended, in order, whatever was announced (property)', () => {
    const pool = new BytePool(poison);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3000), fc.option(fc.nat(10_000), { nil: undefined })), { maxLength: 12 }),
        (pieces) => {
          const bytes = new GrowingBytes(pool);
          const parts = pieces.map(([length, announced], index) => {
            const part = pattern(length, index);
            bytes.append(concat(pattern(7), part, pattern(3)), 7, length, announced);
            return part;
          });
          const whole = concat(...parts);
          expect(bytes.length).toBe(whole.length);
          expect(toHex(bytes.view)).toBe(toHex(whole));
          bytes.release();
          expect(bytes.length).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('takes twice as much at most where the end is not known, and 1 KiB at least', () => {
    const bytes = new GrowingBytes(new BytePool(poison));
    bytes.append(pattern(1), 0, 1);
    expect(bytes.memory.bytes.length).toBe(1024);
    for (let length = 257; length < 100_000; length += 256) {
      bytes.append(pattern(256), 0, 256);
      expect(bytes.memory.bytes.length).toBeLessThanOrEqual(Math.max(1024, 2 * length));
    }
  });

  it('fits exactly where the end is known, and believes no announcement before something has come', () => {
    const pool = new BytePool(poison);
    const exact = new GrowingBytes(pool);
    exact.append(pattern(100), 0, 100, 5000);
    expect(exact.memory.bytes.length).toBeLessThanOrEqual(1024);
    exact.append(pattern(4900), 0, 4900, 5000);
    expect(exact.memory.bytes.length).toBe(5000);
    const boasting = new GrowingBytes(pool);
    boasting.append(pattern(10), 0, 10, 2 ** 40);
    expect(boasting.memory.bytes.length).toBeLessThanOrEqual(1024);
    boasting.append(pattern(20_000), 0, 20_000, 2 ** 40);
    expect(boasting.memory.bytes.length).toBeLessThanOrEqual(2 ** 20);
  });

  it('drops bytes from the front, takes them back, and leaves them behind where it grows', () => {
    const bytes = new GrowingBytes(new BytePool(poison));
    bytes.append(pattern(1000), 0, 1000);
    bytes.drop(900);
    expect(bytes.length).toBe(100);
    expect([...bytes.view]).toEqual([...pattern(1000).subarray(900)]);
    bytes.drop(-50);
    expect([...bytes.view]).toEqual([...pattern(1000).subarray(850)]);
    bytes.append(pattern(900), 0, 900);
    expect([...bytes.view]).toEqual([...pattern(1000).subarray(850), ...pattern(900)]);
    expect(bytes.memory.bytes.length).toBeLessThan(1900);
  });

  it('is empty at first, and takes an empty piece', () => {
    const bytes = new GrowingBytes(new BytePool(poison));
    expect(bytes.view).toHaveLength(0);
    bytes.append(pattern(0), 0, 0);
    bytes.append(pattern(0), 0, 0, 0);
    expect(bytes.length).toBe(0);
    bytes.release();
  });
});
