import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Case, isFor, type Role } from '../conformance/case.js';
import { FAMILIES, TABLE } from '../conformance/families/index.js';
import { portOf } from '../conformance/opening.js';
import type { CaseResult } from '../conformance/run-case.js';
import { adapter, type Subject } from '../conformance/subject.js';
import { type Fault, peer } from './conformance-peers.js';
import { pick, run } from './conformance-runs.js';

// Many cases in each, on machines that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const ROLES: readonly Role[] = ['server', 'client'];
/** For cases that are to fail by silence: what does not come within this does not come. */
const SHORT_MS = 800;

/** What was wrong, by id. */
function wrongs(results: ReadonlyMap<string, CaseResult>): Record<string, string> {
  return Object.fromEntries(
    [...results.values()].flatMap(({ id, outcome, why }) => (outcome === 'fail' ? [[id, why ?? '']] : [])),
  );
}

const ws: Subject = {
  async listen(options) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
    server.on('connection', echo);
    await once(server, 'listening');
    return {
      port: portOf(server.address()),
      close() {
        for (const client of server.clients) client.terminate();
        return new Promise((resolve) => server.close(() => resolve()));
      },
    };
  },
  connect(url, options) {
    const websocket = new WebSocket(url, { perMessageDeflate: false, ...options });
    echo(websocket);
    return new Promise((resolve) => websocket.on('close', () => resolve()));
  },
};

function echo(websocket: WebSocket): void {
  websocket.on('error', () => {});
  websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
}

describe('the table', () => {
  it('has several hundred cases, each with an id of its own that begins with its family', () => {
    expect(TABLE.length).toBeGreaterThan(500);
    expect(new Set(TABLE.map(({ id }) => id)).size).toBe(TABLE.length);
    for (const { name, cases } of FAMILIES) {
      for (const { id } of cases) expect(id).toMatch(new RegExp(`^${name}/[a-z0-9/-]+$`));
    }
  });

  it('tells of each case in a sentence what is right, and in which section', () => {
    for (const { says, section } of TABLE) {
      expect(says).toMatch(/^[A-Z0-9].*\.$/);
      expect(section).toMatch(/^(RFC 7692 )?§\d+(\.\d+)*$/);
    }
  });

  it('has every case run in one role at least, and most in both', () => {
    for (const role of ROLES) expect(TABLE.filter((each) => isFor(each, role)).length).toBeGreaterThan(1000);
    expect(TABLE.filter((each) => !ROLES.some((role) => isFor(each, role)))).toEqual([]);
  });
});

/** A fault, with cases that must see it, and what they must say of it. */
interface Seen {
  readonly fault: Fault;
  readonly why: RegExp;
  readonly ids: readonly string[];
  /** that can have it; without it both */
  readonly roles?: readonly Role[];
  /** what is wrong is that nothing comes */
  readonly silent?: true;
}

