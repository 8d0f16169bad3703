import { describe, expect, it } from 'vitest';
import {
  acceptRequest,
  ClientHandshake,
  createRequest,
  originPolicy,
  parseExtensions,
  parseSubprotocols,
  permessageDeflate,
  RequestHeadParser,
  readRequest,
  ServerHandshake,
  verifyResponse,
} from '../src/index.js';
import { broken, bytes, NONCE, request, response, thrown } from './example.js';

/**
 * Longer than any of these takes when its time is linear, and shorter than it would take if it were not: a slow machine must
 * not fail, a quadratic walk over a MiB must. Time of the processor, so that a busy one does not fail either.
 */
const SOON_MS = 1500;

function expectSoon(call: () => unknown): void {
  const start = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1000).toBeLessThan(SOON_MS);
}

const MEBIBYTE = 1024 * 1024;
const QUARTER = MEBIBYTE / 4;

/** Bytes that have made parsers backtrack, split or search again. */
const PATTERNS = [
  ';',
  '"',
  '\\',
  ',',
  ' ',
  '\t',
  '=',
  'a',
  'a=',
  'a;',
  'a,',
  'a ',
  ';a="',
  'a;b="\\',
  '\\"',
  ', ',
  ' ,',
  '%',
  ':',
  '*.',
  '://',
  '\xff',
];

