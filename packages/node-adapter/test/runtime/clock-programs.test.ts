import { describe, expect, it } from 'vitest';
import { until } from '../loopback.js';
import { type Program, start } from '../programs.js';
import { text } from '../wire-peer.js';

/*
 * `@sinonjs/fake-timers` takes over `process.nextTick` too, which the runner of these tests does not survive: they are
 * programs. Node itself waits for its ticks, so that a program which uses the clock ticks before it takes it away.
 */

/** How a clock is put in place: with its defaults, and as Jest does it. */
const DEFAULT_CLOCK = 'FakeTimers.install()';
const JEST_CLOCK =
  'FakeTimers.install({ now: Date.now(), loopLimit: 100_000, shouldClearNativeTimers: true })';

/** Each program takes a third of a second: a clock with a role and without its compression is enough. */
const CASES = [
  { clock: 'its defaults', install: DEFAULT_CLOCK, role: 'server', compressed: true },
  { clock: 'the settings of Jest', install: JEST_CLOCK, role: 'client', compressed: false },
] as const;

function importsOf(clock: string, options = ''): string {
  return `
    import FakeTimers from '@sinonjs/fake-timers';
    const OPTIONS = { ${options} };
    const { setImmediate: realImmediate, setTimeout: realTimeout } = globalThis;
    const turns = async (count) => { while (count-- > 0) await new Promise((resolve) => realImmediate(resolve)); };
    const sleep = (milliseconds) => new Promise((resolve) => realTimeout(resolve, milliseconds));
    const print = (line) => process.stdout.write(line + '\\n');
    const install = () => ${clock};
    const long = 'long '.repeat(100_000);
    let clock;`;
}

/** What the program does, with `clock` to be put in place, used and removed. */
const PHASES: readonly (readonly [phase: string, act: string])[] = [
  ['nothing was going on', `clock = install(); await turns(2); clock.tick(1000); clock.uninstall();`],
  [
    'frames were gathered before it came',
    `for (const word of ['a', 'b', 'c']) websocket.send(word);
     clock = install(); await turns(2); clock.tick(1000); clock.uninstall();`,
  ],
  [
    'frames were gathered while it stood',
    `clock = install();
     for (const word of ['a', 'b', 'c']) websocket.send(word);
     await turns(2); clock.tick(1000); clock.uninstall();`,
  ],
  [
    'frames were gathered when it went',
    `clock = install(); clock.tick(1000);
     for (const word of ['a', 'b', 'c']) websocket.send(word);
     clock.uninstall();`,
  ],
  [
    'a long message was under way when it came',
    `websocket.send(long); await turns(1);
     clock = install(); await turns(3); clock.tick(1000); clock.uninstall();`,
  ],
  [
    'a long message was under way when it went',
    `clock = install(); websocket.send(long); websocket.send('b');
     await turns(1); clock.tick(1); await turns(1); clock.uninstall();`,
  ],
  [
    'a long message and more came and went with it',
    `websocket.send(long); clock = install(); websocket.send('b'); clock.uninstall(); websocket.send('c');`,
  ],
  [
    'it came and went several times',
    `for (let count = 0; count < 5; count++) {
       websocket.send('x' + count);
       clock = install(); websocket.send('y' + count); clock.tick(10); clock.uninstall();
       await turns(1);
     }`,
  ],
  [
    'a timer of the program sent in it',
    `clock = install(); setTimeout(() => websocket.send('later'), 500); setImmediate(() => websocket.send('soon'));
     clock.tick(1000); await turns(2); clock.tick(1000); clock.uninstall();`,
  ],
];

/** How many messages a phase sends. */
function countOf(act: string): number {
  if (act.includes('count < 5')) return 10;
  if (act.includes("['a', 'b', 'c']")) return 3;
  return act.split('websocket.send(').length - 1;
}

