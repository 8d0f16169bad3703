import net from 'node:net';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, WebSocket, type WebSocketServer } from '../../src/index.js';
import {
  after,
  connect,
  listen,
  listenEcho,
  listenTcp,
  maskedFrame,
  RawPeer,
  until,
  upgradeRequest,
} from '../loopback.js';
import { RawServer, recorder, switching } from '../opening.js';
import { surfacing } from '../surfaced.js';

const surfaced = surfacing();

/** What a client that follows redirects tells, and whether its sockets are gone. */
async function outcome(url: string): Promise<{ events: string[]; open: number }> {
  const { sockets, createConnection } = recorder();
  const websocket = new WebSocket(url, { followRedirects: true, handshakeTimeout: 200, createConnection });
  after(() => websocket.terminate());
  const events: string[] = [];
  for (const event of ['open', 'error', 'close']) websocket.on(event, () => events.push(event));
  await until(() => events.includes('close') || events.includes('open'));
  return { events, open: sockets.filter((socket) => !socket.destroyed).length };
}

/** Where no redirect leads to a connection. */
const LOCATIONS = [
  ...[
    'wss://127.0.0.1:1/',
    'https://127.0.0.1:1/',
    'ftp://127.0.0.1/',
    'javascript:alert(1)',
    'data:,',
    'mailto:a@b',
  ],
  ...[
    'file:///etc/passwd',
    'blob:ws://127.0.0.1/',
    'ws:',
    'ws://',
    '//',
    '///',
    'http://',
    'http://user@',
    '*',
  ],
  ...[
    'ws://127.0.0.1:0/',
    'ws://127.0.0.1:65535/',
    'ws://127.0.0.1:65536/',
    'ws://127.0.0.1:-1/',
    'ws://:1/',
  ],
  ...[
    '#',
    '#fragment',
    'ws://127.0.0.1:1/#',
    'ws://[::1',
    'ws://[::1]:1/',
    'ws://[::1%25lo]:1/',
    'ws://0x7f.1:1/',
  ],
  ...[
    'ws+unix:',
    'ws+unix:/',
    'ws+unix:/nowhere',
    'ws+unix:/nowhere:/a',
    'ws+unix:/a b:/c d',
    'ws+unix:a',
    'ws+unix://a',
  ],
  ...[`ws+unix:/${'x'.repeat(300)}`, `ws+unix:/${'x'.repeat(5000)}:/`, 'ws+unix:/%00:/', 'ws+unix:/tmp:/'],
  ...[
    'http://a:b:c@127.0.0.1:1/',
    'http://a%3ab@127.0.0.1:1/',
    'http://%00:%0d%0a@127.0.0.1:1/',
    'http://é@127.0.0.1:1/',
  ],
  ...[
    'http://127.0.0.1:1/%0d%0aX-A:%20b',
    'http://127.0.0.1:1/\xff\xfe',
    'http://127.0.0.1:1/ a b',
    'http://a%00b/',
  ],
  ...[
    '\\\\127.0.0.1:1\\a',
    `http://${'a'.repeat(300)}/`,
    `http://127.0.0.1:1/${'a'.repeat(9000)}`,
    'http://127.0.0.1:1/?%',
  ],
  ...['http://256.256.256.256/', 'http://xn--/', 'http://127.0.0.1:1/\0', '\r', `/${'a'.repeat(20_000)}`],
];

