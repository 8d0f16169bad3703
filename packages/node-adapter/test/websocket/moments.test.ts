import { Duplex } from 'node:stream';
import { Endpoint } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { Sender, Transport, WebSocket } from '../../src/index.js';
import { until } from '../loopback.js';
import { BOTH, open, pass, turn } from '../sides.js';
import { timers } from '../timers.js';
import { noise } from '../ways.js';
import { binary, text } from '../wire-peer.js';

/*
 * When events and callbacks come: not within the call that brings them about, and in their order.
 */

/** A Blob that is read when somebody says so, or fails. */
function slowBlob(content: string): { blob: Blob; read(): void; fail(): void } {
  let settle: { resolve(bytes: ArrayBuffer): void; reject(error: Error): void };
  const bytes = new Promise<ArrayBuffer>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return {
    blob: Object.assign(new Blob([content]), { arrayBuffer: () => bytes }),
    read: () => settle.resolve(new TextEncoder().encode(content).buffer),
    fail: () => settle.reject(new Error('unreadable')),
  };
}

describe.each(BOTH)('a $role (compression: $compressed)', (sides) => {
  it('calls nobody back within the call that gives up what waits', async () => {
    const { websocket } = await open(sides);
    const told: string[] = [];
    let within = '';
    websocket.send(slowBlob('never').blob, () => told.push(`Blob ${within}`));
    websocket.send('behind', () => told.push(`behind ${within}`));
    within = 'amid terminate';
    websocket.terminate();
    within = 'amid send';
    websocket.send('late', () => told.push(`late ${within}`));
    websocket.ping('late', undefined, () => told.push(`ping ${within}`));
    within = 'later';
    await until(() => told.length === 4, 'the callbacks');
    expect(told.sort()).toEqual(['Blob later', 'behind later', 'late later', 'ping later']);
  });

  it('sends what it has gathered before terminate', async () => {
    const { websocket, peer } = await open(sides);
    const words = ['leaves at once', 'gathered', 'last'];
    for (const word of words) websocket.send(word);
    websocket.terminate();
    expect(await peer.hearsAll()).toEqual(words.map(text));
  });

  it('hands out nothing within resume(), and nothing where a pause follows', async () => {
    const { websocket, peer } = await open(sides);
    const told: string[] = [];
    websocket.on('message', (data) => {
      told.push(String(data));
      websocket.pause();
    });
    peer.write(...['a', 'b', 'c'].map((word) => peer.message(word)));
    await until(() => told.length === 1);
    websocket.resume();
    expect(told).toEqual(['a']);
    websocket.pause();
    await pass(5);
    expect(told).toEqual(['a']);
    websocket.resume();
    await until(() => told.length === 2);
    expect(told).toEqual(['a', 'b']);
  });

  it('is closing as soon as its peer has ended, though something waits (§7.1.5)', async () => {
    // The sockets of a client end with their peer.
    const { websocket, peer } = await open({ ...sides, over: 'a Duplex' });
    const { blob, read } = slowBlob('slow');
    websocket.send(blob);
    peer.stream.end();
    await until(() => websocket.readyState === WebSocket.CLOSING, 'the end of the peer');
    expect(() => websocket.send('late')).not.toThrow();
    read();
    expect(await peer.hearsAll()).toEqual([binary(Buffer.from('slow'))]);
    await until(() => websocket.readyState === WebSocket.CLOSED);
  });

  it('tells of the fault of its peer before the connection is over (§7.1.7)', async () => {
    const { websocket, peer } = await open(sides);
    const told: string[] = [];
    websocket.on('error', () => {
      told.push('error');
      setImmediate(() => told.push('a turn'));
    });
    websocket.on('close', () => told.push('close'));
    peer.write(peer.frame(0x83));
    await until(() => told.length === 3, 'the end');
    expect(told).toEqual(['error', 'a turn', 'close']);
  });

  it('tells of messages before its end, where each has a task of its own', async () => {
    const { websocket, peer } = await open({ ...sides, options: { allowSynchronousEvents: false } });
    const told: string[] = [];
    websocket.on('message', (data) => told.push(String(data)));
    websocket.once('message', () => websocket._socket?.destroy());
    websocket.on('close', () => told.push('close'));
    peer.write(...['a', 'b', 'c'].map((word) => peer.message(word)));
    await until(() => told.includes('close'), 'the end');
    expect(told).toEqual(['a', 'b', 'c', 'close']);
  });

  it('tells of drain once nothing waits, not when a part of it has left', async () => {
    const { websocket, peer } = await open({ ...sides, over: 'a Duplex' });
    const { blob, read } = slowBlob('slow');
    let drains = 0;
    websocket.on('drain', () => drains++);
    websocket.send('first');
    websocket.send('gathered');
    expect(websocket.send(blob)).toBe(false);
    await peer.hears(2);
    await pass(5);
    expect(drains).toBe(0);
    read();
    await until(() => drains === 1, 'drain');
  });

  it('tells of no drain once it closes', async () => {
    const { websocket, link } = await open({ ...sides, over: 'a Duplex' });
    const told: string[] = [];
    websocket.on('drain', () => told.push('drain'));
    websocket.on('close', () => told.push('close'));
    link?.hold();
    while (websocket.send(noise(5000)));
    websocket.close(1000);
    link?.release();
    await until(() => told.length > 0, 'the end');
    expect(told).toEqual(['close']);
  });

  it('ends by the close time-out where what it accepted cannot be sent, and the peer does not answer', async () => {
    const { websocket, peer } = await open({ ...sides, options: { closeTimeout: 30 } });
    peer.answersClose = false;
    const { blob, fail } = slowBlob('broken');
    const errors: unknown[] = [];
    websocket.on('error', (error) => errors.push(error.message));
    websocket.send(blob);
    fail();
    await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
    expect(errors).toEqual(['unreadable']);
    expect(peer.told).toEqual(['close 1011']);
  });

  it('has one time for its end, which does not begin anew', async () => {
    const made = timers();
    const closeTimeout = 23_456;
    const { websocket, peer } = await open({ ...sides, over: 'a Duplex', options: { closeTimeout } });
    websocket.send(slowBlob('never').blob);
    websocket.close(1000);
    peer.stream.end();
    await until(() => websocket._socket?.readableEnded === true, 'the end of the peer');
    expect(made(closeTimeout)).toEqual([{ live: true, hasRef: true }]);
    websocket.terminate();
  });

  it('calls back with an error for a frame made elsewhere that comes too late, in a later tick', async () => {
    const { websocket } = await open(sides);
    const sender = websocket._sender;
    websocket.close(1000);
    const told: unknown[] = [];
    const frame = Sender.frame(Buffer.from('late'), {
      fin: true,
      opcode: 1,
      mask: sides.role === 'client',
      rsv1: false,
    });
    sender?.sendFrame(frame, (error) => told.push(error));
    expect(told).toEqual([]);
    await until(() => told.length === 1);
    expect(told).toEqual([expect.any(Error)]);
  });
});