/** Exchanges messages with a program that echoes, and closes it. */
async function works({ peer, lines, exited }: Program, before: number): Promise<void> {
  await until(() => lines.includes('ready') && peer.story.length >= before, `the phase to be over: ${lines}`);
  expect(peer.story).toHaveLength(before);
  for (let count = 0; count < 3; count++) {
    peer.write(peer.message(`works ${count}`));
    await peer.hears(before + count + 1);
  }
  expect(peer.story.slice(before)).toEqual([0, 1, 2].map((count) => text(`works ${count}`)));
  peer.write(peer.close(1000));
  expect((await peer.hearsAll()).at(-1)).toBe('close 1000');
  peer.stream.end();
  await until(() => lines.includes('closed 1000'), `close, behind ${lines}`);
  // Nothing keeps the process alive.
  await Promise.race([exited, until(() => false, 'the end of the process')]);
}

const ECHO = `
  websocket.on('message', (data) => websocket.send(String(data)));
  websocket.on('close', (code) => { print('closed ' + code); process.exit(); });`;

describe.each(CASES)('with a clock of $clock a $role (compression: $compressed)', ({ install, ...sides }) => {
  const { role } = sides;

  it.each(PHASES)('works on where %s', async (_phase, act) => {
    const phase = `(async () => { ${act} print('ready'); })();`;
    const program = await start(sides, `${ECHO} realTimeout(() => { ${phase} }, 20);`, importsOf(install));
    await works(program, countOf(act));
  });

  it('calls back for what it sent around it', async () => {
    const act = `
      const called = [];
      (async () => {
        await sleep(20);
        websocket.send('a', () => called.push('a'));
        clock = install();
        websocket.send('b', () => called.push('b'));
        await turns(2); clock.tick(10); await turns(2);
        clock.uninstall();
        websocket.send('c', () => called.push('c'));
        await sleep(50);
        print(called.join());
        process.exit();
      })();`;
    const { lines, exited } = await start({ role }, act, importsOf(install));
    await exited;
    expect(lines).toEqual(['a,b,c']);
  });

  it.each<[string, string]>([
    [
      'closes while it stands',
      `clock = install(); websocket.close(1000); await turns(3); clock.tick(10); clock.uninstall();`,
    ],
    [
      'closed before it came',
      `websocket.close(1000); clock = install(); await turns(3); clock.tick(10); clock.uninstall();`,
    ],
    ['closes where it stays', `clock = install(); websocket.close(1000);`],
  ])('ends where it %s and its peer answers', async (_phase, act) => {
    const then = `(async () => { await sleep(20); ${act} while (true) { await sleep(5); clock.tick(1); } })();`;
    const program = await start(sides, `${ECHO} ${then}`, importsOf(install));
    await until(() => program.lines.includes('closed 1000'), `close, behind ${program.lines}`);
    await program.exited;
  });

  it.each<[string, string]>([
    [
      'closed before it came',
      `websocket.close(1000); clock = install(); await turns(3); clock.tick(10); clock.uninstall();`,
    ],
    [
      'closes while it stands',
      `clock = install(); websocket.close(1000); await turns(3); clock.tick(10); clock.uninstall();`,
    ],
    [
      'closes behind it',
      `clock = install(); await turns(3); clock.tick(10); clock.uninstall(); websocket.close(1000);`,
    ],
    [
      'terminates while it stands',
      `clock = install(); websocket.terminate(); await turns(3); clock.tick(10); clock.uninstall();`,
    ],
  ])('ends where it %s and its peer is silent', async (_phase, act) => {
    const options = importsOf(install, 'closeTimeout: 60');
    const program = await start({ role }, `${ECHO} (async () => { await sleep(20); ${act} })();`, options);
    program.peer.answersClose = false;
    await until(() => program.lines.includes('closed 1006'), `close, behind ${program.lines}`);
    await program.exited;
  });

  it.each(['pingInterval: 40', 'idleTimeout: 60'])(
    'drops who is silent by %s, the clock gone',
    async (option) => {
      const act = `${ECHO} (async () => {
      clock = install(); await turns(3); clock.tick(5); clock.uninstall();
    })();`;
      const program = await start({ role }, act, importsOf(install, option));
      await until(() => program.lines.includes('closed 1006'), `close, behind ${program.lines}`);
      await program.exited;
    },
  );
});