describe('a redirect', () => {
  it.each(LOCATIONS)('to %j is an error and a close, and nothing is thrown', async (location) => {
    const { server, port } = await RawServer.listen();
    server.on('/', ({ socket }) =>
      socket.write(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`, 'latin1'),
    );
    expect(await outcome(`ws://127.0.0.1:${port}/`)).toEqual({ events: ['error', 'close'], open: 0 });
    expect(surfaced).toEqual([]);
  });
});

const ANSWERS: readonly (readonly [string, (request: string) => string])[] = [
  ['nothing', () => ''],
  ['half a head', (request) => switching(request).slice(0, 40)],
  ['a head without its end', (request) => switching(request).slice(0, -2)],
  ['HTTP/1.0', (request) => switching(request).replace('HTTP/1.1', 'HTTP/1.0')],
  ['a 200 that upgrades', (request) => switching(request).replace('101', '200')],
  ['100 and then a forged 101', (request) => `HTTP/1.1 100 Continue\r\n\r\n${switching(request, true)}`],
  ['a 101 without Upgrade', () => 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a body', () => 'HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhe'],
  ['a body without an end', () => `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(100_000)}`],
  ['chunks that are none', () => 'HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['two lengths', () => 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'],
  ['a head that is too long', () => `HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['a frame', () => '\x81\x02hi'],
  ['TLS', () => '\x16\x03\x01\x00\x05hello'],
  ['two answers', () => 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'.repeat(2)],
  ['an extension that nobody offered', (request) => withField(request, 'Sec-WebSocket-Extensions: foo')],
  [
    'parameters that are none',
    (request) => withField(request, 'Sec-WebSocket-Extensions: permessage-deflate; a'),
  ],
];

function withField(request: string, field: string): string {
  return switching(request).replace('\r\n\r\n', `\r\n${field}\r\n\r\n`);
}

describe('an answer', () => {
  const ENDS: readonly (readonly [string, (socket: net.Socket) => unknown])[] = [
    ['an end', (socket) => socket.end()],
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['silence', () => undefined],
  ];

  it.each(ENDS.flatMap(([end, act]) => ANSWERS.map(([what, answer]) => [what, end, answer, act] as const)))(
    'of %s, and then %s, is an error and a close, and nothing is thrown',
    async (_what, _end, answer, act) => {
      const { server, port } = await RawServer.listen();
      server.on('/', ({ socket, request }) => socket.write(answer(request), 'latin1', () => act(socket)));
      expect(await outcome(`ws://127.0.0.1:${port}/`)).toEqual({ events: ['error', 'close'], open: 0 });
      expect(surfaced).toEqual([]);
    },
  );

  it('that opens, with a reset right behind it, is a close and at most an error before it', async () => {
    const { server, port } = await RawServer.listen();
    server.on('/', ({ socket, request }) => socket.write(switching(request), () => socket.resetAndDestroy()));
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const events: string[] = [];
    for (const event of ['open', 'error', 'close']) websocket.on(event, () => events.push(event));
    await until(() => events.includes('close'));
    expect(events.join()).toMatch(/^(open|error),close$/);
    expect(surfaced).toEqual([]);
  });
});

const WINDOWS = [8, 9, 10, 12, 15];
const TEXT = Buffer.from('window '.repeat(400));

describe('a window of the peer’s choice (RFC 7692 §7.1.2)', () => {
  it.each(WINDOWS.flatMap((server) => WINDOWS.map((client) => [server, client])))(
    'of %s bits for the server and %s for the client is kept by a server',
    async (serverBits, clientBits) => {
      const { port } = await listenEcho({ perMessageDeflate: true });
      const offer = `permessage-deflate; server_max_window_bits=${serverBits}; client_max_window_bits=${clientBits}`;
      const peer = await RawPeer.open(port, `Sec-WebSocket-Extensions: ${offer}`);
      const deflated = deflateRawSync(TEXT, { windowBits: Math.max(9, clientBits ?? 0), finishFlush: 2 });
      peer.socket.write(maskedFrame(0xc1, deflated.subarray(0, -4)));
      expect(inflated(await echo(peer), serverBits ?? 0)).toEqual(TEXT);
      expect(surfaced).toEqual([]);
    },
  );

  it.each(WINDOWS.flatMap((server) => WINDOWS.map((client) => [server, client])))(
    'of %s bits for the server and %s for the client is kept by a client',
    async (serverBits, clientBits) => {
      let received = Buffer.alloc(0);
      const port = await listenTcp((socket) => {
        socket.once('data', (request) => {
          const params = `server_max_window_bits=${serverBits}; client_max_window_bits=${clientBits}`;
          socket.write(withField(String(request), `Sec-WebSocket-Extensions: permessage-deflate; ${params}`));
          socket.on('data', (chunk) => {
            received = Buffer.concat([received, chunk]);
          });
        });
      });
      const client = await connect(`ws://127.0.0.1:${port}/`, {
        generateMask: (mask) => mask.fill(0),
        perMessageDeflate: { threshold: 0 },
      });
      client.send(TEXT.toString());
      await until(() => received.length > 2 && received.length >= 6 + ((received[1] ?? 0) & 127));
      expect(received[0]).toBe(0xc1);
      expect(inflated(received.subarray(6), clientBits ?? 0)).toEqual(TEXT);
      expect(surfaced).toEqual([]);
    },
  );

  async function echo(peer: RawPeer): Promise<Buffer> {
    const frame = await peer.until(() => peer.received.length >= 2 + (peer.received[1] ?? 0));
    expect(frame[0]).toBe(0xc1);
    return frame.subarray(2);
  }

  function inflated(payload: Buffer, windowBits: number): Buffer {
    const whole = Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff)]);
    return inflateRawSync(whole, { windowBits, finishFlush: 2 });
  }
});

