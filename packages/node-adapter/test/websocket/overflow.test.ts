import { Duplex } from 'node:stream';
import { Endpoint } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { type SocketConnection, Transport, WebSocket } from '../../src/index.js';
import { BOTH, open, pass, ROLES, turn } from '../sides.js';
import { noise } from '../ways.js';

const options = { maxBufferedAmount: 20_000, overflow: 'close', closeTimeout: 2000 } as const;

describe.each(BOTH)("behind overflow: 'close' a $role (compression: $compressed)", (sides) => {
  it('hands out nothing more, and counts nothing more', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex', options });
    link?.hold();
    const told: string[] = [];
    for (const name of ['message', 'ping', 'pong', 'error', 'drain'] as const) {
      websocket.on(name, () => told.push(name));
    }
    while (websocket.readyState === WebSocket.OPEN) {
      websocket.send(noise(5000));
      await turn();
    }
    const buffered = websocket.bufferedAmount;
    const errors: unknown[] = [];
    websocket.send(noise(5000), (error) => errors.push(error));
    websocket.ping(noise(100), undefined, (error) => errors.push(error));
    expect(websocket.bufferedAmount).toBe(buffered);
    peer.write(peer.message('a'), peer.ping('b'), peer.frame(0x8a, 'c'));
    await pass(5);
    expect(errors).toEqual([expect.any(Error), expect.any(Error)]);
    expect(told).toEqual(['error']);
  });
});

it.each(ROLES)('a %s that overflows amid a write closes behind it', async (role) => {
  const { websocket, link } = await open({ role, over: 'a Duplex', options });
  websocket.on('error', () => undefined);
  link?.hold();
  const { write } = link as Duplex;
  const states: number[] = [];
  const sendAmid = (): void => {
    Reflect.set(link as Duplex, 'write', write);
    for (let count = 0; count < 10; count++) websocket.send(noise(5000));
    states.push(websocket.readyState);
  };
  Reflect.set(link as Duplex, 'write', function (this: Duplex, ...values: Parameters<Duplex['write']>) {
    sendAmid();
    return write.apply(this, values);
  });
  websocket.send('first');
  expect(states).toEqual([WebSocket.OPEN]);
  await turn();
  expect(websocket.readyState).toBe(WebSocket.CLOSING);
});

it.each(ROLES)('a %s counts what the operating system has not taken of one long message', async (role) => {
  const { websocket, peer } = await open({ role, over: 'TCP' });
  peer.stream.pause();
  // The first write of a socket shows how the next may go to its handle.
  websocket.send('first');
  await turn();
  await turn();
  const length = 32 << 20;
  websocket.send(noise(length));
  expect(websocket.bufferedAmount).toBeGreaterThan(length / 4);
  expect(websocket.bufferedAmount).toBeLessThan(length + 20);
});

describe('maxBufferedLength', () => {
  const endpoint = new Endpoint({ role: 'server' });

  /** A connection on a stream that takes one write at a time, and tells of it by `taken`. */
  function slow(taken: (done: () => void) => void): { connection: SocketConnection; overflows: number[] } {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => taken(done) });
    const overflows: number[] = [];
    let sent = 0;
    const handler = { overflow: () => overflows.push(sent) };
    const connection = new Transport(endpoint, handler, { maxBufferedLength: 50_000 }).attach(
      stream,
      undefined,
    );
    const { sendText } = connection;
    connection.sendText = (...values) => {
      sent++;
      return sendText.apply(connection, values);
    };
    return { connection, overflows };
  }

  it('counts each write that waits as 1 KiB more', () => {
    const { connection, overflows } = slow(() => undefined);
    for (let count = 0; count < 100; count++) connection.sendText('x');
    expect(overflows).toHaveLength(1);
    expect(overflows[0]).toBeGreaterThan(40);
    expect(overflows[0]).toBeLessThan(60);
  });

  it('counts writes that have left no more', async () => {
    const { connection, overflows } = slow(setImmediate);
    for (let count = 0; count < 200; count++) {
      connection.sendText('x');
      await turn();
    }
    expect(overflows).toEqual([]);
  });
});
