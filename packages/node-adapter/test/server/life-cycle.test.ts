import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.js';
import { collect, connect, listen, listenTcp, pair, RawPeer, until } from '../loopback.js';

describe('server.close with options', () => {
  it('closes the clients with 1001, and then itself', async () => {
    const { server, url } = await listen();
    const clients = [await connect(url), await connect(url)];
    const codes = Promise.all(clients.map((client) => once(client, 'close')));
    const closed = new Promise((resolve) => server.close({ reason: 'restart' }, resolve));
    expect((await codes).map(([code, reason]) => [code, String(reason)])).toEqual([
      [1001, 'restart'],
      [1001, 'restart'],
    ]);
    expect(await closed).toBeUndefined();
  });

  it('drops those that do not answer within the timeout', async () => {
    const { server, port } = await listen();
    const peer = await RawPeer.open(port);
    const closed = once(server, 'close');
    const started = Date.now();
    server.close({ code: 1012, timeout: 30 });
    await closed;
    expect(Date.now() - started).toBeGreaterThanOrEqual(28);
    expect((await peer.all()).toString('hex')).toBe('880203f4');
  });

  it('refuses a code that must not be sent, and goes on', async () => {
    const { server } = await listen();
    expect(() => server.close({ code: 1006 })).toThrow(TypeError);
    expect(server.address()).not.toBeNull();
  });
});

describe('signal', () => {
  it('gives up connecting', async () => {
    const port = await listenTcp(() => undefined);
    const abort = new AbortController();
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { signal: abort.signal });
    const errors = collect(client, 'error');
    setTimeout(() => abort.abort('enough'), 10);
    await new Promise((resolve) => client.on('close', resolve));
    expect(errors).toMatchObject([[{ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' }]]);
  });

  it('may be aborted before', async () => {
    const { url } = await listen();
    const client = new WebSocket(url, { signal: AbortSignal.abort() });
    const errors = collect(client, 'error');
    await new Promise((resolve) => client.on('close', resolve));
    expect(errors).toMatchObject([[{ name: 'AbortError' }]]);
  });

  it('drops an open connection', async () => {
    const { url } = await listen();
    const abort = new AbortController();
    const client = await connect(url, { signal: abort.signal });
    const errors = collect(client, 'error');
    const closed = new Promise((resolve) => client.on('close', resolve));
    abort.abort();
    expect(await closed).toBe(1006);
    expect(errors).toMatchObject([[{ name: 'AbortError' }]]);
  });

  it('is not listened to any more when the connection is over', async () => {
    const { url } = await listen();
    const abort = new AbortController();
    const client = await connect(url, { signal: abort.signal });
    const errors = collect(client, 'error');
    client.close();
    await once(client, 'close');
    abort.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([]);
  });

  it('closes a server and its clients', async () => {
    const abort = new AbortController();
    const { server, url } = await listen({ signal: abort.signal });
    const client = await connect(url);
    await until(() => server.clients.size === 1);
    const closed = Promise.all([once(server, 'close'), once(client, 'close')]);
    abort.abort();
    expect((await closed)[1][0]).toBe(1001);
  });
});

describe('overflow', () => {
  it.each(['terminate', 'close'] as const)(
    '%s ends a connection whose peer does not read, with an error',
    async (overflow) => {
      const { server, port } = await listen({ maxBufferedAmount: 1 << 20, overflow, closeTimeout: 30 });
      const connected = once(server, 'connection') as Promise<[WebSocket]>;
      const peer = await RawPeer.open(port);
      peer.socket.pause();
      const [websocket] = await connected;
      const errors = collect(websocket, 'error');
      const closed = new Promise((resolve) => websocket.on('close', resolve));
      for (let i = 0; i < 100 && websocket.readyState === WebSocket.OPEN; i++) {
        websocket.send(Buffer.alloc(1 << 18));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await closed).toBe(1006);
      expect(errors).toMatchObject([[{ code: 'WS_ERR_TOO_MUCH_BUFFERED' }]]);
    },
  );

  it('lets one message through that is longer than the limit', async () => {
    const { client, peer } = await pair({ maxBufferedAmount: 1000 });
    peer.send(Buffer.alloc(1 << 20));
    expect((await once(client, 'message'))[0]).toHaveLength(1 << 20);
  });
});

it('a server without a port and without clients closes in the next tick', async () => {
  const server = new WebSocketServer({ noServer: true });
  server.close({});
  await once(server, 'close');
});
