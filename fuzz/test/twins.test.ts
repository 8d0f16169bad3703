import { describe, expect, it } from 'vitest';
import { annotate } from '../campaign/annotate.js';
import { fromJson, toJson } from '../campaign/corpus.js';
import { anyProperty } from '../properties/property.js';
import { twins } from '../properties/twins.js';
import { compare } from '../twins/compare.js';
import { DIFFERENCES } from '../twins/differences.js';
import { type Facts, factsOf } from '../twins/facts.js';
import { judge } from '../twins/judge.js';
import { type AppSocket, type Library, oursOn, THEIRS } from '../twins/library.js';
import { match } from '../twins/match.js';
import { uncaughtOf } from '../twins/planned.js';
import type { PeerFrame, Program, Step } from '../twins/program.js';
import { Run } from '../twins/run.js';
import { scriptOf } from '../twins/script.js';
import { Stage } from '../twins/stage.js';

const stage = Stage.open();

const QUIET: Program = {
  role: 'server',
  settings: { closeTimeout: 5000 },
  link: { way: 'duplex', write: 'turn', highWaterMark: 16_384, piece: 0 },
  handler: { each: 'nothing' },
  early: [],
  steps: [],
  deaf: false,
  company: 0,
  finale: 'close',
};

const HELLO: Step = { do: 'send', body: 'text', size: 20, back: 'notes' };
const PING: Step = { do: 'ping', size: 10, back: 'notes' };
const MESSAGES: Step = {
  do: 'peer',
  frames: [
    { what: 'text', size: 30 },
    { what: 'bytes', size: 40 },
  ],
};

async function run(program: Program, library: Library = oursOn('wasm')): Promise<Facts> {
  return factsOf(program, await new Run(library, program, await stage).run());
}

describe('programs by chance', () => {
  it('hold, more than a hundred of them', async () => {
    const found = await anyProperty(twins, () => undefined).explore('wasm', 1, 10);
    expect(found && `${found.error}\n${annotate(found.input)}`).toBeUndefined();
  }, 60_000);
});

describe('programs that both libraries do right', () => {
  const deflate = { threshold: 0, takeover: true };
  it.each<[string, Partial<Program>]>([
    ['sends and closes (§7.1.2)', { steps: [HELLO, PING, HELLO] }],
    ['is a client', { role: 'client', steps: [HELLO, MESSAGES, PING] }],
    ['goes over TCP', { link: { ...QUIET.link, way: 'tcp' }, steps: [HELLO, MESSAGES] }],
    [
      'is a client over TLS',
      { role: 'client', link: { ...QUIET.link, way: 'tls' }, steps: [HELLO, MESSAGES] },
    ],
    [
      'echoes, with compression (RFC 7692)',
      { settings: { closeTimeout: 5000, deflate }, handler: { each: 'echo' }, steps: [MESSAGES] },
    ],
    ['is closed by its peer (§5.5.1)', { steps: [HELLO, MESSAGES], finale: 'peer-close' }],
    ['is reset', { steps: [HELLO], finale: 'reset' }],
    ['broadcasts', { company: 2, steps: [{ do: 'broadcast', body: 'text', size: 50 }] }],
    ['sends a message in fragments (§5.4)', { steps: [{ ...HELLO, fin: false }, PING, HELLO] }],
  ])('%s', async (_, changes) => {
    const program = { ...QUIET, ...changes };
    const [ours, theirs] = [await run(program), await run(program, THEIRS)];
    expect(judge(ours)).toEqual([]);
    // ws compresses in threads of its own: on a busy machine it may still be at it.
    expect(judge(theirs).filter((each) => !each.includes('does not leave'))).toEqual([]);
    expect(compare(ours, theirs)).toEqual([]);
  });
});

/** npm `ws` with something wrong in it. */
function wrong(change: (websocket: AppSocket) => void): Library {
  return {
    ...THEIRS,
    name: 'ours',
    upgrade: (server, request, socket, head, connected) =>
      THEIRS.upgrade(server, request, socket, head, (websocket) => {
        change(websocket);
        connected(websocket);
      }),
  };
}

