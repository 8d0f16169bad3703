import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ZlibEngine } from '../../src/compression/zlib-engine.js';

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const TEXT = Buffer.from('never odd or even, '.repeat(20_000));
const NOISE = Buffer.from(
  Uint8Array.from({ length: 300_000 }, (_, i) => Math.imul(i + 7, 2654435761) >>> 24),
);

function inflateAll(engine: ZlibEngine, data: Uint8Array, windowBits = 15): { plain: Buffer; used: number } {
  const blocks: Buffer[] = [];
  const used = engine.inflater(windowBits).inflate(data, (block) => blocks.push(Buffer.from(block)) > 0);
  return { plain: Buffer.concat(blocks), used };
}

describe.each([
  ['the handle of node:zlib', true],
  ['minizlib', false],
])('an engine on %s', (_name, direct) => {
  const engine = new ZlibEngine({}, {}, direct);

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.from('x')],
    ['text', TEXT],
    ['noise', NOISE],
  ])('deflates %s up to a flush that others inflate', (_what, data) => {
    const deflated = engine.deflater(15).deflate(data);
    expect(Buffer.from(deflated.subarray(-4)).equals(TAIL)).toBe(true);
    expect(inflateRawSync(Buffer.concat([deflated, Buffer.from([0x03, 0x00])])).equals(data)).toBe(true);
  });

  it('refers to what it deflated before, until it is reset', () => {
    const deflater = engine.deflater(15);
    const first = deflater.deflate(NOISE.subarray(0, 1000));
    const second = deflater.deflate(NOISE.subarray(0, 1000));
    expect(second.length).toBeLessThan(50);
    deflater.reset();
    const third = deflater.deflate(NOISE.subarray(0, 1000));
    expect(third.length).toBe(first.length);
    const inflated = inflateAll(engine, Buffer.concat([first, second]));
    expect(inflated.plain.equals(Buffer.concat([NOISE.subarray(0, 1000), NOISE.subarray(0, 1000)]))).toBe(
      true,
    );
    deflater.close();
  });

  it('inflates in pieces', () => {
    const data = deflateRawSync(TEXT, { finishFlush: 2 });
    const inflater = engine.inflater(15);
    const blocks: Buffer[] = [];
    for (let at = 0; at < data.length; at += 7) {
      const piece = data.subarray(at, at + 7);
      expect(inflater.inflate(piece, (block) => blocks.push(Buffer.from(block)) > 0)).toBe(piece.length);
    }
    expect(Buffer.concat(blocks).equals(TEXT)).toBe(true);
    inflater.close();
  });

  it('stops behind a final block, and goes on when it is reset (RFC 7692 §7.2.3.4)', () => {
    const data = Buffer.concat([deflateRawSync('one'), deflateRawSync('two')]);
    const inflater = engine.inflater(15);
    const blocks: string[] = [];
    const used = inflater.inflate(data, (block) => blocks.push(Buffer.from(block).toString()) > 0);
    expect(used).toBe(deflateRawSync('one').length);
    inflater.reset();
    inflater.inflate(data.subarray(used), (block) => blocks.push(Buffer.from(block).toString()) > 0);
    expect(blocks).toEqual(['one', 'two']);
  });

  it('throws for what is no DEFLATE stream', () => {
    expect(() => inflateAll(engine, Buffer.from([0xff, 0xff, 0xff, 0xff]))).toThrow();
  });

  it('hands what emit throws through, before much is inflated', () => {
    const bomb = deflateRawSync(Buffer.alloc(64 << 20));
    let seen = 0;
    expect(() =>
      engine.inflater(15).inflate(bomb, (block) => {
        seen += block.length;
        throw new Error('enough');
      }),
    ).toThrow('enough');
    expect(seen).toBeLessThan(10 << 20);
  });

  it('stops where emit says so, and goes on from there to the last byte', () => {
    const plain = Buffer.alloc(16 << 20, 'abc');
    const bomb = deflateRawSync(plain);
    const inflater = engine.inflater(15);
    const blocks: Buffer[] = [];
    let calls = 0;
    for (let at = 0; at < bomb.length; calls++) {
      let inflated = 0;
      at += inflater.inflate(bomb.subarray(at), (block) => {
        blocks.push(Buffer.from(block));
        inflated += block.length;
        return inflated < 1 << 20;
      });
      expect(inflated).toBeLessThan(4 << 20);
    }
    expect(calls).toBeGreaterThanOrEqual(direct ? 16 : 6);
    expect(Buffer.concat(blocks).equals(plain)).toBe(true);
    inflater.close();
  });

  it('may be used from inside emit', () => {
    const outer = deflateRawSync('outer', { finishFlush: 2 });
    const inner = deflateRawSync('inner', { finishFlush: 2 });
    const seen: string[] = [];
    engine.inflater(15).inflate(outer, (block) => {
      engine.inflater(15).inflate(inner, (nested) => seen.push(Buffer.from(nested).toString()) > 0);
      engine.deflater(15).deflate(NOISE);
      return seen.push(Buffer.from(block).toString()) > 0;
    });
    expect(seen).toEqual(['inner', 'outer']);
  });

  it('may be closed from inside emit', () => {
    const inflater = engine.inflater(15);
    const data = deflateRawSync(TEXT, { finishFlush: 2 });
    let seen = 0;
    try {
      inflater.inflate(data, (block) => {
        seen += block.length;
        inflater.close();
        return true;
      });
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(seen).toBeGreaterThan(0);
  });

  it.each([8, 9, 12])('keeps within a window of %s bits', (windowBits) => {
    const deflated = engine.deflater(windowBits).deflate(TEXT);
    // zlib's own inflate takes 8 bits, and fails where a match reaches further back.
    const { plain } = inflateAll(engine, deflated, windowBits);
    expect(plain.equals(TEXT)).toBe(true);
  });
});
