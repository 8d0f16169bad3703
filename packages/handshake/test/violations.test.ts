import { describe, expect, it } from 'vitest';
import {
  acceptConnect,
  acceptRequest,
  ClientHandshake,
  connectProtocolSetting,
  createConnect,
  createRequest,
  type Extension,
  HandshakeError,
  permessageDeflate,
  RequestHeadParser,
  ResponseHeadParser,
  VIOLATIONS,
  type Violation,
  verifyConnect,
  verifyResponse,
} from '../src/index.js';
import { broken, bytes, type Changes, connect, KEY, NONCE, request, response, thrown } from './example.js';

const LINE = 'GET / HTTP/1.1\r\n';

function head(text: string): Violation | undefined {
  return thrown(() => new RequestHeadParser().push(bytes(text)));
}

function server(changes: Changes, more = {}): Violation | undefined {
  return broken(acceptRequest(request(changes, more), { origin: (origin) => origin !== 'http://evil.test' }));
}

const other: Extension<unknown> = {
  name: 'x-other',
  claims: { rsv1: true },
  offer: () => [[]],
  accept: () => undefined,
  verify: (params) => ({ params, config: undefined }),
};

function client(changes: Changes, more = {}): Violation | undefined {
  const options = { nonce: NONCE, subprotocols: ['a'], extensions: [permessageDeflate(), other] };
  const subprotocolRequired = !('Sec-WebSocket-Accept' in changes);
  return broken(
    verifyResponse(createRequest('ws://a/', { ...options, subprotocolRequired }), response(changes, more)),
  );
}

function http2(changes: Changes): Violation | undefined {
  return broken(acceptConnect(connect(changes)));
}

