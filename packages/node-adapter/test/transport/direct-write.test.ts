import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { WebSocket } from '../../src/index.js';
import {
  canWriteDirectly,
  type DirectSocket,
  REFUSED,
  writeDirectly,
} from '../../src/transport/direct-write.js';
import { after, listen, listenTcp, pair, RawPeer, until } from '../loopback.js';

/*
 * What stands in the place of Node's methods keeps direct writes away. So this is put there before the adapter looks at them:
 * it takes them for Node's.
 */
const watched = await vi.hoisted(async () => {
  const { Socket } = await import('node:net');
  const sockets = new WeakMap<object, string[]>();
  const { _write: write, _writev: writev } = Socket.prototype;
  Socket.prototype._write = function (chunk: Buffer, ...rest) {
    sockets.get(this)?.push(chunk.toString('latin1'));
    write.call(this, chunk, ...rest);
  };
  Socket.prototype._writev = function (chunks, callback) {
    for (const { chunk } of chunks) sockets.get(this)?.push(String(chunk));
    writev?.call(this, chunks, callback);
  };
  return sockets;
});

/** What goes through the stream of a socket, whose class of requests is known by then. */
function watchStream(socket: net.Socket): string[] {
  const seen: string[] = [];
  watched.set(socket, seen);
  return seen;
}

function streamOf(websocket: WebSocket): net.Socket {
  if (!(websocket._socket instanceof net.Socket)) throw new TypeError('no socket');
  return websocket._socket;
}

/** A pair that has spoken before, so that all that can be known of the socket is known. */
async function acquainted(...options: Parameters<typeof pair>): ReturnType<typeof pair> {
  const both = await pair(...options);
  both.peer.send('hello');
  await once(both.client, 'message');
  return both;
}

/** A connected socket, and all that its peer has received of it. */
async function connected(): Promise<{ socket: DirectSocket; received: () => string; peer: net.Socket }> {
  let text = '';
  let accepted: net.Socket | undefined;
  const port = await listenTcp((socket) => {
    accepted = socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
  });
  const socket = net.connect(port, '127.0.0.1');
  after(() => socket.destroy());
  await once(socket, 'connect');
  await until(() => accepted !== undefined);
  if (!canWriteDirectly(socket) || accepted === undefined) throw new TypeError('no handle');
  // The first two make the class of requests known.
  const writer = { written: () => expect.unreachable() };
  if (writeDirectly(socket, Buffer.from('>'), writer) === REFUSED) socket.write('>', 'latin1');
  if (writeDirectly(socket, Buffer.from('>'), writer) === REFUSED) socket.write(Buffer.from('>'));
  return { socket, received: () => text, peer: accepted };
}

const nobody = { written: () => expect.unreachable() };