describe('the judge', () => {
  it.each<[string, RegExp, Partial<Program>, (websocket: AppSocket) => void]>([
    [
      'a message that is lost',
      /^order: the messages on the wire are not those/,
      { steps: [HELLO, { ...HELLO, size: 30 }] },
      (websocket) => {
        const { send } = websocket;
        let count = 0;
        websocket.send = (data, options, called) => {
          if (count++ === 0) called?.();
          else Reflect.apply(send, websocket, [data, options, called]);
        };
      },
    ],
    [
      'messages out of order',
      /^order: the messages on the wire are not those/,
      { steps: [HELLO, { ...HELLO, size: 30 }, { do: 'wait', ms: 0 }] },
      (websocket) => {
        const { send } = websocket;
        let count = 0;
        websocket.send = (...values) => {
          if (count++ === 0) setImmediate(() => Reflect.apply(send, websocket, values));
          else Reflect.apply(send, websocket, values);
        };
      },
    ],
    [
      'a callback that is called twice',
      /^once: s0: send text calls back 2 times/,
      { steps: [HELLO] },
      (websocket) => {
        const { send } = websocket;
        websocket.send = (data, options, called) =>
          Reflect.apply(send, websocket, [
            data,
            options,
            (error?: Error) => {
              called?.(error);
              called?.(error);
            },
          ]);
      },
    ],
    [
      'a close frame with another code (§7.4)',
      /^close frame: a close frame that nobody sent/,
      { steps: [{ do: 'close', code: 1000, reason: '' }] },
      (websocket) => {
        const { close } = websocket;
        websocket.close = (code) => Reflect.apply(close, websocket, code === undefined ? [] : [3999]);
      },
    ],
    [
      'a connection that does not end',
      /^end: the connection does not end/,
      {},
      (websocket) => {
        websocket.close = () => undefined;
      },
    ],
    [
      'an event behind the end',
      /^events: drain is told behind close/,
      {},
      (websocket) => {
        websocket.on('close', () => setImmediate(() => websocket.emit('drain')));
      },
    ],
    [
      'a message that is told twice',
      /^delivered: message is told 2 times, and was sent 1 times/,
      { steps: [{ do: 'peer', frames: [{ what: 'text', size: 5 }] }] },
      (websocket) => {
        websocket.once('message', (...values) => setImmediate(() => websocket.emit('message', ...values)));
      },
    ],
    [
      'bufferedAmount below 0',
      /^memory: bufferedAmount is -1/,
      { steps: [HELLO] },
      (websocket) => {
        Object.defineProperty(websocket, 'bufferedAmount', { value: -1 });
      },
    ],
  ])('objects to %s', async (_, fault, changes, change) => {
    const facts = await run({ ...QUIET, ...changes }, wrong(change));
    expect(judge(facts).join('\n')).toMatch(fault);
  });

  it('hears what nobody caught, and lets programs throw', async () => {
    const others = process.listeners('uncaughtException');
    const uncaught = await uncaughtOf(async () => {
      process.nextTick(() => {
        throw new Error('oh');
      });
      await new Promise((resolve) => setTimeout(resolve, 1));
      const program = {
        ...QUIET,
        steps: [MESSAGES],
        handler: { each: 'echo', once: { at: 0, does: 'throw' } },
      } as const;
      const one = new Run(THEIRS, program, await stage);
      await one.run();
      expect(one.app.planned.map(({ surfaced }) => surfaced)).toEqual([1]);
    });
    expect(uncaught.map(String)).toEqual(['Error: oh']);
    expect(process.listeners('uncaughtException')).toEqual(others);
  });
});

describe('the comparison', () => {
  it('sees a message that only the other library sends', async () => {
    const program = { ...QUIET, steps: [HELLO] };
    const theirs = await run(program, THEIRS);
    const nothing = { ...theirs, record: { ...theirs.record, wire: [] } };
    expect(compare(nothing, theirs).join('\n')).toMatch(/^unlike ws: wire are nothing more/);
  });

  it('has a reason for each difference', () => {
    for (const { why } of DIFFERENCES) expect(why.length).toBeGreaterThan(20);
  });
});

describe('matching', () => {
  const same = (one: string, other: string): boolean => one === other;
  it('finds a way through what looks alike', () => {
    const mayMiss = (one: string): boolean => one === 'x';
    expect(match(['x', 'x', 'y', 'x'], ['x', 'y'], same, mayMiss)).toEqual([0, -1, 1, -1]);
    expect(match(['x', 'y'], ['y', 'x'], same, mayMiss)).toBeUndefined();
    expect(match(['y', 'y'], ['y'], same, mayMiss)).toBeUndefined();
    expect(match(['y'], ['y', 'y'], same, mayMiss)).toBeUndefined();
  });
});

describe('a program', () => {
  const frames: readonly PeerFrame[] = [
    { what: 'text', size: 5, compressed: true, parts: 2 },
    { what: 'close', size: 0, code: 1000 },
  ];
  const program: Program = {
    ...QUIET,
    company: 1,
    early: frames,
    handler: { each: 'echo', once: { at: 1, does: 'throw' } },
    steps: [
      { do: 'send', body: 'blob', size: 70_000, fin: false, back: 'throws' },
      { do: 'close', code: 1000, reason: 'bye' },
      { do: 'wait', ms: 0 },
      { do: 'peer', frames, ends: 'by reset' },
    ],
  };

  it('reads as a script', () => {
    expect(scriptOf(program)).toBe(
      [
        'a server over {"way":"duplex","write":"turn","highWaterMark":16384,"piece":0}',
        'options {"closeTimeout":5000}',
        '1 other clients listen',
        'at each message: echo',
        'at message 1: throw',
        'with its half of the handshake peer sends text 5 bytes, compressed, in 2 frames | close 1000',
        ' 0  ws.send(blob of 70000 bytes, { fin: false }, callback that throws)',
        " 1  ws.close(1000, 'bye')",
        ' 2  wait for a turn',
        ' 3  peer sends text 5 bytes, compressed, in 2 frames | close 1000, and ends by reset',
        'end  close',
      ].join('\n'),
    );
    expect(annotate({ programs: [program] })).toBe(scriptOf(program));
  });

  it('is stored in the corpus as it is', () => {
    expect(fromJson(toJson({ programs: [program] }))).toEqual({ programs: [program] });
  });
});
