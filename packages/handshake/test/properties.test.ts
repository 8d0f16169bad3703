import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptConnect,
  acceptRequest,
  ClientHandshake,
  createConnect,
  createRequest,
  type ExtensionElement,
  type ExtensionParameter,
  formatExtensions,
  formatSubprotocols,
  HandshakeError,
  headerPairs,
  originPolicy,
  parseExtensions,
  parseSubprotocols,
  parseWebSocketUrl,
  permessageDeflate,
  ServerHandshake,
  verifyConnect,
  verifyResponse,
} from '../src/index.js';
import { ACCEPT, bytes, connect, KEY, NONCE, request, response } from './example.js';

const RUNS = { numRuns: 300 };

const token = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '__proto__',
      'constructor',
      'hasOwnProperty',
      'toString',
      'permessage-deflate',
    ),
  },
);

const parameter: fc.Arbitrary<ExtensionParameter> = fc.tuple(
  token,
  fc.oneof(token, fc.constant(true as const)),
);
const element: fc.Arbitrary<ExtensionElement> = fc.record({
  name: token,
  params: fc.array(parameter, { maxLength: 5 }),
});
const elements = fc.array(element, { minLength: 1, maxLength: 8 });

/** Text made of the characters that headers are made of, so that it is often near the grammar. */
const nearGrammar = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          ';',
          ',',
          '=',
          '"',
          '\\',
          ' ',
          '\t',
          'a',
          '=1',
          '; ',
          ', ',
          'permessage-deflate',
          '\r\n',
          '\0',
          '\u00e9',
          '\u212a',
        ],
      ),
      fc.constantFrom(
        'server_max_window_bits',
        'client_max_window_bits',
        'server_no_context_takeover',
        '10',
        '8',
        '16',
        '08',
      ),
      token,
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

const anyText = fc.oneof(nearGrammar, fc.string({ unit: 'binary', maxLength: 60 }));

const fieldName = fc.constantFrom(
  ...[
    'Host',
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Version',
    'Sec-WebSocket-Protocol',
    'Origin',
  ],
  ...[
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Accept',
    'Content-Length',
    'Transfer-Encoding',
    '__proto__',
    ':path',
    ':status',
  ],
);
const changes = fc.dictionary(
  fieldName,
  fc.oneof(anyText, fc.array(anyText, { maxLength: 3 }), fc.constant(undefined)),
  {
    maxKeys: 4,
  },
);

/** A cut of the text into pieces: the places to cut at, as parts of the whole. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

function split(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [
    0,
    ...places.map((place) => Math.floor(place * whole.length)).sort((a, b) => a - b),
    whole.length,
  ];
  return at.slice(1).map((end, i) => whole.subarray(at[i], end));
}

/** What a handshake makes of the pieces: its answer and, when the connection is open, all bytes from the end of the head on. */
function feed<Answer extends { ok: boolean }>(
  handshake: { receive(chunk: Uint8Array): Answer | undefined; rest: Uint8Array },
  pieces: readonly Uint8Array[],
) {
  for (const [i, piece] of pieces.entries()) {
    const answer = handshake.receive(piece);
    if (answer?.ok === false) return { answer };
    if (answer !== undefined)
      return { answer, rest: Buffer.concat([handshake.rest, ...pieces.slice(i + 1)]) };
  }
  return undefined;
}

const REQUEST =
  'GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nOrigin: http://a\r\n' +
  `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\nrest`;
const RESPONSE =
  'HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\nrest`;

/** A good head with some of it replaced. */
function damaged(text: string): fc.Arbitrary<Uint8Array> {
  return fc
    .record({
      at: fc.nat(text.length),
      remove: fc.nat(6),
      insert: fc.oneof(
        fc.constantFrom('', '\r', '\n', '\r\n', '\0', ' ', ':', '\r\n ', '\x80', '\r\n\r\n'),
        nearGrammar,
      ),
    })
    .map(({ at, remove, insert }) =>
      Uint8Array.from(text.slice(0, at) + insert + text.slice(at + remove), (c) => c.charCodeAt(0)),
    );
}

