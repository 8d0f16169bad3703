import { describe, expect, it } from 'vitest';
import { lend, memoryOf } from '../../src/memory/borrowed.js';
import { hex } from '../support/hex.js';

describe('borrowed bytes', () => {
  it('are a view of the memory that lends them', () => {
    const memory = hex('00 01 02 03 04 05');
    const part = lend(memoryOf(memory), 2, 3);
    expect([...part]).toEqual([2, 3, 4]);
    memory[3] = 9;
    expect([...part]).toEqual([2, 9, 4]);
  });
});
