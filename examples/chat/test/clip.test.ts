import { describe, expect, it } from 'vitest';
import { clip, lengthOf } from '../src/clip.js';

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

  it('counts an emoji that is made of several, and a letter with its accents, as one character (UAX #29)', () => {
    // A family: three people (U+1F468 U+1F469 U+1F467) and two joiners (U+200D) between them; a flag; a skin tone.
    const family = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}';
    for (const character of [family, '\u{1F1E8}\u{1F1ED}', '\u{1F44B}\u{1F3FD}', 'e\u0301\u0323', '\r\n']) {
      expect(lengthOf(character)).toBe(1);
      expect(clip(character.repeat(60))).toBe(character.repeat(50));
      expect(clip(`${'x'.repeat(49)}${character}y`)).toBe(`${'x'.repeat(49)}${character}`);
      expect(clip(`${'x'.repeat(50)}${character}`)).toBe('x'.repeat(50));
    }
  });

  it('takes a lone surrogate for the U+FFFD as which a WebSocket sends it, in either order and at either end', () => {
    expect(clip('\uD83D'.repeat(51))).toBe('\uFFFD'.repeat(50));
    expect(clip('\uDE00\uD83Dx', 2)).toBe('\uFFFD\uFFFD');
    expect(clip('x\uD83D', 2)).toBe('x\uFFFD');
    expect(clip('\uDE00\uD83D\uDE00x', 2)).toBe('\uFFFD\uD83D\uDE00');
  });

  it('gives a whole number of characters, for every text of four units drawn from all kinds', () => {
    const units = ['a', 'é', '漢', '\u0301', '\u200D', '\uD83D', '\uDE00', '\uFFFF'];
    let texts = [''];
    for (let length = 0; length < 4; length++) {
      texts = texts.flatMap((text) => units.map((unit) => text + unit));
    }
    const sent = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text));
    for (const text of texts) {
      const length = lengthOf(text);
      expect(clip(text)).toBe(sent(text));
      for (let limit = 0; limit <= length; limit++) {
        const beginning = clip(text, limit);
        expect(lengthOf(beginning)).toBe(limit);
        expect(sent(text).startsWith(beginning)).toBe(true);
        // Server and page agree: what is cut once is not cut again.
        expect(clip(beginning, limit)).toBe(beginning);
      }
    }
  });
});
