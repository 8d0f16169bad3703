import { describe, expect, it } from 'vitest';
import { checkOrigin, type OriginPolicy, originPolicy } from '../src/index.js';

function allows(policy: OriginPolicy, origin: string | undefined, host = 'a.example'): boolean {
  return originPolicy(policy)(origin, { host });
}

describe('originPolicy (§10.2)', () => {
  it.each([
    ['https://example.org', 'https://example.org', true],
    ['https://example.org', 'https://EXAMPLE.org', true],
    ['https://Example.org:443', 'https://example.org', true],
    ['https://example.org', 'http://example.org', false],
    ['https://example.org', 'https://example.org:8443', false],
    ['https://example.org:8443', 'https://example.org:8443', true],
    ['https://example.org', 'https://example.org.evil.test', false],
    ['https://example.org', 'https://evil-example.org', false],
    ['https://example.org', 'https://sub.example.org', false],
    ['https://*.example.org', 'https://sub.example.org', true],
    ['https://*.example.org', 'https://a.b.example.org', true],
    ['https://*.example.org', 'https://example.org', false],
    ['https://*.example.org', 'https://evilexample.org', false],
    ['https://*.example.org', 'https://.example.org', false],
    ['https://*.example.org', 'https://sub.example.org:444', false],
    ['https://*.example.org', 'https://evil.test/.example.org', false],
    ['https://*.example.org', 'https://evil.test#.example.org', false],
    ['https://*.example.org', 'https://evil.test\n.example.org', false],
    ['*.example.org', 'http://a.example.org', true],
    ['*.example.org', 'https://a.example.org', true],
    ['*.example.org', 'ftp://a.example.org', false],
    ['example.org:81', 'http://example.org:81', true],
    ['example.org', 'constructor://example.org', false],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['chrome-extension://abcdef', 'chrome-extension://abcdef', true],
    ['null', 'null', true],
    ['https://example.org', 'null', false],
    ['https://example.org', '', false],
    ['https://example.org', 'https://example.org, https://example.org', false],
    ['https://example.org', 'https://user@example.org', false],
    ['https://example.org', 'https://example.org/', false],
  ])('with %s: %s is let in: %s (§10.2)', (pattern, origin, expected) => {
    expect(allows({ origins: ['https://other.test', pattern] }, origin)).toBe(expected);
  });

  it.each([
    ['http://a.example', 'a.example', true],
    ['https://a.example', 'a.example', true],
    ['https://a.example', 'A.Example:443', true],
    ['http://a.example', 'a.example:443', false],
    ['http://a.example:3000', 'a.example:3000', true],
    ['http://a.example:3000', 'a.example', false],
    ['https://b.example', 'a.example', false],
    ['https://sub.a.example', 'a.example', false],
    ['http://[::1]:3000', '[::1]:3000', true],
    ['null', 'null', false],
    ['', '', false],
  ])('same origin: %s of the host %s is let in: %s (RFC 6454 §5)', (origin, host, expected) => {
    expect(allows({ sameOrigin: true }, origin, host)).toBe(expected);
    expect(allows({}, origin, host)).toBe(false);
  });

  it('lets in requests without the field only when told to (§10.2)', () => {
    expect(allows({ sameOrigin: true }, undefined)).toBe(false);
    expect(allows({ missing: true }, undefined)).toBe(true);
    expect(allows({ missing: true }, 'http://b')).toBe(false);
  });

  it.each([
    '',
    '*',
    'https://',
    'https://*',
    'https://a/',
    'https://a.*',
    'https://*a',
    '*.*.a',
    'a b',
    'https://a:x',
  ])('throws TypeError for the pattern %j', (pattern) => {
    expect(() => originPolicy({ origins: [pattern] })).toThrow(TypeError);
  });
});

describe('checkOrigin (§10.2)', () => {
  const check = originPolicy({ origins: ['https://example.org'] });

  it('refuses what the policy does not name, before anything is agreed on', () => {
    expect(checkOrigin({ origin: 'https://example.org', host: 'a' }, check)).toBeUndefined();
    expect(checkOrigin({ origin: 'https://example.com', host: 'a' }, check)).toMatchObject({
      ok: false,
      status: 403,
      violation: 'origin-not-allowed',
    });
    expect(checkOrigin({ origin: undefined, host: 'a' }, check)).toMatchObject({ status: 403 });
  });

  it('takes no promise for yes', () => {
    const later = async (): Promise<boolean> => false;
    expect(() => Reflect.apply(checkOrigin, undefined, [{ origin: 'https://a', host: 'a' }, later])).toThrow(
      TypeError,
    );
  });
});
