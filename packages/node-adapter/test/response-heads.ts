import { type Aspect, answer, lines, padded } from './heads.js';

const PROTOCOL = 'Sec-WebSocket-Protocol';
const EXTENSIONS = 'Sec-WebSocket-Extensions';
const ACCEPT = 'Sec-WebSocket-Accept';

const each = (name: string, ...values: string[]): string[] =>
  lines(name, ...values).map((line) => answer(name, [line]));
const deflate = (...params: string[]): string[] =>
  each(EXTENSIONS, ...params.map((param) => ` permessage-deflate; ${param}`));

/**
 * Responses: what a client is answered that offers the subprotocols `a` and `b`, and permessage-deflate with a window of 10
 * bits for the server, or as the aspect says. `%` stands for the right accept value.
 */
export const RESPONSE_HEADS: readonly Aspect[] = [
  {
    what: 'status line: 101 with another reason or none',
    clause: '',
    heads: ['HTTP/1.1 101 OK', 'HTTP/1.1 101 ', 'HTTP/1.1 101'].map((start) =>
      answer('', [`${PROTOCOL}: a`], start),
    ),
  },
  {
    what: 'status line: `HTTP/1.0 101`',
    clause: 'RFC 6455 §4.2.2',
    heads: ['HTTP/1.0 101 Switching Protocols'].map((start) => answer('', [`${PROTOCOL}: a`], start)),
  },
  {
    what: 'status line: another status',
    clause: '',
    heads: ['200 OK', '400 Bad Request', '401 Unauthorized', '302 Found', '426 Upgrade Required'].map(
      (status) => answer('Upgrade', ['Content-Length: 0'], `HTTP/1.1 ${status}`),
    ),
  },
  {
    what: '`Upgrade`: spelling, spaces and tabs',
    clause: '',
    heads: ['WebSocket', ' WEBSOCKET', ...padded('websocket')].map((value) =>
      answer('Upgrade', [`Upgrade:${value}`, `${PROTOCOL}: a`]),
    ),
  },
  {
    what: '`Upgrade`: something else',
    clause: '',
    heads: each('Upgrade', ' h2c', '', ' websocket, h2c', ' websockets'),
  },
  {
    what: '`Connection`: a list',
    clause: '',
    heads: [' upgrade', ' keep-alive, Upgrade', ' Upgrade\t', '\tUpgrade'].map((value) =>
      answer('Connection', [`Connection:${value}`, `${PROTOCOL}: a`]),
    ),
  },
  {
    what: '`Sec-WebSocket-Accept`: spaces and tabs around',
    clause: '',
    heads: padded('%').map((value) => answer(ACCEPT, [`${ACCEPT}:${value}`, `${PROTOCOL}: a`])),
  },
  {
    what: '`Sec-WebSocket-Accept`: wrong or missing',
    clause: '',
    heads: [...each(ACCEPT, ' a', '', ' %=', ' %, %'), answer(ACCEPT)],
  },
  {
    what: '`Sec-WebSocket-Accept`: repeated',
    clause: '',
    heads: [answer('', [`${ACCEPT}: %`, `${PROTOCOL}: a`]), answer('', [`${ACCEPT}: a`, `${PROTOCOL}: a`])],
  },
  {
    what: `\`${PROTOCOL}\`: one that was offered`,
    clause: '',
    heads: each(PROTOCOL, ' a', ' b', ...padded('a')),
  },
  {
    what: `\`${PROTOCOL}\`: none, or another`,
    clause: '',
    heads: [...each(PROTOCOL, ' c', ' A', ' a, b', '', ' a;b'), answer()],
  },
  {
    what: `\`${PROTOCOL}\`: repeated`,
    clause: '',
    heads: [
      answer('', [`${PROTOCOL}: a`, `${PROTOCOL}: b`]),
      answer('', [`${PROTOCOL}: a`, `${PROTOCOL}: a`]),
    ],
  },
  {
    what: '`permessage-deflate`: as asked for',
    clause: '',
    heads: deflate(
      ...['server_max_window_bits=10', 'server_max_window_bits="10"', 'server_max_window_bits=9'],
      ...['server_max_window_bits=10; server_no_context_takeover', 'server_max_window_bits=10 '],
      ...['server_max_window_bits=10; client_no_context_takeover'],
      ...['server_max_window_bits=10; client_max_window_bits=12'],
    ).map(withProtocol),
  },
  {
    what: '`permessage-deflate`: an asked-for window of the server ignored',
    clause: 'RFC 7692 §7.1.2.1',
    heads: [
      ...deflate('server_max_window_bits=11', 'server_max_window_bits=15', 'client_no_context_takeover'),
      ...each(EXTENSIONS, ' permessage-deflate'),
    ].map(withProtocol),
  },
  {
    what: '`permessage-deflate`: an asked-for `server_no_context_takeover` answered',
    clause: '',
    offer: { serverNoContextTakeover: true },
    heads: deflate(
      ...['server_no_context_takeover', 'server_no_context_takeover; client_no_context_takeover'],
      ...['server_max_window_bits=10; server_no_context_takeover'],
    ).map(withProtocol),
  },
  {
    what: '`permessage-deflate`: an asked-for `server_no_context_takeover` ignored',
    clause: 'RFC 7692 §7.1.1.1',
    offer: { serverNoContextTakeover: true },
    heads: [
      ...deflate('client_no_context_takeover', 'server_max_window_bits=10', 'client_max_window_bits=12'),
      ...each(EXTENSIONS, ' permessage-deflate'),
    ].map(withProtocol),
  },
  {
    what: '`permessage-deflate`: not as its grammar has it',
    clause: 'RFC 7692 §7.1',
    heads: deflate(
      ...['server_max_window_bits=010', 'server_max_window_bits=7', 'server_max_window_bits', 'a'],
      ...['server_max_window_bits=10; client_max_window_bits', 'server_max_window_bits=10; a=b'],
      ...['server_max_window_bits=10; server_max_window_bits=10'],
    ).map(withProtocol),
  },
  {
    what: '`Sec-WebSocket-Extensions`: empty',
    clause: '',
    heads: each(EXTENSIONS, '', ' ').map(withProtocol),
  },
  {
    what: '`Sec-WebSocket-Extensions`: not offered, twice, or no list',
    clause: '',
    heads: each(
      EXTENSIONS,
      ...[
        ' x',
        ' x; a',
        ' permessage-deflate; server_max_window_bits=10, x',
        ' a b',
        ' ,',
        ' "a"',
        ' x-webkit-deflate-frame',
      ],
    ).map(withProtocol),
  },
  {
    what: '`Sec-WebSocket-Extensions`: repeated',
    clause: '',
    heads: [
      answer('', [
        `${EXTENSIONS}: permessage-deflate; server_max_window_bits=10`,
        `${EXTENSIONS}: x`,
        `${PROTOCOL}: a`,
      ]),
    ],
  },
  {
    what: 'further fields of an answer',
    clause: '',
    heads: ['a: b', 'A:', 'X: \xe4', 'Content-Length: 0', 'Sec-WebSocket-Version: 13', 'Date: now'].map(
      (line) => answer('', [line, `${PROTOCOL}: a`]),
    ),
  },
];

function withProtocol(head: string): string {
  return head.replace(/\r\n\r\n$/, `\r\n${PROTOCOL}: a\r\n\r\n`);
}
