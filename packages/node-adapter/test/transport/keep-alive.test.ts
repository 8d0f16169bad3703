import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.js';
import { collect, connect, listen, maskedFrame, pair, RawPeer, until } from '../loopback.js';

describe('pingInterval', () => {
  it('pings a silent peer, and keeps one that answers', async () => {
    const { client, peer } = await pair({ pingInterval: 40 });
    const pings = collect(client, 'ping');
    await until(() => pings.length >= 3);
    expect(peer.readyState).toBe(WebSocket.OPEN);
  });

  it('terminates a peer that does not answer', async () => {
    const { server, port } = await listen({ pingInterval: 40 });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const raw = await RawPeer.open(port);
    const [websocket] = await connected;
    const started = Date.now();
    expect((await once(websocket, 'close'))[0]).toBe(1006);
    expect(Date.now() - started).toBeGreaterThanOrEqual(60);
    expect(raw.received.toString('hex')).toBe('8900');
  });

  it('passes what waits behind a message that takes its time', async () => {
    const { client, peer, server } = await pair({ pingInterval: 40 });
    const pings = collect(client, 'ping');
    peer.send('begun', { fin: false });
    server.broadcast('waits for the end of that');
    await until(() => pings.length >= 3);
    expect(peer.readyState).toBe(WebSocket.OPEN);
  });

  it('counts for a connection that is paused too: a peer that is gone would not be seen otherwise', async () => {
    const { client } = await pair({}, { pingInterval: 10 });
    client.pause();
    expect((await once(client, 'close'))[0]).toBe(1006);
  });
});

describe('idleTimeout', () => {
  it('terminates who says nothing, and keeps who talks', async () => {
    const { server, port } = await listen({ idleTimeout: 80 });
    const closes: number[] = [];
    server.on('connection', (websocket) => websocket.on('close', (code) => closes.push(code)));
    const talker = await RawPeer.open(port);
    const talk = setInterval(() => talker.socket.write(maskedFrame(0x81, Buffer.from('.'))), 10);
    await RawPeer.open(port);
    await until(() => closes.length === 1);
    expect(server.clients.size).toBe(1);
    clearInterval(talk);
    await until(() => closes.length === 2);
  });
});

it('needs one timer for any number of connections, and none without options', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const { url, server } = await listen({ idleTimeout: 60_000 });
  const before = timers();
  for (let i = 0; i < 20; i++) await connect(url);
  await until(() => server.clients.size === 20);
  // Unreferenced timers are not listed, sockets of node:http none have.
  expect(timers() - before).toBeLessThanOrEqual(1);
});

it.each([{ pingInterval: -1 }, { idleTimeout: Number.NaN }, { idleTimeout: 2 ** 31 }])(
  'refuses %j',
  (options) => {
    expect(() => new WebSocketServer({ noServer: true, ...options })).toThrow(RangeError);
    expect(() => new WebSocket('ws://127.0.0.1', options)).toThrow(RangeError);
  },
);
