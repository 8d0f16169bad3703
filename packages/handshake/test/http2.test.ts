import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { describe, expect, it } from 'vitest';
import {
  acceptConnect,
  acceptConnectOffer,
  type ConnectOptions,
  connectProtocolSetting,
  createConnect,
  originPolicy,
  permessageDeflate,
  readConnect,
  refuse,
  refuseConnect,
  SETTINGS_ENABLE_CONNECT_PROTOCOL,
  verifyConnect,
} from '../src/index.js';
import { broken, type Changes, connect, thrown } from './example.js';

function create(url: string, options: Partial<ConnectOptions<unknown>> = {}): readonly string[] {
  return createConnect(url, { connectProtocol: true, ...options }).rawHeaders;
}

describe('SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §3)', () => {
  it('has the identifier 0x8', () => {
    expect(SETTINGS_ENABLE_CONNECT_PROTOCOL).toBe(0x8);
  });

  it('is 0 or 1 (RFC 8441 §3)', () => {
    expect(connectProtocolSetting(false, 0)).toBe(false);
    expect(connectProtocolSetting(false, 1)).toBe(true);
    expect(connectProtocolSetting(true, 1)).toBe(true);
    expect(thrown(() => connectProtocolSetting(false, 2))).toBe('connect-setting-value');
  });

  it('must not go back to 0 after 1 (RFC 8441 §3)', () => {
    expect(thrown(() => connectProtocolSetting(true, 0))).toBe('connect-setting-withdrawn');
  });

  it('must have been 1 before a client uses the extended CONNECT (RFC 8441 §3)', () => {
    expect(() => createConnect('wss://a/', { connectProtocol: false })).toThrow(TypeError);
  });
});

