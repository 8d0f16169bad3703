import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeKey, RequestHeadParser } from '../src/index.js';

/** Bytes of another realm: no instance of this one's `Uint8Array` (ECMA-262 §9.3). */
function elsewhere(expression: string): Uint8Array {
  return runInNewContext(expression);
}

describe('bytes of another realm', () => {
  it('are a nonce (§4.1)', () => {
    expect(encodeKey(elsewhere('new Uint8Array(16).fill(255)'))).toBe('/////////////////////w==');
  });

  it('are the pieces of a head', () => {
    const head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\nrest';
    const codes = Array.from(head, (char) => char.charCodeAt(0));
    const parser = new RequestHeadParser();
    expect(parser.push(elsewhere(`new Uint8Array([${codes.slice(0, 20)}])`))).toBe(undefined);
    const parsed = parser.push(elsewhere(`new Uint8Array([${codes.slice(20)}])`));
    expect(String.fromCharCode(...(parsed?.rest ?? []))).toBe('rest');
  });

  it.each(['new Uint16Array(16)', 'new ArrayBuffer(16)', 'Object.create(Uint8Array.prototype)'])(
    'are not %s',
    (expression) => {
      expect(() => encodeKey(elsewhere(expression))).toThrow(TypeError);
      expect(() => new RequestHeadParser().push(elsewhere(expression))).toThrow(TypeError);
    },
  );
});
