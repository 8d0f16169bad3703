import { describe, expect, it } from 'vitest';
import { checkClose } from '../src/close-argument.js';

describe('what close is called with', () => {
  it('is the reason as text, and none without a code (§5.5.1)', () => {
    expect(checkClose(1000, 'bye')).toBe('bye');
    expect(checkClose(1000, Buffer.from('späße'))).toBe('späße');
    expect(checkClose(1000, undefined)).toBe('');
    expect(checkClose(undefined, 'bye')).toBe('');
  });

  it('may be a reason of 123 bytes, and not of 124 (§5.5)', () => {
    expect(checkClose(1000, 'x'.repeat(123))).toHaveLength(123);
    expect(() => checkClose(1000, 'x'.repeat(124))).toThrow(RangeError);
    expect(() => checkClose(1000, 'ä'.repeat(62))).toThrow(RangeError);
  });

  it.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 4000.5, Number.NaN])(
    'is not the code %s (§7.4)',
    (code) => {
      expect(() => checkClose(code, '')).toThrow(TypeError);
    },
  );

  it('is neither a code as text, nor a reason that is neither text nor bytes', () => {
    expect(() => checkClose('1000' as unknown as number, '')).toThrow(TypeError);
    expect(() => checkClose(1000, 5 as unknown as string)).toThrow(TypeError);
  });
});
