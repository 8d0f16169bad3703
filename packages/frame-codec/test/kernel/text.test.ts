import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { KERNELS } from '../support/kernels.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** `text.ts` as it is in this runtime, and as it is where there is no Buffer. */
async function load(withBuffer: boolean): Promise<typeof import('../../src/kernel/text.js')> {
  vi.resetModules();
  if (!withBuffer) vi.stubGlobal('Buffer', undefined);
  try {
    return await import('../../src/kernel/text.js');
  } finally {
    vi.unstubAllGlobals();
  }
}

const SAMPLES: readonly [string, string][] = [
  ['', ''],
  ['Hello', '48 65 6c 6c 6f'],
  ['a\0\x7f', '61 00 7f'],
  ['é\u0080ÿ', 'c3 a9 c2 80 c3 bf'],
  ['é€😀', 'c3 a9 e2 82 ac f0 9f 98 80'],
  ['\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}', 'c2 80 df bf e0 a0 80 ef bf bf f0 90 80 80 f4 8f bf bf'],
  ['\ufeffa\ufeff', 'ef bb bf 61 ef bb bf'],
];

describe.each([
  ['with the Buffer of the runtime, if it has one', true],
  ['without Buffer', false],
])('text %s', (_, withBuffer) => {
  it('comes out of UTF-8 as it is, byte order mark included (§5.6)', async () => {
    const { decodeText } = await load(withBuffer);
    for (const [text, bytes] of SAMPLES) {
      const around = concat(hex('ff ff ff'), hex(bytes), hex('ff'));
      expect(decodeText(around, 3, around.length - 1, false)).toBe(text);
    }
  });

  it('comes out of ASCII as it is, of every length from 0 to 300', async () => {
    const { decodeText } = await load(withBuffer);
    const bytes = pattern(310).map((byte) => byte & 0x7f);
    for (let length = 0; length <= 300; length++) {
      const expected = String.fromCharCode(...bytes.subarray(5, 5 + length));
      if (decodeText(bytes, 5, 5 + length, true) !== expected) expect.unreachable(`${length} bytes`);
    }
  });

  it('goes into UTF-8, with U+FFFD for lone surrogates (§8.1)', async () => {
    const { encodeText, encodeTextInto, maxUtf8Length } = await load(withBuffer);
    const lone: [string, string][] = [
      ['\ud800', 'ef bf bd'],
      ['\udfff\ud83d', 'ef bf bd ef bf bd'],
      ['a\ud83d\ud83d\ude00b', '61 ef bf bd f0 9f 98 80 62'],
    ];
    for (const [text, expected] of [...SAMPLES, ...lone]) {
      expect(toHex(encodeText(text))).toBe(expected);
      const target = new Uint8Array(maxUtf8Length(text) + 9).fill(0xee);
      const length = encodeTextInto(text, target, 4);
      expect(toHex(target.subarray(4, 4 + length))).toBe(expected);
      expect(toHex(target.subarray(0, 4))).toBe('ee ee ee ee');
      expect(toHex(target.subarray(4 + maxUtf8Length(text)))).toBe('ee ee ee ee ee');
    }
  });

  it('goes into UTF-8 at any place, of any length, and comes back (property)', async () => {
    const { decodeText, encodeTextInto, maxUtf8Length } = await load(withBuffer);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(20), (text, at) => {
        const target = new Uint8Array(at + maxUtf8Length(text));
        const length = encodeTextInto(text, target, at);
        expect(toHex(target.subarray(at, at + length))).toBe(toHex(new TextEncoder().encode(text)));
        expect(decodeText(target, at, at + length, false)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});

describe('cutLength', () => {
  it('counts the bytes of a character that the end cuts', async () => {
    const { cutLength } = await load(true);
    const cases: [string, number][] = [
      ['', 0],
      ['61', 0],
      ['c3 a9', 0],
      ['61 c3', 1],
      ['61 e2', 1],
      ['61 e2 82', 2],
      ['e2 82 ac', 0],
      ['f0', 1],
      ['f0 9f', 2],
      ['f0 9f 98', 3],
      ['f0 9f 98 80', 0],
      ['c3 a9 61', 0],
    ];
    for (const [bytes, expected] of cases) {
      expect(cutLength(hex(bytes), 0, hex(bytes).length), bytes).toBe(expected);
      const around = concat(hex('e2 82'), hex(bytes), hex('ac'));
      expect(cutLength(around, 2, around.length - 1), bytes).toBe(expected);
    }
  });
});

describe.each(KERNELS)('Utf8Checker ($kind)', ({ kernel: loadKernel }) => {
  it('checks piece by piece, longer than the scratch too, and says whether all was ASCII', async () => {
    const { Utf8Checker } = await load(true);
    const checker = new Utf8Checker(loadKernel());
    expect(checker.complete).toBe(true);
    expect(checker.check(hex('61 62'))).toBe(true);
    expect(checker.ascii).toBe(true);
    const long = new TextEncoder().encode('€'.repeat(70_000));
    expect(checker.check(long)).toBe(true);
    expect(checker.ascii).toBe(false);
    expect(checker.complete).toBe(true);
    expect(checker.check(long.subarray(0, 65_536 * 2 + 2))).toBe(true);
    expect(checker.complete).toBe(false);
    expect(checker.check(long.subarray(65_536 * 2 + 2))).toBe(true);
    expect(checker.complete).toBe(true);
    expect(checker.check(new Uint8Array(200_000).fill(0x61))).toBe(true);
    expect(checker.ascii).toBe(true);
  });

  it('says no to a byte at fault, wherever the pieces are cut', async () => {
    const { Utf8Checker } = await load(true);
    const text = hex('61 e2 82 ac ed a0 80');
    for (let at = 0; at <= text.length; at++) {
      const checker = new Utf8Checker(loadKernel());
      expect(checker.check(text.subarray(0, at)) && checker.check(text.subarray(at))).toBe(false);
    }
    const late = new Uint8Array(70_000).fill(0x61);
    late[69_999] = 0xff;
    expect(new Utf8Checker(loadKernel()).check(late)).toBe(false);
  });
});
