import { once } from 'node:events';
import { deflateRawSync } from 'node:zlib';
import { LimitError, type MemoryBudget } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, SocketConnection, WebSocket, WebSocketServer } from '../../src/index.js';
import { after, collect, connect, listen, listenEcho, maskedFrame, RawPeer, until } from '../loopback.js';
import { open, turn } from '../sides.js';
import { surfacing } from '../uncaught.js';
import { noise } from '../ways.js';

const KIB = 1 << 10;
const MIB = 1 << 20;
const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate';
const FIN = 0x80;
const RSV1 = 0x40;
const BINARY = 2;

function budgetOf(server: WebSocketServer): MemoryBudget {
  for (const client of server.clients) {
    const connection: unknown = Reflect.get(client, '_connection');
    if (!(connection instanceof SocketConnection)) continue;
    if (connection.endpoint.memory !== undefined) return connection.endpoint.memory;
  }
  throw new Error('no connection has a budget');
}

/** Looks in each turn of the event loop how much is held, until the test is over. */
function watch(budget: MemoryBudget): { most: () => number } {
  let most = 0;
  let ends = false;
  const look = (): void => {
    most = Math.max(most, budget.used);
    if (!ends) setImmediate(look);
  };
  look();
  after(() => {
    ends = true;
  });
  return { most: () => most };
}

/** The errors of all connections of a server. */
function errorsOf(server: WebSocketServer): (Error & { code?: string })[] {
  const errors: (Error & { code?: string })[] = [];
  server.on('connection', (websocket) => websocket.on('error', (error) => errors.push(error)));
  return errors;
}

/** The close code that a peer was sent, where its stream has ended. */
function closeCodeOf({ received }: RawPeer): number | undefined {
  const at = received.indexOf(Buffer.of(0x88));
  return at < 0 || received.length < at + 4 ? undefined : received.readUInt16BE(at + 2);
}

async function serve(healthy: WebSocket, text: string): Promise<void> {
  const answered = once(healthy, 'message');
  healthy.send(text);
  expect(String((await answered)[0])).toBe(text);
}

async function allGone(server: WebSocketServer, budget: MemoryBudget): Promise<void> {
  for (const client of server.clients) client.terminate();
  await until(() => server.clients.size === 0, 'the end of all connections');
  expect(budget.used).toBe(0);
}

describe('maxTotalMemory', () => {
  it.each([0, -1, 1.5, Number.NaN, 2 ** 53, '5' as never])(
    'must be a whole number from 1, not %s',
    (wrong) => {
      expect(() => new WebSocketServer({ noServer: true, maxTotalMemory: wrong })).toThrow(
        new RangeError(`maxTotalMemory must be a whole number of bytes from 1, not ${wrong}`),
      );
    },
  );

  it.each([undefined, Number.POSITIVE_INFINITY])('counts nothing where it is %s', async (maxTotalMemory) => {
    const { server, url } = await listenEcho({ maxTotalMemory });
    await connect(url);
    await until(() => server.clients.size === 1);
    expect(() => budgetOf(server)).toThrow();
  });

  it('fails who asks for more, with 1013 and an error that names the limit (§7.4, §10.4)', async () => {
    const { server, port } = await listen({ maxTotalMemory: 100_000 });
    const errors = errorsOf(server);
    const peer = await RawPeer.open(port);
    peer.socket.write(maskedFrame(BINARY, noise(120_000)));
    await peer.all();
    expect(closeCodeOf(peer)).toBe(1013);
    expect(peer.received.toString('latin1', 4)).toBe('connections hold more memory together than allowed');
    expect(errors).toEqual([
      expect.objectContaining({
        name: 'RangeError',
        code: 'WS_ERR_TOO_MUCH_MEMORY',
        cause: expect.objectContaining({ violation: 'memory-exhausted', allowed: 100_000 }),
      }),
    ]);
    expect(errors[0]?.cause).toBeInstanceOf(LimitError);
  });
});

