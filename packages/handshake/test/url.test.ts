import { describe, expect, it } from 'vitest';
import { parseWebSocketUrl } from '../src/index.js';

describe('URLs (§3)', () => {
  it.each([
    ['ws://example.com', 'ws://example.com/', false, 'example.com', 80, 'example.com', '/'],
    ['WSS://EXAMPLE.com:443/a?b', 'wss://example.com/a?b', true, 'example.com', 443, 'example.com', '/a?b'],
    ['ws://a:443/', 'ws://a:443/', false, 'a', 443, 'a:443', '/'],
    ['wss://a:80', 'wss://a:80/', true, 'a', 80, 'a:80', '/'],
    ['http://a/x', 'ws://a/x', false, 'a', 80, 'a', '/x'],
    ['https://a', 'wss://a/', true, 'a', 443, 'a', '/'],
    ['https://a:80', 'wss://a:80/', true, 'a', 80, 'a:80', '/'],
    ['ws://[2001:DB8::1]:81/', 'ws://[2001:db8::1]:81/', false, '2001:db8::1', 81, '[2001:db8::1]:81', '/'],
    ['ws://a?x', 'ws://a/?x', false, 'a', 80, 'a', '/?x'],
    ['ws://a/%23', 'ws://a/%23', false, 'a', 80, 'a', '/%23'],
    ['ws://127.1/', 'ws://127.0.0.1/', false, '127.0.0.1', 80, '127.0.0.1', '/'],
  ])('reads %s (§3)', (text, href, secure, host, port, authority, resourceName) => {
    expect(parseWebSocketUrl(text)).toEqual({
      ...{ href, secure, host, port, authority, resourceName },
      ...{ authorization: undefined, socketPath: undefined },
    });
  });

  it('takes a URL object', () => {
    expect(parseWebSocketUrl(new URL('https://a/b'))).toMatchObject({ href: 'wss://a/b', secure: true });
  });

  it('resolves the location of a redirect', () => {
    expect(parseWebSocketUrl('/b?c', 'wss://a:81/x')).toMatchObject({ href: 'wss://a:81/b?c' });
    expect(parseWebSocketUrl('https://c/', 'ws://a/x')).toMatchObject({ href: 'wss://c/' });
  });

  it.each(['ws+unix:a:/ b', 'ws+unix:a:b c'])(
    'throws SyntaxError for the blank in the resource name of %s (§3)',
    (url) => {
      expect(() => parseWebSocketUrl(url)).toThrow(SyntaxError);
    },
  );

  it.each(['ws://a/#b', 'ws://a/#', 'ws://a#', 'https://a/?x#y', 'ws+unix:/x:/y#z'])(
    'throws SyntaxError for the fragment of %s (§3)',
    (text) => {
      expect(() => parseWebSocketUrl(text)).toThrow(SyntaxError);
    },
  );

  it.each([
    '',
    'a',
    '/a',
    'ftp://a/',
    'file:///a',
    'ws:',
    'ws://',
    'ws://a:99999/',
    'ws://a b/',
    'wss://[::1/',
    'javascript:x',
  ])('throws SyntaxError for %j (§3)', (text) => {
    expect(() => parseWebSocketUrl(text)).toThrow(SyntaxError);
  });

  it.each([
    // "test" with U+00A3 in UTF-8: the example of RFC 7617 §2.1.
    ['ws://test:123%C2%A3@a/', 'Basic dGVzdDoxMjPCow=='],
    ['ws://test:123£@a/', 'Basic dGVzdDoxMjPCow=='],
    // "u:" and ":p"
    ['ws://u@a/', 'Basic dTo='],
    ['ws://:p@a/', 'Basic OnA='],
    // "u:%zz%"
    ['ws://u:%zz%@a/', 'Basic dTolenol'],
    // "u:a:b"
    ['ws://u:a%3Ab@a/', 'Basic dTphOmI='],
  ])('makes Basic credentials of the userinfo in %s (RFC 7617 §2)', (text, authorization) => {
    expect(parseWebSocketUrl(text)).toMatchObject({ authorization });
  });

  it('throws SyntaxError for a colon in the user name, which would move into the password (RFC 7617 §2)', () => {
    expect(() => parseWebSocketUrl('ws://a%3Ab:c@host/')).toThrow(SyntaxError);
  });

  it.each([
    ['ws+unix:/run/x.sock', '/run/x.sock', '/'],
    ['ws+unix:///run/x.sock', '/run/x.sock', '/'],
    ['ws+unix:/run/x.sock:/a?b=c:d', '/run/x.sock', '/a?b=c:d'],
    ['ws+unix:/run/x.sock:', '/run/x.sock', '/'],
    ['ws+unix:./x.sock:/a', './x.sock', '/a'],
  ])('reads the path of a socket and the resource in %s', (text, socketPath, resourceName) => {
    expect(parseWebSocketUrl(text)).toMatchObject({
      socketPath,
      resourceName,
      secure: false,
      authority: 'localhost',
    });
  });

  it.each(['ws+unix:', 'ws+unix::/a'])('throws SyntaxError for %s, which has no path of a socket', (text) => {
    expect(() => parseWebSocketUrl(text)).toThrow(SyntaxError);
  });
});
