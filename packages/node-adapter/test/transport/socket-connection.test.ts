import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { Endpoint, ProtocolError } from '@x/frame-codec';
import { describe, expect, it, vi } from 'vitest';
import {
  type SocketConnection,
  type SocketHandler,
  Transport,
  type TransportOptions,
  WebSocket,
} from '../../src/index.js';
import { after, collect, listen, listenTcp, maskedFrame, pair, RawPeer, until } from '../loopback.js';

const endpoint = new Endpoint({ role: 'server' });

/** A connection on a bare socket, behind a handshake that nobody asked for, and its peer. */
async function bare(
  handler: SocketHandler<undefined>,
  options: TransportOptions = {},
): Promise<{ connection: SocketConnection<undefined>; peer: net.Socket }> {
  const transport = new Transport(endpoint, handler, options);
  const connections: SocketConnection<undefined>[] = [];
  const port = await listenTcp((socket) => connections.push(transport.attach(socket, undefined)));
  const peer = net.connect(port, '127.0.0.1');
  after(() => peer.destroy());
  peer.on('error', () => undefined);
  await until(() => connections.length === 1);
  return { connection: connections[0] as SocketConnection<undefined>, peer };
}

/** Runs `act` while uncaught exceptions are gathered instead of ending the process. */
async function uncaught(act: (errors: unknown[]) => Promise<void>): Promise<void> {
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const errors: unknown[] = [];
  process.on('uncaughtException', (error) => errors.push(error));
  try {
    await act(errors);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pass = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('what is sent', () => {
  it('counts as buffered while it is gathered, with its head', async () => {
    const { client } = await pair();
    client.send('leaves at once');
    expect(client.bufferedAmount).toBe(0);
    client.send('1234567');
    expect(client.bufferedAmount).toBe(13);
    await soon();
    expect(client.bufferedAmount).toBe(0);
  });

  it('leaves at once where it is the first of its tick, and the rest of the tick in one write', async () => {
    const { client, peer } = await pair();
    const messages = collect(peer, 'message');
    const write = vi.spyOn(client._socket as NonNullable<WebSocket['_socket']>, 'write');
    for (let i = 1; i <= 5; i++) {
      client.send('message');
      expect(write).toHaveBeenCalledTimes(1);
    }
    await soon();
    expect(write).toHaveBeenCalledTimes(2);
    await until(() => messages.length === 5);
  });

  it('leaves in one write in each tick once several frames were sent in one, and at once again behind a tick with one', async () => {
    const { client, peer } = await pair();
    const messages = collect(peer, 'message');
    for (let i = 0; i < 2; i++) client.send('message');
    await soon();
    const write = vi.spyOn(client._socket as NonNullable<WebSocket['_socket']>, 'write');
    for (let tick = 1; tick <= 3; tick++) {
      for (let i = 0; i < 5; i++) client.send('message');
      await soon();
      expect(write).toHaveBeenCalledTimes(tick);
    }
    client.send('alone');
    expect(write).toHaveBeenCalledTimes(3);
    await soon();
    client.send('alone');
    expect(write).toHaveBeenCalledTimes(5);
    await until(() => messages.length === 19);
  });
});

it('counts what each write that waits costs, not its bytes alone', async () => {
  let overflows = 0;
  const { connection, peer } = await bare(
    { overflow: () => overflows++ },
    { maxBufferedLength: 1 << 20, gatherWrites: false },
  );
  peer.pause();
  while (connection.bufferedLength === 0) connection.sendBinary(new Uint8Array(1 << 16));
  let short = 0;
  while (overflows === 0 && short < 10_000) {
    connection.sendBinary(new Uint8Array(1));
    short++;
  }
  expect(short).toBeGreaterThan(900);
  expect(short).toBeLessThan(1100);
  connection.destroy();
});

it('counts nothing more of writes that have left', async () => {
  let overflows = 0;
  const { connection, peer } = await bare(
    { overflow: () => overflows++ },
    { maxBufferedLength: 1 << 20, gatherWrites: false },
  );
  peer.on('data', () => undefined);
  for (let round = 0; round < 5; round++) {
    peer.pause();
    while (connection.bufferedLength === 0) connection.sendBinary(new Uint8Array(1 << 16));
    for (let short = 0; short < 400; short++) connection.sendBinary(new Uint8Array(1));
    peer.resume();
    await until(() => connection.bufferedLength === 0);
  }
  expect(overflows).toBe(0);
  connection.destroy();
});

it('tells of an overflow once', async () => {
  const overflows: unknown[] = [];
  const { connection, peer } = await bare(
    { overflow: (each) => overflows.push(each) },
    { maxBufferedLength: 1 << 20 },
  );
  peer.pause();
  for (let i = 0; i < 100; i++) {
    connection.sendBinary(new Uint8Array(1 << 18));
    await soon();
  }
  expect(overflows).toEqual([connection]);
  connection.destroy();
});

it.each([16, 0])(
  'answers the latest of more than %i pings when all else has left (§5.5.3)',
  async (maxQueuedPongs) => {
    const written: string[] = [];
    const release: (() => void)[] = [];
    const stream = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString('hex'));
        release.push(done);
      },
    });
    const transport = new Transport(new Endpoint({ role: 'server', maxQueuedPongs }), {});
    const connection = transport.attach(stream, undefined);
    connection.sendText('held');
    for (let each = 0; each < 20; each++) connection.receive(maskedFrame(0x89, Buffer.from([each])));
    if (maxQueuedPongs > 0) connection.sendText('last');
    const told: unknown[] = [];
    connection.whenSent((error) => told.push(error));
    if (maxQueuedPongs > 0) connection.sendText('told');
    for (let count = 0; count < 40; count++) {
      release.shift()?.();
      await soon();
    }
    expect(written[0]).toBe('810468656c64');
    expect(written.at(-1)).toBe('8a0113');
    expect(written.filter((frame) => frame.startsWith('8a'))).toHaveLength(maxQueuedPongs + 1);
    expect(told).toEqual([undefined]);
  },
);