const OFFERS = [
  '',
  ';',
  ',',
  'permessage-deflate; server_max_window_bits=7',
  '"',
  'permessage-deflate; a="',
  '\xff',
];

/** What clients send to a server. */
const REQUESTS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['half a head', upgradeRequest().slice(0, 60)],
  ['an upgrade', upgradeRequest()],
  ['an upgrade and half a frame', `${upgradeRequest()}\x81`],
  ['an upgrade and a frame that breaks a rule', `${upgradeRequest()}\xff\xff\xff`],
  ['two upgrades', upgradeRequest().repeat(2)],
  ['a plain request and an upgrade', `GET / HTTP/1.1\r\nHost: a\r\n\r\n${upgradeRequest()}`],
  ['an upgrade with a body', upgradeRequest('Content-Length: 5')],
  ['an upgrade that waits to continue', upgradeRequest('Expect: 100-continue')],
  ['version 7', upgradeRequest().replace(': 13', ': 7')],
  ['a key that is none', upgradeRequest().replace('dGhl', '')],
  ['POST', upgradeRequest().replace('GET', 'POST')],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x00\x05hello'],
  ['a head that is too long', upgradeRequest(`X: ${'x'.repeat(100_000)}`)],
  ...OFFERS.map(
    (offer) => [`the offer ${offer}`, upgradeRequest(`Sec-WebSocket-Extensions: ${offer}`)] as const,
  ),
  ...OFFERS.map(
    (offer) => [`the protocol ${offer}`, upgradeRequest(`Sec-WebSocket-Protocol: ${offer}`)] as const,
  ),
];

/** How a server lets clients in. */
const SERVERS: readonly (readonly [string, ServerOptions, (server: WebSocketServer) => void])[] = [
  ['at once', { perMessageDeflate: true }, () => undefined],
  ['later', { verifyClient: (_info, verified) => void setTimeout(verified, 5, true) }, () => undefined],
  ['never', { verifyClient: (_info, _verified) => undefined }, () => undefined],
  [
    'refused later',
    { verifyClient: (_info, verified) => void setTimeout(verified, 5, false) },
    () => undefined,
  ],
  [
    'told of errors',
    {},
    (server) => server.on('wsClientError', (_error, socket) => setTimeout(() => socket.end('no'), 5)),
  ],
];

describe('a server that lets clients in', () => {
  it.each(SERVERS)(
    '%s: no request and no reset throws anything, and the server closes',
    async (_how, options, prepare) => {
      const { server, port } = await listen(options);
      prepare(server);
      server.on('connection', (websocket) => websocket.on('error', () => undefined));
      await Promise.all(
        REQUESTS.flatMap(([, request]) =>
          (['at once', 'soon', 'late', 'ended'] as const).map(async (when) => {
            const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
            socket.resume().write(request, 'latin1');
            if (when === 'ended') socket.end();
            else if (when === 'at once') await new Promise((resolve) => socket.once('connect', resolve));
            else await new Promise((resolve) => setTimeout(resolve, when === 'soon' ? 2 : 12));
            if (when !== 'ended') socket.resetAndDestroy();
            await new Promise((resolve) => setTimeout(resolve, 30));
            socket.destroy();
          }),
        ),
      );
      await until(() => server.clients.size === 0);
      // Which waits for all of its sockets.
      await new Promise((closed) => server.close(closed));
      expect(surfaced).toEqual([]);
    },
  );
});
