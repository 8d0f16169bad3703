import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from '../../src/index.js';
import {
  after,
  collect,
  listen,
  listenEcho,
  listenTcp,
  maskedFrame,
  pair,
  RawPeer,
  until,
} from '../loopback.js';

it('carries what is written as messages, and what comes as chunks', async () => {
  const { client, peer } = await pair();
  const stream = createWebSocketStream(client);
  stream.write('there');
  expect(await once(peer, 'message')).toEqual([Buffer.from('there'), true]);
  peer.send('and back');
  expect(await once(stream, 'data')).toEqual([Buffer.from('and back')]);
});

it('carries 8 MiB through an echo by pipeline, and closes both sides', async () => {
  const { url } = await listenEcho();
  const client = new WebSocket(url);
  after(() => client.terminate());
  const stream = createWebSocketStream(client);
  const chunks = Array.from({ length: 128 }, (_, i) => Buffer.alloc(65536, i));
  let received = 0;
  const enough = new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      expect(chunk[0]).toBe(chunk[chunk.length - 1]);
      received += chunk.length;
      if (received === 128 * 65536) resolve();
    });
  });
  for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, 'drain');
  await enough;
  const closed = once(client, 'close');
  stream.end();
  expect((await closed)[0]).toBe(1005);
});

it('ends when the peer closes', async () => {
  const { client, peer } = await pair();
  const stream = createWebSocketStream(client, { encoding: 'utf8' });
  peer.send('a');
  peer.send('b');
  peer.close();
  let text = '';
  for await (const chunk of stream) text += chunk;
  expect(text).toBe('ab');
});

it('writes before the connection is open wait for it', async () => {
  const { server, url } = await listen();
  const messages: unknown[][] = [];
  server.on('connection', (websocket) => websocket.on('message', (...values) => messages.push(values)));
  const stream = createWebSocketStream(new WebSocket(url));
  await pipeline(Readable.from(['1', '2', '3']), stream, { end: true });
  await until(() => messages.length === 3);
  expect(messages.map(([data]) => String(data))).toEqual(['1', '2', '3']);
});

it('stops the peer when nobody reads', async () => {
  const { client, peer } = await pair();
  const stream = createWebSocketStream(client, { readableHighWaterMark: 1024 });
  for (let i = 0; i < 100; i++) peer.send(Buffer.alloc(1 << 17, i));
  await until(() => client.isPaused);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stream.readableLength).toBeLessThanOrEqual(1 << 18);
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
  });
  await until(() => length === 100 * (1 << 17));
});

it('hands out text as strings in object mode', async () => {
  const { client, peer } = await pair();
  const stream = createWebSocketStream(client, { readableObjectMode: true });
  peer.send('text');
  expect(await once(stream, 'data')).toEqual(['text']);
});

it('is destroyed by an error of the connection', async () => {
  const { server, port } = await listen();
  const streams: unknown[][] = [];
  server.on('connection', (websocket) => {
    const stream = createWebSocketStream(websocket);
    stream.on('error', (error) => streams.push([error]));
    stream.resume();
  });
  const peer = await RawPeer.open(port);
  peer.writeHex('85 80 00000000');
  await until(() => streams.length > 0);
  expect(streams[0]?.[0]).toMatchObject({ code: 'WS_ERR_INVALID_OPCODE' });
  expect((await peer.all()).subarray(0, 4).toString('hex')).toMatch(/^88..03ea$/);
});

it('lets the closing handshake go on behind an error of the connection (§7.1.7)', async () => {
  const { client, peer } = await pair();
  const stream = createWebSocketStream(client);
  const errors: unknown[] = [];
  const failed = once(stream, 'error');
  client.on('error', (error) => errors.push(error));
  // Whoever does not read does not see that it was closed.
  peer.pause();
  peer._socket?.write(Buffer.from('8300', 'hex'));
  await until(() => errors.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(client.readyState).toBe(WebSocket.CLOSING);
  const closed = once(peer, 'close');
  peer.resume();
  expect((await closed)[0]).toBe(1002);
  expect((await failed)[0]).toBe(errors[0]);
});

it('is destroyed when the connection cannot be opened', async () => {
  const port = await listenTcp((socket) => socket.destroy());
  const stream = createWebSocketStream(new WebSocket(`ws://127.0.0.1:${port}`));
  const closes = collect(stream, 'close');
  const [error] = await once(stream, 'error');
  expect(error).toMatchObject({ code: 'ECONNRESET' });
  await until(() => closes.length === 1);
  expect(stream.destroyed).toBe(true);
});

it('terminates the connection when it is destroyed', async () => {
  const { client, peer } = await pair();
  const closed = once(peer, 'close');
  const stream = createWebSocketStream(client);
  stream.destroy();
  await once(stream, 'close');
  expect((await closed)[0]).toBe(1006);
});

it('hands out what came in the same packet as the close frame', async () => {
  const { server, port } = await listen();
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const peer = await RawPeer.open(port);
  const [websocket] = await connected;
  const stream = createWebSocketStream(websocket, { encoding: 'utf8' });
  peer.socket.write(
    Buffer.concat([maskedFrame(0x81, Buffer.from('last')), maskedFrame(0x88, Buffer.from([0x03, 0xe8]))]),
  );
  let text = '';
  for await (const chunk of stream) text += chunk;
  expect(text).toBe('last');
});
