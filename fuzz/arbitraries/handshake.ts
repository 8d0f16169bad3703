import fc from 'fast-check';
import type { Fields, ModelRequest, ModelResponse } from '../models/handshake.js';

/** The example of §1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** Text made of what headers are made of, so that it is often near the grammar. */
const scraps = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          ';',
          ',',
          '=',
          '"',
          '\\',
          ' ',
          '\t',
          '=1',
          '; ',
          ', ',
          '="',
          '=""',
          '="(',
          '\\"',
          'a',
          'b',
          'ab',
        ),
      },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'permessage-deflate',
          'server_max_window_bits',
          'client_max_window_bits',
          'server_no_context_takeover',
          'client_no_context_takeover',
          '=8',
          '=15',
          '=16',
          '=08',
          '="10"',
          'x-other',
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom('é', 'K', 'chat', 'websocket', 'Upgrade', '__proto__', '\x7f', '(', '@'),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const parameter = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '; server_no_context_takeover',
      '; client_no_context_takeover',
      '; server_no_context_takeover=true',
      '; server_max_window_bits=8',
      '; server_max_window_bits=15',
      ' ;\tserver_max_window_bits = "10"',
      '; server_max_window_bits',
      '; client_max_window_bits',
      '; client_max_window_bits=9',
      '; client_max_window_bits="\\1\\2"',
      '; client_max_window_bits=7',
      '; client_max_window_bits=16',
      '; client_max_window_bits=012',
      '; server_max_window_bits=9; server_max_window_bits=9',
      '; client_max_window_bits; client_max_window_bits',
      '; server_no_context_takeover; server_no_context_takeover',
      '; client_no_context_takeover; client_no_context_takeover',
      '; x=""',
      '; x="(',
      '; unknown',
      '; x=',
      ';',
    ),
  },
);

/** Near `Sec-WebSocket-Extensions`: §9.1, RFC 7692 §7.1. */
export const extensionHeaders: fc.Arbitrary<string> = fc.oneof(
  scraps,
  fc
    .array(
      fc
        .tuple(
          fc.constantFrom(...Array.from({ length: 6 }, () => 'permessage-deflate'), 'x-other', ''),
          parameter,
          parameter,
          parameter,
        )
        .map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3, size: 'xsmall' },
    )
    .map((elements) => elements.join(', ')),
  fc
    .integer({ min: 95, max: 105 })
    .map((count) => Array.from({ length: count }, (_, index) => `a${index}`).join(',')),
);

const protocolHeaders = fc.oneof(
  scraps,
  fc
    .array(fc.constantFrom('chat', 'superchat', 'Chat', '', ' mqtt ', 'v1.a'), { maxLength: 4 })
    .map((names) => names.join(',')),
  fc
    .integer({ min: 95, max: 105 })
    .map((count) => Array.from({ length: count }, (_, index) => `p${index}`).join(', ')),
);

/** Values on both sides of each rule, by field. */
const VALUES: readonly (readonly [name: string, values: fc.Arbitrary<string>])[] = [
  [
    'Host',
    fc.constantFrom(
      ...[
        'a',
        'server.example.com',
        'a:80',
        'a:',
        'a:123456',
        '[::1]:8',
        '[::1',
        '',
        'a,b',
        'a b',
        'user@a',
        'a/b',
        '[g]',
      ],
      'x'.repeat(513),
    ),
  ],
  [
    'Upgrade',
    fc.constantFrom(
      'websocket',
      'WebSocket',
      'h2c, websocket',
      'websocket, h2c',
      'websockets',
      '',
      'webSocKet',
    ),
  ],
  [
    'Connection',
    fc.constantFrom(
      'Upgrade',
      'keep-alive, Upgrade',
      'upgrade ,close',
      'keep-alive',
      'Upgraded',
      '',
      ',\tUPGRADE\t,',
    ),
  ],
  [
    'Sec-WebSocket-Key',
    fc.constantFrom(
      ...[
        KEY,
        'AAAAAAAAAAAAAAAAAAAAAA==',
        'dGhlIHNhbXBsZSBub25jZR==',
        'AAAAAAAAAAAAAAAAAAAAAAA=',
        'AAAA',
        '',
      ],
      ...['AAAAAAAAAAAAAAAAAAAAA-==', `${KEY} `, 'AAAAAAAAAAAAAAAAAAAAAA=A', 'AAAAAAAAAAAAAAAAAAAAAAAAAA=='],
    ),
  ],
  [
    'Sec-WebSocket-Accept',
    fc.constantFrom(ACCEPT, ` ${ACCEPT}\t`, ACCEPT.toLowerCase(), ACCEPT.slice(0, -1), ''),
  ],
  ['Sec-WebSocket-Version', fc.constantFrom('13', '8', '013', '13, 8', '', '14')],
  ['Sec-WebSocket-Protocol', protocolHeaders],
  // These have the most rules.
  ...Array.from({ length: 4 }, (): readonly [string, fc.Arbitrary<string>] => [
    'Sec-WebSocket-Extensions',
    extensionHeaders,
  ]),
  ['Origin', fc.constantFrom('http://a', 'null', '')],
  ['Content-Length', fc.constantFrom('0', '5', '00', '')],
  ['Transfer-Encoding', fc.constantFrom('chunked', '')],
  ['X-Other', fc.constantFrom('a', '', 'é')],
  // As long as the names that are looked for.
  ...[4, 6, 7, 10, 14, 17, 20, 21, 22, 24].map((length): readonly [string, fc.Arbitrary<string>] => [
    'X'.padEnd(length, '-'),
    fc.constant('a'),
  ]),
];

