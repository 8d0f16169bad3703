import {
  acceptRequest,
  createRequest,
  DEFAULT_LIMITS,
  HandshakeError,
  type HandshakeLimits,
  originPolicy,
  parseExtensions,
  parseSubprotocols,
  permessageDeflate,
  RequestHeadParser,
  verifyResponse,
} from '@x/handshake';
import type { Work } from '../measure.js';
import { size } from '../size.js';

const PATTERNS = [
  ';',
  '"',
  '\\',
  ',',
  ' ',
  '\t',
  '=',
  'a',
  'a=',
  'a;',
  'a,',
  '; ',
  ', ',
  ' ,',
  'a="',
  '\\"',
  ';a="b"',
  ':',
  '%',
  '\u00ff',
];

const KIB = 1024;
/** What a text of each length takes is told by this name. */
const LENGTHS = [16 * KIB, 64 * KIB];
/** Of all patterns, in the first round. */
const FIRST_RUNS = 3;
const MOST_RUNS = 100;

/** With these it is the parsers whose time is measured, not a refusal. */
const NO_LIMITS: HandshakeLimits = {
  ...DEFAULT_LIMITS,
  listElements: Number.MAX_SAFE_INTEGER,
  headLength: 1024 * 1024,
  fieldCount: 100_000,
};

const REQUEST_FIELDS = [
  ...['Host', 'Upgrade', 'Connection', 'Origin', 'Cookie', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version'],
  ...['Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'],
];
const RESPONSE_FIELDS = [
  ...['Upgrade', 'Connection', 'Location', 'Sec-WebSocket-Accept'],
  ...['Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'],
];

interface Answer {
  readonly ok: boolean;
}

/** A way in for a text of the peer. */
type Place = readonly [name: string, take: (text: string) => void];

function placesWith(limits: HandshakeLimits): Place[] {
  const { listElements } = limits;
  const accepting = {
    limits,
    extensions: [permessageDeflate()],
    subprotocols: ['a'],
    origin: originPolicy({ origins: ['https://*.example.org'], sameOrigin: true, missing: true }),
  };
  const sent = createRequest('ws://a/', {
    nonce: new Uint8Array(16),
    subprotocols: ['a'],
    extensions: [permessageDeflate()],
  });
  const requestHeaders = {
    ...{ Host: 'a', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13' },
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const responseHeaders = {
    ...{ Upgrade: 'websocket', Connection: 'Upgrade' },
    'Sec-WebSocket-Accept': 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=',
  };
  const receive = (changes: Record<string, string>): Answer =>
    acceptRequest(
      { method: 'GET', url: '/', httpVersion: '1.1', headers: { ...requestHeaders, ...changes } },
      accepting,
    );
  const verify = (changes: Record<string, string>): Answer =>
    verifyResponse(sent, { status: 101, headers: { ...responseHeaders, ...changes } });
  const parse = (bytes: Buffer): void => attempt(() => new RequestHeadParser(limits).push(bytes));
  const drip = (bytes: Buffer): void => {
    const parser = new RequestHeadParser(limits);
    // The parser keeps no chunk, so one serves for all bytes; making 65,536 of them would be most of the time.
    const chunk = new Uint8Array(1);
    attempt(() => {
      for (const byte of bytes) {
        chunk[0] = byte;
        parser.push(chunk);
      }
    });
  };
  if (!receive({}).ok || !verify({}).ok) throw new Error('what is built upon is refused already');
  return [
    ...REQUEST_FIELDS.map((name): Place => [`request, ${name}`, (text) => receive({ [name]: text })]),
    ...RESPONSE_FIELDS.map((name): Place => [`response, ${name}`, (text) => verify({ [name]: text })]),
    ['extensions, an open quote', (text) => attempt(() => parseExtensions(`a; b="${text}`, listElements))],
    [
      'extensions, a name',
      (text) => attempt(() => parseExtensions(`permessage-deflate${text}`, listElements)),
    ],
    ['subprotocols, a name', (text) => attempt(() => parseSubprotocols(`a${text}`, listElements))],
    ['request target', (text) => acceptRequest({ method: 'GET', url: `/${text}`, headers: {} })],
    ['raw head, a value', (text) => parse(Buffer.from(`GET / HTTP/1.1\r\nX: ${text}\r\n\r\n`, 'latin1'))],
    ['raw head, a name', (text) => parse(Buffer.from(`GET / HTTP/1.1\r\n${text}\r\n\r\n`, 'latin1'))],
    ['raw head, byte by byte', (text) => drip(Buffer.from(`GET / HTTP/1.1\r\nX: ${text}\r\n\r\n`, 'latin1'))],
  ];
}

/** Throws away what the parser says of the text: only its time counts. */
function attempt(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
  }
}

/**
 * 16 and 64 KiB of a hostile pattern in every place where a peer may write: of all patterns, the one that takes longest
 * there. With the limits that everybody has, and with none, where it is the parsers whose time is measured.
 */
export function hostileWorks(): Work[] {
  return [
    ...placesWith(DEFAULT_LIMITS).map((place) => hostileWork('hostile patterns', place)),
    ...placesWith(NO_LIMITS).map((place) => hostileWork('hostile patterns, without limits', place)),
  ];
}

function hostileWork(group: string, [name, take]: Place): Work {
  let slowest = '';
  const find = (): void => {
    let most = -1;
    for (const pattern of PATTERNS) {
      const taken = shortest(take, textOf(pattern, 64 * KIB), FIRST_RUNS, Number.POSITIVE_INFINITY);
      if (taken > most) [most, slowest] = [taken, pattern];
    }
  };
  return {
    group,
    name,
    unit: 'text',
    measured: 'ns',
    contestants: LENGTHS.map(size),
    leftOut: [],
    warmUp: 30,
    note: () => `the slowest pattern is ${JSON.stringify(slowest)}`,
    round: async (time, first) => {
      if (first) find();
      return new Map(
        LENGTHS.map((length) => [size(length), shortest(take, textOf(slowest, length), MOST_RUNS, time)]),
      );
    },
  };
}

function textOf(pattern: string, length: number): string {
  return pattern.repeat(length / pattern.length);
}

/** The shortest of several runs in nanoseconds: what is longer was waiting for something else. */
function shortest(take: (text: string) => void, text: string, runs: number, time: number): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + time;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    take(text);
    const now = performance.now();
    best = Math.min(best, now - start);
    if (now > end && run > 2) break;
  }
  return best * 1e6;
}
