import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { WebSocket } from '../../src/index.js';
import { after, connect, listen, until } from '../loopback.js';
import { BOTH, EVERYWHERE, open, pass, ROLES, turn } from '../sides.js';
import { noise, SLOW, waysOf } from '../ways.js';

const storage = new AsyncLocalStorage<string>();
const context = (): string => storage.getStore() ?? 'none';

describe.each(EVERYWHERE)('a $role over $over (compression: $compressed)', (sides) => {
  it('calls back in the context of the call that gave the callback', async () => {
    const { websocket, peer } = await open(sides);
    const ways = waysOf(sides.role);
    const seen: string[] = [];
    const wanted: string[] = [];
    for (let round = 0; round < 2; round++) {
      for (const way of ways) {
        const name = `${way.name}, ${round}`;
        wanted.push(name);
        storage.run(name, () => way.send(websocket, () => seen.push(`${name} in ${context()}`)));
      }
      if (round === 0) await turn();
    }
    await peer.hears(wanted.length);
    await until(() => seen.length === wanted.length, 'the callbacks');
    expect(seen.sort()).toEqual(wanted.map((name) => `${name} in ${name}`).sort());
  });

  it.each(['terminate', 'a reset', 'close'] as const)('does so where they fail at %s', async (how) => {
    const { websocket, reset } = await open({ ...sides, options: { closeTimeout: 20 } });
    const never = Object.assign(new Blob(['never']), {
      arrayBuffer: () => new Promise<ArrayBuffer>(() => undefined),
    });
    const ways = waysOf(sides.role);
    const seen: string[] = [];
    storage.run('of the Blob', () => websocket.send(never));
    for (const way of ways) {
      storage.run(way.name, () => way.send(websocket, () => seen.push(`${way.name} in ${context()}`)));
    }
    storage.run('of the end', () => {
      if (how === 'a reset') reset();
      else websocket[how]();
    });
    storage.run('too late', () => {
      if (websocket.readyState === WebSocket.OPEN) return;
      websocket.send('late', () => seen.push(`too late in ${context()}`));
    });
    const count = ways.length + (how === 'a reset' ? 0 : 1);
    await until(() => seen.length === count, 'the callbacks');
    const wanted = [...ways.map(({ name }) => name), ...(how === 'a reset' ? [] : ['too late'])];
    expect(seen.sort()).toEqual(wanted.map((name) => `${name} in ${name}`).sort());
  });
});

describe.each(BOTH)('a $role (compression: $compressed)', (sides) => {
  it('tells of drain in the context of the send that said to stop', async () => {
    const { websocket, link } = await open({ ...sides, over: 'a Duplex' });
    for (const name of ['first', 'second']) {
      link?.hold();
      const seen: string[] = [];
      websocket.once('drain', () => seen.push(context()));
      for (let index = 0, going = true; going; index++) {
        storage.run(`${name} ${index}`, () => {
          going = websocket.send(noise(5000));
          if (!going) seen.push(context());
        });
        await turn();
      }
      storage.run('another', () => websocket.send('behind'));
      storage.run('of the link', () => link?.release());
      await until(() => seen.length === 2, 'drain');
      expect(seen[1]).toBe(seen[0]);
    }
  });

  it.each(SLOW)('tells of drain behind $name so', async (slow) => {
    const { websocket } = await open(sides);
    const seen: string[] = [];
    websocket.on('drain', () => seen.push(context()));
    let going = true;
    storage.run('of the slow one', () => {
      going = slow.send(websocket) === true;
    });
    storage.run('another', () => websocket.send('behind'));
    if (going) return;
    await until(() => seen.length > 0, 'drain');
    expect(seen).toEqual(['of the slow one']);
  });

  it('keeps the callbacks of connections apart that send in one turn', async () => {
    const all = [await open(sides), await open(sides), await open(sides)];
    const seen: string[] = [];
    for (const [index, { websocket }] of all.entries()) {
      storage.run(`${index}`, () => {
        for (const way of waysOf(sides.role))
          way.send(websocket, () => seen.push(`${index} in ${context()}`));
      });
    }
    await until(() => seen.length === all.length * waysOf(sides.role).length, 'the callbacks');
    expect([...new Set(seen)].sort()).toEqual(['0 in 0', '1 in 1', '2 in 2']);
  });
});

it.each([false, true])(
  'messages of each client come in its own context (compression: %s)',
  async (compressed) => {
    const { server, url } = await listen({ perMessageDeflate: compressed ? { threshold: 0 } : false });
    const names = ['a', 'b', 'c', 'd'];
    const seen: Record<string, Set<string>> = {};
    const counts: number[] = [];
    const clients = await Promise.all(
      names.map((name, index) =>
        storage.run(name, async () => {
          const contexts = new Set<string>();
          seen[name] = contexts;
          counts[index] = 0;
          const client = await connect(url);
          client.on('message', () => {
            contexts.add(context());
            counts[index] = (counts[index] ?? 0) + 1;
          });
          return client;
        }),
      ),
    );
    await until(() => server.clients.size === names.length);
    // So much, inflated, that each has to wait for its turn.
    const zeros = Buffer.alloc(200_000);
    for (let count = 0; count < 100; count++) for (const peer of server.clients) peer.send(zeros);
    await until(() => counts.every((count) => count === 100), 'all messages');
    expect(Object.entries(seen).map(([name, contexts]) => [name, [...contexts]])).toEqual(
      names.map((name) => [name, [name]]),
    );
    expect(clients).toHaveLength(names.length);
  },
);

it.each(['pingInterval', 'idleTimeout'])(
  'clients that %s drops are closed in their own contexts',
  async (option) => {
    const { server, url } = await listen({ autoPong: false });
    const names = ['a', 'b', 'c'];
    const seen: string[] = [];
    for (const name of names) {
      await storage.run(name, async () => {
        const client = await connect(url, { [option]: 40 });
        client.on('close', () => seen.push(`${name} in ${context()}`));
      });
      await pass(5);
    }
    expect(server.clients.size).toBeGreaterThan(0);
    await until(() => seen.length === names.length, 'the ends');
    expect(seen.sort()).toEqual(names.map((name) => `${name} in ${name}`));
  },
);

it.each(ROLES)('a %s that overflows tells so in its own context', async (role) => {
  const { websocket, peer, link } = await storage.run('of the connection', () =>
    open({ role, over: 'a Duplex', options: { maxBufferedAmount: 1000 } }),
  );
  const seen: string[] = [];
  websocket.on('message', () => seen.push(`message in ${context()}`));
  websocket.on('error', () => seen.push(`error in ${context()}`));
  websocket.on('close', () => seen.push(`close in ${context()}`));
  storage.run('of the peer', () => peer.write(peer.message('x')));
  await until(() => seen.length === 1);
  const own = seen[0]?.replace('message', '') ?? '';
  link?.hold();
  // Each is sent in a context; none of them may leak into the events.
  storage.run('of a send', () => {
    for (let count = 0; count < 10; count++) websocket.send(noise(500));
  });
  await until(() => seen.length === 3, 'the end');
  const contexts = seen.slice(1).map((each) => each.replace(/^\w+/, ''));
  // `of the peer` is what a link in memory passes on; a socket would have its own.
  expect([own, ' in of a send', ' in of the connection']).toEqual(expect.arrayContaining(contexts));
  after(() => websocket.terminate());
});
