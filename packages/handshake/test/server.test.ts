import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  acceptOffer,
  acceptRequest,
  type Extension,
  formatExtensions,
  headerPairs,
  type OriginCheck,
  permessageDeflate,
  readRequest,
} from '../src/index.js';
import { broken, KEY, request } from './example.js';

describe('reading a request (§4.2.1)', () => {
  it('reads what the request asks for (§4.2.1)', () => {
    const changes = {
      Origin: 'http://example.com',
      'Sec-WebSocket-Protocol': 'chat, superchat',
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    };
    expect(readRequest(request(changes))).toEqual({
      ok: true,
      key: KEY,
      host: 'server.example.com',
      url: '/chat',
      origin: 'http://example.com',
      subprotocols: ['chat', 'superchat'],
      extensions: [{ name: 'permessage-deflate', params: [['client_max_window_bits', true]] }],
    });
  });

  it.each(['POST', 'get', 'HEAD', 'CONNECT', '', undefined])(
    'refuses with 405 when the method is %j, not GET (§4.2.1)',
    (method) => {
      const refusal = readRequest(request({}, { method }));
      expect(refusal).toMatchObject({
        ok: false,
        status: 405,
        violation: 'method-not-get',
        section: '4.2.1',
      });
      expect(!refusal.ok && headerPairs(refusal.rawHeaders)).toContainEqual(['Allow', 'GET']);
    },
  );

  it.each(['1.0', '0.9', '1', '', '1.1.1', '11.1'])('refuses HTTP version %j (§4.2.1)', (httpVersion) => {
    expect(readRequest(request({}, { httpVersion }))).toMatchObject({
      status: 400,
      violation: 'http-version',
    });
  });

  it.each(['1.1', '1.2', '2.0', undefined])('takes HTTP version %j (§4.2.1)', (httpVersion) => {
    expect(readRequest(request({}, { httpVersion })).ok).toBe(true);
  });

  it.each(['chat', '*', '', 'ftp://a/', '#a', '/a b', '/\u00e9', 'http://', 'http:///a', '//a\n'])(
    'refuses the request target %j (§4.2.1)',
    (url) => {
      expect(readRequest(request({}, { url }))).toMatchObject({ status: 400, violation: 'request-target' });
    },
  );

  it.each(['/', '/chat?a=b', '//x', 'http://server.example.com/chat', 'HTTPS://a:1/?q', undefined])(
    'takes the request target %j, a path or an http or https URI (§4.2.1)',
    (url) => {
      expect(readRequest(request({}, { url })).ok).toBe(true);
    },
  );

  it('refuses a request without Host (§4.2.1)', () => {
    expect(readRequest(request({ Host: undefined }))).toMatchObject({
      status: 400,
      violation: 'host-missing',
    });
  });

  it('refuses a request with two Hosts, equal or not (RFC 9112 §3.2)', () => {
    expect(readRequest(request({ Host: ['a', 'b'] }))).toMatchObject({
      status: 400,
      violation: 'host-repeated',
    });
    expect(broken(readRequest(request({ Host: ['a', 'a'] })))).toBe('host-repeated');
  });

  it.each(['', 'a, b', 'a b', 'a/b', 'user@a', 'a:x', 'a:123456', '[::1', 'a:1:2', '[gg]', 'ä'])(
    'refuses the Host %j (RFC 9112 §3.2)',
    (Host) => {
      expect(readRequest(request({ Host }))).toMatchObject({ status: 400, violation: 'host-malformed' });
    },
  );

  it.each(['a', 'a.example:8080', '127.0.0.1', '[::1]', '[::1]:80', 'a_b', 'a:', '%41'])(
    'takes the Host %j (§4.2.1)',
    (Host) => {
      expect(readRequest(request({ Host }))).toMatchObject({ ok: true, host: Host });
    },
  );

  it.each([undefined, '', 'h2c', 'websockets', 'websocket/13', 'web socket', '\u212a'.padStart(9, 'websoc')])(
    'refuses with 426 a request whose Upgrade is %j (§4.2.1, RFC 9110 §15.5.22)',
    (Upgrade) => {
      const refusal = readRequest(request({ Upgrade }));
      expect(refusal).toMatchObject({ status: 426, violation: 'upgrade-not-websocket' });
      expect(!refusal.ok && headerPairs(refusal.rawHeaders)).toContainEqual(['Upgrade', 'websocket']);
    },
  );

  it.each(['websocket', 'WebSocket', 'WEBSOCKET', 'h2c, websocket', ' , websocket\t,x'])(
    'finds websocket in the Upgrade %j (§4.2.1)',
    (Upgrade) => {
      expect(readRequest(request({ Upgrade })).ok).toBe(true);
    },
  );

  it.each([undefined, '', 'close', 'keep-alive', 'Upgrades', 'Upgrade keep-alive'])(
    'refuses a request whose Connection is %j (§4.2.1)',
    (Connection) => {
      expect(readRequest(request({ Connection }))).toMatchObject({
        status: 400,
        violation: 'connection-not-upgrade',
      });
    },
  );

  it.each(['Upgrade', 'upgrade', 'keep-alive, Upgrade', 'UPGRADE,close'])(
    'finds the token Upgrade in the Connection %j (§4.2.1)',
    (Connection) => {
      expect(readRequest(request({ Connection })).ok).toBe(true);
    },
  );

  it('reads Upgrade and Connection split over several fields as one list (RFC 9110 §5.3)', () => {
    const changes = { Upgrade: ['h2c', 'websocket'], Connection: ['keep-alive', 'Upgrade'] };
    expect(readRequest(request(changes)).ok).toBe(true);
  });

  it('refuses a request without Sec-WebSocket-Key (§4.2.1)', () => {
    const refusal = readRequest(request({ 'Sec-WebSocket-Key': undefined }));
    expect(refusal).toMatchObject({ status: 400, violation: 'key-missing' });
  });

  it('refuses a request with two Sec-WebSocket-Keys (§11.3.1)', () => {
    const refusal = readRequest(request({ 'Sec-WebSocket-Key': [KEY, KEY] }));
    expect(refusal).toMatchObject({ status: 400, violation: 'key-repeated' });
  });

  it.each([
    ['', 'empty'],
    ['dGhlIHNhbXBsZSBub25jZQ', 'without padding'],
    ['dGhlIHNhbXBsZSBub25jZ===', '15 bytes and a third sign'],
    ['dGhlIHNhbXBsZSBub25jZSE=', '17 bytes'],
    ['dGhlIHNhbXBsZSBub25j', '15 bytes'],
    ['dGhlIHNhbXBsZSBub25_ZQ==', 'of the URL alphabet'],
    ['dGhlIHNhbXBsZSBub2 jZQ==', 'with a space'],
    ['dGhlIHNhbXBsZSBub2\u0142jZQ==', 'not ASCII'],
    [`${KEY}, ${KEY}`, 'two joined by a proxy'],
  ])('refuses the Sec-WebSocket-Key %j: %s (§4.2.1)', (key) => {
    const refusal = readRequest(request({ 'Sec-WebSocket-Key': key }));
    expect(refusal).toMatchObject({ status: 400, violation: 'key-malformed' });
  });

  it('takes a key of any 16 bytes (§4.2.1)', () => {
    for (const key of ['AAAAAAAAAAAAAAAAAAAAAA==', '/////////////////////w==', '+/+/+/+/+/+/+/+/+/+/+g==']) {
      expect(readRequest(request({ 'Sec-WebSocket-Key': key }))).toMatchObject({ ok: true, key });
    }
  });

  it('refuses a request without Sec-WebSocket-Version and names the version understood (§4.2.1, §4.4)', () => {
    const refusal = readRequest(request({ 'Sec-WebSocket-Version': undefined }));
    expect(refusal).toMatchObject({ status: 400, violation: 'version-missing' });
    expect(!refusal.ok && headerPairs(refusal.rawHeaders)).toContainEqual(['Sec-WebSocket-Version', '13']);
  });

  it.each(['8', '14', '0', '', '013', '13.0', '+13', '13, 8', 'thirteen'])(
    'refuses version %j with 426 and names the version understood (§4.2.2, §4.4)',
    (version) => {
      const refusal = readRequest(request({ 'Sec-WebSocket-Version': version }));
      expect(refusal).toMatchObject({ ok: false, status: 426, violation: 'version-unsupported' });
      expect(!refusal.ok && headerPairs(refusal.rawHeaders)).toContainEqual(['Sec-WebSocket-Version', '13']);
      expect(!refusal.ok && headerPairs(refusal.rawHeaders)).toContainEqual(['Upgrade', 'websocket']);
    },
  );

  it('refuses a request with two Sec-WebSocket-Versions (§11.3.5)', () => {
    const refusal = readRequest(request({ 'Sec-WebSocket-Version': ['13', '13'] }));
    expect(refusal).toMatchObject({ status: 400, violation: 'version-repeated' });
  });

  it('refuses a request with two Origins (RFC 6454 §7.3)', () => {
    expect(broken(readRequest(request({ Origin: ['http://a', 'http://b'] })))).toBe('origin-repeated');
  });

  it('takes a request without Origin: it comes from no browser (§4.2.1)', () => {
    expect(readRequest(request())).toMatchObject({ ok: true, origin: undefined });
  });

  it('takes a request with fields it does not know (§4.2.1)', () => {
    expect(readRequest(request({ 'X-Unknown': '1', Cookie: 'a=b', __proto__x: 'y' })).ok).toBe(true);
  });

  it('refuses a handshake with a body, whose bytes would be taken for frames (RFC 9112 §11.2)', () => {
    expect(broken(readRequest(request({ 'Content-Length': '5' })))).toBe('body-announced');
    expect(broken(readRequest(request({ 'Content-Length': ['0', '0'] })))).toBe('body-announced');
    expect(broken(readRequest(request({ 'Transfer-Encoding': 'chunked' })))).toBe('body-announced');
    expect(readRequest(request({ 'Content-Length': '0' })).ok).toBe(true);
  });

  it('refuses subprotocols and extensions that break their grammar (§4.3, §9.1)', () => {
    expect(broken(readRequest(request({ 'Sec-WebSocket-Protocol': 'a b' })))).toBe('subprotocols-malformed');
    expect(broken(readRequest(request({ 'Sec-WebSocket-Extensions': 'a; b="' })))).toBe(
      'extensions-malformed',
    );
  });

  it('reads the same from rawHeaders, from an object, from web Headers, from a Map and from pairs', () => {
    const { rawHeaders = [], ...line } = request({ Origin: 'http://a' });
    const pairs = headerPairs(rawHeaders);
    const expected = readRequest({ ...line, rawHeaders });
    expect(expected.ok).toBe(true);
    for (const headers of [
      rawHeaders,
      pairs,
      new Map(pairs),
      new Headers(pairs.map(([n, v]) => [n, v])),
      Object.fromEntries(pairs),
    ]) {
      expect(readRequest({ ...line, headers })).toEqual(expected);
    }
    const lower = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), [value]]));
    expect(readRequest({ ...line, headers: lower })).toEqual(expected);
  });

  it('refuses a request without any fields', () => {
    expect(broken(readRequest({ method: 'GET' }))).toBe('host-missing');
  });

  it('bounds the elements of its lists, and lets the bound be set (§10.4)', () => {
    const changes = { 'Sec-WebSocket-Protocol': 'a, b, c' };
    expect(readRequest(request(changes), { limits: { listElements: 3 } }).ok).toBe(true);
    expect(readRequest(request(changes), { limits: { listElements: 2 } })).toMatchObject({
      status: 431,
      violation: 'list-too-long',
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'throws RangeError for the limit %d',
    (listElements) => {
      expect(() => readRequest(request(), { limits: { listElements } })).toThrow(RangeError);
    },
  );
});

describe('answering a request (§4.2.2)', () => {
  it('answers the example of §1.2 with a 101, Upgrade, Connection and the accept value (§4.2.2)', () => {
    const answer = acceptRequest(request({ 'Sec-WebSocket-Protocol': 'chat, superchat' }), {
      subprotocols: ['chat'],
    });
    expect(answer.ok && answer.head).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
        'Sec-WebSocket-Protocol: chat\r\n\r\n',
    );
  });

  it("chooses the server's first subprotocol that was offered (§4.2.2)", () => {
    const offered = { 'Sec-WebSocket-Protocol': ['a', 'b, c'] };
    expect(acceptRequest(request(offered), { subprotocols: ['x', 'c', 'a'] })).toMatchObject({
      subprotocol: 'c',
    });
  });

  it('sends no Sec-WebSocket-Protocol when none fits (§4.2.2)', () => {
    for (const [offered, subprotocols] of [
      ['a', ['b']],
      ['a', ['A']],
      ['a', undefined],
      [undefined, ['a']],
    ] as const) {
      const answer = acceptRequest(request({ 'Sec-WebSocket-Protocol': offered }), { subprotocols });
      expect(answer).toMatchObject({ ok: true, subprotocol: undefined });
      expect(answer.ok && answer.head).not.toContain('Protocol:');
    }
  });

  it('lets a function choose of what was offered, or nothing (§4.2.2)', () => {
    const offer = request({ 'Sec-WebSocket-Protocol': 'a, b' });
    expect(acceptRequest(offer, { subprotocols: (offered) => offered.at(-1) })).toMatchObject({
      subprotocol: 'b',
    });
    expect(acceptRequest(offer, { subprotocols: () => undefined })).toMatchObject({ subprotocol: undefined });
    expect(() => acceptRequest(offer, { subprotocols: () => 'c' })).toThrow(TypeError);
  });

  it('does not ask the function when nothing was offered: an answer would not be derived from the request (§4.2.2)', () => {
    const choose = (): string => {
      throw new Error('asked');
    };
    expect(acceptRequest(request(), { subprotocols: choose }).ok).toBe(true);
  });

  it('names only extensions that were offered and accepted (§4.2.2, §9.1)', () => {
    const offer = request({ 'Sec-WebSocket-Extensions': 'x-unknown, permessage-deflate' });
    const answer = acceptRequest(offer, { extensions: [permessageDeflate()] });
    expect(answer.ok && formatExtensions(answer.extensions)).toBe('permessage-deflate');
    expect(answer.ok && answer.head).toContain('\r\nSec-WebSocket-Extensions: permessage-deflate\r\n');
    const none = acceptRequest(offer);
    expect(none.ok && none.head).not.toContain('Extensions');
  });

  it('refuses an origin that the check does not let in with 403 (§4.2.2, §10.2)', () => {
    const offer = request({ Origin: 'http://evil.example' });
    const check = (origin: string | undefined) => origin === 'http://good.example';
    expect(acceptRequest(offer, { origin: check })).toMatchObject({
      status: 403,
      violation: 'origin-not-allowed',
    });
    expect(acceptRequest(request(), { origin: check })).toMatchObject({ status: 403 });
    expect(acceptRequest(request({ Origin: 'http://good.example' }), { origin: check }).ok).toBe(true);
  });

  it('takes no promise of an origin check for yes (§10.2)', () => {
    const check: unknown = async () => false;
    expect(() => acceptRequest(request(), { origin: check as OriginCheck })).toThrow(TypeError);
  });

  it('lets every origin in when there is no check (§10.2)', () => {
    expect(acceptRequest(request({ Origin: 'http://evil.example' })).ok).toBe(true);
  });

  it('sends further fields along, repeated ones too', () => {
    const headers = [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=\xe9'],
    ] as const;
    const answer = acceptRequest(request(), { headers });
    expect(answer.ok && answer.head.endsWith('\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\xe9\r\n\r\n')).toBe(true);
    expect(answer.ok && answer.rawHeaders.slice(-4)).toEqual(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=\xe9']);
  });

  it.each([
    ['X', 'a\r\nY: b'],
    ['X', 'a\nb'],
    ['X', 'a\rb'],
    ['X', 'a\0'],
    ['X', '\u0100'],
    ['X\r\nY', 'a'],
    ['X Y', 'a'],
    ['', 'a'],
    ['X:', 'a'],
    [':status', '200'],
    ['Upgrade', 'h2c'],
    ['connection', 'close'],
    ['Sec-WebSocket-Accept', 'x'],
    ['SEC-WEBSOCKET-PROTOCOL', 'x'],
    ['sec-websocket-extensions', 'x'],
    ['Content-Length', '1'],
    ['Transfer-Encoding', 'chunked'],
  ])('throws TypeError for the further field %j: %j', (name, value) => {
    expect(() => acceptRequest(request(), { headers: { [name]: value } })).toThrow(TypeError);
  });

  it('answers in two steps, so that somebody else may be asked in between', () => {
    const offer = readRequest(request());
    if (!offer.ok) throw new Error(offer.message);
    expect(acceptOffer(offer)).toEqual(acceptRequest(request()));
  });

  it('takes an IncomingMessage as it is, and gives the types of the extensions', () => {
    const extension: Extension<{ level: number }> = {
      name: 'x-level',
      claims: {},
      offer: () => [[]],
      accept: () => ({ params: [], config: { level: 3 } }),
      verify: () => undefined,
    };
    const accept = (message: IncomingMessage): number | undefined => {
      const answer = acceptRequest(message, { extensions: [extension] });
      return answer.ok ? answer.extensions[0]?.config.level : undefined;
    };
    expect(accept).toBeTypeOf('function');
    const answer = acceptRequest(request({ 'Sec-WebSocket-Extensions': 'x-level' }), {
      extensions: [extension],
    });
    expect(answer.ok && answer.extensions[0]?.config.level).toBe(3);
  });
});