it('calls back once for what waits and has no masking key when its turn comes (§5.3)', async () => {
  let throws = false;
  const generateMask = (mask: Buffer): void => {
    if (throws) throw new Error('no mask');
    mask.fill(1);
  };
  const { websocket } = await open({ role: 'client', options: { generateMask, closeTimeout: 30 } });
  const told: unknown[] = [];
  websocket.on('error', () => undefined);
  const { blob, read } = slowBlob('slow');
  websocket.send(blob, (error) => told.push(error?.message));
  throws = true;
  read();
  await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
  await pass(5);
  expect(told).toEqual(['no mask']);
});

it('terminate of a client that connects ends it with one error', async () => {
  const websocket = new WebSocket('ws://127.0.0.1:1/');
  const errors: unknown[] = [];
  websocket.on('error', (error) => errors.push(error.message));
  websocket.terminate();
  await until(() => websocket.readyState === WebSocket.CLOSED);
  expect(errors).toEqual(['WebSocket was closed before the connection was established']);
});

it('hands out what was put back into a socket before what is read from it then', async () => {
  const { websocket, peer } = await open({ role: 'server', over: 'TCP' });
  const told: string[] = [];
  websocket.on('message', (data) => told.push(String(data)));
  const { _socket: socket } = websocket;
  if (socket === null) throw new Error('no socket');
  // A socket that its owner pauses as a stream reads on, up to its buffer.
  Duplex.prototype.pause.call(socket);
  const [first, second] = [peer.message('first'), peer.message('second')];
  socket.unshift(first);
  peer.write(second);
  await until(() => told.length > 0 || socket.readableLength === first.length + second.length);
  socket.resume();
  await until(() => told.length === 2, 'both');
  expect(told).toEqual(['first', 'second']);
});

it.each(['client', 'server'] as const)(
  'tells whom a %s has wait for a write that a stream never ends, once',
  async (role) => {
    const { websocket, link } = await open({ role, over: 'a Duplex' });
    link?.hold();
    const told: unknown[] = [];
    websocket.send('held', (error) => told.push(error));
    await pass(5);
    expect(told).toEqual([]);
    websocket.terminate();
    await until(() => websocket.readyState === WebSocket.CLOSED && told.length > 0, 'the end');
    await pass(5);
    expect(told).toEqual([expect.any(Error)]);
  },
);

it('does not wait for a stream that never tells its end', async () => {
  const stream = new Duplex({
    emitClose: false,
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(),
  });
  const told: string[] = [];
  const transport = new Transport(new Endpoint({ role: 'server' }), { close: () => told.push('close') });
  transport.attach(stream, undefined).terminate();
  await until(() => told.length > 0, 'the last event');
  expect(told).toEqual(['close']);
});

it('a connection on a stream tells of no drain behind its end', async () => {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const told: string[] = [];
  const transport = new Transport(new Endpoint({ role: 'server' }), {
    drain: () => told.push('drain'),
    close: () => told.push('close'),
  });
  const connection = transport.attach(stream, undefined);
  // The first frame of a tick is not gathered.
  connection.gather();
  connection.gather();
  connection.sendLater('text', 1)?.fill(Buffer.from('a'));
  stream.destroy();
  await until(() => told.includes('close'));
  await turn();
  expect(told).toEqual(['close']);
});
