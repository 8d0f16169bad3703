import { describe, expect, it } from 'vitest';
import { acceptRequest, type Extension, type ExtensionParameter, type RsvClaims } from '../src/index.js';
import { request } from './example.js';

/** Accepts what has no parameter named `bad`, and says in its config which offer it took. */
function simple(name: string, claims: RsvClaims = {}): Extension<string> {
  return {
    name,
    claims,
    offer: () => [[]],
    accept: (params: readonly ExtensionParameter[]) =>
      params.some(([parameter]) => parameter === 'bad')
        ? undefined
        : { params, config: JSON.stringify(params) },
    verify: () => undefined,
  };
}

function negotiate(header: string | readonly string[], extensions: readonly Extension<string>[]) {
  const answer = acceptRequest(request({ 'Sec-WebSocket-Extensions': header }), { extensions });
  if (!answer.ok) throw new Error(answer.message);
  return answer.extensions.map(({ name, config }) => [name, config]);
}

describe('negotiation of extensions on a server (§9.1)', () => {
  it('takes the first offer of an extension that suits, and falls back to later ones (§9.1)', () => {
    expect(negotiate('a; bad, a; x, a', [simple('a')])).toEqual([['a', '[["x",true]]']]);
    expect(negotiate('a; bad, a; bad', [simple('a')])).toEqual([]);
  });

  it("keeps the client's order, in which the extensions are applied (§9.1)", () => {
    expect(negotiate('b, a', [simple('a'), simple('b')]).map(([name]) => name)).toEqual(['b', 'a']);
  });

  it('reads several fields as one list (§9.1, §11.3.2)', () => {
    expect(negotiate(['b', 'a; x=1'], [simple('a')])).toEqual([['a', '[["x","1"]]']]);
  });

  it('passes over extensions it does not have (§9.1)', () => {
    expect(negotiate('x, y; z=1, constructor, __proto__', [simple('a')])).toEqual([]);
  });

  it('compares names with their case (§9.1)', () => {
    expect(negotiate('A', [simple('a')])).toEqual([]);
  });

  it.each([
    [{ rsv1: true }, { rsv1: true }, 1],
    [{ rsv2: true }, { rsv2: true, rsv3: true }, 1],
    [{ rsv3: true }, { rsv1: true, rsv3: true }, 1],
    [{ rsv1: true }, { rsv2: true }, 2],
    [{}, { rsv1: true }, 2],
    [{ rsv1: true }, { rsv1: false, rsv3: true }, 2],
  ])('uses of the extensions with claims %j and %j at most one a bit (§9.1)', (a, b, count) => {
    const extensions = [simple('a', a), simple('b', b)];
    expect(negotiate('a, b', extensions)).toHaveLength(count);
    expect(negotiate('b, a', extensions)).toHaveLength(count);
    expect(negotiate('b, a', extensions)[0]?.[0]).toBe('b');
  });

  it('leaves a bit to the next extension when the first that claims it was declined (§9.1)', () => {
    const extensions = [simple('a', { rsv1: true }), simple('b', { rsv1: true })];
    expect(negotiate('a; bad, b', extensions)).toEqual([['b', '[]']]);
  });

  it('takes names such as constructor and __proto__ as any other', () => {
    const extensions = [simple('constructor'), simple('__proto__')];
    expect(negotiate('__proto__; constructor=hasOwnProperty, constructor', extensions)).toEqual([
      ['__proto__', '[["constructor","hasOwnProperty"]]'],
      ['constructor', '[]'],
    ]);
  });

  it('throws TypeError when an extension answers with what is no token', () => {
    const wrong = { ...simple('a'), accept: () => ({ params: [['x', 'y\r\nz']] as const, config: '' }) };
    expect(() => negotiate('a', [wrong])).toThrow(TypeError);
  });
});