describe('the extended CONNECT of a client (RFC 8441 §4, §5)', () => {
  it('has :protocol websocket, :scheme, :path and :authority, and version 13 (RFC 8441 §4, §5)', () => {
    expect(
      create('wss://server.example.com/chat?a', {
        origin: 'http://www.example.com',
        subprotocols: ['chat', 'b'],
      }),
    ).toEqual([
      ...[':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'https', ':path', '/chat?a'],
      ...[':authority', 'server.example.com', 'sec-websocket-version', '13'],
      ...['sec-websocket-protocol', 'chat, b', 'origin', 'http://www.example.com'],
    ]);
  });

  it.each([
    ['ws://a/', 'http'],
    ['wss://a/', 'https'],
  ])('to %s has the scheme %s (RFC 8441 §5)', (url, scheme) => {
    const fields = create(url);
    expect(fields[fields.indexOf(':scheme') + 1]).toBe(scheme);
  });

  it('has no Host, Connection, Upgrade, key: they are not part of it (RFC 8441 §5)', () => {
    const names = create('wss://u:p@a/', { extensions: [permessageDeflate()] }).filter((_, i) => i % 2 === 0);
    expect(names).not.toContain('host');
    expect(names).not.toContain('connection');
    expect(names).not.toContain('upgrade');
    expect(names).not.toContain('sec-websocket-key');
    expect(names).toContain('sec-websocket-extensions');
    expect(names).toContain('authorization');
  });

  it('writes names in lower case (RFC 8441 §5)', () => {
    expect(create('wss://a/', { headers: { 'X-Trace': 'Ab' } }).slice(-2)).toEqual(['x-trace', 'Ab']);
  });

  it.each([
    'Connection',
    'upgrade',
    'Host',
    'Keep-Alive',
    'Proxy-Connection',
    'Transfer-Encoding',
    'TE',
    'Sec-WebSocket-Key',
    ':path',
    ':status',
  ])('throws TypeError for the further field %s (RFC 8441 §5, RFC 9113 §8.2.2)', (name) => {
    expect(() => create('wss://a/', { headers: { [name]: 'x' } })).toThrow(TypeError);
  });

  it('throws TypeError for a host that is none', () => {
    expect(() => create('wss://a/', { host: 'a/b' })).toThrow(TypeError);
  });
});

describe('the extended CONNECT on a server (RFC 8441 §4, §5)', () => {
  it('is read without key, Host, Connection and Upgrade (RFC 8441 §5)', () => {
    const changes = { origin: 'https://a', 'sec-websocket-protocol': 'chat, superchat' };
    expect(readConnect(connect(changes))).toEqual({
      ...{ ok: true, scheme: 'https', path: '/chat', host: 'server.example.com', origin: 'https://a' },
      ...{ subprotocols: ['chat', 'superchat'], extensions: [] },
    });
  });

  it('is answered with :status 200 and what was agreed, no accept value (RFC 8441 §5)', () => {
    const changes = { 'sec-websocket-protocol': 'chat', 'sec-websocket-extensions': 'permessage-deflate' };
    const answer = acceptConnect(connect(changes), {
      ...{ subprotocols: ['chat'], extensions: [permessageDeflate()], headers: { 'Set-Cookie': 'A=b' } },
    });
    expect(answer).toMatchObject({ ok: true, status: 200, subprotocol: 'chat' });
    expect(answer.rawHeaders).toEqual([
      ...[':status', '200', 'sec-websocket-protocol', 'chat'],
      ...['sec-websocket-extensions', 'permessage-deflate', 'set-cookie', 'A=b'],
    ]);
  });

  it.each(['Connection', 'upgrade', 'Keep-Alive', 'proxy-connection', 'Transfer-Encoding', 'TE', ':status'])(
    'is not answered with the further field %s: that is a TypeError (RFC 9113 §8.2.2)',
    (name) => {
      expect(() => acceptConnect(connect(), { headers: { [name]: 'x' } })).toThrow(TypeError);
    },
  );

  it('is refused without connection-specific fields, whatever the refusal carries (RFC 9113 §8.2.2)', () => {
    const fields = {
      'Keep-Alive': 'timeout=5',
      'Proxy-Connection': 'close',
      Upgrade: 'websocket',
      TE: 'gzip',
    };
    expect(refuseConnect(refuse(404, 'no', { ...fields, 'Retry-After': '9' })).rawHeaders).toEqual([
      ...[':status', '404', 'content-type', 'text/plain; charset=utf-8', 'content-length', '2'],
      ...['retry-after', '9'],
    ]);
  });

  it('may carry TE: trailers (RFC 9113 §8.2.2)', () => {
    expect(readConnect(connect({ te: 'trailers' })).ok).toBe(true);
    expect(create('wss://a/', { headers: { TE: 'trailers' } }).slice(-2)).toEqual(['te', 'trailers']);
  });

  it('may carry a Sec-WebSocket-Key, which is not looked at (RFC 8441 §5)', () => {
    expect(readConnect(connect({ 'sec-websocket-key': 'x' })).ok).toBe(true);
  });

  it.each<[string, Changes, number]>([
    ['connect-method', { ':method': 'GET' }, 405],
    ['connect-method', { ':method': undefined }, 405],
    ['connect-protocol', { ':protocol': undefined }, 501],
    ['connect-protocol', { ':protocol': 'connect-udp' }, 501],
    ['connect-protocol', { ':protocol': 'WebSocket' }, 501],
    ['connect-scheme', { ':scheme': undefined }, 400],
    ['connect-scheme', { ':scheme': 'wss' }, 400],
    ['connect-path', { ':path': undefined }, 400],
    ['connect-path', { ':path': '' }, 400],
    ['connect-path', { ':path': '*' }, 400],
    ['connect-path', { ':path': '/a#b' }, 400],
    ['connect-authority', { ':authority': undefined }, 400],
    ['connect-authority', { ':authority': 'a/b' }, 400],
    ['connect-pseudo-field', { ':status': '200' }, 400],
    ['connect-pseudo-field', { ':path': ['/a', '/b'] }, 400],
    ['connect-pseudo-field', { ':__proto__': 'x' }, 400],
    ['connect-forbidden-field', { connection: 'Upgrade' }, 400],
    ['connect-forbidden-field', { upgrade: 'websocket' }, 400],
    ['connect-forbidden-field', { 'transfer-encoding': 'chunked' }, 400],
    ['connect-forbidden-field', { te: 'gzip' }, 400],
    ['body-announced', { 'content-length': '1' }, 400],
    ['version-missing', { 'sec-websocket-version': undefined }, 400],
    ['version-repeated', { 'sec-websocket-version': ['13', '13'] }, 400],
    ['version-unsupported', { 'sec-websocket-version': '8' }, 426],
    ['origin-repeated', { origin: ['https://a', 'https://b'] }, 400],
    ['subprotocols-malformed', { 'sec-websocket-protocol': 'a b' }, 400],
    ['extensions-malformed', { 'sec-websocket-extensions': 'a;' }, 400],
  ])('is refused as %s with %j (RFC 8441 §4, §5)', (violation, changes, status) => {
    const refusal = readConnect(connect(changes));
    expect(refusal).toMatchObject({ ok: false, violation, status });
    expect(!refusal.ok && refusal.rawHeaders.slice(0, 2)).toEqual([':status', String(status)]);
  });

  it('is refused with lower-case names and without connection-specific fields (RFC 9113 §8.2)', () => {
    const refusal = readConnect(connect({ 'sec-websocket-version': '8' }));
    expect(!refusal.ok && refusal.rawHeaders).toEqual([
      ...[':status', '426', 'content-type', 'text/plain; charset=utf-8', 'content-length', '38'],
      ...['sec-websocket-version', '13'],
    ]);
    expect(refuseConnect(refuse(404)).rawHeaders.slice(0, 2)).toEqual([':status', '404']);
  });

  it('is refused for its origin with 403 (RFC 6455 §10.2)', () => {
    const origin = originPolicy({ sameOrigin: true });
    expect(broken(acceptConnect(connect({ origin: 'https://evil.test' }), { origin }))).toBe(
      'origin-not-allowed',
    );
    expect(acceptConnect(connect({ origin: 'https://server.example.com' }), { origin }).ok).toBe(true);
  });

  it('is answered in two steps, so that somebody else may be asked in between', () => {
    const offer = readConnect(connect());
    if (!offer.ok) throw new Error(offer.message);
    expect(acceptConnectOffer(offer)).toEqual(acceptConnect(connect()));
  });

  it('is taken as node:http2 gives it', () => {
    const accept = (headers: IncomingHttpHeaders) => acceptConnect(headers);
    expect(accept).toBeTypeOf('function');
  });
});

describe('the response to an extended CONNECT (RFC 8441 §5)', () => {
  const request = createConnect('wss://a/', {
    ...{ connectProtocol: true, subprotocols: ['chat'], extensions: [permessageDeflate()] },
  });

  it('of any 2xx opens the connection; there is no accept value (RFC 8441 §5)', () => {
    expect(verifyConnect(request, { ':status': 200, 'sec-websocket-protocol': 'chat' })).toMatchObject({
      ...{ ok: true, status: 200, subprotocol: 'chat', extensions: [] },
    });
    expect(verifyConnect(request, [':status', '204']).ok).toBe(true);
    expect(verifyConnect(request, [':status', '299']).ok).toBe(true);
  });

  it('of no 2xx is said to be none (RFC 9110 §9.3.6)', () => {
    expect(verifyConnect(request, { ':status': '101' })).toMatchObject({
      ...{ section: 'RFC 9110 §9.3.6', message: 'the :status is not 2xx: "101"' },
    });
  });

  it.each([
    [{ ':status': '101' }, 'connect-status'],
    [{ ':status': '404' }, 'connect-status'],
    [{ ':status': '2000' }, 'connect-status'],
    [{}, 'connect-status'],
    [{ ':status': '401' }, 'status-unauthorized'],
    [{ ':status': '308', location: 'wss://b/' }, 'status-redirect'],
    [{ ':status': '200', 'sec-websocket-protocol': 'x' }, 'subprotocol-not-offered'],
    [{ ':status': '200', 'sec-websocket-extensions': 'x' }, 'extension-not-offered'],
    [{ ':status': '200', 'sec-websocket-extensions': 'permessage-deflate; x' }, 'extension-answer-invalid'],
  ])('%j fails the connection as %s (RFC 8441 §5)', (headers, violation) => {
    expect(broken(verifyConnect(request, headers))).toBe(violation);
  });

  it('is taken as node:http2 gives it', () => {
    const verify = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) =>
      verifyConnect(request, headers);
    expect(verify).toBeTypeOf('function');
  });
});
