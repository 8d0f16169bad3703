import {
  acceptConnect,
  acceptRequest,
  acceptValue,
  ClientHandshake,
  createConnect,
  createRequest,
  type Extension,
  encodeKey,
  formatExtensions,
  formatSubprotocols,
  originPolicy,
  parseWebSocketUrl,
  permessageDeflate,
  RequestHeadParser,
  refuse,
  ServerHandshake,
  verifyConnect,
  verifyResponse,
} from '@x/handshake';
import fc from 'fast-check';
import { ACCEPT, KEY } from '../arbitraries/handshake.js';
import { NONCE } from './handshake.js';
import type { Property } from './property.js';

const SERVER = 'ws://server.example.com/';
const REQUEST = {
  method: 'GET',
  rawHeaders: [
    ...['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Version', '13'],
    ...['Sec-WebSocket-Key', KEY, 'Sec-WebSocket-Protocol', 'chat', 'Sec-WebSocket-Extensions', 'x-a'],
  ],
};
const CONNECT = [
  ...[':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'https', ':path', '/', ':authority', 'a'],
  ...['sec-websocket-version', '13', 'sec-websocket-protocol', 'chat'],
];
const HEAD = Buffer.from(
  `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
);
const ANSWER = Buffer.from(
  `HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
);

/** An extension that throws where it must not. */
const throwing: Extension<never> = {
  name: 'x-a',
  claims: { rsv2: true },
  offer: () => [[]],
  accept: () => {
    throw new TypeError('thrown by an extension');
  },
  verify: () => {
    throw new TypeError('thrown by an extension');
  },
};
const asked = createRequest(SERVER, { nonce: NONCE, extensions: [throwing] });
const askedOverHttp2 = createConnect(SERVER, { connectProtocol: true, extensions: [throwing] });

function ask(options: Partial<Parameters<typeof createRequest<unknown>>[1]>): unknown {
  return createRequest<unknown>(SERVER, { nonce: NONCE, ...options });
}

function twice(handshake: { receive(chunk: Uint8Array): unknown }, head: Uint8Array): void {
  handshake.receive(head);
  handshake.receive(head);
}

/** What untyped callers pass. */
const WRONG = 5 as unknown as Uint8Array;

/** One mistake a line: each throws a `TypeError`, `RangeError` or `SyntaxError`, in both of its places where it has two. */
const MISTAKES: readonly (() => unknown)[] = [
  () => encodeKey(WRONG),
  () => encodeKey(new Uint8Array(15)),
  () => acceptValue('dGhlIHNhbXBsZSBub25jZQ='),
  () => ask({ nonce: new Uint8Array(17) }),
  () => ask({ host: 'a b' }),
  () => ask({ extensions: [throwing, throwing] }),
  () => ask({ extensions: [{ ...throwing, name: 'a b' }] }),
  () => ask({ extensions: [{ ...throwing, offer: () => [[['a', 'b c']]] }] }),
  () => ask({ origin: 'https://a', headers: { Origin: 'https://a' } }),
  () => ask({ headers: [['a b', 'c']] }),
  () => ask({ headers: { Upgrade: 'h2c' } }),
  () => ask({ headers: { 'X-A': 'a\r\nX-B: b' } }),
  () => ask({ headers: ['X-A'] }),
  () => ask({ subprotocols: ['chat', 'chat'] }),
  () => formatSubprotocols(['a b']),
  () => formatExtensions([{ name: 'a', params: [['', true]] }]),
  () => createRequest('ftp://a', { nonce: NONCE }),
  () => parseWebSocketUrl('ws+unix::/a'),
  () => parseWebSocketUrl('ws://a%3Ab@c/'),
  () => acceptRequest(REQUEST, WRONG as object),
  () => acceptRequest(REQUEST, null as unknown as object),
  () => acceptRequest(REQUEST, { orgin: () => true } as object),
  () => acceptRequest(REQUEST, { origin: (async () => true) as unknown as () => boolean }),
  () => permessageDeflate({ toString: () => '' } as object),
  () => verifyResponse(asked, { status: 101 }, { limit: {} } as object),
  () => acceptRequest(REQUEST, { origin: [] as unknown as () => boolean }),
  () => acceptRequest(REQUEST, { sha1: {} as () => string }),
  () => acceptRequest(REQUEST, { subprotocols: 'chat' as unknown as string[] }),
  () => acceptRequest(REQUEST, { limits: WRONG as object }),
  () => acceptRequest(REQUEST, { limits: { headLengths: 5 } as object }),
  () => permessageDeflate({ serverMaxWindowBits: 16 }),
  () => permessageDeflate({ clientMaxWindowBits: 8.5 }),
  () => originPolicy({ origins: ['https://a/'] }),
  () => refuse(200),
  () => refuse(599.5),
  () => refuse(401, 'no', { Connection: 'close' }),
  () => acceptRequest(REQUEST, { limits: { listElements: 0 } }),
  () => acceptRequest(REQUEST, { subprotocols: () => 'mqtt' }),
  () => acceptRequest(REQUEST, { headers: { 'Sec-WebSocket-Key': KEY } }),
  () => acceptRequest(REQUEST, { extensions: [throwing] }),
  () => acceptConnect(CONNECT, { subprotocols: () => 'mqtt' }),
  () => acceptConnect(CONNECT, { headers: { 'Keep-Alive': 'timeout=5' } }),
  () => acceptConnect(CONNECT, { headers: { TE: 'gzip' } }),
  () => createConnect(SERVER, { connectProtocol: false }),
  () => createConnect(SERVER, { connectProtocol: true, host: 'a/b' }),
  () => new RequestHeadParser({ headLength: 0.5 }),
  () => new RequestHeadParser().push(WRONG),
  () => {
    const parser = new RequestHeadParser();
    parser.push(HEAD);
    parser.push(HEAD);
  },
  () => new ServerHandshake().receive(WRONG),
  () => twice(new ServerHandshake(), HEAD),
  () => new ClientHandshake(asked).receive(WRONG),
  () => twice(new ClientHandshake(asked), ANSWER),
  () => new ClientHandshake(asked, { interimResponses: -1 }),
  () =>
    verifyResponse(asked, {
      status: 101,
      headers: new Map([
        ['upgrade', 'websocket'],
        ['connection', 'upgrade'],
        ['sec-websocket-accept', ACCEPT],
        ['sec-websocket-extensions', 'x-a'],
      ]),
    }),
  () => verifyConnect(askedOverHttp2, [':status', '200', 'sec-websocket-extensions', 'x-a']),
];

export const handshakeMisuse: Property<readonly number[]> = {
  name: 'handshake-misuse',
  claim:
    'a mistake of the caller throws TypeError, RangeError or SyntaxError, and spoils no handshake behind it',
  part: 'handshake',
  arbitrary: fc.array(fc.nat(MISTAKES.length - 1), { maxLength: 12 }),
  check: (calls) => {
    for (const call of calls) {
      let thrown: unknown;
      try {
        MISTAKES[call]?.();
      } catch (error) {
        thrown = error;
      }
      const typed =
        thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof SyntaxError;
      if (!typed) throw new Error(`mistake ${call} throws ${String(thrown)}`);
    }
    const sound = acceptRequest(REQUEST, { subprotocols: ['chat'] });
    if (!sound.ok || sound.subprotocol !== 'chat') throw new Error('a sound handshake is spoilt');
  },
};
