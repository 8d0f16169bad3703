import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import Ws, { WebSocketServer as WsServer } from 'ws';
import { type PerMessageDeflateOptions, WebSocket } from '../../src/index.js';
import {
  after,
  collect,
  connect,
  listenEcho,
  maskedFrame,
  pair,
  portOf,
  RawPeer,
  until,
} from '../loopback.js';

const OPTIONS: [string, PerMessageDeflateOptions][] = [
  ['defaults', {}],
  ['no context takeover of the server', { serverNoContextTakeover: true }],
  ['no context takeover of the client', { clientNoContextTakeover: true }],
  [
    'no context takeover, no threshold',
    { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 },
  ],
  ['windows of 9 bits', { serverMaxWindowBits: 9, clientMaxWindowBits: 9, threshold: 0 }],
  ['the best level', { zlibDeflateOptions: { level: 9, memLevel: 9 }, threshold: 0 }],
];

/** Messages that refer to each other, and some that do not get smaller. */
function messages(): (string | Buffer)[] {
  const noise = Buffer.from(
    Uint8Array.from({ length: 5000 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255),
  );
  const json = JSON.stringify(
    Array.from({ length: 40 }, (_, i) => ({ id: i, name: `user ${i}`, online: i % 3 === 0 })),
  );
  return ['', json, json, noise, noise, 'x', 'ß🎉'.repeat(2000), Buffer.alloc(300_000, 'abc'), json, 'end'];
}

async function listenWs(perMessageDeflate: object): Promise<string> {
  const server = new WsServer({ port: 0, host: '127.0.0.1', perMessageDeflate });
  server.on('connection', (websocket) =>
    websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary })),
  );
  await once(server, 'listening');
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${portOf(server)}`;
}

describe.each(OPTIONS)('with %s', (_name, perMessageDeflate) => {
  it.each([
    ['our client and our server', true, true],
    ['our client and npm ws', true, false],
    ['npm ws and our server', false, true],
  ])('%s exchange compressed messages (RFC 7692 §7.2)', async (_peers, ourClient, ourServer) => {
    const url = ourServer ? (await listenEcho({ perMessageDeflate })).url : await listenWs(perMessageDeflate);
    const client = ourClient
      ? new WebSocket(url, { perMessageDeflate })
      : (new Ws(url, { perMessageDeflate: perMessageDeflate as object }) as unknown as WebSocket);
    after(() => client.terminate());
    await once(client, 'open');
    expect(client.extensions).toBe('permessage-deflate');
    const received: unknown[][] = collect(client, 'message');
    const sent = messages();
    for (const message of sent) client.send(message);
    await until(() => received.length === sent.length);
    for (const [i, message] of sent.entries()) {
      const [data, isBinary] = received[i] as [Buffer, boolean];
      expect(isBinary).toBe(typeof message !== 'string');
      expect(data.equals(Buffer.from(message as string))).toBe(true);
    }
    client.close(1000);
    expect((await once(client, 'close'))[0]).toBe(1000);
  });
});

it('is negotiated only where both sides want it', async () => {
  const { client: neither } = await pair({}, {});
  expect(neither.extensions).toBe('');
  const { client: both, peer } = await pair({ perMessageDeflate: true }, {});
  expect([both.extensions, peer.extensions]).toEqual(['permessage-deflate', 'permessage-deflate']);
  const { client: server } = await pair({ perMessageDeflate: true }, { perMessageDeflate: false });
  expect(server.extensions).toBe('');
});

it('sends the frame of RFC 7692 §7.2.3.1 for Hello', async () => {
  const { server, port } = await listenEcho({ perMessageDeflate: { threshold: 0 } });
  server.on('connection', (websocket) => websocket.send('Hello'));
  const peer = await RawPeer.open(port, 'Sec-WebSocket-Extensions: permessage-deflate');
  expect(await peer.bytes(9)).toBe('c107f248cdc9c90700');
});

it('leaves alone what is sent with compress: false', async () => {
  const { server, port } = await listenEcho({ perMessageDeflate: { threshold: 0 } });
  server.on('connection', (websocket) => websocket.send('Hello', { compress: false }));
  const peer = await RawPeer.open(port, 'Sec-WebSocket-Extensions: permessage-deflate');
  expect(await peer.bytes(7)).toBe('810548656c6c6f');
});

it.each([
  // The context of the server is kept: each message is compressed, however short.
  ['permessage-deflate; client_no_context_takeover', undefined, 'c107f248cdc9c90700'],
  // It is not kept, and the message is below the threshold.
  ['permessage-deflate; server_no_context_takeover', undefined, '810548656c6c6f'],
  ['permessage-deflate; server_no_context_takeover', 5, 'c107f248cdc9c90700'],
  ['permessage-deflate; server_no_context_takeover', 6, '810548656c6c6f'],
])(
  'with %s and a threshold of %s a server sends Hello as %s (RFC 7692 §7.1.1)',
  async (offer, threshold, hex) => {
    const { server, port } = await listenEcho({ perMessageDeflate: { threshold } });
    server.on('connection', (websocket) => websocket.send('Hello'));
    const peer = await RawPeer.open(port, `Sec-WebSocket-Extensions: ${offer}`);
    expect(await peer.bytes(hex.length / 2)).toBe(hex);
  },
);

it('stops a message that would grow past maxPayload with 1009, before it does', async () => {
  const { server, port } = await listenEcho({ perMessageDeflate: true, maxPayload: 1 << 20 });
  const errors: unknown[] = [];
  server.on('connection', (websocket) => websocket.on('error', (error) => errors.push(error)));
  const peer = await RawPeer.open(port, 'Sec-WebSocket-Extensions: permessage-deflate');
  const bomb = deflateRawSync(Buffer.alloc(256 << 20));
  expect(bomb.length).toBeLessThan(1 << 20);
  const before = process.memoryUsage().arrayBuffers;
  peer.socket.write(maskedFrame(0xc2, bomb.subarray(0, 200_000)));
  expect((await peer.all()).readUInt16BE(2)).toBe(1009);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  expect(errors).toMatchObject([{ code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' }]);
}, 20_000);

it('fails with 1007 what is no DEFLATE stream (RFC 7692 §7.2.2)', async () => {
  const { port } = await listenEcho({ perMessageDeflate: true });
  const peer = await RawPeer.open(port, 'Sec-WebSocket-Extensions: permessage-deflate');
  peer.writeHex('c1 83 00000000 ffffff');
  expect((await peer.all()).readUInt16BE(2)).toBe(1007);
});

it('lets other connections have their turn while a long message is compressed', async () => {
  const { client, peer } = await pair({ perMessageDeflate: true }, { perMessageDeflate: true });
  const noise = Buffer.from(Uint8Array.from({ length: 8 << 20 }, (_, i) => Math.imul(i, 2654435761) >>> 24));
  let turns = 0;
  const count = (): void => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const sent = new Promise((resolve) => client.send(noise, resolve));
  client.send('behind');
  const messages = collect(peer, 'message');
  await sent;
  await until(() => messages.length === 2);
  clearImmediate(timer);
  expect(turns).toBeGreaterThan(100);
  expect(noise.equals(messages[0]?.[0] as Buffer)).toBe(true);
  expect(String(messages[1]?.[0])).toBe('behind');
}, 20_000);

it('refuses options out of their range', async () => {
  expect(() => new WebSocket('ws://127.0.0.1', { perMessageDeflate: { clientMaxWindowBits: 7 } })).toThrow(
    RangeError,
  );
  await expect(connect('ws://127.0.0.1', { perMessageDeflate: { threshold: -1 } })).rejects.toThrow(
    RangeError,
  );
});
