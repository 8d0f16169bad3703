import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { PreparedMessage, type WebSocket, WebSocketServer } from '../../src/index.js';
import { collect, connect, listen, pair, until } from '../loopback.js';

async function audience(
  count: number,
  options = {},
): Promise<{ server: WebSocketServer; clients: WebSocket[]; heard: unknown[][][] }> {
  const { server, url } = await listen(options);
  const clients: WebSocket[] = [];
  for (let i = 0; i < count; i++) clients.push(await connect(url));
  await until(() => server.clients.size === count);
  return { server, clients, heard: clients.map((client) => collect(client, 'message')) };
}

describe('broadcast', () => {
  it.each([{}, { perMessageDeflate: { threshold: 0 } }])('reaches everybody, with %j', async (options) => {
    const { server, heard } = await audience(5, options);
    const text = 'to all of you '.repeat(100);
    expect(server.broadcast(text)).toBe(5);
    expect(server.broadcast(Buffer.from([1, 2, 3]))).toBe(5);
    expect(server.broadcast(Buffer.from('bytes'), { binary: false })).toBe(5);
    expect(server.broadcast('text', { binary: true })).toBe(5);
    for (const [first] of server.clients.entries()) first.send('and to you');
    await until(() => heard.every((messages) => messages.length === 5));
    for (const messages of heard) {
      expect(messages).toEqual([
        [Buffer.from(text), false],
        [Buffer.from([1, 2, 3]), true],
        [Buffer.from('bytes'), false],
        [Buffer.from('text'), true],
        [Buffer.from('and to you'), false],
      ]);
    }
  });

  it('leaves out one, those that do not fit, and those that are closing', async () => {
    const { server, heard } = await audience(4);
    const [first, second, third] = server.clients;
    third?.close();
    const count = server.broadcast('x', { except: first, filter: (client) => client !== second });
    expect(count).toBe(1);
    await until(() => heard.flat().length === 1);
  });

  it('takes no promise of a filter for yes', async () => {
    const { server, heard } = await audience(2);
    const filter: unknown = async () => false;
    expect(() => server.broadcast('x', { filter: filter as () => boolean })).toThrow(TypeError);
    server.broadcast('y');
    await until(() => heard.flat().length === 2);
    expect(heard.flat().map(([data]) => String(data))).toEqual(['y', 'y']);
  });

  it('keeps the order with what each is sent', async () => {
    const { server, heard } = await audience(2);
    for (const client of server.clients) client.send('before');
    server.broadcast('all');
    for (const client of server.clients) client.send('after');
    await until(() => heard.flat().length === 6);
    for (const messages of heard)
      expect(messages.map(([data]) => String(data))).toEqual(['before', 'all', 'after']);
  });

  it('needs clientTracking', () => {
    expect(() => new WebSocketServer({ noServer: true, clientTracking: false }).broadcast('x')).toThrow(
      TypeError,
    );
  });
});

describe('a PreparedMessage', () => {
  it('is sent like any other by a server, with a callback', async () => {
    const { client, peer } = await pair();
    const message = new PreparedMessage('prepared');
    const sent = new Promise((resolve) => peer.send(message, resolve));
    expect(String((await once(client, 'message'))[0])).toBe('prepared');
    expect(await sent).toBeUndefined();
  });

  it('is refused by a client, whose frames are masked each with a key of its own (§5.3)', async () => {
    const { client } = await pair();
    expect(() => client.send(new PreparedMessage('x'))).toThrow(TypeError);
  });
});