describe('faults of other libraries', () => {
  it.each(PATTERNS)('no pattern of %j takes more than linear time in any field', (pattern) => {
    const text = pattern.repeat(QUARTER / pattern.length);
    const limits = { listElements: Number.MAX_SAFE_INTEGER };
    const sent = createRequest('ws://a/', {
      nonce: NONCE,
      subprotocols: ['a'],
      extensions: [permessageDeflate()],
    });
    const origin = originPolicy({ origins: ['https://*.a.example'], sameOrigin: true });
    expectSoon(() => {
      for (const start of ['', 'a', 'a;b="', 'permessage-deflate; ']) {
        thrown(() => parseExtensions(start + text, limits.listElements));
        thrown(() => parseSubprotocols(start + text, limits.listElements));
      }
      for (const name of [
        'Host',
        'Upgrade',
        'Connection',
        'Origin',
        'Sec-WebSocket-Key',
        'Sec-WebSocket-Version',
        'X',
      ]) {
        acceptRequest(request({ [name]: text }), { limits, origin });
      }
      acceptRequest(request({}, { url: `/${text}` }));
      for (const name of [
        'Upgrade',
        'Connection',
        'Sec-WebSocket-Accept',
        'Sec-WebSocket-Protocol',
        'Sec-WebSocket-Extensions',
      ]) {
        verifyResponse(sent, response({ [name]: text }));
      }
    });
  });

  it('an unclosed quoted string does not backtrack (ReDoS in the parser of extensions)', () => {
    for (const text of [
      `a; b="${'c'.repeat(MEBIBYTE)}`,
      `a; b="${'\\c'.repeat(MEBIBYTE / 2)}`,
      `a; b="${'\\'.repeat(MEBIBYTE)}`,
    ]) {
      expectSoon(() => expect(thrown(() => parseExtensions(text))).toBe('extensions-malformed'));
    }
  });

  it('spaces in the list of subprotocols are not searched again and again (ReDoS in a split at / *, */)', () => {
    expectSoon(() =>
      expect(thrown(() => parseSubprotocols(`a${' '.repeat(MEBIBYTE)}b`))).toBe('subprotocols-malformed'),
    );
    expectSoon(() => expect(parseSubprotocols(`a${' '.repeat(MEBIBYTE)}`)).toEqual(['a']));
  });

  it('many subprotocols are told apart in linear time, when the limit lets them in', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `p${i}`);
    expectSoon(() => expect(parseSubprotocols(names.join(), 100_000)).toHaveLength(100_000));
    expectSoon(() =>
      expect(thrown(() => parseSubprotocols([...names, 'p0'].join(), 100_001))).toBe(
        'subprotocol-offered-twice',
      ),
    );
  });

  it.each(['constructor', '__proto__', 'hasOwnProperty', 'toString', 'prototype'])(
    'an extension, a parameter, a subprotocol named %s is a name (a crash through the prototype)',
    (name) => {
      const changes = {
        'Sec-WebSocket-Extensions': `${name}, permessage-deflate; ${name}`,
        'Sec-WebSocket-Protocol': name,
      };
      const answer = acceptRequest(request(changes), {
        extensions: [permessageDeflate()],
        subprotocols: [name],
      });
      expect(answer).toMatchObject({ ok: true, subprotocol: name, extensions: [] });
      expect(Reflect.ownKeys(Object.prototype)).not.toContain('0');
      const sent = createRequest('ws://a/', { nonce: NONCE, extensions: [permessageDeflate()] });
      expect(broken(verifyResponse(sent, response({ 'Sec-WebSocket-Extensions': name })))).toBe(
        'extension-not-offered',
      );
    },
  );

  it('a request without Upgrade is refused (a crash of a server on the missing field)', () => {
    expect(broken(readRequest({ method: 'GET', url: '/', headers: { host: 'a' } }))).toBe(
      'upgrade-not-websocket',
    );
    expect(broken(readRequest({ method: 'GET', url: '/', headers: {} }))).toBe('host-missing');
  });

  it('server_max_window_bits=1000 declines the offer and never reaches the compressor', () => {
    const changes = { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=1000' };
    expect(acceptRequest(request(changes), { extensions: [permessageDeflate()] })).toMatchObject({
      ok: true,
      extensions: [],
    });
  });

  it('CRLF in the options never reaches the wire (request splitting)', () => {
    const evil = 'a\r\nX-Evil: 1';
    const create = (options: object) => () => createRequest('ws://a/', { nonce: NONCE, ...options });
    expect(create({ origin: evil })).toThrow(TypeError);
    expect(create({ host: evil })).toThrow(TypeError);
    expect(create({ subprotocols: [evil] })).toThrow(TypeError);
    expect(create({ headers: { Cookie: evil } })).toThrow(TypeError);
    expect(create({ headers: { [evil]: 'a' } })).toThrow(TypeError);
    expect(create({ extensions: [{ ...permessageDeflate(), name: evil }] })).toThrow(TypeError);
    expect(() => acceptRequest(request(), { headers: { 'Set-Cookie': evil } })).toThrow(TypeError);
    // The WHATWG rules take CR and LF out of a URL.
    expect(createRequest('ws://a/b\r\nX-Evil: 1', { nonce: NONCE }).head).toMatch(
      /^GET \/bX-Evil:%201 HTTP\/1\.1\r\n/,
    );
  });

  it('an endless drip of bytes ends at the limit, having held no more than that', () => {
    const handshake = new ServerHandshake();
    const byte = Uint8Array.of(0x41);
    let sent = 0;
    let answer: ReturnType<typeof handshake.receive>;
    while (answer === undefined) {
      answer = handshake.receive(byte);
      sent++;
    }
    expect(sent).toBe(16_385);
    expect(answer).toMatchObject({ ok: false, status: 431, violation: 'head-too-long' });
  });

  it('an endless row of short fields ends at the limit', () => {
    const parser = new RequestHeadParser();
    parser.push(bytes('GET / HTTP/1.1\r\n'));
    let fields = 0;
    while (thrown(() => parser.push(bytes('A:\r\n'))) === undefined) fields++;
    expect(fields).toBe(100);
  });

  it('an endless row of interim responses ends at the limit', () => {
    const handshake = new ClientHandshake(createRequest('ws://a/', { nonce: NONCE }));
    let count = 0;
    while (handshake.receive(bytes('HTTP/1.1 100 Continue\r\n\r\n')) === undefined) count++;
    expect(count).toBe(10);
  });

  it('a large head fed byte by byte is not read again from the start', () => {
    const limits = { headLength: MEBIBYTE, fieldCount: 100 };
    const head = bytes(`GET / HTTP/1.1\r\nX: ${'a'.repeat(MEBIBYTE - 100)}\r\n\r\n`);
    expectSoon(() => {
      const parser = new RequestHeadParser(limits);
      let parsed: ReturnType<typeof parser.push>;
      for (let i = 0; i < head.length; i++) parsed = parser.push(head.subarray(i, i + 1));
      expect(parsed?.head.rawHeaders[1]).toHaveLength(MEBIBYTE - 100);
    });
  });

  it('the Kelvin sign is no k (Unicode case folding let a wrong field pass)', () => {
    expect(broken(readRequest(request({ Upgrade: 'websoc\u212aet' })))).toBe('upgrade-not-websocket');
    expect(
      broken(
        readRequest(
          request({ 'Sec-WebSocket-Key': undefined, 'Sec-WebSoc\u212aet-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }),
        ),
      ),
    ).toBe('key-missing');
  });

  it('a body behind the handshake is refused, not read as frames (request smuggling)', () => {
    expect(broken(readRequest(request({ 'content-length': '10' })))).toBe('body-announced');
    expect(broken(readRequest(request({ 'TRANSFER-ENCODING': 'identity' })))).toBe('body-announced');
  });
});
