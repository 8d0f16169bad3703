import { once } from 'node:events';
import { Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, SocketConnection, type WebSocket } from '../../src/index.js';
import { after, collect, listen, listenEcho, maskedFrame, pair, RawPeer, until } from '../loopback.js';

const MIB = 1 << 20;
const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover';

/** A message of so many zero bytes, in a frame of a thousandth of them. */
function bomb(length: number): Buffer {
  return maskedFrame(0xc2, deflateRawSync(Buffer.alloc(length), { finishFlush: 2 }).subarray(0, -4));
}

function text(data: string): Buffer {
  return maskedFrame(0x81, Buffer.from(data));
}

/** What a connection of a server has told, in order: `binary 100`, `text …`, `ping`, `close 1006` … */
function log(websocket: WebSocket): string[] {
  const events: string[] = [];
  websocket.on('message', (data: Buffer, isBinary: boolean) =>
    events.push(isBinary ? `binary ${data.length}` : `text ${data}`),
  );
  websocket.on('ping', () => events.push('ping'));
  websocket.on('error', (error: Error & { code?: string }) => events.push(`error ${error.code}`));
  websocket.on('close', (code) => events.push(`close ${code}`));
  return events;
}

function connectionOf(websocket: WebSocket): SocketConnection {
  const connection: unknown = Reflect.get(websocket, '_connection');
  if (connection instanceof SocketConnection) return connection;
  throw new Error('no connection');
}

/** Whether it lets others go first. */
function isYielding(websocket: WebSocket): boolean {
  return connectionOf(websocket).isYielding;
}

