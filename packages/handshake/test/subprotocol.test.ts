import { describe, expect, it } from 'vitest';
import { formatSubprotocols, parseSubprotocols } from '../src/index.js';
import { thrown } from './example.js';

describe('Sec-WebSocket-Protocol', () => {
  it.each([
    ['chat', ['chat']],
    ['chat, superchat', ['chat', 'superchat']],
    ['a,b', ['a', 'b']],
    [' \ta\t ,\t b ', ['a', 'b']],
    ["!#$%&'*+-.^_`|~09azAZ", ["!#$%&'*+-.^_`|~09azAZ"]],
    ['Chat, chat', ['Chat', 'chat']],
    ['a,b,c,d,e,f,g,h,i,j,k', [...'abcdefghijk']],
    ['__proto__, constructor, hasOwnProperty', ['__proto__', 'constructor', 'hasOwnProperty']],
  ])('reads %j (§4.3)', (text, names) => {
    expect(parseSubprotocols(text)).toEqual(names);
  });

  it('skips empty elements, which do not count (§4.3, RFC 2616 §2.1)', () => {
    expect(parseSubprotocols(',a,, ,b,')).toEqual(['a', 'b']);
  });

  it.each([
    '',
    ' ',
    ',',
    ' , ,',
    'a b',
    'a;b',
    '"a"',
    'a/b',
    'a\0',
    'é',
    'a,\u0131',
    'a\r\n',
    '(a)',
    'a,b c',
  ])('refuses %j: no list of tokens (§4.3)', (text) => {
    expect(thrown(() => parseSubprotocols(text))).toBe('subprotocols-malformed');
  });

  it.each(['a,a', 'a, b, a', 'a,b,c,d,e,f,g,h,i,j,a', 'a,b,c,d,e,f,g,h,h', 'constructor,constructor'])(
    'refuses %j: a subprotocol offered twice (§4.1)',
    (text) => {
      expect(thrown(() => parseSubprotocols(text))).toBe('subprotocol-offered-twice');
    },
  );

  it('finds what is offered twice at any place of a list of any length (§4.1)', () => {
    for (const count of [2, 5, 6, 7, 12, 40, 99]) {
      const names = Array.from({ length: count }, (_, index) => `v${index}.example.org`);
      expect(parseSubprotocols(names.join(', '))).toEqual(names);
      for (const [index, name] of names.entries()) {
        const twice = [...names.slice(0, count - index), name, ...names.slice(count - index)];
        expect(thrown(() => parseSubprotocols(twice.join(',')))).toBe('subprotocol-offered-twice');
      }
    }
  });

  it('refuses more elements than the limit, 1000 by default (§10.4)', () => {
    const names = Array.from({ length: 1001 }, (_, i) => `p${i}`);
    expect(parseSubprotocols(names.slice(1).join())).toEqual(names.slice(1));
    expect(thrown(() => parseSubprotocols(names.join()))).toBe('list-too-long');
    expect(thrown(() => parseSubprotocols('a,b', 1))).toBe('list-too-long');
  });

  it('is written with a comma and a space (§4.1)', () => {
    expect(formatSubprotocols(['a', 'b'])).toBe('a, b');
    expect(formatSubprotocols([])).toBe('');
  });

  it.each([[['']], [['a b']], [['a,b']], [['a', 'a']], [['a\n']]])(
    'throws TypeError for %j of our own (§4.1)',
    (names) => {
      expect(() => formatSubprotocols(names)).toThrow(TypeError);
    },
  );
});