const anyField: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  ...VALUES.map(([name, values]) =>
    fc.tuple(
      fc.constantFrom(name, name, name.toLowerCase(), name.toUpperCase(), name.replace('k', '\u212a')),
      values,
    ),
  ),
);

/** What is done to the fields of a sound head. */
interface Change {
  readonly how: 'replace' | 'append' | 'remove' | 'repeat';
  readonly field: readonly [string, string];
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom(
    'replace' as const,
    'replace' as const,
    'append' as const,
    'remove' as const,
    'repeat' as const,
  ),
  field: anyField,
});

/** One, mostly: a second fault hides whether the first is seen. */
const changes: fc.Arbitrary<Change[]> = fc.oneof(
  { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(change, { maxLength: 4 }) },
);

/** The sound value, but for one time in ten. */
function mostly<Value>(sound: Value, others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(sound) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function changed(fields: Fields, made: readonly Change[]): Fields {
  let result = [...fields];
  for (const { how, field } of made) {
    const name = field[0].toLowerCase();
    if (how !== 'append') result = result.filter(([other]) => other.toLowerCase() !== name);
    if (how !== 'remove') result.push(field);
    if (how === 'repeat') result.push(field);
  }
  return result;
}

const VERSIONS = ['1.0', '2.0', '0.9', '1.2'] as const;

/** Requests near the grammar: sound ones with up to four changes. */
export const requests: fc.Arbitrary<ModelRequest> = fc
  .record({
    method: mostly('GET', ['POST', 'get', 'HEAD']),
    target: mostly('/', [
      '/chat?a=1',
      '/chat',
      'http://a/b',
      'https://a',
      'http:///a',
      '*',
      'chat',
      '/a#b',
      'ws://a/',
      '//a',
      '/é',
    ]),
    version: mostly<string>('1.1', VERSIONS),
    made: changes,
  })
  .map(({ method, target, version, made }) => ({
    method,
    target,
    version,
    fields: changed(
      [
        ['Host', 'server.example.com'],
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', KEY],
        ['Sec-WebSocket-Version', '13'],
      ],
      made,
    ),
  }));

/** Responses near the grammar. */
export const responses: fc.Arbitrary<ModelResponse> = fc
  .record({
    status: mostly(101, [200, 204, 301, 399, 400, 401, 404, 500]),
    version: mostly<string>('1.1', VERSIONS),
    made: changes,
  })
  .map(({ status, version, made }) => ({
    status,
    version,
    fields: changed(
      [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Accept', ACCEPT],
      ],
      made,
    ),
  }));

/** A head in bytes, whether it may be one or not. */
export function headBytes(start: string, fields: Fields, rest: string): Uint8Array<ArrayBuffer> {
  const lines = [start, ...fields.map(([name, value]) => `${name}: ${value}`), '', rest];
  return new Uint8Array(Buffer.from(lines.join('\r\n'), 'latin1'));
}