/** Counts the turns of the event loop in which a connection has others go first. */
function countTurns(websocket: WebSocket): () => number {
  let turns = 0;
  const count = (): void => {
    if (isYielding(websocket)) turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  after(() => clearImmediate(timer));
  return () => turns;
}

interface Attacked {
  /** a client by hand */
  raw: RawPeer;
  /** the server's side of it */
  websocket: WebSocket;
  events: string[];
  turns: () => number;
  port: number;
}

async function attack(options: ServerOptions = {}): Promise<Attacked> {
  const { server, port } = await listen({ perMessageDeflate: true, ...options });
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const raw = await RawPeer.open(port, OFFER);
  const [websocket] = await connected;
  return { raw, websocket, events: log(websocket), turns: countTurns(websocket), port };
}

const WAYS: [string, ServerOptions][] = [
  ['read into the codec', {}],
  ['read by data events', { zeroCopyReads: false }],
  ['with each event in a tick of its own', { allowSynchronousEvents: false }],
];

describe.each(WAYS)('a message that inflates to 64 MiB, %s', (_way, options) => {
  it('is inflated in many turns of the event loop, and what follows keeps its order', async () => {
    const { raw, events, turns } = await attack(options);
    const hello = maskedFrame(0xc1, Buffer.from('f248cdc9c90700', 'hex'));
    const ping = maskedFrame(0x89, Buffer.alloc(0));
    const close = maskedFrame(0x88, Buffer.from([0x03, 0xe8]));
    raw.socket.write(
      Buffer.concat([text('before'), bomb(64 * MIB), ping, hello, bomb(2 * MIB), text('behind'), close]),
    );
    await until(() => events.length === 7);
    expect(events).toEqual([
      'text before',
      `binary ${64 * MIB}`,
      'ping',
      'text Hello',
      `binary ${2 * MIB}`,
      'text behind',
      'close 1000',
    ]);
    expect(turns()).toBeGreaterThanOrEqual(60);
  });

  it('is handed out before the close event when the client is gone meanwhile', async () => {
    const { raw, events, turns } = await attack(options);
    raw.socket.end(Buffer.concat([bomb(64 * MIB), text('behind')]));
    await until(() => events.includes('close 1006'));
    expect(events).toEqual([`binary ${64 * MIB}`, 'text behind', 'close 1006']);
    expect(turns()).toBeGreaterThanOrEqual(60);
  });

  it('and is terminated, is harmless', async () => {
    const { raw, websocket, events } = await attack(options);
    raw.socket.write(Buffer.concat([bomb(64 * MIB), text('behind')]));
    await until(() => isYielding(websocket));
    websocket.terminate();
    await until(() => events.includes('close 1006'));
    // As with npm ws, what has been read is still told.
    expect(events).toEqual([`binary ${64 * MIB}`, 'text behind', 'close 1006']);
    expect(connectionOf(websocket).retainedLength).toBe(0);
  });

  it('waits behind a pause, too', async () => {
    const { raw, websocket, events } = await attack(options);
    raw.socket.write(Buffer.concat([bomb(8 * MIB), text('behind')]));
    await until(() => isYielding(websocket));
    websocket.pause();
    await until(() => !isYielding(websocket));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toEqual([]);
    expect(websocket._socket?.isPaused()).toBe(true);
    websocket.resume();
    await until(() => events.length === 2);
    expect(events).toEqual([`binary ${8 * MIB}`, 'text behind']);
  });

  it('may be followed by a pause of its own handler', async () => {
    const { raw, websocket, events } = await attack(options);
    websocket.once('message', () => websocket.pause());
    raw.socket.write(Buffer.concat([bomb(4 * MIB), bomb(3 * MIB), text('behind')]));
    await until(() => events.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toEqual([`binary ${4 * MIB}`]);
    websocket.resume();
    await until(() => events.length === 3);
    expect(events.slice(1)).toEqual([`binary ${3 * MIB}`, 'text behind']);
  });
});

it('closes while a message is inflated: what came before the answer is still told (§5.5.1)', async () => {
  const { raw, websocket, events } = await attack();
  raw.socket.write(Buffer.concat([bomb(8 * MIB), maskedFrame(0x88, Buffer.from([0x03, 0xe8]))]));
  await until(() => isYielding(websocket));
  websocket.close(1000);
  await until(() => events.length === 2);
  expect(events).toEqual([`binary ${8 * MIB}`, 'close 1000']);
});

it('stops a message with 1009 in the turn in which it passes maxPayload (§10.4)', async () => {
  const { raw, events, turns, websocket } = await attack({ maxPayload: 8 * MIB });
  raw.socket.write(Buffer.concat([bomb(64 * MIB), text('behind')]));
  expect((await raw.all()).readUInt16BE(2)).toBe(1009);
  await until(() => events.length === 2);
  expect(events).toEqual(['error WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'close 1006']);
  expect(turns()).toBeGreaterThanOrEqual(7);
  expect(turns()).toBeLessThanOrEqual(9);
  expect(connectionOf(websocket).retainedLength).toBe(0);
});

it('reads nothing while it inflates, so that what waits stays within one read', async () => {
  const { raw, websocket, events } = await attack();
  const plain = maskedFrame(0x82, Buffer.alloc(64 * 1024, 'x'));
  raw.socket.write(bomb(32 * MIB));
  await until(() => isYielding(websocket));
  const { socket } = connectionOf(websocket);
  if (!(socket instanceof Socket)) throw new Error('no socket');
  const read = [socket.bytesRead];
  let timer = setImmediate(function watch() {
    if (isYielding(websocket)) read.push(socket.bytesRead);
    timer = setImmediate(watch);
  });
  after(() => clearImmediate(timer));
  // The end of a pause is not the end of the turn.
  websocket.pause();
  websocket.resume();
  for (let count = 0; count < 200; count++) raw.socket.write(plain);
  await until(() => events.length === 201);
  expect(read.length).toBeGreaterThan(10);
  expect(new Set(read).size).toBe(1);
});

it('lets others have their turn: they are answered while a long message is inflated', async () => {
  const { server, port } = await listenEcho({ perMessageDeflate: true });
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const raw = await RawPeer.open(port, OFFER);
  const [websocket] = await connected;
  const other = await RawPeer.open(port);
  const told = collect(websocket, 'message');
  raw.socket.write(bomb(64 * MIB));
  await until(() => isYielding(websocket));
  other.socket.write(text('hi'));
  expect(await other.bytes(4)).toBe('81026869');
  expect(told).toHaveLength(0);
  await until(() => told.length === 1);
});

it('takes turns among many that inflate at once', async () => {
  const { server, port } = await listen({ perMessageDeflate: true });
  const order: number[] = [];
  let count = 0;
  server.on('connection', (websocket) => {
    const index = count++;
    websocket.on('message', () => order.push(index));
  });
  const peers: RawPeer[] = [];
  // One after the other, so that each has its index.
  for (let index = 0; index < 6; index++) peers.push(await RawPeer.open(port, OFFER));
  for (const [index, { socket }] of peers.entries()) socket.write(bomb((index === 0 ? 64 : 4) * MIB));
  await until(() => order.length === 6);
  expect(order.at(-1)).toBe(0);
});

it('inflates by turns on the side of a client, too', async () => {
  const { client, peer } = await pair({ perMessageDeflate: true }, { perMessageDeflate: true });
  const turns = countTurns(client);
  const messages = collect(client, 'message');
  peer.send(Buffer.alloc(32 * MIB));
  peer.send('behind');
  await until(() => messages.length === 2);
  const [[data] = []] = messages;
  expect(Buffer.alloc(32 * MIB).equals(data as Buffer)).toBe(true);
  expect(turns()).toBeGreaterThanOrEqual(20);
});

it('lets others go first amid a read with much that was compressed', async () => {
  const { client, peer } = await pair({ perMessageDeflate: true }, { perMessageDeflate: { threshold: 0 } });
  let turns = 0;
  const seen: number[] = [];
  const next = (): void => {
    turns++;
    timer = setImmediate(next);
  };
  let timer = setImmediate(next);
  peer.on('message', () => seen.push(turns));
  client._socket?.cork();
  for (let count = 0; count < 12; count++) client.send('x'.repeat(16_384));
  client._socket?.uncork();
  await until(() => seen.length === 12);
  clearImmediate(timer);
  expect(new Set(seen).size).toBe(3);
});

it('goes on with the others when a listener throws in its turn', async () => {
  const { server, port } = await listen({ perMessageDeflate: true });
  const received: string[] = [];
  server.on('connection', (websocket) =>
    websocket.on('message', () => {
      received.push('message');
      if (received.length === 1) throw new Error('thrown by a listener');
    }),
  );
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const surfaced = once(process, 'uncaughtException');
  try {
    const peers = [await RawPeer.open(port, OFFER), await RawPeer.open(port, OFFER)];
    for (const peer of peers) peer.socket.write(bomb(16 * MIB));
    expect((await surfaced)[0]).toEqual(new Error('thrown by a listener'));
    await until(() => received.length === 2, 'the other message');
  } finally {
    for (const listener of before) process.on('uncaughtException', listener);
  }
});