describe('parse(format(x)) = x', () => {
  it('for extensions (§9.1)', () => {
    fc.assert(
      fc.property(elements, (list) => {
        expect(parseExtensions(formatExtensions(list))).toEqual(list);
      }),
      RUNS,
    );
  });

  it('for extensions whose values are quoted and escaped at will (§9.1)', () => {
    const quote = (value: string, escapes: readonly boolean[]) =>
      `"${[...value].map((char, i) => (escapes[i % escapes.length] ? `\\${char}` : char)).join('')}"`;
    fc.assert(
      fc.property(
        element,
        fc.array(fc.boolean(), { minLength: 1 }),
        fc.constantFrom('', ' ', '\t '),
        ({ name, params }, escapes, space) => {
          const text = params.map(([key, value]) =>
            value === true ? key : [key, quote(value, escapes)].join(`${space}=${space}`),
          );
          expect(parseExtensions([name, ...text].join(`${space};${space}`))).toEqual([{ name, params }]);
        },
      ),
      RUNS,
    );
  });

  it('for subprotocols (§4.1)', () => {
    const list = fc.uniqueArray(token, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(list, (names) => {
        expect(parseSubprotocols(formatSubprotocols(names))).toEqual(names);
      }),
      RUNS,
    );
  });

  it('for a request: what a client writes, a server reads (§4.1, §4.2.1)', () => {
    const options = fc.record({
      nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      subprotocols: fc.uniqueArray(token, { maxLength: 5 }),
      origin: fc.webUrl().map((url) => new URL(url).origin),
    });
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), options, (url, given) => {
        const sent = createRequest(url, given);
        const offer = new ServerHandshake().receive(bytes(sent.head));
        expect(offer).toMatchObject({
          ok: true,
          offer: {
            key: sent.key,
            host: sent.url.authority,
            url: sent.url.resourceName,
            origin: given.origin,
            subprotocols: given.subprotocols,
          },
        });
        if (offer?.ok)
          expect(verifyResponse(sent, { statusCode: 101, rawHeaders: offer.rawHeaders }).ok).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('no input makes it throw anything but its own errors', () => {
  it('parsing lists', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const parse of [parseExtensions, parseSubprotocols]) {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(HandshakeError);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a server, which answers or refuses (§4.2.2)', () => {
    fc.assert(
      fc.property(changes, anyText, anyText, (given, method, url) => {
        const options = {
          extensions: [permessageDeflate()],
          subprotocols: ['a'],
          origin: originPolicy({ sameOrigin: true, missing: true }),
        };
        for (const line of [{}, { method }, { url }]) {
          const answer = acceptRequest(request(given, line), options);
          if (!answer.ok) expect(answer.violation).toBeDefined();
          expect(answer.head).toMatch(/^HTTP\/1\.1 \d{3} [\x20-\x7e]+\r\n(?:[\w-]+: [\x20-\x7e]*\r\n)+\r\n$/);
        }
        expect(acceptConnect(connect(given), options).rawHeaders[0]).toBe(':status');
      }),
      { numRuns: 1000 },
    );
  });

  it('a client, which opens or fails (§4.1)', () => {
    const options = { nonce: NONCE, subprotocols: ['a'], extensions: [permessageDeflate()] };
    const sent = createRequest('ws://a/', options);
    const sent2 = createConnect('ws://a/', { ...options, connectProtocol: true });
    fc.assert(
      fc.property(changes, fc.integer({ min: 0, max: 999 }), (given, statusCode) => {
        const result = verifyResponse(sent, response(given));
        if (!result.ok) expect(result.violation).toBeDefined();
        verifyResponse(sent, response(given, { statusCode }));
        verifyConnect(sent2, given);
      }),
      { numRuns: 1000 },
    );
  });

  it('an origin policy, which lets in or not', () => {
    const check = originPolicy({ origins: ['https://*.a.example', 'null'], sameOrigin: true });
    fc.assert(
      fc.property(anyText, anyText, (origin, host) => {
        expect(check(origin, { host })).toBeTypeOf('boolean');
      }),
      RUNS,
    );
  });

  it('a URL, which is read or a SyntaxError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'ws://', 'wss://a', 'ws+unix:', 'ws://u:p@'),
        anyText,
        (start, text) => {
          try {
            parseWebSocketUrl(start + text);
          } catch (error) {
            expect(error).toBeInstanceOf(SyntaxError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('any split of the bytes gives the same result', () => {
  it('for a request, whole or damaged', () => {
    fc.assert(
      fc.property(damaged(REQUEST), cuts, (whole, places) => {
        const make = () =>
          new ServerHandshake({
            extensions: [permessageDeflate()],
            limits: { headLength: 400, fieldCount: 9 },
          });
        expect(feed(make(), split(whole, places))).toEqual(feed(make(), [whole]));
      }),
      { numRuns: 1000 },
    );
  });

  it('for a response, whole or damaged', () => {
    const sent = createRequest('ws://a/', { nonce: NONCE });
    fc.assert(
      fc.property(damaged(RESPONSE), cuts, (whole, places) => {
        const make = () => new ClientHandshake(sent, { headLength: 200, fieldCount: 5, interimResponses: 2 });
        expect(feed(make(), split(whole, places))).toEqual(feed(make(), [whole]));
      }),
      { numRuns: 1000 },
    );
  });

  it('for a request cut at every byte', () => {
    const whole = bytes(REQUEST);
    const pieces = Array.from(whole, (_, i) => whole.subarray(i, i + 1));
    const result = feed(new ServerHandshake(), pieces);
    expect(result).toEqual(feed(new ServerHandshake(), [whole]));
    expect(result?.answer.ok).toBe(true);
    expect(result?.rest?.toString()).toBe('rest');
  });
});

describe('the fields of an answer', () => {
  it('are the same as text and as pairs', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const { rawHeaders, head } = acceptRequest(request(given));
        const lines = headerPairs(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
        expect(head.slice(head.indexOf('\r\n') + 2)).toBe(`${lines.join('')}\r\n`);
      }),
      RUNS,
    );
  });
});
