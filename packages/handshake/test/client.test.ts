import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  createRequest,
  type Extension,
  type Failure,
  permessageDeflate,
  type RequestOptions,
  verifyResponse,
} from '../src/index.js';
import { ACCEPT, broken, type Changes, KEY, NONCE, response } from './example.js';

const URL_TEXT = 'ws://server.example.com/chat';

function head(url: string, options: Partial<RequestOptions<unknown>> = {}): string {
  return createRequest(url, { nonce: NONCE, ...options }).head;
}

function verify<Config>(changes: Changes, options: Partial<RequestOptions<Config>> = {}) {
  return verifyResponse(createRequest<Config>(URL_TEXT, { nonce: NONCE, ...options }), response(changes));
}

const marker: Extension<string> = {
  name: 'x-marker',
  claims: { rsv1: true },
  offer: () => [[['level', '2']], []],
  accept: () => undefined,
  verify: (params) => (params.length < 2 ? { params, config: 'on' } : undefined),
};

describe('the request (§4.1)', () => {
  it('is a GET of HTTP/1.1 with Host, Upgrade, Connection, key and version 13 (§4.1)', () => {
    expect(head('ws://server.example.com/chat')).toBe(
      'GET /chat HTTP/1.1\r\n' +
        'Host: server.example.com\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        'Sec-WebSocket-Version: 13\r\n\r\n',
    );
  });

  it.each([
    ['ws://a', 'GET / HTTP/1.1\r\nHost: a\r\n'],
    ['ws://a:80/x', 'GET /x HTTP/1.1\r\nHost: a\r\n'],
    ['ws://a:8080?q=1', 'GET /?q=1 HTTP/1.1\r\nHost: a:8080\r\n'],
    ['wss://A.example:443/x?y', 'GET /x?y HTTP/1.1\r\nHost: a.example\r\n'],
    ['wss://a:80/', 'GET / HTTP/1.1\r\nHost: a:80\r\n'],
    ['ws://[::1]:9000/ü', 'GET /%C3%BC HTTP/1.1\r\nHost: [::1]:9000\r\n'],
    ['ws://bücher.example/', 'GET / HTTP/1.1\r\nHost: xn--bcher-kva.example\r\n'],
    ['ws+unix:/run/x.sock:/y', 'GET /y HTTP/1.1\r\nHost: localhost\r\n'],
  ])(
    'to %s names the resource and the host, the port only when it is not the usual one (§4.1)',
    (url, start) => {
      expect(head(url).startsWith(start)).toBe(true);
    },
  );

  it('sends Origin when there is one (§4.1)', () => {
    expect(head(URL_TEXT, { origin: 'https://example.com' })).toContain(
      '\r\nOrigin: https://example.com\r\n',
    );
    expect(head(URL_TEXT)).not.toContain('Origin');
  });

  it('offers subprotocols in order of preference (§4.1)', () => {
    const text = head(URL_TEXT, { subprotocols: ['superchat', 'chat'] });
    expect(text).toContain('\r\nSec-WebSocket-Protocol: superchat, chat\r\n');
  });

  it.each([[['']], [['a b']], [['a,b']], [['a"']], [['é']], [['a\r\nX: y']], [['a', 'a']]])(
    'throws TypeError for the subprotocols %j: not empty, tokens, each once (§4.1)',
    (subprotocols) => {
      expect(() => head(URL_TEXT, { subprotocols })).toThrow(TypeError);
    },
  );

  it('throws TypeError for two Origins, in whatever way they are given (RFC 6454 §7.3)', () => {
    const origin = 'https://a';
    expect(() => head(URL_TEXT, { origin, headers: { origin: 'https://b' } })).toThrow(TypeError);
    expect(() => head(URL_TEXT, { origin, headers: { Origin: origin } })).toThrow(TypeError);
    const twice = ['Origin', 'https://a', 'ORIGIN', 'https://b'];
    expect(() => head(URL_TEXT, { headers: twice })).toThrow(TypeError);
    expect(head(URL_TEXT, { headers: { Origin: origin } })).toContain('\r\nOrigin: https://a\r\n');
  });

  it('offers extensions with their fallbacks in one field (§9.1)', () => {
    const text = head(URL_TEXT, { extensions: [permessageDeflate(), marker] });
    expect(text).toContain(
      '\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-marker; level=2, x-marker\r\n',
    );
  });

  it('throws TypeError when an extension stands twice', () => {
    expect(() => head(URL_TEXT, { extensions: [marker, marker] })).toThrow(TypeError);
  });

  it('throws TypeError when an extension offers what is no token', () => {
    const wrong = { ...marker, offer: () => [[['a', 'b c']]] as const };
    expect(() => head(URL_TEXT, { extensions: [wrong] })).toThrow(TypeError);
  });

  it('sends further fields along (§4.1)', () => {
    expect(head(URL_TEXT, { headers: { Cookie: 'a=b', 'User-Agent': 'x' } })).toMatch(
      /\r\nCookie: a=b\r\nUser-Agent: x\r\n\r\n$/,
    );
  });

  it.each([
    ['Host', 'b'],
    ['upgrade', 'h2c'],
    ['CONNECTION', 'close'],
    ['Sec-WebSocket-Key', KEY],
    ['Sec-WebSocket-Version', '8'],
    ['Sec-WebSocket-Protocol', 'x'],
    ['Sec-WebSocket-Extensions', 'x'],
    ['Sec-WebSocket-Accept', ACCEPT],
    ['Content-Length', '4'],
    ['Transfer-Encoding', 'chunked'],
    ['X', 'a\r\nHost: b'],
    ['X', 'a\nb'],
    ['X', 'a\0b'],
    ['X\n', 'a'],
    ['', 'a'],
  ])('throws TypeError for the further field %j: %j', (name, value) => {
    expect(() => head(URL_TEXT, { headers: [[name, value]] })).toThrow(TypeError);
  });

  it('throws TypeError for CR and LF in the origin and in the host', () => {
    expect(() => head(URL_TEXT, { origin: 'http://a\r\nX: y' })).toThrow(TypeError);
    expect(() => head(URL_TEXT, { host: 'a\r\nX: y' })).toThrow(TypeError);
  });

  it('may name another host than it connects to', () => {
    expect(head('ws://127.0.0.1:8000/', { host: 'chat.example' })).toContain('\r\nHost: chat.example\r\n');
  });

  it('makes Basic credentials of the userinfo, unless there is an Authorization field (RFC 7617)', () => {
    // "Aladdin:open sesame" and its base64 stand in RFC 7617 §2.
    expect(head('ws://Aladdin:open%20sesame@a/')).toContain(
      '\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n',
    );
    const own = head('ws://u:p@a/', { headers: { authorization: 'Bearer x' } });
    expect(own).toContain('\r\nauthorization: Bearer x\r\n');
    expect(own).not.toContain('Basic');
  });

  it('throws RangeError unless the nonce is 16 bytes (§4.1)', () => {
    expect(() => head(URL_TEXT, { nonce: new Uint8Array(15) })).toThrow(RangeError);
  });

  it('throws SyntaxError for a URL that is none of a WebSocket (§4.1)', () => {
    for (const url of ['', 'chat', 'ftp://a/', 'ws://', 'ws://a/#b'])
      expect(() => head(url)).toThrow(SyntaxError);
  });
});

