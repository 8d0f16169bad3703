import { describe, expect, it } from 'vitest';
import { type Payload, PreparedMessage, WebSocket } from '../../src/index.js';
import { listenTcp, until } from '../loopback.js';
import { BOTH, EVERYWHERE, type Opened, open, pass, ROLES, turn } from '../sides.js';
import { surfacing } from '../uncaught.js';
import { noise, prose, SLOW, waysOf } from '../ways.js';
import { text } from '../wire-peer.js';

/** Counts how often each of so many callbacks was called, and with what. */
class Calls {
  readonly results: (Error | undefined)[][] = [];

  next(): (error?: Error | null) => void {
    const results: (Error | undefined)[] = [];
    this.results.push(results);
    return (error) => results.push(error ?? undefined);
  }

  /** Waits until all were called, a while longer, and expects that each was once. */
  async once(): Promise<(Error | undefined)[]> {
    await until(
      () => this.results.every(({ length }) => length > 0),
      `each of ${this.results.length} callbacks`,
    );
    await pass(20);
    expect(this.results.map(({ length }) => length)).toEqual(this.results.map(() => 1));
    return this.results.map(([error]) => error);
  }
}

/** Ways in which a connection may end while much is on its way out. */
const ENDS: Record<string, (opened: Opened) => unknown> = {
  'its close': ({ websocket }) => websocket.close(1000),
  'a close of the peer': ({ peer }) => peer.write(peer.close(1000)),
  terminate: ({ websocket }) => websocket.terminate(),
  'a reset': ({ reset }) => reset(),
  'an end of the peer': ({ peer }) => peer.stream.end(),
  'destroy of its socket': ({ websocket }) => websocket._socket?.destroy(),
  'end of its socket': ({ websocket }) => websocket._socket?.end(),
  'a broken frame': ({ peer }) => peer.write(peer.frame(0x83)),
  'close, and terminate behind it': ({ websocket }) => {
    websocket.close();
    websocket.terminate();
  },
};

describe.each(EVERYWHERE)('a $role over $over (compression: $compressed) calls back once', (sides) => {
  it.each(Object.keys(ENDS))('whatever is sent, at %s', async (how) => {
    const opened = await open(sides);
    const { websocket, peer } = opened;
    websocket.on('error', () => undefined);
    const events: string[] = [];
    for (const name of ['close', 'error', 'message', 'drain', 'ping', 'pong'] as const) {
      websocket.on(name, () => events.push(name));
    }
    const calls = new Calls();
    for (let round = 0; round < 2; round++) {
      for (const way of waysOf(sides.role)) way.send(websocket, calls.next());
      if (round === 0) await turn();
    }
    ENDS[how]?.(opened);
    for (const way of waysOf(sides.role)) {
      if (!way.name.includes('_sender')) way.send(websocket, calls.next());
    }
    const results = await calls.once();
    await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
    await pass(10);
    expect(events.filter((name) => name === 'close')).toHaveLength(1);
    expect(events.at(-1)).toBe('close');
    expect(events.filter((name) => name === 'error').length).toBeLessThanOrEqual(1);
    if (how !== 'its close' && how !== 'end of its socket') return;
    // What was accepted went out, and what came later did not.
    const accepted = 2 * waysOf(sides.role).length;
    expect(results.slice(accepted).filter((error) => error === undefined)).toEqual([]);
    if (how === 'its close') {
      expect(results.slice(0, accepted).filter((error) => error !== undefined)).toEqual([]);
      expect(peer.told).toHaveLength(accepted + 1);
    }
  });
});

