import {
  acceptRequest,
  createRequest,
  HandshakeError,
  originPolicy,
  parseExtensions,
  parseSubprotocols,
  permessageDeflate,
  RequestHeadParser,
  verifyResponse,
} from '@x/handshake';

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

const SMALL = 16 * 1024;
const LARGE = 64 * 1024;

/** With these it is the parsers whose time is measured, not a refusal. */
export const NO_LIMITS = {
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

/**
 * Every way in for a text of the peer.
 *
 * @returns {[string, (text: string) => void][]}
 */
function targetsWith(limits) {
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
  const receive = (changes) =>
    acceptRequest(
      { method: 'GET', url: '/', httpVersion: '1.1', headers: { ...requestHeaders, ...changes } },
      accepting,
    );
  const verify = (changes) =>
    verifyResponse(sent, { status: 101, headers: { ...responseHeaders, ...changes } });
  const parse = (bytes) => attempt(() => new RequestHeadParser(limits).push(bytes));
  const drip = (bytes) => {
    const parser = new RequestHeadParser(limits);
    // The parser keeps no chunk, so one serves for all bytes; making 65,536 of them would be most of the time.
    const chunk = new Uint8Array(1);
    attempt(() => {
      for (let i = 0; i < bytes.length; i++) {
        chunk[0] = bytes[i];
        parser.push(chunk);
      }
    });
  };
  if (!receive({}).ok || !verify({}).ok) throw new Error('what is built upon is refused already');
  return [
    ...REQUEST_FIELDS.map((name) => [`request, ${name}`, (text) => receive({ [name]: text })]),
    ...RESPONSE_FIELDS.map((name) => [`response, ${name}`, (text) => verify({ [name]: text })]),
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
function attempt(parse) {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
  }
}

/** The shortest of several runs, in milliseconds: what is longer was waiting for something else. */
function timeOf(run, text, runs) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/**
 * Times every pattern in every place at 16 and at 64 KiB.
 *
 * @param {number} runs
 * @param {object} limits
 * @returns {{ target: string, pattern: string, small: number, large: number }[]} in milliseconds; for each target its slowest pattern
 */
export function measureHostile(runs, limits) {
  return targetsWith(limits).map(([target, run]) => {
    const rows = PATTERNS.map((pattern) => {
      const [small, large] = [SMALL, LARGE].map((length) => pattern.repeat(length / pattern.length));
      timeOf(run, small, runs);
      return { target, pattern, small: timeOf(run, small, runs), large: timeOf(run, large, runs) };
    });
    return rows.reduce((slowest, row) => (row.large > slowest.large ? row : slowest));
  });
}