describe('a paused connection', () => {
  it('leaves with the peer what it does not read', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    websocket.pause();
    const most = 64 << 20;
    const frame = maskedFrame(0x82, Buffer.alloc(1 << 20));
    for (let length = 0; length < most; length += frame.length) peer.socket.write(frame);
    await pass(50);
    expect(peer.socket.writableLength).toBeGreaterThan(most / 4);
    expect((websocket._socket as net.Socket).bytesRead).toBeLessThan(1 << 20);
    expect(websocket.readyState).toBe(WebSocket.OPEN);
  });

  it('stays paused when the handler that paused it throws', async () => {
    const texts: string[] = [];
    const { connection, peer } = await bare({
      text(each, text) {
        texts.push(text);
        if (text !== 'a') return;
        each.pause();
        throw new Error('thrown by the handler');
      },
    });
    await uncaught(async (errors) => {
      peer.write(Buffer.concat(['a', 'b'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
      await until(() => errors.length === 1);
      await pass(10);
    });
    expect(texts).toEqual(['a']);
    connection.resume();
    expect(texts).toEqual(['a', 'b']);
  });

  it('sees the end of its peer when it has failed (§7.1.7)', async () => {
    const closes: unknown[] = [];
    const { connection, peer } = await bare({ close: (_connection, code) => closes.push(code) });
    connection.pause();
    // What lies in a stream that nobody reads keeps its end from being seen.
    peer.write(maskedFrame(0x81, Buffer.from('unread')));
    await until(() => connection.socket.readableLength > 0);
    connection.fail(new ProtocolError('opcode-reserved', 0));
    // The peer ends when it has read the close frame to its end.
    peer.resume();
    await until(() => closes.length === 1, 'the close event');
    expect(closes).toEqual([1006]);
  });

  it('hands out once what had come to the socket when that closed', async () => {
    const { server, port } = await listen({ zeroCopyReads: false });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const messages = collect(websocket, 'message');
    websocket.once('message', () => websocket.pause());
    peer.socket.write(maskedFrame(0x81, Buffer.from('a')));
    await until(() => messages.length === 1);
    peer.socket.write(maskedFrame(0x81, Buffer.from('b')));
    await until(() => (websocket._socket?.readableLength ?? 0) > 0);
    websocket._socket?.destroy();
    await once(websocket, 'close');
    expect(messages.map(([data]) => String(data))).toEqual(['a', 'b']);
  });
});

it('goes on with its end when a handler throws at what a pause held back', async () => {
  const { connection, peer } = await bare(
    {
      text(each, text) {
        told.push(text);
        if (text === 'pause') each.pause();
        if (text === 'throw') throw new Error('thrown by the handler');
      },
      close: () => told.push('close'),
    },
    { zeroCopyReads: false },
  );
  const told: string[] = [];
  await uncaught(async (errors) => {
    peer.write(Buffer.concat(['pause', 'throw', 'kept'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
    await until(() => told.length === 1);
    connection.socket.unshift(maskedFrame(0x81, Buffer.from('unread')));
    connection.cork();
    connection.whenSent((error) => told.push(error?.message ?? 'sent'));
    connection.sendText('lost');
    connection.socket.destroy();
    await until(() => told.includes('close'));
    expect(errors).toHaveLength(1);
  });
  expect(told).toEqual([
    'pause',
    'throw',
    'kept',
    'unread',
    'The socket was closed before the data was sent',
    'close',
  ]);
});

it('drops a stream that failed, where that does not drop itself', async () => {
  const stream = new Duplex({ autoDestroy: false, read: () => undefined, write: () => undefined });
  const closes: unknown[] = [];
  const handler: SocketHandler = { close: (_connection, code) => closes.push(code) };
  new Transport(endpoint, handler).attach(stream, undefined);
  stream.emit('error', new Error('broken pipe'));
  await until(() => closes.length === 1);
  expect(stream.destroyed).toBe(true);
});

it('ends its side behind the peer’s, also where the handler throws at that', async () => {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const handler: SocketHandler = {
    peerEnd() {
      throw new Error('thrown by the handler');
    },
  };
  new Transport(endpoint, handler).attach(stream, undefined);
  await uncaught(async (errors) => {
    stream.push(null);
    await until(() => errors.length === 1);
  });
  expect(stream.writableEnded).toBe(true);
});

it('takes a single byte that came with the handshake', async () => {
  const texts: string[] = [];
  const frame = maskedFrame(0x81, Buffer.from('hi'));
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const handler: SocketHandler = { text: (_connection, text) => texts.push(text) };
  new Transport(endpoint, handler).attach(stream, undefined, frame.subarray(0, 1));
  stream.push(frame.subarray(1));
  await until(() => texts.length === 1);
  expect(texts).toEqual(['hi']);
});

it.each([-1, Number.NaN])('refuses a maxBufferedLength of %s', (maxBufferedLength) => {
  expect(() => new Transport(endpoint, {}, { maxBufferedLength })).toThrow(RangeError);
});

it('tells who waits when the socket goes before what was gathered has left', async () => {
  const { client } = await pair();
  const told: unknown[] = [];
  client.send('leaves at once');
  client.send('lost', (error) => told.push(error?.message));
  client._socket?.destroy();
  await until(() => told.length === 1);
  expect(told).toEqual(['The socket was closed before the data was sent']);
});

it.each([true, false])(
  'tells who waits for a write that the end of the socket cut off, directWrites: %s',
  async (directWrites) => {
    const { client, peer } = await pair({ directWrites, perMessageDeflate: false });
    client.pause();
    peer.send('first');
    const lost: boolean[] = [];
    let sent = 0;
    while (peer.bufferedAmount < 1_000_000) {
      sent++;
      peer.send('x'.repeat(100_000), (error) => lost.push(error instanceof Error));
      await soon();
    }
    const waiting = Math.floor(peer.bufferedAmount / 100_000);
    peer.terminate();
    await until(() => lost.length === sent);
    expect(lost.filter(Boolean).length).toBeGreaterThanOrEqual(waiting);
    expect(lost.slice(lost.indexOf(true))).not.toContain(false);
  },
);

it.each([true, false])(
  'tells everyone who waits where each of them throws, directWrites: %s',
  async (directWrites) => {
    const { client, peer } = await pair({ directWrites, perMessageDeflate: false });
    client.pause();
    let told = 0;
    await uncaught(async (errors) => {
      peer.on('drain', () => {
        throw new Error('thrown by a listener');
      });
      for (let each = 0; each < 100; each++) {
        peer.send('x'.repeat(200_000), () => {
          told++;
          throw new Error('thrown by a callback');
        });
        await soon();
      }
      expect(peer.bufferedAmount).toBeGreaterThan(200_000);
      client.resume();
      await until(() => peer.bufferedAmount === 0 && errors.length === 101);
    });
    expect(told).toBe(100);
  },
);

it('sends what was gathered before it saw that the peer has ended', async () => {
  const { connection, peer } = await bare({});
  let received = '';
  peer.on('data', (chunk) => {
    received += chunk.toString('hex');
  });
  connection.socket.prependListener('end', () => {
    // The first frame of a tick leaves at once.
    for (const text of ['good', 'bye']) {
      connection.gather();
      connection.sendText(text);
    }
  });
  peer.end();
  await until(() => received === '8104676f6f648103627965', 'the messages');
});
