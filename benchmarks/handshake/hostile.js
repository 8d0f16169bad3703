import {
  acceptRequest,
  createRequest,
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
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** With the limits off: it is the time of the parsers that is measured, not that of a refusal. */
const limits = { listElements: Number.MAX_SAFE_INTEGER, headLength: 1024 * 1024, fieldCount: 100_000 };
const accepting = {
  limits,
  extensions: [permessageDeflate()],
  subprotocols: ['a'],
  origin: originPolicy({ origins: ['https://*.example.org'], sameOrigin: true }),
};
const sent = createRequest('ws://a/', {
  nonce: new Uint8Array(16),
  subprotocols: ['a'],
  extensions: [permessageDeflate()],
});

function receive(name, value) {
  const headers = {
    Host: 'a',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
  };
  acceptRequest(
    { method: 'GET', url: '/', httpVersion: '1.1', headers: { ...headers, [name]: value } },
    accepting,
  );
}

function verify(name, value) {
  const headers = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': 'x' };
  verifyResponse(sent, { status: 101, headers: { ...headers, [name]: value } });
}

/** Throws away what the parser says of the text: only its time counts. */
function parse(parser, text) {
  try {
    parser(text);
  } catch {}
}

const REQUEST_FIELDS = [
  'Host',
  'Upgrade',
  'Connection',
  'Origin',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Cookie',
];
const RESPONSE_FIELDS = [
  'Upgrade',
  'Connection',
  'Sec-WebSocket-Accept',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Location',
];

/** @type {[string, (text: string) => void][]} every way in for a text of the peer */
const TARGETS = [
  ...REQUEST_FIELDS.map((name) => [`request, ${name}`, (text) => receive(name, text)]),
  ...RESPONSE_FIELDS.map((name) => [`response, ${name}`, (text) => verify(name, text)]),
  [
    'extensions after an open quote',
    (text) => parse((value) => parseExtensions(value, limits.listElements), `a; b="${text}`),
  ],
  [
    'extensions after a name',
    (text) => parse((value) => parseExtensions(value, limits.listElements), `permessage-deflate${text}`),
  ],
  [
    'subprotocols after a name',
    (text) => parse((value) => parseSubprotocols(value, limits.listElements), `a${text}`),
  ],
  ['request target', (text) => acceptRequest({ method: 'GET', url: `/${text}`, headers: {} })],
  [
    'raw head, a value',
    (text) =>
      parse(
        (value) => new RequestHeadParser(limits).push(value),
        Buffer.from(`GET / HTTP/1.1\r\nX: ${text}\r\n\r\n`, 'latin1'),
      ),
  ],
  [
    'raw head, a name',
    (text) =>
      parse(
        (value) => new RequestHeadParser(limits).push(value),
        Buffer.from(`GET / HTTP/1.1\r\n${text}\r\n\r\n`, 'latin1'),
      ),
  ],
  [
    'raw head, byte by byte',
    (text) => parse(dripFeed, Buffer.from(`GET / HTTP/1.1\r\nX: ${text}\r\n\r\n`, 'latin1')),
  ],
];

function dripFeed(bytes) {
  const parser = new RequestHeadParser(limits);
  for (let i = 0; i < bytes.length; i++) parser.push(bytes.subarray(i, i + 1));
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
 * @returns {{ target: string, pattern: string, small: number, large: number }[]} in milliseconds; for each target its slowest pattern
 */
export function measureHostile(runs) {
  return TARGETS.map(([target, run]) => {
    const rows = PATTERNS.map((pattern) => {
      const [small, large] = [SMALL, LARGE].map((length) => pattern.repeat(length / pattern.length));
      timeOf(run, small, runs);
      return { target, pattern, small: timeOf(run, small, runs), large: timeOf(run, large, runs) };
    });
    return rows.reduce((slowest, row) => (row.large > slowest.large ? row : slowest));
  });
}
