import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from '../../src/index.js';
import { after } from '../loopback.js';
import { type Opened, open, ROLES, type Sides } from '../sides.js';
import { noise } from '../ways.js';

/**
 * What holds the loop for no longer than 20 ms takes no more than this on a machine that is busy with other tests; where all
 * is done in one go, it is held for seconds.
 */
const MOST_MS = 600;
const COUNT = 100_000;

/** Counts frames by their bytes alone, so that the peer takes no time of this loop. */
async function silent(sides: Sides): Promise<Opened & { received(): number }> {
  const opened = await open(sides);
  let received = 0;
  opened.peer.stream.removeAllListeners('data');
  opened.peer.stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  return { ...opened, received: () => received };
}

/** The longest time that the loop was held while something was going on. */
async function longestStall(done: () => boolean): Promise<number> {
  let longest = 0;
  let ended = false;
  after(() => {
    ended = true;
  });
  for (let last = performance.now(); !done() && !ended; ) {
    await nextTurn();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

/** Frames whose length tells nothing: a head of two bytes, and one of payload, masked by a client. */
const small = (role: Sides['role']): number => (role === 'client' ? 7 : 3);

const SLOW: Record<string, (websocket: WebSocket) => unknown> = {
  'a compressed message of 200 KB': (websocket) => websocket.send(noise(200_000)),
  'a Blob': (websocket) => websocket.send(new Blob([noise(200_000)])),
};

describe.each(ROLES)('a %s', (role) => {
  it.each(Object.keys(SLOW))(`does not hold the loop with ${COUNT} messages behind %s`, async (what) => {
    const opened = await silent({ role, compressed: true });
    const { websocket } = opened;
    let called = 0;
    let failed = 0;
    SLOW[what]?.(websocket);
    for (let index = 0; index < COUNT; index++) {
      websocket.send('x', { compress: false }, (error) => {
        called++;
        if (error) failed++;
      });
    }
    await nextTurn();
    const longest = await longestStall(() => called === COUNT);
    expect(failed).toBe(0);
    expect(longest).toBeLessThan(MOST_MS);
    const all = COUNT * small(role);
    while (opened.received() < all) await nextTurn();
  });

  it('does not hold it with fragments, pings and frames of others behind one', async () => {
    const opened = await silent({ role, compressed: true });
    const { websocket } = opened;
    let called = 0;
    SLOW['a compressed message of 200 KB']?.(websocket);
    for (let index = 0; index < COUNT / 4; index++) {
      websocket.send('x', { fin: false, compress: false });
      websocket.ping();
      websocket.send('y', { fin: true }, () => called++);
      websocket.pong('z');
    }
    await nextTurn();
    expect(await longestStall(() => called === COUNT / 4)).toBeLessThan(MOST_MS);
  });

  it.each(['terminate', 'close', 'reset'] as const)(
    `does not hold it with what is given up at %s`,
    async (how) => {
      const opened = await silent({ role, compressed: true, options: { closeTimeout: 10 } });
      const { websocket } = opened;
      opened.peer.stream.pause();
      const never = Object.assign(new Blob(['never']), {
        arrayBuffer: () => new Promise<ArrayBuffer>(() => undefined),
      });
      let called = 0;
      websocket.send(never);
      for (let index = 0; index < COUNT; index++) websocket.send('x', () => called++);
      await nextTurn();
      if (how === 'reset') opened.reset();
      else websocket[how]();
      await nextTurn();
      expect(await longestStall(() => called === COUNT)).toBeLessThan(2 * MOST_MS);
    },
  );

  it('lets another connection speak meanwhile', async () => {
    const busy = await silent({ role, compressed: true });
    const other = await open({ role });
    other.websocket.on('message', (data) => other.websocket.send(`${data}`));
    let called = 0;
    SLOW['a compressed message of 200 KB']?.(busy.websocket);
    for (let index = 0; index < COUNT; index++) busy.websocket.send('x', { compress: false }, () => called++);
    let rounds = 0;
    while (called < COUNT) {
      other.peer.write(other.peer.message('meanwhile'));
      await other.peer.hears(++rounds);
    }
    expect(rounds).toBeGreaterThan(5);
  });
});
