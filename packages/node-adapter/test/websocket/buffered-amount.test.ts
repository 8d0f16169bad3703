import { describe, expect, it } from 'vitest';
import { PreparedMessage, Sender, WebSocket } from '../../src/index.js';
import { until } from '../loopback.js';
import { BOTH, open, pass, ROLES, type Sides, turn } from '../sides.js';
import { noise, prose, waysOf } from '../ways.js';
import { binary, text } from '../wire-peer.js';

const MIB = 1 << 20;
/** What a frame may have beside its payload: a head, a mask, and what compression adds to noise. */
const frameOf = (length: number): number => length + 14 + Math.ceil(length / 100);

/** Bytes of a frame on the wire. */
function onWire(role: Sides['role'], length: number): number {
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  return length + head + (role === 'client' ? 4 : 0);
}

describe.each(BOTH)('bufferedAmount of a $role (compression: $compressed)', (sides) => {
  it('counts each byte that waits once, whatever was sent', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
    link?.hold();
    let least = 0;
    for (let round = 0; round < 3; round++) {
      for (const way of waysOf(sides.role)) {
        const before = websocket.bufferedAmount;
        way.send(websocket);
        const added = websocket.bufferedAmount - before;
        const [, length = 0] = /(\d+) bytes/.exec(way.told) ?? [0, 20];
        expect(added, way.name).toBeGreaterThanOrEqual(0);
        expect(added, way.name).toBeLessThanOrEqual(frameOf(Number(length)) + 30);
      }
      least = websocket.bufferedAmount;
      for (let turns = 0; turns < 100; turns++) {
        await turn();
        // Nothing leaves: what was compressed shrinks, and a head comes to each frame.
        expect(websocket.bufferedAmount).toBeLessThanOrEqual(least + 3000);
      }
    }
    for (let turns = 0; websocket.bufferedAmount > 0 && turns < 500; turns++) {
      link?.release();
      await turn();
    }
    expect(websocket.bufferedAmount).toBe(0);
    await peer.hears(3 * waysOf(sides.role).length);
    expect(least).toBeGreaterThan(500_000);
  });

  it.each([
    ['bytes', (): Buffer => noise(2 * MIB)],
    ['text', (): string => prose(2 * MIB)],
    ['a Blob', (): Blob => new Blob([noise(2 * MIB)])],
  ])('falls as slices of %s leave, and is never more than what was sent', async (_what, data) => {
    const { websocket, peer } = await open(sides);
    const seen: number[] = [];
    websocket.send(data());
    for (let turns = 0; peer.story.length === 0 && turns < 100_000; turns++) {
      seen.push(websocket.bufferedAmount);
      await turn();
    }
    await until(() => websocket.bufferedAmount === 0, 'nothing to be buffered');
    expect(Math.max(...seen)).toBeLessThanOrEqual(frameOf(2 * MIB) + 64 * 14);
    if (!sides.compressed) return;
    // The first slice has left.
    expect(seen[0]).toBeGreaterThanOrEqual(2 * MIB - 65_536);
    const between = seen.filter((each) => each > MIB / 8 && each < 2 * MIB - MIB / 8);
    expect(new Set(between).size).toBeGreaterThan(3);
  });

  it('counts nothing more when the connection is over, but for what comes too late', async () => {
    const { websocket } = await open(sides);
    const hanging = Object.assign(new Blob(['never']), {
      arrayBuffer: () => new Promise<ArrayBuffer>(() => {}),
    });
    websocket.send(hanging);
    websocket.send(noise(100_000));
    websocket.terminate();
    await until(() => websocket.readyState === WebSocket.CLOSED);
    const counted = websocket.bufferedAmount;
    websocket.send('late');
    expect(websocket.bufferedAmount).toBe(counted + 4);
    await pass(5);
    expect(websocket.bufferedAmount).toBe(counted + 4);
  });
});

describe.each(ROLES)('bufferedAmount of a %s', (role) => {
  it('is what waits to the byte, of plain frames', async () => {
    for (const gatherWrites of [true, false]) {
      const { websocket, link } = await open({ role, over: 'a Duplex', options: { gatherWrites } });
      link?.hold();
      let wanted = 0;
      for (const length of [0, 1, 125, 126, 70_000, 3]) {
        websocket.send(noise(length));
        wanted += onWire(role, length);
        expect(websocket.bufferedAmount).toBe(wanted);
        await turn();
        expect(websocket.bufferedAmount).toBe(wanted);
      }
      websocket.send('a', { fin: false });
      websocket.ping('b');
      expect(websocket.bufferedAmount).toBe(wanted + 2 * onWire(role, 1));
      link?.release();
      await until(() => websocket.bufferedAmount === 0);
    }
  });
});

