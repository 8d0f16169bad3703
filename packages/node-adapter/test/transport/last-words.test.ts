import type net from 'node:net';
import { describe, expect, it } from 'vitest';
import { start } from '../programs.js';
import { open, ROLES, type Sides } from '../sides.js';
import { binary, text, type WirePeer } from '../wire-peer.js';

/*
 * What was sent before the process or the socket ends goes out. The programs run in processes of their own, and their
 * peer in this one.
 */

/** Each program takes a third of a second: a role with compression, and the other without, are enough. */
const SIDES = [
  { role: 'client', compressed: false },
  { role: 'server', compressed: true },
] as const;

interface Outcome {
  peer: WirePeer;
  /** how long after the first event each came, in milliseconds */
  times: number[];
}

/** Runs a program to its end, and gives what its peer heard. */
async function outcomeOf(sides: Sides, act: string): Promise<Outcome> {
  const { peer, exited } = await start(sides, act);
  const times: number[] = [];
  let first = 0;
  peer.stream.on('data', () => {
    first ||= performance.now();
    while (times.length < peer.story.length) times.push(performance.now() - first);
  });
  // Nobody else reads it, and what is unread makes a reset of an end.
  if (act.includes("on('message'")) peer.write(peer.message('go'));
  await exited;
  await peer.hearsAll();
  return { peer, times };
}

const SAY = `websocket.send('one'); websocket.send(Buffer.from('two')); websocket.ping('three'); websocket.send('four');`;
const SAID = [text('one'), binary(Buffer.from('two')), 'ping three', text('four')];

/** Programs, and what their peer must hear. */
const PROGRAMS: readonly (readonly [when: string, act: string, heard: readonly string[]])[] = [
  ['process.exit()', `later(() => { websocket.send('last'); process.exit(); });`, [text('last')]],
  ['process.exit(), after several', `later(() => { ${SAY} process.exit(); });`, SAID],
  ['process.exit() in a message handler', `websocket.on('message', () => { ${SAY} process.exit(); });`, SAID],
  ['process.exit() in the handler that opens it', `${SAY} process.exit();`, SAID],
  ['an exit listener', `process.on('exit', () => { ${SAY} }); later(() => process.exit());`, SAID],
  [
    'an exit listener behind what was sent before',
    `process.on('exit', () => { ${SAY} }); later(() => { websocket.send('zero'); process.exit(); });`,
    [text('zero'), ...SAID],
  ],
  [
    'an exit listener, with a long message in it,',
    `const long = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * at) % 251));
    process.on('exit', () => { websocket.send('first'); websocket.send(long); websocket.send('last'); websocket.close(1000); });
    later(() => process.exit());`,
    [
      text('first'),
      binary(Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * at) % 251))),
      text('last'),
      'close 1000',
    ],
  ],
  ['an uncaught exception', `later(() => { ${SAY} throw new Error('uncaught'); });`, SAID],
  [
    'an uncaught exception in a message handler',
    `websocket.on('message', () => { ${SAY} throw new Error('uncaught'); });`,
    SAID,
  ],
  [
    'an unhandled rejection',
    `later(async () => { ${SAY} await null; throw new Error('unhandled'); });`,
    SAID,
  ],
  [
    'process.exit() behind a close',
    `later(() => { websocket.send('last'); websocket.close(4000); process.exit(); });`,
    [text('last'), 'close 4000'],
  ],
  [
    'process.exit() in a callback',
    `later(() => { websocket.send('one', () => { websocket.send('two'); process.exit(); }); });`,
    [text('one'), text('two')],
  ],
  [
    'process.exit() in a microtask',
    `later(async () => { websocket.send('one'); await null; websocket.send('two'); process.exit(); });`,
    [text('one'), text('two')],
  ],
];

describe.each(SIDES)('what a $role (compression: $compressed) sends before', (sides) => {
  it.each(PROGRAMS)('%s goes out', async (_when, act, heard) => {
    const { peer } = await outcomeOf(sides, act);
    expect(peer.told).toEqual(heard);
  });

  it('synchronous work arrives before that work', async () => {
    // It begins when this side listens.
    const act = `websocket.on('message', () => later(() => {
      websocket.send('before');
      block(700);
      websocket.send('after');
      later(() => process.exit());
    }));`;
    const { peer, times } = await outcomeOf(sides, act);
    expect(peer.told).toEqual([text('before'), text('after')]);
    // Of 700: it came as soon as it was sent, or when the work was done.
    expect(times[1]).toBeGreaterThan(350);
  });

  it('synchronous work arrives before that work, when flush() was called behind several', async () => {
    const act = `websocket.on('message', () => later(() => {
      ${SAY}
      websocket.flush();
      block(700);
      websocket.send('after');
      later(() => process.exit());
    }));`;
    const { peer, times } = await outcomeOf(sides, act);
    expect(peer.told).toEqual([...SAID, text('after')]);
    expect((times[4] ?? 0) - (times[3] ?? 0)).toBeGreaterThan(350);
  });
});

/** Ends of the socket that its owner may call, where TCP has them. */
const ENDS = {
  'end()': (socket: net.Socket) => socket.end(),
  'destroySoon()': (socket: net.Socket) => socket.destroySoon(),
} as const;

describe.each(SIDES)('what a $role (compression: $compressed) sends before its socket is told', (sides) => {
  it.each(Object.keys(ENDS) as (keyof typeof ENDS)[])(
    '%s goes out, in a handler and outside',
    async (how) => {
      for (const inside of [false, true]) {
        const { websocket, peer } = await open(sides);
        const sent: unknown[] = [];
        const act = (): void => {
          for (const word of ['one', 'two', 'three']) websocket.send(word, (error) => sent.push(error));
          ENDS[how](websocket._socket as net.Socket);
        };
        if (inside) {
          websocket.on('message', act);
          peer.write(peer.message('go'));
        } else act();
        expect(await peer.hearsAll()).toEqual([text('one'), text('two'), text('three')]);
        await expect.poll(() => sent.length).toBe(3);
        expect(sent.map((error) => error ?? undefined)).toEqual([undefined, undefined, undefined]);
      }
    },
  );
});

describe.each(ROLES)('what waits for a turn of a %s to be compressed', (role) => {
  const LONG = 'x'.repeat(300_000);

  it('goes out before process.exit()', async () => {
    const act = `later(() => {
      websocket.send('${'x'.repeat(10)}'.repeat(30_000));
      websocket.send('last');
      process.exit();
    });`;
    const { peer } = await outcomeOf({ role, compressed: true }, act);
    expect(peer.told).toEqual([text(LONG), text('last')]);
  });

  it('goes out before end()', async () => {
    const { websocket, peer } = await open({ role, compressed: true });
    websocket.send(LONG);
    websocket.send('last');
    websocket._socket?.end();
    expect(await peer.hearsAll()).toEqual([text(LONG), text('last')]);
  });
});

it.each(ROLES)('what a %s sends before end() goes out over TLS and a Duplex too', async (role) => {
  for (const over of ['TLS', 'a Duplex'] as const) {
    const { websocket, peer } = await open({ role, over });
    for (const word of ['one', 'two', 'three']) websocket.send(word);
    websocket._socket?.end();
    expect(await peer.hearsAll()).toEqual([text('one'), text('two'), text('three')]);
  }
});