describe.each<[string, ServerOptions]>([
  ['as it is', {}],
  ['by data events', { zeroCopyReads: false, directWrites: false }],
  ['with compression', { perMessageDeflate: { threshold: 0 } }],
])('a server that holds no more than it may (%s)', (_, options) => {
  const compressed = options.perMessageDeflate !== undefined;

  it('outlives peers that each begin a long message and stop', async () => {
    const { server, port, url } = await listenEcho({ ...options, maxTotalMemory: MIB });
    const errors = errorsOf(server);
    const healthy = await connect(url);
    const budget = budgetOf(server);
    const { most } = watch(budget);
    const peers: RawPeer[] = [];
    for (let count = 0; count < 50; count++) {
      const peer = await RawPeer.open(port, ...(compressed ? [DEFLATE] : []));
      const bytes = noise(50_000, count);
      const payload = compressed ? deflateRawSync(bytes, { finishFlush: 2 }) : bytes;
      peer.socket.write(maskedFrame(BINARY | (compressed ? RSV1 : 0), payload));
      peers.push(peer);
      if (count % 10 === 0) await serve(healthy, `before ${count}`);
    }
    await until(() => errors.length > 20, 'who finds no room');
    await until(() => peers.filter((peer) => closeCodeOf(peer) === 1013).length === errors.length);
    await serve(healthy, 'a message that takes no memory');
    expect(errors.every(({ code }) => code === 'WS_ERR_TOO_MUCH_MEMORY')).toBe(true);
    await until(() => server.clients.size === 51 - errors.length);
    expect(most()).toBeGreaterThan(MIB / 2);
    expect(most()).toBeLessThanOrEqual(MIB);
    // Who has gone makes room.
    for (const peer of peers) peer.socket.destroy();
    await until(() => server.clients.size === 1);
    expect(budget.used).toBe(0);
    await serve(healthy, 'long '.repeat(20_000));
    await allGone(server, budget);
  });

  it.each(['terminate', 'close'] as const)(
    "broadcasts on while many do not read (overflow: '%s')",
    { timeout: 60_000 },
    async (overflow) => {
      const { server, port, url } = await listen({
        ...options,
        overflow,
        maxTotalMemory: 3 * MIB,
        closeTimeout: 200,
      });
      const errors = errorsOf(server);
      const healthy = await connect(url);
      const heard = collect(healthy, 'message');
      const budget = budgetOf(server);
      const { most } = watch(budget);
      const peers: RawPeer[] = [];
      for (let count = 0; count < 8; count++) {
        const peer = await RawPeer.open(port, ...(compressed ? [DEFLATE] : []));
        peer.socket.pause();
        peers.push(peer);
      }
      const length = 512 * KIB;
      for (let sent = 1; errors.length < 6; sent++) {
        server.broadcast(noise(length, sent));
        await until(() => heard.length === sent, 'a message to the client that reads');
        if (sent === 200) throw new Error('everything is buffered');
      }
      expect(errors.every(({ code }) => code === 'WS_ERR_TOO_MUCH_MEMORY')).toBe(true);
      expect(errors[0]?.cause).toBeInstanceOf(LimitError);
      // The messages that pass the bound are counted, too: one, or one for each that is being closed.
      expect(most()).toBeGreaterThan(2 * MIB);
      expect(most()).toBeLessThanOrEqual(3 * MIB + (overflow === 'close' ? 8 : 1) * (length + 2 * KIB));
      expect(healthy.readyState).toBe(WebSocket.OPEN);
      if (overflow === 'close') {
        for (const peer of peers) peer.socket.resume();
        await until(() => peers.some(({ received }) => received.includes(Buffer.of(0x03, 0xf5))), '1013');
      }
      await allGone(server, budget);
    },
  );

  it('outlives what it holds back while it is paused', async () => {
    const { server, port, url } = await listen({ ...options, maxTotalMemory: 200_000 });
    const errors = errorsOf(server);
    server.on('connection', (websocket) => {
      websocket.on('message', (data, isBinary) => {
        if (isBinary) websocket.pause();
        else websocket.send(String(data));
      });
    });
    const healthy = await connect(url);
    const budget = budgetOf(server);
    const { most } = watch(budget);
    for (let count = 0; count < 20; count++) {
      const peer = await RawPeer.open(port);
      const message = maskedFrame(FIN | BINARY, noise(10_000, count));
      peer.socket.write(Buffer.concat([message, message, message, message]));
    }
    await until(() => errors.length > 5, 'who finds no room');
    await serve(healthy, 'not paused');
    expect(most()).toBeGreaterThan(100_000);
    expect(most()).toBeLessThanOrEqual(200_000);
    for (const client of server.clients) client.resume();
    await turn();
    await allGone(server, budget);
  });
});