/** Of each rule, one way to break it. */
const EXAMPLES: { readonly [violation in Violation]: () => Violation | undefined } = {
  'head-too-long': () => head('x'.repeat(16_385)),
  'head-too-many-fields': () => head(LINE + 'A: b\r\n'.repeat(101)),
  'head-bare-lf': () => head('GET / HTTP/1.1\n\n'),
  'head-bare-cr': () => head(`${LINE}A: b\rc\r\n\r\n`),
  'head-control-character': () => head(`${LINE}A: \0\r\n\r\n`),
  'head-line-folded': () => head(`${LINE}A: b\r\n c\r\n\r\n`),
  'head-field-name': () => head(`${LINE}A\r\n\r\n`),
  'head-space-before-colon': () => head(`${LINE}A : b\r\n\r\n`),
  'request-line': () => head('GET /\r\n\r\n'),
  'status-line': () => thrown(() => new ResponseHeadParser().push(bytes('HTTP/1.1 OK\r\n\r\n'))),
  'too-many-interim-responses': () => {
    const result = new ClientHandshake(createRequest('ws://a/', { nonce: NONCE })).receive(
      bytes('HTTP/1.1 102 x\r\n\r\n'.repeat(11)),
    );
    return result && broken(result);
  },
  'method-not-get': () => server({}, { method: 'POST' }),
  'http-version': () => server({}, { httpVersion: '1.0' }),
  'request-target': () => server({}, { url: '*' }),
  'host-missing': () => server({ Host: undefined }),
  'host-repeated': () => server({ Host: ['a', 'a'] }),
  'host-malformed': () => server({ Host: 'a b' }),
  'upgrade-not-websocket': () => server({ Upgrade: 'h2c' }),
  'connection-not-upgrade': () => server({ Connection: 'close' }),
  'version-missing': () => server({ 'Sec-WebSocket-Version': undefined }),
  'version-repeated': () => server({ 'Sec-WebSocket-Version': ['13', '13'] }),
  'version-unsupported': () => server({ 'Sec-WebSocket-Version': '8' }),
  'key-missing': () => server({ 'Sec-WebSocket-Key': undefined }),
  'key-repeated': () => server({ 'Sec-WebSocket-Key': [KEY, KEY] }),
  'key-malformed': () => server({ 'Sec-WebSocket-Key': 'x' }),
  'origin-repeated': () => server({ Origin: ['http://a', 'http://a'] }),
  'origin-not-allowed': () => server({ Origin: 'http://evil.test' }),
  'body-announced': () => server({ 'Content-Length': '1' }),
  'subprotocols-malformed': () => server({ 'Sec-WebSocket-Protocol': '' }),
  'subprotocol-offered-twice': () => server({ 'Sec-WebSocket-Protocol': 'a, a' }),
  'extensions-malformed': () => server({ 'Sec-WebSocket-Extensions': 'a;' }),
  'list-too-long': () => server({ 'Sec-WebSocket-Extensions': 'a,'.repeat(1001) }),
  'status-redirect': () => client({}, { statusCode: 301 }),
  'status-unauthorized': () => client({}, { statusCode: 401 }),
  'status-not-101': () => client({}, { statusCode: 200 }),
  'response-http-version': () => client({}, { httpVersion: '1.0' }),
  'response-upgrade': () => client({ Upgrade: undefined }),
  'response-connection': () => client({ Connection: undefined }),
  'accept-missing': () => client({ 'Sec-WebSocket-Accept': undefined }),
  'accept-repeated': () => client({ 'Sec-WebSocket-Accept': ['x', 'x'] }),
  'accept-wrong': () => client({ 'Sec-WebSocket-Accept': 'x' }),
  'subprotocol-not-offered': () => client({ 'Sec-WebSocket-Protocol': 'b' }),
  'subprotocol-repeated': () => client({ 'Sec-WebSocket-Protocol': ['a', 'a'] }),
  'subprotocol-missing': () => client({}),
  'extensions-repeated': () =>
    client({ 'Sec-WebSocket-Protocol': 'a', 'Sec-WebSocket-Extensions': ['x-other', 'permessage-deflate'] }),
  'extension-not-offered': () => client({ 'Sec-WebSocket-Protocol': 'a', 'Sec-WebSocket-Extensions': 'x' }),
  'extension-answered-twice': () =>
    client({ 'Sec-WebSocket-Protocol': 'a', 'Sec-WebSocket-Extensions': 'x-other, x-other' }),
  'extension-answer-invalid': () =>
    client({ 'Sec-WebSocket-Protocol': 'a', 'Sec-WebSocket-Extensions': 'permessage-deflate; x' }),
  'extension-rsv-conflict': () =>
    client({ 'Sec-WebSocket-Protocol': 'a', 'Sec-WebSocket-Extensions': 'permessage-deflate, x-other' }),
  'connect-method': () => http2({ ':method': 'GET' }),
  'connect-protocol': () => http2({ ':protocol': undefined }),
  'connect-scheme': () => http2({ ':scheme': 'ws' }),
  'connect-path': () => http2({ ':path': undefined }),
  'connect-authority': () => http2({ ':authority': undefined }),
  'connect-pseudo-field': () => http2({ ':x': 'y' }),
  'connect-forbidden-field': () => http2({ upgrade: 'websocket' }),
  'connect-status': () => broken(verifyConnect(createConnect('ws://a/', { connectProtocol: true }), {})),
  'connect-setting-value': () => thrown(() => connectProtocolSetting(false, 3)),
  'connect-setting-withdrawn': () => thrown(() => connectProtocolSetting(true, 0)),
};

const NAMES = Object.keys(VIOLATIONS).filter((name): name is Violation => name in VIOLATIONS);

describe('every rule that can be broken', () => {
  it.each(NAMES)('%s has an example that breaks just this rule', (violation) => {
    expect(EXAMPLES[violation]()).toBe(violation);
  });

  it.each(NAMES)('%s names its section and says what is wrong', (violation) => {
    const { section, message, status } = VIOLATIONS[violation];
    expect(section).toMatch(/^(?:\d+(?:\.\d+)*|RFC \d{4} §\d+(?:\.\d+)*|Fetch, .*)$/);
    expect(message).toMatch(/^[\x20-\x7e]{10,}$/);
    expect(status === 0 || (status >= 400 && status < 600)).toBe(true);
    expect(new HandshakeError(violation)).toMatchObject({
      name: 'HandshakeError',
      violation,
      section,
      status,
      message,
    });
    expect(new HandshakeError(violation, 'why').message).toBe(`${message}: why`);
  });
});