const SEEN: readonly Seen[] = [
  {
    fault: 'looks at text when the message is whole',
    why: /^nothing (more )?came within .* a close frame with 1007 is right$/,
    ids: [
      'utf8/fail-fast/surrogate-first-high',
      'utf8/fail-fast-in-fragment/overlong-slash-in-2',
      'utf8/fail-fast-after-16-bytes',
    ],
    silent: true,
  },
  {
    fault: 'takes any bytes for text',
    why: /^sends text .* 1007 is right$/,
    ids: ['utf8/invalid/ff', 'utf8/unfinished/2-of-3-at-the-end'],
  },
  {
    fault: 'fails with 1003',
    why: /^sends a close frame with 1003, .* 1002 is right$/,
    ids: ['opcodes/3-empty', 'framing/length-top-bit-alone', 'fragmentation/ping-in-fragments'],
  },
  {
    fault: 'answers every close frame with 1000',
    why: /^sends a close frame with 1000, .* 3000 is right$/,
    ids: ['closing/3000'],
  },
  {
    fault: 'takes any close code',
    why: /^sends a close frame with 1000, .* 1002 is right$/,
    ids: ['closing/1005-is-never-sent', 'closing/5000-is-never-sent'],
  },
  {
    fault: 'looks at no reserved bit',
    why: /^sends (text|pong) .* 1002 is right$/,
    ids: ['reserved-bits/rsv1-on-text', 'reserved-bits/rsv2-rsv3-on-ping'],
  },
  {
    fault: 'sends pongs without payload',
    why: /^sends pong without payload/,
    ids: ['pings/ping-text', 'pings/ping-one-zero-byte'],
  },
  {
    fault: 'answers pongs',
    why: /^sends pong "Are you there\?", and pong "still here" is right$/,
    ids: ['pings/pong-text-unasked'],
  },
  {
    fault: 'echoes text as binary',
    why: /^sends binary "a", and text "a" is right$/,
    ids: ['framing/text-of-1'],
  },
  {
    fault: 'drops byte order marks',
    why: /^sends text "a", and text ef bb bf 61 is right$/,
    ids: ['utf8/valid/byte-order-mark'],
  },
  {
    fault: 'answers twice',
    why: /^sends text "a", and a close frame with 1000 is right$/,
    ids: ['framing/text-of-1'],
  },
  {
    fault: 'closes before it has answered',
    why: /^sends a close frame with 1000, and (text|binary) .* is right$/,
    ids: ['closing/behind-messages-in-one-write', 'closing/behind-fragments-in-one-write'],
  },
  {
    fault: 'closes amid its answer',
    why: /no message is left unfinished by a close frame/,
    ids: ['closing/behind-fragments-in-one-write', 'closing/behind-a-megabyte'],
  },
  {
    fault: 'keeps the TCP connection',
    why: /the end of the TCP connection is right$/,
    ids: ['closing/1000', 'opcodes/3-empty'],
    roles: ['server'],
    silent: true,
  },
  {
    fault: 'pings behind its close frame',
    why: /nothing follows a close frame/,
    ids: ['closing/1000', 'opcodes/3-empty'],
  },
  {
    fault: 'masks the wrong way',
    why: /(a server does not mask|a client masks its frames)/,
    ids: ['framing/text-of-1', 'pings/ping-empty', 'closing/1000'],
  },
  {
    fault: 'masks with one key',
    why: /a masking key of its own/,
    ids: ['framing/messages-in-one-write'],
    roles: ['client'],
  },
  {
    fault: 'writes long lengths',
    why: /a length takes the fewest bytes/,
    ids: ['framing/text-of-1', 'closing/1000'],
  },
  { fault: 'sets RSV1 unasked', why: /reserved bits are 0/, ids: ['framing/text-of-1'] },
  {
    fault: 'drops who breaks a rule',
    why: /^ends the TCP connection, and a close frame with 1002 is right$/,
    ids: ['opcodes/3-empty'],
  },
  {
    fault: 'has no limit',
    why: /^(sends|nothing came)/,
    ids: ['limits/text-over-the-limit', 'limits/announced-4-gib'],
    silent: true,
  },
  {
    fault: 'keeps its window',
    why: /compressed as was agreed on/,
    ids: ['compression/server-anew/of-4096'],
    roles: ['server'],
  },
  {
    fault: 'looks back too far',
    why: /compressed as was agreed on/,
    ids: ['compression/server-window-9/of-4096'],
    roles: ['server'],
  },
];

const ALL_SEEN = pick(...new Set(SEEN.flatMap(({ ids }) => ids)));

describe.each(ROLES)('the tester, against a %s', (role) => {
  it('finds nothing wrong with an echo made of the models', async () => {
    const basic = TABLE.filter(({ id }) =>
      /^(framing|pings|reserved-bits|opcodes|fragmentation|utf8|closing)\//.test(id),
    );
    const cases = [...new Set([...basic, ...(role === 'server' ? ALL_SEEN : [])])];
    const results = await run(cases, role, peer());
    expect(wrongs(results)).toEqual({});
    expect(results.size).toBe(cases.filter((each) => isFor(each, role)).length);
  });

  it.each(SEEN.filter(({ roles = ROLES }) => roles.includes(role)))(
    'sees a peer that $fault',
    async ({ fault, why, ids, silent }) => {
      const wrong = wrongs(await run(pick(...ids), role, peer(fault), silent ? SHORT_MS : undefined));
      expect(Object.keys(wrong).sort()).toEqual([...ids].sort());
      for (const each of Object.values(wrong)) expect(each).toMatch(why);
    },
  );
});

