import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.js';
import {
  after,
  collect,
  connect,
  listen,
  listenHttp,
  maskedFrame,
  pair,
  RawPeer,
  until,
  upgradeRequest,
} from '../loopback.js';
import { timers } from '../timers.js';

const pass = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

it('tells of one error, whatever follows (§7.1.7)', async () => {
  const abort = new AbortController();
  const { client, peer } = await pair({}, { signal: abort.signal });
  const errors = collect(client, 'error');
  const closes = collect(client, 'close');
  client.once('error', () => abort.abort());
  // A reserved opcode.
  peer._socket?.write(Buffer.from('8300', 'hex'));
  await until(() => closes.length === 1);
  expect(errors).toMatchObject([[{ code: 'WS_ERR_INVALID_OPCODE' }]]);
});

it('drops a peer that ended the connection and reads nothing of what waits for it within closeTimeout', async () => {
  const { server, port } = await listen({ closeTimeout: 30 });
  const peer = await RawPeer.open(port);
  peer.socket.pause();
  const [websocket] = server.clients;
  websocket?.send(Buffer.alloc(32 * 1024 * 1024));
  await until(() => (websocket?.bufferedAmount ?? 0) > 0);
  peer.socket.end();
  await until(() => websocket?.readyState === WebSocket.CLOSED);
  expect(server.clients.size).toBe(0);
});

it('drops a peer that broke a rule and does not end the connection within closeTimeout (§7.1.7)', async () => {
  const { server, port } = await listen({ closeTimeout: 30 });
  const closes: unknown[] = [];
  server.on('connection', (websocket) => {
    websocket.on('error', () => undefined);
    websocket.on('close', (code) => closes.push(code));
  });
  const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  after(() => peer.destroy());
  peer.on('error', () => undefined);
  peer.write(upgradeRequest());
  await once(peer, 'data');
  peer.write(maskedFrame(0x83, Buffer.alloc(0)));
  await until(() => closes.length === 1, 'the close event');
  expect(closes).toEqual([1006]);
});

it.each([
  ['that takes the error', () => undefined],
  [
    'that throws at the error',
    () => {
      throw new Error('of the listener');
    },
  ],
])(
  'closes with 1008 a peer that does not read, where that is wanted, for a listener %s (§7.4.1)',
  async (listener, take) => {
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    after(() => {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    });
    let errors = 0;
    const { server, port } = await listen({ maxBufferedAmount: 1 << 20, overflow: 'close' });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    peer.socket.pause();
    const [websocket] = await connected;
    websocket.on('error', () => {
      errors++;
      take();
    });
    for (let i = 0; i < 200 && websocket.readyState === WebSocket.OPEN; i++) {
      websocket.send(Buffer.alloc(1 << 18));
      await pass(0);
    }
    expect(websocket.readyState).toBe(WebSocket.CLOSING);
    let last = Buffer.alloc(0);
    peer.socket.removeAllListeners('data');
    peer.socket.on('data', (chunk: Buffer) => {
      last = Buffer.concat([last, chunk]).subarray(-4);
    });
    peer.socket.resume();
    await until(() => last.toString('hex') === '880203f0', 'the close frame');
    expect(errors).toBe(1);
    expect(thrown).toHaveLength(listener === 'that throws at the error' ? 1 : 0);
  },
);

it('stays paused where a listener pauses and each event has a task of its own', async () => {
  const { server, port } = await listen({ allowSynchronousEvents: false });
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const peer = await RawPeer.open(port);
  const [websocket] = await connected;
  const messages = collect(websocket, 'message');
  websocket.once('message', () => websocket.pause());
  peer.socket.write(Buffer.concat(['a', 'b'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
  await until(() => messages.length > 0);
  await pass(10);
  expect(messages).toHaveLength(1);
  websocket.resume();
  await until(() => messages.length === 2);
});

it('is free of the time-out that a server has for requests', async () => {
  const { http, url } = await listenHttp();
  http.setTimeout(30);
  const server = new WebSocketServer({ server: http });
  after(() => server.close());
  const timeouts: unknown[][] = [];
  server.on('connection', ({ _socket }) => {
    _socket?.on('timeout', () => timeouts.push([]));
  });
  const client = await connect(url);
  await pass(100);
  expect(timeouts).toEqual([]);
  expect(client.readyState).toBe(WebSocket.OPEN);
});

describe('a connection that is over', () => {
  it('leaves no timer of pingInterval behind, and none keeps the process alive', async () => {
    const made = timers();
    // No other test has these.
    const { client } = await pair({}, { idleTimeout: 12_345 });
    expect(made(12_345 / 4)).toEqual([{ live: true, hasRef: false }]);
    client.close();
    await once(client, 'close');
    expect(made(12_345 / 4)).toEqual([{ live: false, hasRef: false }]);
  });
});