describe('the response (§4.1)', () => {
  it('opens the connection when it keeps every rule (§4.1)', () => {
    expect(verify({})).toMatchObject({ ok: true, status: 101, subprotocol: undefined, extensions: [] });
  });

  it('may write its fields in any case, and spaces around the accept value (§4.1)', () => {
    const changes = {
      ...{ Upgrade: undefined, Connection: undefined, 'Sec-WebSocket-Accept': undefined },
      ...{ upgrade: 'WebSocket', CONNECTION: 'keep-alive, UPGRADE', 'sec-websocket-accept': ` ${ACCEPT}\t` },
    };
    expect(verify(changes).ok).toBe(true);
  });

  it('is a redirect: reported with status, fields and where to (§4.1)', () => {
    const request = createRequest(URL_TEXT, { nonce: NONCE });
    const moved = { statusCode: 307, rawHeaders: ['Location', 'wss://b/', 'X', 'y'] };
    expect(verifyResponse(request, moved)).toMatchObject({
      ...{ ok: false, status: 307, violation: 'status-redirect', location: 'wss://b/' },
      rawHeaders: ['Location', 'wss://b/', 'X', 'y'],
    });
  });

  it('demands authentication: reported with status and fields (§4.1)', () => {
    const request = createRequest(URL_TEXT, { nonce: NONCE });
    const demand = { status: 401, headers: new Headers({ 'WWW-Authenticate': 'Basic' }) };
    expect(verifyResponse(request, demand)).toMatchObject({
      ...{ ok: false, status: 401, violation: 'status-unauthorized', location: undefined },
      rawHeaders: ['www-authenticate', 'Basic'],
    });
  });

  it.each([200, 100, 204, 400, 404, 426, 500])('of status %d fails the connection (§4.1)', (statusCode) => {
    const result = verifyResponse(createRequest(URL_TEXT, { nonce: NONCE }), response({}, { statusCode }));
    expect(result).toMatchObject({ ok: false, status: statusCode, violation: 'status-not-101' });
  });

  it('of status 426 tells the versions that the server understands (§4.4)', () => {
    const failure = verifyResponse(createRequest(URL_TEXT, { nonce: NONCE }), {
      statusCode: 426,
      rawHeaders: ['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Version', '8, 7'],
    });
    expect(failure.rawHeaders).toEqual(['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Version', '8, 7']);
  });

  it('of an HTTP version below 1.1 fails the connection (§4.2.2)', () => {
    const result = verifyResponse(
      createRequest(URL_TEXT, { nonce: NONCE }),
      response({}, { httpVersion: '1.0' }),
    );
    expect(broken(result)).toBe('response-http-version');
  });

  it('without a status fails the connection', () => {
    expect(broken(verifyResponse(createRequest(URL_TEXT, { nonce: NONCE }), {}))).toBe('status-not-101');
  });

  it.each([
    undefined,
    '',
    'h2c',
    'websocket, h2c',
    'web socket',
    ['websocket', 'websocket'],
    'websoc\u212aet',
  ])('whose Upgrade is %j fails the connection (§4.1)', (Upgrade) => {
    expect(broken(verify({ Upgrade }))).toBe('response-upgrade');
  });

  it.each([undefined, '', 'close', 'Upgraded'])(
    'whose Connection is %j fails the connection (§4.1)',
    (Connection) => {
      expect(broken(verify({ Connection }))).toBe('response-connection');
    },
  );

  it('without the accept value fails the connection (§4.1)', () => {
    expect(broken(verify({ 'Sec-WebSocket-Accept': undefined }))).toBe('accept-missing');
  });

  it('with the accept value twice fails the connection (§11.3.3)', () => {
    expect(broken(verify({ 'Sec-WebSocket-Accept': [ACCEPT, ACCEPT] }))).toBe('accept-repeated');
  });

  it.each(['', KEY, ACCEPT.toLowerCase(), `${ACCEPT}=`, ACCEPT.slice(0, -1), `${ACCEPT}, ${ACCEPT}`])(
    'with the accept value %j fails the connection (§4.1)',
    (accept) => {
      expect(broken(verify({ 'Sec-WebSocket-Accept': accept }))).toBe('accept-wrong');
    },
  );

  it('chooses one of the offered subprotocols (§4.1)', () => {
    expect(verify({ 'Sec-WebSocket-Protocol': 'b' }, { subprotocols: ['a', 'b'] })).toMatchObject({
      subprotocol: 'b',
    });
  });

  it.each(['c', 'A', '', 'a, b', 'constructor'])(
    'that chooses the subprotocol %j, which was not offered, fails the connection (§4.1)',
    (chosen) => {
      expect(broken(verify({ 'Sec-WebSocket-Protocol': chosen }, { subprotocols: ['a', 'b'] }))).toBe(
        'subprotocol-not-offered',
      );
      expect(broken(verify({ 'Sec-WebSocket-Protocol': chosen }))).toBe('subprotocol-not-offered');
    },
  );

  it('with Sec-WebSocket-Protocol twice fails the connection (§11.3.4)', () => {
    expect(broken(verify({ 'Sec-WebSocket-Protocol': ['a', 'a'] }, { subprotocols: ['a'] }))).toBe(
      'subprotocol-repeated',
    );
  });

  it('may choose no subprotocol (§4.1), unless the caller demands one as browsers do', () => {
    expect(verify({}, { subprotocols: ['a'] })).toMatchObject({ ok: true, subprotocol: undefined });
    const demanding = { subprotocols: ['a'], subprotocolRequired: true };
    expect(broken(verify({}, demanding))).toBe('subprotocol-missing');
    expect(verify({}, { subprotocolRequired: true }).ok).toBe(true);
  });

  it('answers extensions that were offered (§9.1)', () => {
    const result = verify({ 'Sec-WebSocket-Extensions': 'x-marker; level=2' }, { extensions: [marker] });
    expect(result).toMatchObject({
      ok: true,
      extensions: [{ name: 'x-marker', config: 'on', claims: { rsv1: true } }],
    });
  });

  it('that uses an extension which was not offered fails the connection (§4.1)', () => {
    expect(broken(verify({ 'Sec-WebSocket-Extensions': 'x-marker' }))).toBe('extension-not-offered');
    expect(broken(verify({ 'Sec-WebSocket-Extensions': 'X-MARKER' }, { extensions: [marker] }))).toBe(
      'extension-not-offered',
    );
    expect(broken(verify({ 'Sec-WebSocket-Extensions': 'constructor' }, { extensions: [marker] }))).toBe(
      'extension-not-offered',
    );
  });

  it('that answers an extension twice fails the connection (§9.1)', () => {
    const changes = { 'Sec-WebSocket-Extensions': 'x-marker, x-marker' };
    expect(broken(verify(changes, { extensions: [marker] }))).toBe('extension-answered-twice');
  });

  it('with Sec-WebSocket-Extensions in two fields fails the connection (§11.3.2)', () => {
    const changes = { 'Sec-WebSocket-Extensions': ['x-marker', 'x-marker'] };
    expect(broken(verify(changes, { extensions: [marker] }))).toBe('extensions-repeated');
  });

  it('that answers an extension as the offer does not allow fails the connection (§9.1)', () => {
    const changes = { 'Sec-WebSocket-Extensions': 'x-marker; a; b' };
    expect(broken(verify(changes, { extensions: [marker] }))).toBe('extension-answer-invalid');
  });

  it('whose extensions claim the same RSV bit fails the connection (§9.1)', () => {
    const changes = { 'Sec-WebSocket-Extensions': 'x-marker, permessage-deflate' };
    const other: Extension<string> = {
      ...marker,
      name: 'permessage-deflate',
      verify: () => ({ params: [], config: '' }),
    };
    expect(broken(verify(changes, { extensions: [marker, other] }))).toBe('extension-rsv-conflict');
  });

  it('whose extensions break their grammar fails the connection (§9.1)', () => {
    for (const text of ['', ',', 'a;', 'x-marker; level="2', 'x-marker=1']) {
      expect(broken(verify({ 'Sec-WebSocket-Extensions': text }, { extensions: [marker] }))).toBe(
        'extensions-malformed',
      );
    }
  });

  it('bounds the elements of its list, and lets the bound be set (§10.4)', () => {
    const sent = createRequest(URL_TEXT, { nonce: NONCE, extensions: [permessageDeflate()] });
    const answer = response({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_no_context_takeover' });
    expect(verifyResponse(sent, answer, { limits: { listElements: 2 } }).ok).toBe(true);
    expect(broken(verifyResponse(sent, answer, { limits: { listElements: 1 } }))).toBe('list-too-long');
    expect(() => verifyResponse(sent, answer, { limits: { listElements: 0 } })).toThrow(RangeError);
  });

  it('is taken from an IncomingMessage as it is', () => {
    const check = (message: IncomingMessage) =>
      verifyResponse(createRequest(URL_TEXT, { nonce: NONCE }), message);
    expect(check).toBeTypeOf('function');
  });

  it('that fails says which rule of which section was broken', () => {
    const failure: Failure | { ok: true } = verify({ Connection: undefined });
    expect(failure).toMatchObject({ section: '4.1', message: expect.stringContaining('Connection') });
  });
});