it('outlives bombs of permessage-deflate that never end (RFC 7692 §8)', async () => {
  const { server, port, url } = await listenEcho({ perMessageDeflate: true, maxTotalMemory: 8 * MIB });
  const errors = errorsOf(server);
  const healthy = await connect(url);
  const budget = budgetOf(server);
  const { most } = watch(budget);
  const bomb = deflateRawSync(Buffer.alloc(5 * MIB), { finishFlush: 2 });
  const peers: RawPeer[] = [];
  for (let count = 0; count < 12; count++) {
    const peer = await RawPeer.open(port, DEFLATE);
    peer.socket.write(maskedFrame(BINARY | RSV1, bomb));
    peers.push(peer);
  }
  await until(() => errors.length > 9, 'who finds no room');
  await serve(healthy, 'as ever');
  expect(most()).toBeGreaterThan(4 * MIB);
  expect(most()).toBeLessThanOrEqual(8 * MIB);
  // Whose bomb had room is open, and is told so only when it goes on.
  expect(errors.every(({ code }) => code === 'WS_ERR_TOO_MUCH_MEMORY')).toBe(true);
  await allGone(server, budget);
});

it.each(['TLS', 'TCP'] as const)('answers short messages over %s where nothing is left', async (over) => {
  const opened = await open({ role: 'server', over, server: { maxTotalMemory: 100_000 } });
  const { websocket, peer, server } = opened;
  if (server === undefined) throw new Error('no server');
  const budget = budgetOf(server);
  const errors = collect(websocket, 'error');
  websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary }));
  expect(budget.take(100_000)).toBe(true);
  for (let count = 1; count <= 20; count++) {
    peer.write(peer.message(`message ${count}`));
    await peer.hears(count);
  }
  expect(errors).toEqual([]);
  await until(() => budget.used === 100_000, 'what was on its way to leave');
  // Its close frame goes out as well.
  peer.write(maskedFrame(BINARY, noise(500)));
  await until(() => errors.length === 1 && websocket.readyState === WebSocket.CLOSED);
  expect((await peer.hearsAll()).at(-1)).toContain('close 1013');
  budget.give(100_000);
  expect(budget.used).toBe(0);
});

it('gives back what has left as soon as it has', async () => {
  const { websocket, peer, server } = await open({ role: 'server', server: { maxTotalMemory: 64 * MIB } });
  if (server === undefined) throw new Error('no server');
  const budget = budgetOf(server);
  // Frames of this length are not to be put together.
  peer.stream.removeAllListeners('data').on('data', () => undefined);
  peer.stream.pause();
  // The first write of a socket shows how the next may go to its handle.
  for (const length of [100, 16 * MIB, 16 * MIB]) {
    websocket.send(noise(length));
    await turn();
  }
  expect(budget.used).toBeGreaterThan(16 * MIB);
  expect(budget.used - websocket.bufferedAmount).toBeLessThanOrEqual(4 * KIB);
  peer.stream.resume();
  await until(() => websocket.bufferedAmount === 0, 'all to leave');
  expect(budget.used).toBe(0);
  peer.stream.pause();
  websocket.send(noise(16 * MIB));
  expect(budget.used).toBe(websocket.bufferedAmount);
  expect(budget.used).toBeGreaterThan(MIB);
  peer.stream.resume();
  await until(() => websocket.bufferedAmount === 0, 'all to leave');
  expect([budget.used, websocket.readyState]).toEqual([0, WebSocket.OPEN]);
});