/** Ways of sending 1 MiB, each of which is held for a peer that does not read. */
const MIBS: Record<string, (websocket: WebSocket, role: Sides['role'], sent: () => void) => unknown> = {
  bytes: (websocket, _role, sent) => websocket.send(noise(MIB), sent),
  text: (websocket, _role, sent) => websocket.send(prose(MIB), sent),
  'bytes that are not compressed': (websocket, _role, sent) =>
    websocket.send(noise(MIB), { compress: false }, sent),
  Blobs: (websocket, _role, sent) => websocket.send(new Blob([noise(MIB)]), sent),
  fragments: (websocket, _role, sent) => websocket.send(noise(MIB), { fin: false }, sent),
  'prepared messages': (websocket, role, sent) =>
    websocket.send(role === 'server' ? new PreparedMessage(noise(MIB)) : noise(MIB), sent),
  'frames through _sender': (websocket, role, sent) => {
    const options = { fin: true, opcode: 2, mask: role === 'client', rsv1: false };
    websocket._sender?.sendFrame(Sender.frame(noise(MIB), options), sent);
  },
};

describe.each(BOTH)('maxBufferedAmount of a $role (compression: $compressed)', (sides) => {
  it.each(Object.keys(MIBS))('bounds %s for a peer that does not read', async (what) => {
    const { websocket, peer } = await open({ ...sides, options: { maxBufferedAmount: MIB } });
    peer.stream.pause();
    const told: string[] = [];
    let sending = false;
    websocket.on('error', (error) => told.push(sending ? 'amid a send' : String(Reflect.get(error, 'code'))));
    websocket.on('close', (code) => told.push(`close ${code}`));
    let calls = 0;
    let count = 0;
    let most = 0;
    for (; count < 200 && websocket.readyState === WebSocket.OPEN; count++) {
      sending = true;
      MIBS[what]?.(websocket, sides.role, () => calls++);
      sending = false;
      most = Math.max(most, websocket.bufferedAmount);
      await turn();
    }
    await until(() => told.length === 2, 'an overflow');
    expect(told).toEqual(['WS_ERR_TOO_MUCH_BUFFERED', 'close 1006']);
    // The operating system takes some of it as well.
    expect(count).toBeLessThan(30);
    expect(most).toBeLessThan(4 * MIB);
    await until(() => calls === count);
    await pass(10);
    expect(calls).toBe(count);
  });

  it('bounds what is sent in one turn, and tells of it outside of any write', async () => {
    const { websocket, peer } = await open({ ...sides, options: { maxBufferedAmount: MIB } });
    peer.stream.pause();
    const told: string[] = [];
    let sending = true;
    websocket.on('error', () => told.push(sending ? 'amid a send' : 'error'));
    websocket.on('close', () => told.push('close'));
    let calls = 0;
    for (let count = 0; count < 200; count++) websocket.send(noise(MIB), () => calls++);
    sending = false;
    await until(() => told.length === 2 && calls === 200, 'an overflow');
    expect(told).toEqual(['error', 'close']);
  });

  it('does not count what has left', async () => {
    const { websocket, peer } = await open({ ...sides, options: { maxBufferedAmount: MIB } });
    const errors: unknown[] = [];
    websocket.on('error', (error) => errors.push(error));
    for (let count = 0; count < 20; count++) {
      await new Promise((sent) => websocket.send(noise(MIB, count), sent));
    }
    await peer.hears(20);
    expect(errors).toEqual([]);
  });
});