describe.each(BOTH)('a $role (compression: $compressed)', (sides) => {
  it.each<[string, (websocket: WebSocket, sent: () => void) => void]>([
    ['a symbol', (websocket, sent) => websocket.send(Symbol('s') as unknown as Payload, sent)],
    ['an object', (websocket, sent) => websocket.send({} as Payload, sent)],
    [
      'an object as the last fragment',
      (websocket, sent) => websocket.send({} as Payload, { fin: true }, sent),
    ],
    ['a ping of 126 bytes', (websocket, sent) => websocket.ping('x'.repeat(126), undefined, sent)],
    ['a pong of 126 bytes', (websocket, sent) => websocket.pong(Buffer.alloc(126), undefined, sent)],
    ['a ping that is an object', (websocket, sent) => websocket.ping({} as Payload, undefined, sent)],
    [
      'a pong of a Blob of 126 bytes',
      (websocket, sent) => websocket.pong(new Blob(['x'.repeat(126)]), true, sent),
    ],
  ])('that throws at %s does not call back later', async (_what, send) => {
    const { websocket, peer } = await open(sides);
    let called = 0;
    expect(() => send(websocket, () => called++)).toThrow();
    // Neither alone, nor with what is sent next, gathered or not.
    websocket.send('first');
    await turn();
    websocket.send(SLOW.length > 0 ? noise(100_000) : '');
    expect(() => send(websocket, () => called++)).toThrow();
    websocket.send('last');
    websocket.close(1000);
    expect(await peer.hearsAll()).toHaveLength(4);
    await pass(20);
    expect(called).toBe(0);
  });

  it('does the same with bytes that are no UTF-8, whatever their length (§8.1)', async () => {
    for (const length of [100, 65_536, 65_537, 100_000]) {
      const { websocket, peer } = await open(sides);
      const bytes = Buffer.alloc(length, 0xff);
      const calls = new Calls();
      websocket.send(bytes, { binary: false }, calls.next());
      websocket.send(new Blob([bytes]), { binary: false }, calls.next());
      websocket.send(bytes, { binary: false, compress: false }, calls.next());
      websocket.send('behind', calls.next());
      expect(await calls.once()).toEqual([undefined, undefined, undefined, undefined]);
      await peer.hears(4);
      expect(peer.story).toEqual([text(bytes), text(bytes), text(bytes), text('behind')]);
    }
  });

  it('does the same with fragments that are no UTF-8', async () => {
    for (const length of [100, 100_000]) {
      const { websocket, peer } = await open(sides);
      const bytes = Buffer.alloc(length, 0xff);
      const calls = new Calls();
      websocket.send(bytes, { binary: false, fin: false }, calls.next());
      websocket.send(bytes, { binary: false, fin: true }, calls.next());
      websocket.send('behind', calls.next());
      expect(await calls.once()).toEqual([undefined, undefined, undefined]);
      await peer.hears(2);
      expect(peer.story).toEqual([text(Buffer.concat([bytes, bytes])), text('behind')]);
    }
  });

  it('calls all others where one of them throws, which surfaces once', async () => {
    const errors = surfacing();
    const { websocket, peer } = await open(sides);
    const calls = new Calls();
    const ways = waysOf(sides.role);
    for (const [index, way] of ways.entries()) {
      const called = calls.next();
      way.send(websocket, (error) => {
        called(error);
        throw new Error(`callback ${index}`);
      });
    }
    await calls.once();
    await peer.hears(ways.length);
    expect(errors.map(String).sort()).toEqual(ways.map((_, index) => `Error: callback ${index}`).sort());
    expect(websocket.readyState).toBe(WebSocket.OPEN);
    websocket.close();
    await until(() => websocket.readyState === WebSocket.CLOSED);
  });

  it('calls all with an error at a terminate, where each of them throws', async () => {
    const errors = surfacing();
    const { websocket } = await open(sides);
    const calls = new Calls();
    let closes = 0;
    websocket.on('close', () => closes++);
    websocket.send(hanging());
    for (const way of waysOf(sides.role)) {
      const called = calls.next();
      way.send(websocket, (error) => {
        called(error);
        throw new Error(way.name);
      });
    }
    websocket.terminate();
    expect(await calls.once()).not.toContain(undefined);
    await until(() => closes === 1);
    expect(errors).toHaveLength(waysOf(sides.role).length);
  });

  it.each(SLOW)('lets a callback of $name send, close and terminate', async (slow) => {
    const { websocket, peer } = await open(sides);
    const calls = new Calls();
    const first = calls.next();
    slow.send(websocket, (error) => {
      first(error);
      websocket.send('from a callback', calls.next());
      slow.send(websocket, calls.next());
      websocket.close(1000);
      websocket.send('too late', calls.next());
    });
    const behind = calls.next();
    websocket.send('behind', behind);
    expect(await peer.hearsAll()).toEqual([
      slow.told,
      text('behind'),
      text('from a callback'),
      slow.told,
      'close 1000',
    ]);
    const results = await calls.once();
    expect(results.map((error) => error === undefined)).toEqual([true, true, true, true, false]);
  });

  it('calls back in the order in which it was called', async () => {
    const { websocket, peer } = await open(sides);
    const order: number[] = [];
    let count = 0;
    for (let round = 0; round < 3; round++) {
      for (const way of waysOf(sides.role)) {
        // A ping may pass between fragments.
        if (way.told.startsWith('p')) continue;
        const index = count++;
        way.send(websocket, () => order.push(index));
      }
      await turn();
    }
    await peer.hears(count);
    await until(() => order.length === count);
    expect(order).toEqual(Array.from({ length: count }, (_, index) => index));
  });
});

/** A Blob that is never read. */
function hanging(): Blob {
  return Object.assign(new Blob(['never']), { arrayBuffer: () => new Promise<ArrayBuffer>(() => undefined) });
}

describe('a client', () => {
  it('that throws at a prepared message does not call back later (§5.3)', async () => {
    for (const compressed of [false, true]) {
      const { websocket, peer } = await open({ role: 'client', compressed });
      let called = 0;
      const prepared = new PreparedMessage('p');
      expect(() => websocket.send(prepared, () => called++)).toThrow(TypeError);
      websocket.send(prose(100_000));
      expect(() => websocket.send(prepared, () => called++)).toThrow(TypeError);
      websocket.send('a', { fin: false });
      expect(() => websocket.send(prepared, () => called++)).toThrow(TypeError);
      websocket.send('b', { fin: true });
      websocket.close(1000);
      expect(await peer.hearsAll()).toEqual([text(prose(100_000)), text('ab'), 'close 1000']);
      await pass(20);
      expect(called).toBe(0);
    }
  });

  it('that throws while it connects does not call back later', async () => {
    const port = await listenTcp(() => undefined);
    const websocket = new WebSocket(`ws://127.0.0.1:${port}`);
    websocket.on('error', () => undefined);
    let called = 0;
    for (const way of waysOf('client').filter(({ name }) => !name.includes('_sender'))) {
      expect(() => way.send(websocket, () => called++)).toThrow('not open');
    }
    websocket.terminate();
    await pass(20);
    expect(called).toBe(0);
  });
});

describe.each(ROLES)('a %s whose connection is over', (role) => {
  it('calls each callback with an error, once', async () => {
    const { websocket } = await open({ role });
    websocket.terminate();
    await until(() => websocket.readyState === WebSocket.CLOSED);
    const calls = new Calls();
    for (const way of waysOf(role)) way.send(websocket, calls.next());
    expect(await calls.once()).not.toContain(undefined);
  });
});
