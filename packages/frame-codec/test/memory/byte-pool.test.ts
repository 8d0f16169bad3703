import { describe, expect, it } from 'vitest';
import { BytePool } from '../../src/memory/byte-pool.js';

describe('BytePool', () => {
  it('gives memory again that came back', () => {
    const pool = new BytePool(false);
    const bytes = pool.take(5000);
    expect(bytes.length).toBeGreaterThanOrEqual(5000);
    pool.give(bytes);
    expect(pool.take(4000).buffer).toBe(bytes.buffer);
  });

  it('never gives the same memory to two', () => {
    const pool = new BytePool(false);
    const all = Array.from({ length: 30 }, () => pool.take(2000));
    for (const bytes of all) pool.give(bytes);
    // Given back twice, it is there once.
    for (const bytes of all) pool.give(bytes);
    const again = Array.from({ length: 60 }, () => pool.take(2000));
    expect(new Set(again.map(({ buffer }) => buffer)).size).toBe(60);
  });

  it('gives nothing shorter than was asked for, and nothing more than twice as long', () => {
    const pool = new BytePool(false);
    for (const length of [1024, 5000, 20_000, 100_000]) pool.give(pool.take(length));
    for (const length of [1, 1025, 3000, 9000, 30_000, 60_000, 200_000]) {
      const bytes = pool.take(length);
      expect(bytes.length).toBeGreaterThanOrEqual(length);
      expect(bytes.length).toBeLessThanOrEqual(2 * length);
    }
  });

  it('keeps at most 32 MiB of idle memory', () => {
    const pool = new BytePool(false);
    const lent = Array.from({ length: 10 }, () => pool.take(12 * 1024 * 1024));
    const buffers = new Set(lent.map(({ buffer }) => buffer));
    for (const bytes of lent) pool.give(bytes);
    const again = Array.from({ length: 10 }, () => pool.take(12 * 1024 * 1024));
    expect(again.filter(({ buffer }) => buffers.has(buffer))).toHaveLength(2);
  });

  it('gives no more than is allowed, though it has longer memory (§10.4)', () => {
    const pool = new BytePool(false);
    pool.give(pool.take(6000));
    expect(pool.take(4000, 5000).length).toBe(4000);
    expect(pool.take(4000).length).toBe(6000);
  });

  it('leaves memory to who keeps it', () => {
    const pool = new BytePool(true);
    const bytes = pool.take(5000);
    bytes.fill(7);
    expect(pool.isLent(bytes.subarray(3, 5))).toBe(true);
    pool.keep(bytes);
    expect(pool.isLent(bytes)).toBe(false);
    pool.give(bytes);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
    expect(pool.take(5000).buffer).not.toBe(bytes.buffer);
  });

  it('overwrites what came back where it poisons', () => {
    const pool = new BytePool(true);
    const bytes = pool.take(20);
    pool.give(bytes);
    expect(bytes.every((byte) => byte === 0xdd)).toBe(true);
  });

  it('takes back nothing that it did not give', () => {
    const pool = new BytePool(true);
    const foreign = new Uint8Array(5000);
    pool.give(foreign);
    expect(foreign[0]).toBe(0);
    expect(pool.take(5000).buffer).not.toBe(foreign.buffer);
  });
});
