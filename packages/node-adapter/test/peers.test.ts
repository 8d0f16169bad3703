import { type EventEmitter, once } from 'node:events';
import { WebSocket as UndiciWebSocket } from 'undici';
import { describe, expect, it } from 'vitest';
import Ws, { WebSocketServer as WsServer } from 'ws';
import { after, connect, listen, listenEcho, portOf } from './loopback.js';

const MIB = 1024 * 1024;

/** Text of exactly 1 MiB with characters of one to four bytes. */
const LONG_TEXT = `${'aß漢🎉'.repeat(MIB / 10 - 1).padEnd(MIB, ' ')}`.slice(0, MIB);
const LONG_BINARY = Buffer.from(Uint8Array.from({ length: MIB }, (_, i) => (i * 31) >> 3));

/** What the clients of both packages have in common here. */
interface Client extends EventEmitter {
  readonly readyState: number;
  send(data: string | Buffer, options: { fin?: boolean }): void;
  ping(data: string): void;
  close(code?: number, reason?: string): void;
}

/** An echo server of npm `ws`. */
async function listenWs(): Promise<string> {
  const server = new WsServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (websocket, request) => {
    if (request.url === '/close') websocket.close(4001, 'go');
    websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
  });
  await once(server, 'listening');
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${portOf(server)}`;
}

async function connectWs(url: string): Promise<Ws> {
  const websocket = new Ws(url, { perMessageDeflate: false });
  after(() => websocket.terminate());
  await once(websocket, 'open');
  return websocket;
}

describe.each<[string, () => Promise<Client>]>([
  ['our client and npm ws as server', async () => connect(await listenWs())],
  ['npm ws as client and our server', async () => connectWs((await listenEcho()).url)],
  ['our client and our server', async () => connect((await listenEcho()).url)],
])('%s', (_name, open) => {
  it.each([
    ['an empty text', '', false],
    ['an empty binary', Buffer.alloc(0), true],
    ['a short text', 'Grüße 🎉', false],
    ['a short binary', Buffer.from([0, 1, 2, 253, 254, 255]), true],
    ['a text of 126 bytes', 'x'.repeat(126), false],
    ['a binary of 65536 bytes', Buffer.alloc(65536, 0xa5), true],
    ['1 MiB of text', LONG_TEXT, false],
    ['1 MiB of binary', LONG_BINARY, true],
  ])('carry %s there and back (§5.6)', async (_what, sent, binary) => {
    const client = await open();
    client.send(sent, {});
    const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    expect(isBinary).toBe(binary);
    expect(data.equals(Buffer.from(sent as string))).toBe(true);
  });

  it('keep the order of many messages that leave at once', async () => {
    const client = await open();
    const received: string[] = [];
    client.on('message', (data: unknown) => received.push(String(data)));
    const sent = Array.from({ length: 2000 }, (_, i) => `${i}:${'.'.repeat(i % 300)}`);
    for (const text of sent) client.send(text, {});
    while (received.length < sent.length) await once(client, 'message');
    expect(received).toEqual(sent);
  });

  it('put fragments together (§5.4)', async () => {
    const client = await open();
    client.send('one, ', { fin: false });
    client.send('two, ', { fin: false });
    client.send('three', { fin: true });
    const [data, isBinary] = await once(client, 'message');
    expect([String(data), isBinary]).toEqual(['one, two, three', false]);
  });

  it('answer a ping with the same data (§5.5.2)', async () => {
    const client = await open();
    client.ping('are you there');
    const [data] = await once(client, 'pong');
    expect(String(data)).toBe('are you there');
  });

  it('close with code and reason (§7.1.2)', async () => {
    const client = await open();
    client.close(3999, 'enough');
    const [code, reason] = await once(client, 'close');
    expect([code, String(reason)]).toEqual([3999, 'enough']);
    expect(client.readyState).toBe(3);
  });

  it('close without a code as 1005 (§7.1.5)', async () => {
    const client = await open();
    client.close();
    const [code, reason] = await once(client, 'close');
    expect([code, String(reason)]).toEqual([1005, '']);
  });
});

it('our client is closed by npm ws', async () => {
  const client = await connect(`${await listenWs()}/close`);
  const [code, reason] = await once(client, 'close');
  expect([code, String(reason)]).toEqual([4001, 'go']);
});

it('our server closes npm ws', async () => {
  const { server, url } = await listen();
  server.on('connection', (websocket) => websocket.close(4002, 'off'));
  const client = await connectWs(url);
  const [code, reason] = await once(client, 'close');
  expect([code, String(reason)]).toEqual([4002, 'off']);
});

describe('undici as client', () => {
  it('gets text and binary back, and closes cleanly', async () => {
    const { url } = await listenEcho();
    const client = new UndiciWebSocket(url);
    client.binaryType = 'arraybuffer';
    const received: unknown[] = [];
    const closed = new Promise<{ code: number; reason: string; wasClean: boolean }>((resolve) => {
      client.addEventListener('close', ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }));
    });
    await new Promise<void>((resolve) => {
      client.addEventListener('open', () => {
        client.send('Grüße');
        client.send(new Uint8Array([1, 2, 3]));
        client.send('x'.repeat(MIB));
      });
      client.addEventListener('message', ({ data }) => {
        received.push(data);
        if (received.length === 3) resolve();
      });
    });
    expect(received[0]).toBe('Grüße');
    expect(new Uint8Array(received[1] as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
    expect(received[2]).toBe('x'.repeat(MIB));
    client.close(1000, 'done');
    expect(await closed).toEqual({ code: 1000, reason: 'done', wasClean: true });
  });
});