it('tells of a client that is not over when everything else is', async () => {
  const stuck: Subject = {
    ...peer(),
    connect(url, options) {
      peer().connect(url, options);
      return new Promise(() => {});
    },
  };
  await expect(run(pick('framing/text-of-1'), 'client', stuck, SHORT_MS)).rejects.toThrow(
    'connections of clients are left',
  );
});

/** Where npm ws is known to be laxer, or says it in another way; it is right everywhere else. */
const WS_DIFFERS: readonly (readonly [ids: RegExp, why: string])[] = [
  [/^utf8\/fail-fast/, 'looks at text when the message is whole (§8.1)'],
  [/^compression\/text-fail-fast$/, 'looks at text when the message is whole (§8.1)'],
  [
    /^framing\/(length-.*-in-\d-bytes|good-message-before-a-bad-head)$/,
    'takes lengths that are not minimal (§5.2)',
  ],
  [/^framing\/length-top-bit/, 'answers 1009, as for what is too long'],
  [/^negotiation\/server-declines\/(server|client)-window-bad-[45]$/, 'takes 08 and +9 (RFC 7692 §7.1.2)'],
  [/^negotiation\/server-declines\//, 'refuses the handshake rather than the offer (RFC 7692 §7.1)'],
  [
    /^negotiation\/server-accepts\/(the-second-of-two|offers-on-two-lines)$/,
    'refuses all for one bad offer (RFC 7692 §7.1)',
  ],
  [/^negotiation\/client-fails\/(server|client)-window-bad-[45]$/, 'takes 08 and +9 (RFC 7692 §7.1.2)'],
  [
    /^negotiation\/client-fails\/server-(kept|ignored)/,
    'takes an answer that does not do as was asked (RFC 7692 §7.1)',
  ],
  [/^negotiation\/client-fails\/the-same/, 'takes two answers to one offer (RFC 7692 §7.1)'],
];

/** Where the server of ws does as the table has it, though the rows beside do not. */
const WS_RIGHT = /^negotiation\/server-declines\/(when-off|an-unknown-extension)$/;

describe.each(ROLES)('npm ws as a %s', (role) => {
  const differs = ({ id }: Case): boolean => WS_DIFFERS.some(([ids]) => ids.test(id)) && !WS_RIGHT.test(id);
  // Long messages take their time, and say no more about the tester.
  const quick = TABLE.filter(({ id, timed }) => !timed && !/-(\d{4,}|1024-by-16)(-by-\d+)?$/.test(id));

  it('is right, but for the known differences', async () => {
    expect(
      wrongs(
        await run(
          quick.filter((each) => !differs(each)),
          role,
          ws,
        ),
      ),
    ).toEqual({});
  });

  it('is seen to differ where it does', async () => {
    const slow = /^utf8\/fail-fast/;
    const cases = quick.filter((each) => differs(each) && isFor(each, role));
    const few = cases.filter(({ id }, index) => !slow.test(id) || index % 20 === 0);
    const wrong = wrongs(await run(few, role, ws, SHORT_MS));
    expect(few.filter(({ id }) => !(id in wrong)).map(({ id }) => id)).toEqual([]);
  });
});

describe.each(['wasm', 'script'] as const)('the adapter with the %s kernel', (kernel) => {
  it.each(ROLES)(
    'is right as a %s in a case of each kind',
    async (role) => {
      // The whole table is what `pnpm conformance` is for.
      const some = TABLE.filter(({ timed }, index) => !timed && index % 19 === 0);
      expect(wrongs(await run(some, role, adapter(kernel)))).toEqual({});
    },
    60_000,
  );
});
