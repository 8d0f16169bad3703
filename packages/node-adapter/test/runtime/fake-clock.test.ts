import { setTimeout as realSleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from '../../src/index.js';
import { after, pair, until } from '../loopback.js';
import { BOTH, type Opened, open, ROLES, type Sides } from '../sides.js';
import { noise, prose, waysOf } from '../ways.js';
import { binary, text } from '../wire-peer.js';

/*
 * A clock of a test stands in the place of the real one while connections live, as in the tests of applications.
 */

// What the tests themselves wait with, taken before any clock is in its place.
const realImmediate = setImmediate;
const realTurn = (): Promise<void> => new Promise((resolve) => void realImmediate(resolve));

/** Puts the clock of vitest in place, and takes it away behind the test at the latest. */
function installed(): void {
  vi.useFakeTimers();
  after(() => vi.useRealTimers());
}

/** Sends and hears, which shows that nothing is stuck. */
async function works({ websocket, peer }: Opened, count: number): Promise<void> {
  const before = peer.story.length;
  const heard: string[] = [];
  const sent: unknown[] = [];
  websocket.on('message', (data) => heard.push(String(data)));
  for (let index = 0; index < count; index++) {
    websocket.send(`works ${index}`, (error) => sent.push(error ?? undefined));
    peer.write(peer.message(`heard ${index}`));
    await realTurn();
  }
  await until(() => peer.story.length >= before + count && heard.length === count, 'what works');
  await until(() => sent.length === count, 'the callbacks');
  expect(peer.story.slice(before)).toEqual(
    Array.from({ length: count }, (_, index) => text(`works ${index}`)),
  );
  expect(sent.every((error) => error === undefined)).toBe(true);
}

async function ends({ websocket }: Opened): Promise<void> {
  let code = 0;
  websocket.on('close', (each) => {
    code = each;
  });
  websocket.close(1000);
  await until(() => code !== 0, 'the end');
  expect(code).toBe(1000);
}

describe('with the clock of vitest', () => {
  describe.each(BOTH)('a $role (compression: $compressed)', (sides) => {
    it('sends and hears while the clock stands, and when it is gone', async () => {
      const opened = await open(sides);
      installed();
      await works(opened, 5);
      vi.advanceTimersByTime(10_000);
      await works(opened, 5);
      vi.useRealTimers();
      await works(opened, 5);
      await ends(opened);
    });

    it('loses nothing that was gathered when the clock came or went', async () => {
      const opened = await open(sides);
      const { websocket, peer } = opened;
      for (let count = 0; count < 3; count++) websocket.send(`before ${count}`);
      installed();
      for (let count = 0; count < 3; count++) websocket.send(`amid ${count}`);
      vi.useRealTimers();
      for (let count = 0; count < 3; count++) websocket.send(`after ${count}`);
      await until(() => peer.story.length === 9, 'nine messages');
      expect(peer.story).toEqual(
        ['before', 'amid', 'after'].flatMap((when) => [0, 1, 2].map((count) => text(`${when} ${count}`))),
      );
      await works(opened, 5);
      await ends(opened);
    });

    it('goes on with what is compressed in slices when the clock came or went', async () => {
      const opened = await open(sides);
      const { websocket, peer } = opened;
      const long = noise(1 << 20);
      let called = 0;
      websocket.send(long, () => called++);
      await realTurn();
      installed();
      websocket.send(prose(300_000), () => called++);
      await realTurn();
      vi.advanceTimersByTime(100);
      vi.useRealTimers();
      websocket.send('behind', () => called++);
      await until(() => peer.story.length === 3 && called === 3, 'three messages');
      expect(peer.story).toEqual([binary(long), text(prose(300_000)), text('behind')]);
      await works(opened, 3);
      await ends(opened);
    });

    it('sends all that there is while the clock stands', async () => {
      const { websocket, peer } = await open(sides);
      installed();
      let called = 0;
      // A Blob is read by means of the platform, with the clock that it finds.
      const ways = waysOf(sides.role).filter(({ name }) => !name.includes('Blob'));
      for (const way of ways) way.send(websocket, () => called++);
      await until(() => peer.story.length === ways.length && called === ways.length, 'all of it');
    });

    it('goes on with what it has received when the clock came or went', async () => {
      const opened = await open(sides);
      const { websocket, peer } = opened;
      const heard: number[] = [];
      websocket.on('message', (data) => heard.push((data as Buffer).length));
      // So much, inflated, that others have their turn between.
      const zeros = Buffer.alloc(sides.compressed ? 4 << 20 : 1 << 18);
      peer.write(...Array.from({ length: 6 }, () => peer.message(zeros)));
      await until(() => heard.length > 0, 'the first message');
      installed();
      await realTurn();
      await realTurn();
      vi.useRealTimers();
      await until(() => heard.length === 6, 'six messages');
      await works(opened, 3);
      await ends(opened);
    });

    it.each(['before', 'behind'] as const)(
      'closes, with the clock gone %s the close frame of its peer',
      async (when) => {
        const opened = await open(sides);
        const { websocket, peer } = opened;
        const codes: number[] = [];
        websocket.on('close', (code) => codes.push(code));
        peer.answersClose = false;
        installed();
        websocket.close(1000);
        await until(() => peer.story.includes('close 1000'), 'the close frame');
        if (when === 'before') vi.useRealTimers();
        peer.write(peer.close(1000));
        if (sides.role === 'client') peer.stream.end();
        await until(() => codes.length === 1, 'the end');
        expect(codes).toEqual([1000]);
      },
    );

    it('ends by the close time-out though the clock was there and gone', async () => {
      for (const phase of ['close amid it', 'close before it', 'close behind it'] as const) {
        const { websocket, peer } = await open({ ...sides, options: { closeTimeout: 40 } });
        const codes: number[] = [];
        websocket.on('close', (code) => codes.push(code));
        peer.answersClose = false;
        if (phase === 'close before it') websocket.close(1000);
        installed();
        if (phase === 'close amid it') websocket.close(1000);
        await realTurn();
        vi.useRealTimers();
        if (phase === 'close behind it') websocket.close(1000);
        await until(() => codes.length === 1, `the end, ${phase}`);
        expect(codes).toEqual([1006]);
      }
    });

    it('terminates while the clock stands', async () => {
      const { websocket } = await open(sides);
      let closes = 0;
      websocket.on('close', () => closes++);
      installed();
      websocket.send(noise(300_000));
      websocket.terminate();
      await until(() => closes === 1, 'the end');
    });
  });

  it.each(ROLES)('a %s that is kept alive goes on and drops who is silent, the clock gone', async (role) => {
    const options = { pingInterval: 30 };
    const sides: Sides = { role, options };
    // One watches from before, one from amid, one from behind.
    const first = await open(sides);
    installed();
    vi.advanceTimersByTime(15);
    await realTurn();
    vi.useRealTimers();
    installed();
    const amid = await open(sides);
    vi.useRealTimers();
    const last = await open(sides);
    for (const { websocket } of [first, amid, last]) {
      await until(() => websocket.readyState === WebSocket.CLOSED, 'the end of who is silent');
    }
  });

  it('pairs of ours that are kept alive live on, the clock gone', async () => {
    const { client, peer } = await pair({ pingInterval: 30 });
    installed();
    vi.advanceTimersByTime(15);
    await realTurn();
    vi.useRealTimers();
    await realSleep(200);
    expect([client.readyState, peer.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  });
});
