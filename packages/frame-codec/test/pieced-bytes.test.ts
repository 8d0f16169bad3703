import { describe, expect, it } from 'vitest';
import { BytePool } from '../src/byte-pool.js';
import { PiecedBytes } from '../src/pieced-bytes.js';
import { concat, pattern } from './hex.js';

const MIB = 1024 * 1024;
const BLOCK = pattern(65_536);

describe.each([
  ['plain', false],
  ['poisoned', true],
])('PiecedBytes (%s)', (_, poison) => {
  /** Appends blocks, joins them by `step`, and gives what there is then. */
  function joined(blocks: readonly Uint8Array[], step: number): { bytes: PiecedBytes; steps: number[] } {
    const bytes = new PiecedBytes(new BytePool(poison));
    for (const block of blocks) bytes.append(concat(pattern(5), block), 5, block.length);
    const steps: number[] = [];
    while (!bytes.isJoined) steps.push(bytes.join(step));
    return { bytes, steps };
  }

  it.each([
    ['in blocks of 64 KiB', Array.from({ length: 40 }, (_, index) => pattern(65_536, index)), 300_000],
    [
      'in blocks of odd lengths',
      Array.from({ length: 23 }, (_, index) => pattern(97_531 + index, index)),
      65_537,
    ],
    ['in blocks longer than a piece', [pattern(3 * MIB), pattern(MIB + 1, 1), pattern(2 * MIB, 2)], MIB],
    ['joined at once', Array.from({ length: 40 }, (_, index) => pattern(65_536, index)), 100 * MIB],
  ])('holds what was appended %s, in memory of just its length', (_how, blocks, step) => {
    const whole = concat(...blocks);
    const { bytes, steps } = joined(blocks, step);
    expect(Math.max(...steps)).toBeLessThanOrEqual(step);
    expect(steps.reduce((sum, joined) => sum + joined, 0)).toBe(whole.length);
    expect(bytes.length).toBe(whole.length);
    expect(bytes.memory.bytes.length).toBe(whole.length);
    expect(Buffer.compare(bytes.view, whole)).toBe(0);
    expect(bytes.capacity).toBe(whole.length);
  });

  it('is joined as it is up to 1 MiB', () => {
    const { bytes, steps } = joined([pattern(MIB - 1), pattern(1)], 1);
    expect(steps).toEqual([]);
    expect(bytes.length).toBe(MIB);
  });

  it('never copies what is in a piece before it is joined', () => {
    const pool = new BytePool(poison);
    const bytes = new PiecedBytes(pool);
    const seen = new Set<ArrayBuffer>();
    for (let count = 0; count < 10 * 16; count++) {
      bytes.append(BLOCK, 0, BLOCK.length);
      seen.add(bytes.memory.buffer);
    }
    // The first grows to 1 MiB by doubling, the other nine are taken whole.
    expect(seen.size).toBe(5 + 9);
    expect(bytes.capacity).toBe(10 * MIB);
  });

  it('gives back all memory, joined, half joined or not at all', () => {
    for (const joins of [0, 1, 5, 1000]) {
      const pool = new BytePool(poison);
      const bytes = new PiecedBytes(pool);
      const memories = new Set<Uint8Array<ArrayBuffer>>();
      for (let count = 0; count < 5 * 16; count++) {
        bytes.append(BLOCK, 0, BLOCK.length);
        memories.add(bytes.memory.bytes);
      }
      for (let count = 0; count < joins && !bytes.isJoined; count++) bytes.join(MIB / 2);
      memories.add(bytes.memory.bytes);
      bytes.release();
      expect([...memories].filter((memory) => pool.isLent(memory))).toEqual([]);
      expect(bytes.capacity).toBe(0);
    }
  });
});
