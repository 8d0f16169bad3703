import { describe, expect, it } from 'vitest';
import { DeflatePool } from '../../src/index.js';
import { hex, toHex } from '../support/hex.js';
import { PakoEngine } from '../support/pako-engine.js';

const HELLO = new TextEncoder().encode('Hello');

describe('DeflatePool', () => {
  it('gives an engine again that came back, as new, and for its own window size only', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine });
    const deflater = pool.takeDeflater(15);
    const alone = toHex(deflater.deflate(HELLO));
    pool.giveDeflater(15, deflater);
    expect(pool.takeDeflater(14) === deflater).toBe(false);
    expect(pool.takeDeflater(15) === deflater).toBe(true);
    expect(toHex(deflater.deflate(HELLO))).toBe(alone);
    const inflater = pool.takeInflater(15);
    inflater.inflate(hex('f2 48'), () => true);
    pool.giveInflater(15, inflater);
    expect(pool.takeInflater(15) === inflater).toBe(true);
    const out: string[] = [];
    inflater.inflate(hex('f2 48 cd c9 c9 07 00'), (block) => out.push(toHex(block)) > 0);
    expect(out).toEqual(['48 65 6c 6c 6f']);
    expect(engine.usage.asked).toEqual(['deflate 15', 'deflate 14', 'inflate 15']);
  });

  it('keeps four of a kind, and closes what comes back beyond', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine });
    const inflaters = Array.from({ length: 6 }, () => pool.takeInflater(15));
    for (const inflater of inflaters) pool.giveInflater(15, inflater);
    expect(engine.usage).toMatchObject({ made: 6, open: 4 });
  });

  it('compresses a whole message without the tail, and gives its engine back (RFC 7692 §7.2.1)', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine });
    expect(toHex(pool.compress(HELLO, 15))).toBe('f2 48 cd c9 c9 07 00');
    expect(toHex(pool.compress(HELLO, 15))).toBe('f2 48 cd c9 c9 07 00');
    expect(toHex(pool.compress(hex(''), 15))).toBe('00');
    expect(engine.usage.made).toBe(1);
  });

  it('closes the engines that nobody holds when it is closed, and can be used on', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine });
    pool.giveDeflater(15, pool.takeDeflater(15));
    pool.giveInflater(9, pool.takeInflater(9));
    const held = pool.takeInflater(15);
    pool.close();
    expect(engine.usage.open).toBe(1);
    held.close();
    expect(toHex(pool.compress(HELLO, 15))).toBe('f2 48 cd c9 c9 07 00');
  });
});
