import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:https';
import { expect, it } from 'vitest';
import Ws from 'ws';
import { type ServerOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { selfSigned } from '../certificate.js';
import { after, collect, connect, portOf, until } from '../loopback.js';

async function listenTls(
  options: ServerOptions = {},
): Promise<{ url: string; cert: string; server: WebSocketServer }> {
  const { key, cert } = selfSigned();
  const https = createServer({ key, cert });
  const server = new WebSocketServer({ server: https, ...options });
  server.on('connection', (websocket) =>
    websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary })),
  );
  https.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
    https.closeAllConnections();
    https.close();
  });
  return { url: `wss://127.0.0.1:${portOf(https)}`, cert, server };
}

it.each([
  ['a short text', 'hello', false],
  ['1 MiB of binary', Buffer.from(Uint8Array.from({ length: 1048576 }, (_, i) => i >> 2)), true],
])('carries %s over wss: there and back', async (_what, sent, binary) => {
  const { url, cert } = await listenTls();
  const client = await connect(url, { ca: cert });
  expect(client.url).toBe(`${url}/`);
  client.send(sent);
  const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
  expect(isBinary).toBe(binary);
  expect(data.equals(Buffer.from(sent as string))).toBe(true);
  client.close(1000);
  expect((await once(client, 'close'))[0]).toBe(1000);
});

it('keeps the order of messages of all sizes over wss:, from npm ws too', async () => {
  const { url, cert } = await listenTls();
  const ours = await connect(url, { ca: cert });
  const theirs = new Ws(url, { ca: cert });
  after(() => theirs.terminate());
  await once(theirs, 'open');
  const sizes = [1, 40000, 0, 125, 70000, 126, 16384, 3, 200000, 1];
  for (const client of [ours, theirs]) {
    const received: number[] = [];
    const emitter: EventEmitter = client;
    emitter.on('message', (data: Buffer) => received.push(data.length));
    const send = (data: Buffer): unknown => (client === ours ? ours.send(data) : theirs.send(data));
    for (const size of sizes) send(Buffer.alloc(size, size & 255));
    while (received.length < sizes.length) await once(client, 'message');
    expect(received).toEqual(sizes);
  }
});

it('refuses a certificate that it does not trust', async () => {
  const { url } = await listenTls();
  const client = new WebSocket(url);
  const errors = collect(client, 'error');
  await new Promise((resolve) => client.on('close', resolve));
  expect(errors).toMatchObject([[{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }]]);
  expect(client.readyState).toBe(WebSocket.CLOSED);
});

it('tells verifyClient that the request came over TLS', async () => {
  const { url, cert, server } = await listenTls();
  const seen: boolean[] = [];
  server.options.verifyClient = ({ secure }) => seen.push(secure) > 0;
  await connect(url, { ca: cert });
  expect(seen).toEqual([true]);
});

it.each([true, false])(
  'keeps the bytes of many connections apart over wss:, compressed: %s',
  async (perMessageDeflate) => {
    const { url, cert } = await listenTls({ perMessageDeflate });
    const counts = await Promise.all(
      Array.from({ length: 12 }, async (_, id) => {
        const client = await connect(url, { ca: cert, perMessageDeflate });
        const expected: Buffer[] = [];
        let right = 0;
        client.on('message', (data) => {
          if (expected.shift()?.equals(data as Buffer)) right++;
        });
        for (let i = 0; i < 40; i++) {
          const size = (id * 7919 + i * i * 2657) % (i % 3 === 0 ? 150_000 : 3000);
          const payload = Buffer.alloc(size, `${id}.${i} `);
          expected.push(payload);
          client.send(i % 2 === 0 ? payload : String(payload));
          if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await until(() => expected.length === 0);
        return right;
      }),
    );
    expect(counts).toEqual(Array.from({ length: 12 }, () => 40));
  },
  20_000,
);

it('has others go first when the records of one peer take long', async () => {
  const { url, cert, server } = await listenTls();
  let handled = 0;
  let inTurn = 0;
  let most = 0;
  server.on('connection', (websocket) => {
    websocket.removeAllListeners('message');
    websocket.on('message', () => {
      handled++;
      if (inTurn++ === 0) {
        setImmediate(() => {
          inTurn = 0;
        });
      }
      most = Math.max(most, inTurn);
      const end = performance.now() + 0.1;
      while (performance.now() < end);
    });
  });
  const client = await connect(url, { ca: cert });
  for (const websocket of server.clients) websocket.pause();
  for (let i = 0; i < 2000; i++) client.send(Buffer.alloc(1000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const websocket of server.clients) websocket.resume();
  await until(() => handled === 2000);
  expect(most).toBeLessThan(90);
});
