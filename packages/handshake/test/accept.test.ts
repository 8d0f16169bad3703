import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptValue, createRequest, encodeKey } from '../src/index.js';
import { ACCEPT, KEY, NONCE } from './example.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

describe('key and accept value', () => {
  it('encodes 16 bytes as a key (§4.1)', () => {
    expect(encodeKey(NONCE)).toBe(KEY);
    expect(encodeKey(new Uint8Array(16).fill(255))).toBe('/////////////////////w==');
  });

  it.each([0, 15, 17, 32])('throws RangeError for a nonce of %d bytes (§4.1)', (length) => {
    expect(() => encodeKey(new Uint8Array(length))).toThrow(RangeError);
  });

  it.each([
    ['a text', '0123456789abcdef'],
    ['an array', new Array(16).fill(1)],
    ['of 16-bit numbers', new Uint16Array(16)],
    ['a buffer without a view', new ArrayBuffer(16)],
    ['missing', undefined],
  ])('throws TypeError for a nonce that is %s (§4.1)', (_, nonce) => {
    expect(() => Reflect.apply(encodeKey, undefined, [nonce])).toThrow(TypeError);
    expect(() => Reflect.apply(createRequest, undefined, ['ws://a/', { nonce }])).toThrow(TypeError);
  });

  it('answers the key of §1.3 with the value of §1.3 (§4.2.2)', () => {
    expect(acceptValue(KEY)).toBe(ACCEPT);
  });

  it('hashes with the SHA-1 of the runtime where it is given one (§4.2.2)', () => {
    const texts: string[] = [];
    const sha1 = (text: string) => {
      texts.push(text);
      return createHash('sha1').update(text).digest('base64');
    };
    expect(acceptValue(KEY, sha1)).toBe(ACCEPT);
    expect(texts).toEqual([KEY + GUID]);
  });

  it('throws TypeError for what is no key', () => {
    expect(() => acceptValue('short')).toThrow(TypeError);
  });

  it('agrees with another implementation of SHA-1 on any key, in any order (§4.2.2)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (nonce) => {
        const key = Buffer.from(nonce).toString('base64');
        expect(encodeKey(nonce)).toBe(key);
        const value = acceptValue(key);
        expect(value).toBe(
          createHash('sha1')
            .update(key + GUID)
            .digest('base64'),
        );
      }),
      { numRuns: 500 },
    );
  });
});
