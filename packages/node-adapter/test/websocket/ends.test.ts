import { describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from '../../src/index.js';
import { until } from '../loopback.js';
import { BOTH, EVERYWHERE, type Opened, open, pass, ROLES, type Sides, turn } from '../sides.js';
import { noise, waysOf } from '../ways.js';

const SIX = ['1', '2', '3', '4', '5', '6'];

/** What a connection told, in order: `message 1`, `error`, `close 1006`. */
function events(websocket: WebSocket): string[] {
  const told: string[] = [];
  websocket.on('message', (data) => told.push(`message ${data}`));
  websocket.on('error', () => told.push('error'));
  websocket.on('drain', () => told.push('drain'));
  websocket.on('close', (code) => told.push(`close ${code}`));
  return told;
}

/** A connection whose handler pauses it at each message, and that was sent six in one write. */
async function parked(sides: Sides): Promise<Opened & { told: string[] }> {
  const opened = await open(sides);
  const { websocket, peer } = opened;
  const told = events(websocket);
  websocket.on('message', () => websocket.pause());
  peer.write(...SIX.map((each) => peer.message(each)));
  await until(() => told.length === 1, 'the first message');
  return { ...opened, told };
}

const isOver = ({ websocket, server }: Opened): boolean =>
  websocket.readyState === WebSocket.CLOSED && (server?.clients.size ?? 0) === 0;

/** A Blob that is never read. */
function hanging(): Blob {
  return Object.assign(new Blob(['never']), { arrayBuffer: () => new Promise<ArrayBuffer>(() => undefined) });
}

describe.each(EVERYWHERE)(
  'a $role over $over (compression: $compressed) that pauses at each message',
  (sides) => {
    it('ends at terminate, behind what it has received, as npm ws does', async () => {
      const opened = await parked(sides);
      opened.websocket.terminate();
      await until(() => isOver(opened), 'the end');
      expect(opened.told).toEqual([...SIX.map((each) => `message ${each}`), 'close 1006']);
    });

    it('ends at terminate behind a reset', async () => {
      const opened = await parked(sides);
      opened.reset();
      await pass(5);
      opened.websocket.terminate();
      await until(() => isOver(opened), 'the end');
      expect(opened.told.filter((each) => each.startsWith('close'))).toEqual(['close 1006']);
      expect(opened.told.at(-1)).toBe('close 1006');
    });

    it('ends at a reset, behind what it has received', async () => {
      const opened = await parked(sides);
      opened.reset();
      await until(() => isOver(opened), 'the end');
      expect(opened.told).toEqual([...SIX.map((each) => `message ${each}`), 'close 1006']);
    });

    it('ends where its peer ends without a close frame, once it has resumed', async () => {
      const opened = await parked(sides);
      opened.peer.stream.end();
      for (let count = 1; count < 6; count++) {
        await pass(2);
        opened.websocket.resume();
      }
      opened.websocket.resume();
      await until(() => isOver(opened), 'the end');
      expect(opened.told).toEqual([...SIX.map((each) => `message ${each}`), 'close 1006']);
    });

    it('ends by the close time-out, where nobody resumes it', async () => {
      const opened = await parked({ ...sides, options: { closeTimeout: 30 } });
      opened.peer.answersClose = false;
      opened.websocket.close(1000);
      await until(() => isOver(opened), 'the end');
      expect(opened.told.at(-1)).toBe('close 1006');
      expect(opened.told.filter((each) => each.startsWith('close'))).toHaveLength(1);
    });
  },
);

describe.each(EVERYWHERE)(
  'a $role over $over (compression: $compressed) with a stream that nobody reads',
  (sides) => {
    it.each([
      'terminate',
      'destroy',
      'a reset',
      'a reset, then terminate',
      'the end of the peer, then terminate',
    ])('ends at %s', async (how) => {
      const opened = await open(sides);
      const { websocket, peer } = opened;
      const codes: number[] = [];
      websocket.on('close', (code) => codes.push(code));
      const stream = createWebSocketStream(websocket, { readableHighWaterMark: 1 });
      stream.on('error', () => undefined);
      peer.write(...SIX.map((each) => peer.message(each)));
      await until(() => websocket.isPaused);
      if (how.includes('reset')) opened.reset();
      if (how.includes('the end')) peer.stream.end();
      await pass(5);
      if (how.includes('terminate')) websocket.terminate();
      if (how === 'destroy') stream.destroy();
      await until(() => isOver(opened) && codes.length > 0, 'the end');
      await turn();
      expect(codes).toEqual([1006]);
    });
  },
);

/** What a connection may be in the middle of. */
const BUSY: Record<string, (opened: Opened) => unknown> = {
  'paused with nothing to read': ({ websocket }) => websocket.pause(),
  'a Blob that is never read': ({ websocket }) => websocket.send(hanging()),
  'a Blob that is never read, and all else behind it': ({ websocket, server }) => {
    websocket.send(hanging());
    for (const way of waysOf(server === undefined ? 'client' : 'server')) way.send(websocket);
  },
  'a long message': ({ websocket }) => {
    websocket.send(noise(3 << 20));
    websocket.send('behind');
  },
  'a message of its own that has not ended': ({ websocket }) => websocket.send('a', { fin: false }),
  'much that a peer does not read': ({ websocket, peer }) => {
    peer.stream.pause();
    for (let count = 0; count < 64; count++) websocket.send(noise(1 << 20, count), { compress: false });
  },
  'a close that is not answered': ({ websocket, peer }) => {
    peer.answersClose = false;
    websocket.close(1000);
  },
  'a close behind a Blob that is never read': ({ websocket }) => {
    websocket.send(hanging());
    websocket.close(1000);
  },
};

describe.each(BOTH)('a $role (compression: $compressed), amid', (sides) => {
  it.each(Object.keys(BUSY))('%s, ends at terminate', async (what) => {
    const opened = await open(sides);
    const told = events(opened.websocket);
    BUSY[what]?.(opened);
    await turn();
    opened.websocket.terminate();
    const before = told.length;
    await until(() => isOver(opened) && told.length > before, 'the end');
    await pass(5);
    expect(told.slice(before)).toEqual(['close 1006']);
  });

  it.each(Object.keys(BUSY))('%s, ends by its close time-out', async (what) => {
    const opened = await open({ ...sides, options: { closeTimeout: 30 } });
    const told = events(opened.websocket);
    opened.peer.answersClose = false;
    BUSY[what]?.(opened);
    opened.websocket.close(1000);
    await until(() => isOver(opened) && told.at(-1)?.startsWith('close') === true, 'the end');
    await pass(5);
    expect(told.filter((each) => each.startsWith('close'))).toHaveLength(1);
    expect(told.at(-1)).toBe('close 1006');
  });

  it.each(Object.keys(BUSY).filter((what) => !what.includes('a close')))(
    '%s, ends by that time-out behind the close frame of its peer',
    async (what) => {
      const opened = await open({ ...sides, options: { closeTimeout: 30 } });
      const told = events(opened.websocket);
      BUSY[what]?.(opened);
      // What is paused does not see the close frame; what is not ends, answered or not.
      opened.peer.write(opened.peer.close(1000));
      if (opened.websocket.isPaused) setTimeout(() => opened.websocket.resume(), 5);
      await until(() => isOver(opened) && told.at(-1)?.startsWith('close') === true, 'the end');
      await pass(5);
      expect(told.filter((each) => each.startsWith('close'))).toHaveLength(1);
      expect(told.at(-1)).toMatch(/^close/);
    },
  );

  it.each(Object.keys(BUSY))('%s, ends at a reset', async (what) => {
    const opened = await open(sides);
    const told = events(opened.websocket);
    BUSY[what]?.(opened);
    await turn();
    opened.reset();
    await until(() => isOver(opened) && told.at(-1)?.startsWith('close') === true, 'the end');
    await pass(5);
    expect(told.filter((each) => each.startsWith('close'))).toEqual(['close 1006']);
    expect(told.at(-1)).toBe('close 1006');
  });

  it.each(['pingInterval', 'idleTimeout'])('a pause ends by %s where its peer is silent', async (name) => {
    const opened = await open({ ...sides, options: { [name]: 30 } });
    const told = events(opened.websocket);
    opened.websocket.pause();
    await until(() => isOver(opened) && told.length > 0, 'the end');
    expect(told).toEqual(['close 1006']);
  });

  it.each(['pingInterval', 'idleTimeout'])(
    'messages that wait ends by %s where its peer is silent',
    async (name) => {
      const opened = await parked({ ...sides, options: { [name]: 30 } });
      await until(() => isOver(opened), 'the end');
      expect(opened.told).toEqual([...SIX.map((each) => `message ${each}`), 'close 1006']);
    },
  );
});

describe.each(ROLES)('terminate of a %s', (role) => {
  it.each(['message', 'ping', 'pong', 'drain', 'a callback'] as const)(
    'inside of %s ends it, behind what it has received',
    async (name) => {
      const opened = await open({ role, over: 'a Duplex' });
      const { websocket, peer, link } = opened;
      const told = events(websocket);
      const end = (): void => {
        websocket.terminate();
        told.push('ended');
      };
      if (name === 'a callback') websocket.send('sent', end);
      else websocket.once(name, end);
      if (name === 'drain') {
        link?.hold();
        while (websocket.send(noise(10_000)));
        link?.release();
      }
      const pong = peer.frame(0x8a);
      if (name === 'pong') peer.write(pong, ...SIX.map((each) => peer.message(each)));
      else if (name === 'ping') peer.write(peer.ping(), ...SIX.map((each) => peer.message(each)));
      else peer.write(...SIX.map((each) => peer.message(each)));
      await until(() => isOver(opened), 'the end');
      await pass(5);
      const behind = told.slice(told.indexOf('ended') + 1);
      expect(behind.filter((each) => !each.startsWith('message'))).toEqual(['close 1006']);
      expect(behind.at(-1)).toBe('close 1006');
    },
  );
});

describe.each([false, true])('server.close (compression: %s) completes amid', (compressed) => {
  it.each(Object.keys(BUSY))('%s', async (what) => {
    const opened = await open({ role: 'server', compressed });
    opened.peer.answersClose = false;
    BUSY[what]?.(opened);
    await new Promise((closed) => opened.server?.close({ timeout: 30 }, closed));
    expect(isOver(opened)).toBe(true);
  });

  it('messages that wait behind a pause, and in a stream that nobody reads', async () => {
    for (const read of ['paused', 'stream'] as const) {
      const sides: Sides = { role: 'server', compressed };
      const opened = read === 'paused' ? await parked(sides) : await open(sides);
      if (read === 'stream') {
        createWebSocketStream(opened.websocket, { readableHighWaterMark: 1 }).on('error', () => undefined);
        opened.peer.write(...SIX.map((each) => opened.peer.message(each)));
        await until(() => opened.websocket.isPaused);
      }
      opened.peer.answersClose = false;
      await new Promise((closed) => opened.server?.close({ timeout: 30 }, closed));
      expect(isOver(opened)).toBe(true);
    }
  });
});