it('gives back what a stream held that was destroyed and never says what became of it', async () => {
  const { websocket, link, server } = await open({
    role: 'server',
    over: 'a Duplex',
    server: { maxTotalMemory: MIB },
  });
  if (server === undefined) throw new Error('no server');
  const budget = budgetOf(server);
  link?.hold();
  websocket.send(noise(20_000));
  // A head of 4 bytes, and what a write costs.
  expect(budget.used).toBe(20_000 + 4 + KIB);
  link?.destroy();
  await until(() => websocket.readyState === WebSocket.CLOSED);
  expect(budget.used).toBe(0);
});

/** What a side of a connection does next. */
function act(websocket: WebSocket, random: (below: number) => number): void {
  const bytes = noise(random(8) === 0 ? random(200_000) : random(3000), random(99) + 1);
  switch (random(14)) {
    case 0:
      websocket.pause();
      break;
    case 1:
    case 2:
      websocket.resume();
      break;
    case 3:
      if (random(4) === 0) websocket.terminate();
      break;
    case 4:
      if (random(4) === 0) websocket.close(1000);
      break;
    case 5:
      websocket._socket?.pause();
      break;
    case 6:
      websocket._socket?.resume();
      break;
    case 7:
      websocket.send(new Blob([bytes]));
      break;
    case 8:
      websocket.ping(bytes.subarray(0, 100));
      break;
    case 9:
      websocket.send(bytes, { fin: false });
      break;
    case 10:
      websocket._socket?.destroy();
      break;
    default:
      websocket.send(bytes, { fin: random(3) > 0 });
  }
}

describe.each([false, true])(
  'behind any course of messages, pauses, aborts and ends (compression: %s)',
  (deflate) => {
    it.each([1, 2, 3, 4, 5, 6])('nothing is held any more (seed %d)', async (seed) => {
      const surfaced = surfacing();
      let state = seed * 7919;
      const random = (below: number): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
        return (state >> 8) % below;
      };
      const { server, url } = await listen({
        perMessageDeflate: deflate ? { threshold: random(2) * 1000 } : false,
        maxTotalMemory: [50_000, 500_000, 50 * MIB][seed % 3],
        overflow: seed % 2 === 0 ? 'close' : 'terminate',
        closeTimeout: 50,
      });
      const errors = errorsOf(server);
      const clients: WebSocket[] = [];
      for (let count = 0; count < 8; count++) {
        clients.push(await connect(url, { perMessageDeflate: deflate, closeTimeout: 50 }));
      }
      const budget = budgetOf(server);
      for (const client of clients) client.on('error', () => undefined);
      for (let step = 0; step < 400; step++) {
        const sides = random(2) === 0 ? clients : [...server.clients];
        const websocket = sides[random(sides.length || 1)];
        if (websocket?.readyState === WebSocket.OPEN) act(websocket, random);
        if (step % 50 === 0) server.broadcast(noise(random(50_000), seed));
        if (random(3) === 0) await turn();
        expect(budget.used).toBeGreaterThanOrEqual(0);
      }
      for (const client of clients) client.terminate();
      await allGone(server, budget);
      expect(surfaced).toEqual([]);
      expect(errors.filter(({ code }) => code?.startsWith('WS_ERR_TOO_MUCH_MEMORY') === false)).toEqual([]);
    });
  },
);
