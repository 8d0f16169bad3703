import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isBytes, isUnshared } from '../../src/runtime/bytes.js';
import { toError } from '../../src/runtime/thrown.js';

const BYTES = [
  'new Uint8Array(2)',
  'new (class extends Uint8Array {})(2)',
  'new Uint8Array(new SharedArrayBuffer(2))',
];
const OTHERS = [
  ...['undefined', 'null', '"text"', '7', '[]', '({ length: 1 })', 'new ArrayBuffer(1)', 'new Int8Array(1)'],
  ...['new Uint8ClampedArray(1)', 'new DataView(new ArrayBuffer(1))', 'Object.create(Uint8Array.prototype)'],
  '({ [Symbol.toStringTag]: "Uint8Array" })',
];

/** The same of this realm and of another (ECMA-262 §9.3). */
const REALMS: readonly [realm: string, make: (expression: string) => unknown][] = [
  ['this realm', (expression) => new Function(`return ${expression}`)()],
  ['another realm', (expression) => runInNewContext(`(${expression})`)],
];

describe.each(REALMS)('values of %s', (_realm, make) => {
  it.each(BYTES)('are bytes: %s', (expression) => {
    expect(isBytes(make(expression))).toBe(true);
  });

  it.each(OTHERS)('are no bytes: %s', (expression) => {
    expect(isBytes(make(expression))).toBe(false);
  });

  it('are memory that other threads share, or not', () => {
    expect(isUnshared(make('new ArrayBuffer(1)') as ArrayBufferLike)).toBe(true);
    expect(isUnshared(make('new SharedArrayBuffer(1)') as ArrayBufferLike)).toBe(false);
  });

  it.each(['new Error("no")', 'new TypeError("no")', 'new (class extends Error {})("no")'])(
    'are errors that stay what they are: %s',
    (expression) => {
      const error = make(expression);
      expect(toError(error)).toBe(error);
    },
  );

  it('are errors once they are thrown, whatever they were', () => {
    const error = toError(make('"text"'));
    expect([error.message, error.cause]).toEqual(['text', 'text']);
  });
});