describe.each(BOTH)("overflow: 'close' of a $role (compression: $compressed)", (sides) => {
  const options = { maxBufferedAmount: 20_000, overflow: 'close', closeTimeout: 2000 } as const;

  it.each([true, false])(
    'sends what it gave to the stream, and then 1008 (gatherWrites: %s)',
    async (gatherWrites) => {
      const opened = await open({ ...sides, over: 'a Duplex', options: { ...options, gatherWrites } });
      const { websocket, peer, link } = opened;
      link?.hold();
      const told: string[] = [];
      let sending = false;
      websocket.on('message', (data) => told.push(`message ${data}`));
      websocket.on('error', (error) =>
        told.push(sending ? 'amid a send' : String(Reflect.get(error, 'code'))),
      );
      websocket.on('close', (code) => told.push(`close ${code}`));
      const results: (Error | undefined)[][] = [];
      for (let count = 0; websocket.readyState === WebSocket.OPEN && count < 5000; count++) {
        const result: (Error | undefined)[] = [];
        results.push(result);
        sending = true;
        websocket.send(`${count} ${prose(20, count)}`, (error) => result.push(error ?? undefined));
        sending = false;
        if (count % 7 === 0) await turn();
      }
      expect(websocket.readyState).toBe(WebSocket.CLOSING);
      const buffered = websocket.bufferedAmount;
      peer.write(peer.message('not handed out'));
      await pass(5);
      expect(websocket.bufferedAmount).toBeLessThanOrEqual(buffered);
      link?.release();
      const heard = await peer.hearsAll();
      await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
      expect(told).toEqual(['WS_ERR_TOO_MUCH_BUFFERED', 'close 1008']);
      expect(results.map(({ length }) => length)).toEqual(results.map(() => 1));
      const sent = results.flatMap(([error], count) => (error ? [] : [text(`${count} ${prose(20, count)}`)]));
      expect(heard).toEqual([...sent, 'close 1008']);
      // What was sent first is what went out.
      expect(sent).toEqual(sent.map((_, count) => text(`${count} ${prose(20, count)}`)));
      expect(sent.length).toBeGreaterThan(0);
    },
  );

  it('drops what is queued behind a Blob or a long message, with errors', async () => {
    const { websocket, peer } = await open({ ...sides, options });
    const hanging = Object.assign(new Blob(['never']), {
      arrayBuffer: () => new Promise<ArrayBuffer>(() => {}),
    });
    const told: unknown[] = [];
    const errors: unknown[] = [];
    websocket.on('error', (error) => errors.push(error));
    websocket.send('first', (error) => told.push(error ?? 'sent'));
    websocket.send(hanging, (error) => told.push(error ?? 'sent'));
    let count = 2;
    for (; count < 100 && websocket.readyState === WebSocket.OPEN; count++) {
      websocket.send(noise(1000), (error) => told.push(error ?? 'sent'));
      await turn();
    }
    expect(await peer.hearsAll()).toEqual([text('first'), 'close 1008']);
    await until(() => told.length === count && errors.length === 1);
    expect(told[0]).toBe('sent');
    expect(told.slice(1).every((each) => each instanceof Error)).toBe(true);
  });

  it('lets one message through that is longer than the limit, and what follows once it has left', async () => {
    const { websocket, peer } = await open({ ...sides, options });
    const long = noise(MIB);
    await new Promise((sent) => websocket.send(long, sent));
    websocket.send('behind');
    websocket.close(1000);
    expect(await peer.hearsAll()).toEqual([binary(long), text('behind'), 'close 1000']);
  });

  it('ends by the close time-out where the peer reads nothing of it', async () => {
    const opened = await open({ ...sides, over: 'a Duplex', options: { ...options, closeTimeout: 30 } });
    const { websocket, link } = opened;
    link?.hold();
    const told: string[] = [];
    websocket.on('error', () => told.push('error'));
    websocket.on('close', (code) => told.push(`close ${code}`));
    let calls = 0;
    let count = 0;
    for (; count < 100 && websocket.readyState === WebSocket.OPEN; count++) {
      websocket.send(noise(1000), () => calls++);
      await turn();
    }
    await until(() => websocket.readyState === WebSocket.CLOSED && calls === count, 'the end');
    expect(told).toEqual(['error', 'close 1006']);
  });
});

it('a message to all overflows for those alone who do not read', async () => {
  const { websocket, server, link } = await open({
    role: 'server',
    over: 'a Duplex',
    options: { maxBufferedAmount: 100_000 },
  });
  const errors: unknown[] = [];
  websocket.on('error', (error) => errors.push(error));
  link?.hold();
  for (let count = 0; count < 20; count++) {
    server?.broadcast(noise(50_000));
    await turn();
  }
  await until(() => errors.length === 1 && server?.clients.size === 0, 'an overflow');
  expect(errors).toMatchObject([{ code: 'WS_ERR_TOO_MUCH_BUFFERED' }]);
});
