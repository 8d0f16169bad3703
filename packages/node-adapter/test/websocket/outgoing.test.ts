import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from '../../src/index.js';
import { collect, connect, listen, listenEcho, pair, RawPeer, until } from '../loopback.js';

describe('a message in fragments', () => {
  it('ends with its last one; what follows is a message of its own (§5.4)', async () => {
    const { server, port } = await listen();
    server.on('connection', (websocket) => {
      websocket.send('a', { fin: false });
      websocket.send('b', { fin: true });
      websocket.send('c');
      websocket.send('d', { fin: false });
      websocket.send('e', { fin: true });
    });
    const peer = await RawPeer.open(port);
    expect(await peer.bytes(15)).toBe('010161' + '800162' + '810163' + '010164' + '800165');
  });
});

it.each([
  [{ compress: false }, '81 05 48656c6c6f'],
  [{ compress: true }, 'c1 07 f248cdc9c90700'],
])('sends bytes as text with %j (RFC 7692 §7.2.1)', async (options, hex) => {
  const { server, port } = await listenEcho({ perMessageDeflate: { threshold: 0 } });
  server.on('connection', (websocket) => websocket.send(Buffer.from('Hello'), { binary: false, ...options }));
  const peer = await RawPeer.open(port, 'Sec-WebSocket-Extensions: permessage-deflate');
  const wanted = hex.replaceAll(' ', '');
  expect(await peer.bytes(wanted.length / 2)).toBe(wanted);
});

it('takes a ping of 125 bytes, and answers it (§5.5)', async () => {
  const { client } = await pair();
  client.ping(Buffer.alloc(125, 'p'));
  expect(String((await once(client, 'pong'))[0])).toBe('p'.repeat(125));
});

describe('behind a Blob that is being read', () => {
  it('waits what is sent, and the close frame', async () => {
    const { client, peer } = await pair();
    const messages = collect(peer, 'message');
    client.send(new Blob(['first']));
    client.send('second');
    client.close(1000);
    expect((await once(peer, 'close'))[0]).toBe(1000);
    expect(messages.map(([data]) => String(data))).toEqual(['first', 'second']);
  });

  it('counts what waits as buffered until it has left', async () => {
    const { client, peer } = await pair();
    const messages = collect(peer, 'message');
    let read: (bytes: ArrayBuffer) => void = () => undefined;
    const slow = Object.assign(new Blob(['slow']), {
      arrayBuffer: () => new Promise<ArrayBuffer>((resolve) => (read = resolve)),
    });
    client.send(new Blob(['first']));
    client.send(slow);
    client.send('third');
    expect(client.bufferedAmount).toBe(14);
    await until(() => messages.length === 1);
    await until(() => client.bufferedAmount === 9, 'the first to be counted no more');
    read(new TextEncoder().encode('slow').buffer);
    await until(() => messages.length === 3);
    await until(() => client.bufferedAmount === 0);
  });
});

it('tells everything behind a Blob that cannot be read', async () => {
  const { client } = await pair();
  const errors = collect(client, 'error');
  const closes = collect(client, 'close');
  const blob = new Blob(['lost']);
  const broken = Object.assign(blob, { arrayBuffer: () => Promise.reject(new Error('unreadable')) });
  const told: unknown[] = [];
  for (const data of [broken, 'behind', 'last']) client.send(data, (error) => told.push(error?.message));
  await until(() => closes.length === 1);
  expect(told).toEqual(['unreadable', 'unreadable', 'unreadable']);
  expect(errors).toMatchObject([[{ message: 'unreadable' }]]);
});

it('drain comes once for each time that send said to stop', async () => {
  const { client } = await pair();
  const drains = collect(client, 'drain');
  const full = (): Promise<unknown> => {
    const drained = once(client, 'drain');
    while (client.send('x'.repeat(1000)));
    return drained;
  };
  await full();
  for (let i = 0; i < 20; i++) {
    client.send('small');
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(drains).toHaveLength(1);
  await full();
  expect(drains).toHaveLength(2);
});

it('reaches every one of many connections that are sent to in one tick', async () => {
  const { server, url } = await listen();
  const clients: WebSocket[] = [];
  for (let i = 0; i < 40; i++) clients.push(await connect(url));
  const told = clients.map((client) => collect(client, 'message'));
  for (const peer of server.clients) {
    // The first frame of a tick leaves at once, and is not gathered.
    for (const text of ['to all', 'and more']) peer.send(text);
  }
  await until(() => told.every(({ length }) => length === 2), 'all messages');
  for (const messages of told) expect(messages.map(([data]) => String(data))).toEqual(['to all', 'and more']);
});
