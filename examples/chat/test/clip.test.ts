import { describe, expect, it } from 'vitest';
import { clip } from '../src/clip.js';

describe('clip', () => {
  it('leaves a text of 50 characters as it is', () => {
    expect(clip('x'.repeat(50))).toBe('x'.repeat(50));
  });

  it('cuts a text of 51 characters to its first 50', () => {
    expect(clip(`${'x'.repeat(50)}y`)).toBe('x'.repeat(50));
  });

  it('gives back the empty text', () => {
    expect(clip('')).toBe('');
  });

  it('counts a surrogate pair as one character', () => {
    expect(clip('😀'.repeat(60))).toBe('😀'.repeat(50));
    expect(clip('😀'.repeat(60))).toHaveLength(100);
  });

  it('keeps a surrogate pair whole when it is the 50th character', () => {
    expect(clip(`${'x'.repeat(49)}\u{1F600}y`)).toBe(`${'x'.repeat(49)}\u{1F600}`);
  });

  it('leaves out a surrogate pair whole when it is the 51st character', () => {
    expect(clip(`${'x'.repeat(50)}\u{1F600}`)).toBe('x'.repeat(50));
  });

  it('counts each code point of an emoji that is made of several', () => {
    // A family: four people (U+1F468 U+1F469 U+1F467 U+1F466) and three joiners (U+200D) between them.
    expect(clip('\u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466}', 3)).toBe(
      '\u{1F468}\u200D\u{1F469}',
    );
    // A letter and a combining accent.
    expect(clip('e\u0301', 1)).toBe('e');
  });

  it('counts lone surrogates as one character each, in either order and at either end', () => {
    expect(clip('\uD83D'.repeat(51))).toBe('\uD83D'.repeat(50));
    expect(clip('\uDE00\uD83Dx', 2)).toBe('\uDE00\uD83D');
    expect(clip('x\uD83D', 2)).toBe('x\uD83D');
    expect(clip('\uDE00\uD83D\uDE00x', 2)).toBe('\uDE00\uD83D\uDE00');
  });

  it('does as the iteration of strings does, for every text of four units drawn from all kinds', () => {
    const units = ['a', 'é', '漢', '\uD83D', '\uDE00', '\uFFFF'];
    let texts = [''];
    for (let length = 0; length < 4; length++)
      texts = texts.flatMap((text) => units.map((unit) => text + unit));
    for (const text of texts) {
      for (const limit of [0, 1, 2, 3, 4]) expect(clip(text, limit)).toBe([...text].slice(0, limit).join(''));
    }
  });
});
