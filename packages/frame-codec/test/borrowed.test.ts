import { describe, expect, it } from 'vitest';
import { lend, memoryOf } from '../src/borrowed.js';
import { own } from '../src/index.js';
import { hex } from './hex.js';

describe('borrowed bytes', () => {
  it('are a view of the memory that lends them', () => {
    const memory = hex('00 01 02 03 04 05');
    const part = lend(memoryOf(memory), 2, 3);
    expect([...part]).toEqual([2, 3, 4]);
    memory[3] = 9;
    expect([...part]).toEqual([2, 9, 4]);
  });

  it('stay as they are once they are owned', () => {
    const memory = hex('00 01 02 03');
    const owned = own(lend(memoryOf(memory), 1, 2));
    memory.fill(0xdd);
    expect([...owned]).toEqual([1, 2]);
    expect(owned.buffer.byteLength).toBe(2);
  });
});
