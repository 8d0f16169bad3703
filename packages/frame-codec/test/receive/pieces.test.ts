import { describe, expect, it } from 'vitest';
import { BytePool } from '../../src/memory/byte-pool.js';
import { GrowingBytes } from '../../src/receive/growing-bytes.js';
import { PIECE_LENGTH, Pieces } from '../../src/receive/pieces.js';
import { concat, pattern } from '../support/hex.js';

/** What a message is put together from. */
class Parts {
  readonly pool: BytePool;
  readonly bytes: GrowingBytes;
  readonly pieces: Pieces;
  /** all memory that was ever in use */
  readonly memories: Set<Uint8Array<ArrayBuffer>> = new Set();

  constructor(poison: boolean) {
    this.pool = new BytePool(poison);
    this.bytes = new GrowingBytes(this.pool);
    this.pieces = new Pieces(this.pool);
  }

  /** Appends blocks, those of a piece in one. */
  append(blocks: readonly Uint8Array[]): void {
    for (const block of blocks) {
      if (this.bytes.length >= PIECE_LENGTH) this.pieces.add(this.bytes);
      this.bytes.append(block, 0, block.length);
      this.memories.add(this.bytes.memory.bytes);
    }
  }
}

const BLOCKS = Array.from({ length: 40 }, (_, index) => pattern(65_536, index));

describe.each([
  ['plain', false],
  ['poisoned', true],
])('Pieces (%s)', (_, poison) => {
  it.each([
    ['by less than a piece', BLOCKS, 300_000],
    ['by more', BLOCKS, 100 * PIECE_LENGTH],
    ['of odd lengths', Array.from({ length: 23 }, (_, index) => pattern(97_531 + index, index)), 65_537],
    [
      'of more than a piece',
      [pattern(PIECE_LENGTH + 1), pattern(3, 1), pattern(2 * PIECE_LENGTH, 2)],
      999_999,
    ],
  ])('are joined %s to what they were made of, in memory of just its length', (_how, blocks, most) => {
    const parts = new Parts(poison);
    const { bytes, pieces } = parts;
    parts.append(blocks);
    const whole = concat(...blocks);
    pieces.beginJoin(bytes);
    expect(pieces.isJoining).toBe(true);
    let joined = 0;
    while (!pieces.isEmpty) {
      const step = pieces.join(bytes, most);
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThanOrEqual(most);
      joined += step;
    }
    expect(joined).toBe(whole.length);
    expect(bytes.memory.bytes.length).toBe(whole.length);
    expect(Buffer.compare(bytes.view, whole)).toBe(0);
    expect(pieces.capacity).toBe(0);
  });

  it('leave alone what was theirs', () => {
    const parts = new Parts(poison);
    const { bytes, pieces, pool } = parts;
    parts.append(BLOCKS);
    pieces.beginJoin(bytes);
    while (!pieces.isEmpty) pieces.join(bytes, PIECE_LENGTH);
    const others = pool.take(PIECE_LENGTH);
    expect([...parts.memories].some((memory) => memory.buffer === others.buffer)).toBe(true);
    pieces.release();
    expect(pool.isLent(others)).toBe(true);
  });

  it.each([0, 1, 5, 1000])('give back all memory behind %d steps of joining', (steps) => {
    const parts = new Parts(poison);
    const { bytes, pieces, pool, memories } = parts;
    parts.append(BLOCKS);
    expect(pieces.capacity + bytes.capacity).toBe(2.5 * PIECE_LENGTH);
    if (steps > 0) pieces.beginJoin(bytes);
    for (let step = 0; step < steps; step++) pieces.join(bytes, 300_000);
    memories.add(bytes.memory.bytes);
    bytes.release();
    pieces.release();
    expect([...memories].filter((memory) => pool.isLent(memory))).toEqual([]);
    expect([bytes.capacity, pieces.capacity]).toEqual([0, 0]);
  });
});