describe('writeDirectly', () => {
  it('writes past the stream, and counts what it wrote', async () => {
    const { socket, received } = await connected();
    const seen = watchStream(socket);
    expect(writeDirectly(socket, Buffer.from('one'), nobody)).toBe(0);
    expect(writeDirectly(socket, Buffer.from('two'), nobody)).toBe(0);
    await until(() => received() === '>>onetwo');
    expect(seen).toEqual([]);
    expect(socket.bytesWritten).toBe(8);
  });

  // Node ends the process where a request is used that a write has taken.
  it('uses no request twice whose bytes left late, but before it was looked at', async () => {
    const { socket } = await connected();
    const { socket: full, peer } = await connected();
    peer.pause();
    const long = Buffer.alloc(32 * 1024 * 1024);
    const { _handle: handle } = socket;
    if (handle === null) throw new TypeError('no handle');
    const { writeBuffer } = handle;
    // The request is taken by a write that waits, of a socket that is not looked at.
    handle.writeBuffer = (request) => full._handle?.writeBuffer(request, long) ?? 0;
    expect(writeDirectly(socket, Buffer.from('one'), nobody)).toBe(0);
    expect(full._handle?.writeQueueSize).toBeGreaterThan(0);
    handle.writeBuffer = writeBuffer;
    const statuses: number[] = [];
    expect(writeDirectly(socket, long, { written: (status) => statuses.push(status) })).toBeGreaterThan(0);
    await until(() => statuses.length > 0);
    expect(statuses).toEqual([0]);
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['is corked', (socket) => socket.cork()],
    ['is ended', (socket) => socket.end()],
    ['is destroyed', (socket) => socket.destroy()],
    ['has a time-out', (socket) => socket.setTimeout(1000)],
    [
      'has a write of somebody else',
      (socket) => {
        socket.write = () => true;
      },
    ],
    [
      'holds bytes',
      (socket) => {
        socket.cork();
        socket.write('first');
        socket.uncork();
        socket.pause();
        while (socket.writableLength === 0) socket.write(Buffer.alloc(65_536));
      },
    ],
  ])('writes nothing when the stream %s', async (_, meddle) => {
    const { socket, peer } = await connected();
    peer.pause();
    meddle(socket);
    const { bytesWritten } = socket;
    expect(writeDirectly(socket, Buffer.from('x'), nobody)).toBe(REFUSED);
    expect(socket.bytesWritten).toBe(bytesWritten);
  });

  it('writes nothing while the socket connects', async () => {
    const port = await listenTcp(() => undefined);
    const socket = net.connect(port, '127.0.0.1');
    after(() => socket.destroy());
    expect(canWriteDirectly(socket) && writeDirectly(socket, Buffer.from('x'), nobody)).toBe(REFUSED);
  });

  it('tells how much waits, holds on to it, and tells when it has gone', async () => {
    const { socket, peer, received } = await connected();
    peer.pause();
    const statuses: number[] = [];
    const long = Buffer.alloc(32 * 1024 * 1024, 'x');
    const waiting = writeDirectly(socket, long, { written: (status) => statuses.push(status) });
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThan(long.length);
    socket.write('behind it');
    expect(statuses).toEqual([]);
    peer.resume();
    await until(() => received().endsWith('behind it'));
    expect(statuses).toEqual([0]);
    expect(received().length).toBe(2 + long.length + 9);
  });

  it('tells each of several whose bytes wait', async () => {
    const told: number[] = [];
    const all = await Promise.all([connected(), connected(), connected()]);
    for (const [index, { socket, peer }] of all.entries()) {
      peer.pause();
      const writer = { written: () => told.push(index) };
      expect(writeDirectly(socket, Buffer.alloc(32 * 1024 * 1024), writer)).toBeGreaterThan(0);
    }
    for (const { peer } of all) peer.resume();
    await until(() => told.length === 3);
    expect(told.sort()).toEqual([0, 1, 2]);
  });

  it('tells when what waits was lost', async () => {
    const { socket, peer } = await connected();
    peer.pause();
    const statuses: number[] = [];
    writeDirectly(socket, Buffer.alloc(32 * 1024 * 1024), { written: (status) => statuses.push(status) });
    socket.destroy();
    await once(socket, 'close');
    expect(statuses).toHaveLength(1);
    expect(statuses[0]).toBeLessThan(0);
  });

  it.each<[string, (socket: net.Socket) => void]>([
    ['of one piece', (socket) => socket.write(Buffer.from('stream'))],
    [
      'of several pieces',
      (socket) => {
        socket.cork();
        for (const piece of ['str', 'eam']) socket.write(Buffer.from(piece));
        socket.uncork();
      },
    ],
  ])('learns from the first write of a stream, %s, and leaves its handle as it was', async (_, write) => {
    const { socket, received } = await connected();
    const { _handle: handle } = socket;
    if (handle === null) throw new TypeError('no handle');
    const names = Object.getOwnPropertyNames(handle);
    vi.resetModules();
    const fresh = await import('../../src/transport/direct-write.js');
    expect(fresh.writeDirectly(socket, Buffer.from('x'), nobody)).toBe(REFUSED);
    const { writeBuffer } = handle;
    expect(fresh.writeDirectly(socket, Buffer.from('x'), nobody)).toBe(REFUSED);
    expect(handle.writeBuffer).toBe(writeBuffer);
    write(socket);
    expect(Object.getOwnPropertyNames(handle)).toEqual(names);
    expect(fresh.writeDirectly(socket, Buffer.from('direct'), nobody)).toBe(0);
    await until(() => received() === '>>streamdirect');
  });

  it('knows what it can write to', async () => {
    expect(canWriteDirectly(new PassThrough())).toBe(false);
    const { socket } = await connected();
    expect(canWriteDirectly(socket)).toBe(true);
    socket.destroy();
    expect(canWriteDirectly(socket)).toBe(false);
  });
});

