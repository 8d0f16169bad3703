import { describe, expect, it } from 'vitest';
import { formatExtensions, parseExtensions } from '../src/index.js';
import { thrown } from './example.js';

describe('Sec-WebSocket-Extensions (§9.1)', () => {
  it.each([
    ['foo', [{ name: 'foo', params: [] }]],
    [
      'foo; bar; baz=2',
      [
        {
          name: 'foo',
          params: [
            ['bar', true],
            ['baz', '2'],
          ],
        },
      ],
    ],
    ['deflate-stream', [{ name: 'deflate-stream', params: [] }]],
    [
      'mux; max-channels=4; flow-control, deflate-stream',
      [
        {
          name: 'mux',
          params: [
            ['max-channels', '4'],
            ['flow-control', true],
          ],
        },
        { name: 'deflate-stream', params: [] },
      ],
    ],
    ['private-extension', [{ name: 'private-extension', params: [] }]],
    [
      'a; b=1; b=2; b',
      [
        {
          name: 'a',
          params: [
            ['b', '1'],
            ['b', '2'],
            ['b', true],
          ],
        },
      ],
    ],
    [
      'a, a; x',
      [
        { name: 'a', params: [] },
        { name: 'a', params: [['x', true]] },
      ],
    ],
    ['a;b="c"', [{ name: 'a', params: [['b', 'c']] }]],
    ['a;b="\\c\\d\\1"', [{ name: 'a', params: [['b', 'cd1']] }]],
    [
      ' a\t; b = c ;d= "e"\t, f ',
      [
        {
          name: 'a',
          params: [
            ['b', 'c'],
            ['d', 'e'],
          ],
        },
        { name: 'f', params: [] },
      ],
    ],
    [
      ',a,,b,',
      [
        { name: 'a', params: [] },
        { name: 'b', params: [] },
      ],
    ],
    [
      '__proto__; constructor=hasOwnProperty; __proto__="toString"',
      [
        {
          name: '__proto__',
          params: [
            ['constructor', 'hasOwnProperty'],
            ['__proto__', 'toString'],
          ],
        },
      ],
    ],
  ])('reads %j (§9.1)', (text, elements) => {
    expect(parseExtensions(text)).toEqual(elements);
  });

  it.each([
    ...[
      '',
      ' ',
      ',',
      ';',
      'a;',
      'a; ',
      'a;;b',
      'a;,b',
      ';a',
      'a b',
      'a=1',
      'a;b c',
      'a; b=',
      'a; b=,c',
      'a; =c',
      'a; b==c',
    ],
    ...[
      'a;b="',
      'a;b="c',
      'a;b="c\\',
      'a;b="c\\"',
      'a;b=""',
      'a;b="c d"',
      'a;b="c,d"',
      'a;b="c\\,d"',
      'a;b="\\""',
      'a;b="c"d',
    ],
    ...[
      '"a"',
      'a;"b"',
      'a;"b"=c',
      'a;b=c=d',
      'a;b="c""d"',
      'a;b="é"',
      'é',
      'a\0',
      'a;b=\x7f',
      'a(b)',
      'a/b',
      'a;b=c/d',
      'a\r\n',
    ],
  ])('refuses %j: not of the grammar; a quoted value too must be a token (§9.1)', (text) => {
    expect(thrown(() => parseExtensions(text))).toBe('extensions-malformed');
  });

  it('says where the grammar is broken', () => {
    expect(() => parseExtensions('abc; d=\x01')).toThrow('at index 7');
  });

  it('refuses more elements and parameters than the limit, 1000 by default (§10.4)', () => {
    const params = Array.from({ length: 999 }, (_, i) => `p${i}`);
    expect(parseExtensions(['a', ...params].join(';'))[0]?.params).toHaveLength(999);
    expect(thrown(() => parseExtensions(['a', ...params, 'x'].join(';')))).toBe('list-too-long');
    expect(thrown(() => parseExtensions('a,b,c', 2))).toBe('list-too-long');
    expect(thrown(() => parseExtensions('a;b;c', 2))).toBe('list-too-long');
  });

  it('is written with its parameters in order (§9.1)', () => {
    expect(
      formatExtensions([
        {
          name: 'a',
          params: [
            ['b', true],
            ['c', '1'],
            ['b', 'x'],
          ],
        },
        { name: 'd', params: [] },
      ]),
    ).toBe('a; b; c=1; b=x, d');
    expect(formatExtensions([])).toBe('');
  });

  it.each([
    [{ name: '', params: [] }],
    [{ name: 'a b', params: [] }],
    [{ name: 'a', params: [['b;', true]] as const }],
    [{ name: 'a', params: [['b', '']] as const }],
    [{ name: 'a', params: [['b', 'c\r\nX: y']] as const }],
  ])('throws TypeError for %j of our own: no tokens (§9.1)', (element) => {
    expect(() => formatExtensions([element])).toThrow(TypeError);
  });
});
