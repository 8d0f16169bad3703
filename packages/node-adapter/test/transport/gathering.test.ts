import { describe, expect, it } from 'vitest';
import { Sender } from '../../src/index.js';
import { until } from '../loopback.js';
import { BOTH, open, ROLES, turn } from '../sides.js';
import { prose } from '../ways.js';
import { text } from '../wire-peer.js';

/*
 * Over a link that counts its writes. Those of the handshake are not counted.
 */

describe.each(BOTH)('outside of handlers a $role (compression: $compressed)', (sides) => {
  it('writes the first frame of a turn at once, and what follows in that turn together', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
    await turn();
    const before = link?.writes.length ?? 0;
    const writes = (): number => (link?.writes.length ?? 0) - before;
    websocket.send('first');
    expect(writes()).toBe(1);
    for (let count = 0; count < 5; count++) websocket.send('follows');
    websocket.ping('follows');
    expect(writes()).toBe(1);
    await turn();
    expect(writes()).toBe(2);
    await peer.hears(7);
  });

  it('writes a lone frame of each turn at once, whatever its kind', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
    const acts = [
      () => websocket.send('text'),
      () => websocket.send(Buffer.from('bytes')),
      () => websocket.ping('ping'),
      () => websocket.pong('pong'),
      () => websocket.send('begun', { fin: false }),
      () => websocket.send('ended', { fin: true }),
      () => websocket.close(1000),
    ];
    for (const act of acts) {
      await turn();
      await turn();
      const before = link?.writes.length ?? 0;
      act();
      expect(link?.writes.length).toBe(before + 1);
    }
    expect(await peer.hearsAll()).toHaveLength(6);
  });

  it('has the first frame wait too behind a turn with several, until a turn has one alone', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
    const writes: number[] = [];
    for (const count of [3, 2, 1, 1, 2]) {
      await turn();
      await turn();
      const before = link?.writes.length ?? 0;
      for (let index = 0; index < count; index++) websocket.send('x');
      writes.push((link?.writes.length ?? 0) - before);
    }
    expect(writes).toEqual([1, 0, 0, 1, 1]);
    await peer.hears(9);
  });

  it('gathers frames that were made elsewhere, too', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
    await turn();
    const before = link?.writes.length ?? 0;
    const options = { fin: true, opcode: 1, mask: sides.role === 'client', rsv1: false };
    for (let count = 0; count < 5; count++) {
      websocket._sender?.sendFrame(Sender.frame(Buffer.from('framed'), options));
    }
    await peer.hears(5);
    expect((link?.writes.length ?? 0) - before).toBe(2);
  });

  it('writes what was gathered at flush(), and again what follows', async () => {
    const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
    await turn();
    const before = link?.writes.length ?? 0;
    for (const word of ['a', 'b', 'c']) websocket.send(word);
    websocket.flush();
    expect(Buffer.concat(link?.writes.slice(before) ?? []).length).toBeGreaterThanOrEqual(9);
    const flushed = link?.writes.length ?? 0;
    websocket.flush();
    expect(link?.writes.length).toBe(flushed);
    websocket.send('d');
    websocket.flush();
    expect(link?.writes.length).toBe(flushed + 1);
    await peer.hears(4);
    expect(peer.story).toEqual(['a', 'b', 'c', 'd'].map(text));
  });

  it('may call flush() in any state, to no effect', async () => {
    const { websocket, peer } = await open({ ...sides, over: 'a Duplex' });
    websocket.flush();
    websocket.send(prose(200_000));
    websocket.flush();
    websocket.close(1000);
    websocket.flush();
    expect(await peer.hearsAll()).toEqual([text(prose(200_000)), 'close 1000']);
    websocket.terminate();
    expect(() => websocket.flush()).not.toThrow();
  });

  it.each([3, 20])('writes each frame by itself without gathering (%i frames)', async (count) => {
    const { websocket, peer, link } = await open({
      ...sides,
      over: 'a Duplex',
      options: { gatherWrites: false },
    });
    await turn();
    const before = link?.writes.length ?? 0;
    for (let index = 0; index < count; index++) {
      websocket.send(`${index}`);
      expect((link?.writes.length ?? 0) - before).toBe(index + 1);
    }
    await peer.hears(count);
  });
});

describe.each(BOTH)('inside of handlers a $role (compression: $compressed)', (sides) => {
  it('writes the answers to what came in one chunk together', async () => {
    const { peer, link } = await open({
      ...sides,
      over: 'a Duplex',
      opened: (websocket) => {
        websocket.on('message', (data) => {
          websocket.send(`${data} once`);
          websocket.send(`${data} twice`);
        });
      },
    });
    await turn();
    const before = link?.writes.length ?? 0;
    peer.write(...['a', 'b', 'c'].map((word) => peer.message(word)), peer.ping('d'));
    await peer.hears(7);
    expect((link?.writes.length ?? 0) - before).toBe(1);
  });

  it('writes each frame by itself without gathering', async () => {
    const seen: number[] = [];
    const { peer, link } = await open({
      ...sides,
      over: 'a Duplex',
      options: { gatherWrites: false },
      opened: (websocket) => {
        websocket.on('message', (data) => {
          for (const times of ['once', 'twice']) {
            websocket.send(`${data} ${times}`);
            seen.push(link?.writes.length ?? 0);
          }
        });
      },
    });
    await turn();
    const before = link?.writes.length ?? 0;
    peer.write(...['a', 'b', 'c'].map((word) => peer.message(word)), peer.ping('d'));
    await peer.hears(7);
    expect(link?.writes.slice(before)).toHaveLength(7);
    // Each was there when `send` returned.
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((each) => before + each));
  });
});

it.each(ROLES)('a %s that gathers again and again loses nothing, and keeps the order', async (role) => {
  const { websocket, peer, link } = await open({ role, over: 'a Duplex' });
  let sent = 0;
  for (let turns = 0; turns < 30; turns++) {
    for (let count = 0; count <= turns % 4; count++) websocket.send(`${sent++}`);
    if (turns % 5 === 0) websocket.flush();
    if (turns % 3 === 0) await turn();
    if (turns % 7 === 0) await null;
  }
  await peer.hears(sent);
  expect(peer.story).toEqual(Array.from({ length: sent }, (_, index) => text(`${index}`)));
  expect(link?.writes.length).toBeLessThan(sent);
  await until(() => websocket.bufferedAmount === 0);
});

it('a message to all leaves in one write for each, with what follows it in that turn', async () => {
  const { websocket, peer, server, link } = await open({ role: 'server', over: 'a Duplex' });
  for (let round = 0; round < 5; round++) {
    await turn();
    server?.broadcast('all');
    websocket.send('one');
    websocket.send('two');
  }
  await peer.hears(15);
  expect(peer.story.slice(0, 3)).toEqual(['all', 'one', 'two'].map(text));
  expect(link?.writes.length).toBeLessThan(15);
});