describe('a connection', () => {
  it.each([
    [true, 0],
    [false, 2],
  ])('with directWrites %s has %s frames go through the stream', async (directWrites, writes) => {
    const { client, peer } = await acquainted({ directWrites }, { directWrites });
    const seen = [watchStream(streamOf(peer)), watchStream(streamOf(client))];
    const done: unknown[] = [];
    peer.send('to the client', (error) => done.push(error));
    client.send('to the server');
    expect(done).toEqual([]);
    await Promise.all([once(client, 'message'), once(peer, 'message')]);
    expect(seen.flat()).toHaveLength(writes);
    expect(done).toEqual([undefined]);
    expect(peer.bufferedAmount).toBe(0);
  });

  it.each([
    [true, 0],
    // Each frame of the server is a head and its payload, the client's is one masked piece.
    [false, 3],
  ])(
    'with directWrites %s has %s pieces of long messages go through the stream',
    async (directWrites, pieces) => {
      const { client, peer } = await acquainted({ directWrites }, { directWrites });
      const seen = [watchStream(streamOf(peer)), watchStream(streamOf(client))];
      const payload = Buffer.alloc(50_000, 'long');
      const received = Promise.all([once(client, 'message'), once(peer, 'message')]);
      peer.send(payload);
      client.send(payload);
      for (const [data] of await received) expect(payload.equals(data)).toBe(true);
      expect(seen.flat()).toHaveLength(pieces);
      expect([peer.bufferedAmount, client.bufferedAmount]).toEqual([0, 0]);
    },
  );

  it('keeps the order of all that it writes, also of what others write to the socket', async () => {
    const { server, port } = await listen({ gatherWrites: false });
    const opened = once(server, 'connection') as Promise<[WebSocket]>;
    const raw = await RawPeer.open(port);
    const [websocket] = await opened;
    websocket.send('a');
    streamOf(websocket).cork();
    streamOf(websocket).write(Buffer.from('8a0162', 'hex'));
    websocket.send('c');
    process.nextTick(() => streamOf(websocket).uncork());
    await raw.until(() => raw.received.length >= 9);
    expect(raw.received.toString('latin1')).toBe('\x81\x01a\x8a\x01b\x81\x01c');
  });

  it('counts what a peer that does not read leaves waiting, says stop, and says when to go on', async () => {
    const { client, peer } = await acquainted({ perMessageDeflate: false });
    client.pause();
    const order: string[] = [];
    let sent = 0;
    peer.on('drain', () => order.push('drain'));
    const part = 'x'.repeat(12_000);
    let go = true;
    while (go) {
      const number = sent++;
      go = peer.send(part, () => order.push(`sent ${number}`));
      await new Promise((done) => setImmediate(done));
    }
    const { bufferedAmount } = peer;
    expect(bufferedAmount).toBeGreaterThan(0);
    peer.send('last', () => order.push('sent last'));
    expect(peer.bufferedAmount).toBe(bufferedAmount + 6);
    const received: number[] = [];
    client.on('message', (data: Buffer) => received.push(data.length));
    client.resume();
    await until(() => received.length === sent + 1 && order.includes('drain'));
    await until(() => order.includes('sent last'));
    expect(order.filter((each) => each !== 'drain')).toEqual([
      ...Array.from({ length: sent }, (_, number) => `sent ${number}`),
      'sent last',
    ]);
    expect(order.filter((each) => each === 'drain')).toHaveLength(1);
    expect(peer.bufferedAmount).toBe(0);
    expect(received).toEqual([...Array.from({ length: sent }, () => 12_000), 4]);
  });

  it('says when to go on where nothing but direct writes waited', async () => {
    const { client, peer } = await acquainted({ gatherWrites: false, perMessageDeflate: false });
    client.pause();
    let drains = 0;
    peer.on('drain', () => drains++);
    // More than the operating system takes.
    expect(peer.send(Buffer.alloc(32 * 1024 * 1024))).toBe(false);
    expect(streamOf(peer).writableLength).toBe(0);
    expect(peer.bufferedAmount).toBeGreaterThanOrEqual(streamOf(peer).writableHighWaterMark);
    client.resume();
    await once(peer, 'drain');
    expect(peer.bufferedAmount).toBe(0);
    expect(drains).toBe(1);
  });

  it('drops a peer for which more than the limit waits, direct writes included', async () => {
    const options = { gatherWrites: false, perMessageDeflate: false, maxBufferedAmount: 1000 };
    const { client, peer } = await acquainted(options);
    client.pause();
    const errors: unknown[] = [];
    peer.on('error', (error) => errors.push(error));
    while (peer.bufferedAmount <= 1000) peer.send('x'.repeat(30_000));
    expect(errors).toEqual([]);
    expect(streamOf(peer).writableLength).toBe(0);
    peer.send('x');
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: 'WS_ERR_TOO_MUCH_BUFFERED' }]);
  });

  it('gives an error to who waits for bytes that are lost', async () => {
    const { client, peer } = await acquainted({ perMessageDeflate: false });
    client.pause();
    const errors: unknown[] = [];
    while (peer.send('x'.repeat(12_000), (error) => errors.push(error))) {
      await new Promise((done) => setImmediate(done));
    }
    const before = errors.length;
    peer.terminate();
    await once(peer, 'close');
    await until(() => errors.length > before);
    expect(errors.slice(0, before).every((error) => !error)).toBe(true);
    expect(errors[before]).toBeInstanceOf(Error);
  });
});
