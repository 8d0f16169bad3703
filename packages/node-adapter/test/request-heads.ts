import { type Aspect, adding, KEY, lines, padded, repeated, starting, valued } from './heads.js';

const PROTOCOL = 'Sec-WebSocket-Protocol';
const EXTENSIONS = 'Sec-WebSocket-Extensions';

function list(count: number, element: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => element(i)).join(', ');
}

const names = (count: number): string => ` ${list(count, (i) => `p${i}`)}`;
const offers = (count: number): string => ` ${list(count, (i) => `x-${i}; a=${i}`)}`;
const targets = (...all: string[]): string[] => starting(...all.map((target) => `GET ${target} HTTP/1.1`));
const deflate = (...params: string[]): string[] =>
  adding(...params.map((param) => `${EXTENSIONS}: permessage-deflate; ${param}`));

/** Requests: what a server is sent. */
export const REQUEST_HEADS: readonly Aspect[] = [
  {
    what: 'target: a path',
    clause: '',
    heads: targets(
      '/',
      '//',
      '/a',
      '/a/b?c=d',
      '/?',
      '/%00',
      '/a%20b',
      '/;a',
      '/[a]',
      '/{a}',
      '/a|b',
      '/"',
      '/^',
    ),
  },
  { what: 'target: a long path', clause: '', heads: targets(`/${'a'.repeat(4000)}`) },
  {
    what: 'target: with a fragment',
    clause: '',
    heads: targets('/#', '/a#b', '/?a=#b', '/#/c', 'http://a/#b'),
  },
  {
    what: 'target: absolute',
    clause: '',
    heads: targets('http://127.0.0.1/', 'https://a/b', 'HTTP://a/', 'http://a', 'http://a?b', 'http://a:80/'),
  },
  {
    what: 'target: `ws:`, `*` or `host:port`',
    clause: 'RFC 6455 §4.2.1',
    heads: targets('ws://a/', 'wss://a/b', '*', 'a:80'),
  },
  {
    what: 'start line: another method',
    clause: '',
    heads: starting(
      'POST / HTTP/1.1',
      'HEAD / HTTP/1.1',
      'PUT / HTTP/1.1',
      'get / HTTP/1.1',
      'OPTIONS / HTTP/1.1',
    ),
  },
  {
    what: 'start line: HTTP/1.0 or lower',
    clause: 'RFC 6455 §4.2.1',
    heads: starting('GET / HTTP/1.0', 'GET / HTTP/0.9', 'GET /'),
  },
  {
    what: 'start line: another version',
    clause: '',
    heads: starting('GET / HTTP/1.2', 'GET / HTTP/2.0', 'GET / HTTP/1.1 ', 'GET  / HTTP/1.1'),
  },
  {
    what: '`Host`: a name, an address, a port',
    clause: '',
    heads: valued(
      'Host',
      ...[
        'a',
        ' a',
        ' a.b',
        ' A.B',
        ' a.',
        ' a_b',
        ' a:1',
        ' a:65535',
        ' a:',
        ' 127.0.0.1:80',
        ' [::1]',
        ' [::1]:80',
        ' a%20b',
        ' xn--bcher-kva.example',
        ' a~b',
        " a'b",
        ' a!b',
        ' -a',
        ' [::ffff:1.2.3.4]:1',
      ],
    ),
  },
  {
    what: '`Host`: with a zone id',
    clause: '',
    heads: valued(
      'Host',
      ' [fe80::1%eth0]:8080',
      ' [fe80::1%25eth0]',
      ' [fe80::1%1]',
      ' [fe80::1%en-0.1_a~]:1',
    ),
  },
  {
    what: '`Host`: IPv6 without brackets',
    clause: 'RFC 3986 §3.2.2',
    heads: valued(
      'Host',
      ' ::1',
      ' fe80::1',
      ' fe80::1%eth0',
      ' 1:2:3:4:5:6:7:8',
      ' ::1:8080',
      ' ::ffff:1.2.3.4',
    ),
  },
  { what: '`Host`: spaces and tabs around', clause: '', heads: valued('Host', ...padded('a:80')) },
  { what: '`Host`: empty', clause: 'RFC 6455 §3', heads: valued('Host', '', ' ', '\t', ' :80') },
  {
    what: '`Host`: no host',
    clause: 'RFC 9112 §3.2',
    heads: valued(
      'Host',
      ' a b',
      ' a/b',
      ' u@a',
      ' http://a',
      ' a, b',
      ' a:b',
      ' a:1:2',
      ' [::1',
      ' a?b',
      ' a#b',
      ' a\\b',
      ' a:999999',
      ' \xe4',
      ' [a]',
      ' []',
    ),
  },
  {
    what: '`Host`: repeated',
    clause: 'RFC 9112 §3.2',
    heads: [repeated('Host', 'a', 'b'), repeated('Host', 'a', 'a')],
  },
  { what: '`Host`: missing', clause: 'RFC 9112 §3.2', heads: [repeated('Host')] },
  {
    what: '`Upgrade`: spelling, spaces and tabs',
    clause: '',
    heads: valued('Upgrade', 'WebSocket', ' WEBSOCKET', ...padded('websocket')),
  },
  {
    what: '`Upgrade`: a list',
    clause: 'RFC 6455 §4.2.1',
    heads: [
      ...valued('Upgrade', ' websocket, h2c', ' h2c,websocket', ' ,websocket', ' websocket,'),
      repeated('Upgrade', 'h2c', 'websocket'),
      repeated('Upgrade', 'websocket', 'websocket'),
    ],
  },
  {
    what: '`Upgrade`: something else',
    clause: 'RFC 9110 §15.5.22',
    heads: valued('Upgrade', ' h2c', ' websockets', ' websocket/13', '', ' web socket', ' "websocket"'),
  },
  {
    what: '`Connection`: a list',
    clause: '',
    heads: [
      ...valued(
        'Connection',
        ...padded('Upgrade'),
        ' upgrade',
        ' keep-alive, Upgrade',
        ' Upgrade,keep-alive',
        ' Upgrade\t, a',
        ' a,\tUpgrade',
        ' ,Upgrade,',
      ),
      repeated('Connection', 'keep-alive', 'Upgrade'),
    ],
  },
  {
    what: '`Connection`: something else',
    clause: '',
    heads: [...valued('Connection', ' close', '', ' Upgrades', ' keep-alive'), repeated('Connection')],
  },
  {
    what: '`Sec-WebSocket-Key`: spaces and tabs around',
    clause: '',
    heads: valued('Sec-WebSocket-Key', ...padded(KEY)),
  },
  {
    what: '`Sec-WebSocket-Key`: not 16 bytes of base64',
    clause: '',
    heads: [
      ...valued(
        'Sec-WebSocket-Key',
        '',
        ' a',
        ` ${KEY}=`,
        ` ${KEY.slice(0, -1)}`,
        ` ${KEY.slice(0, -2)}`,
        ' dGhlIHNhbXBsZSBub25jZQ-_',
        ' dGhlIHNhbXBsZSBub25jZQ== a',
      ),
      repeated('Sec-WebSocket-Key'),
    ],
  },
  {
    what: '`Sec-WebSocket-Key`: bits behind the 16 bytes',
    clause: '',
    heads: valued(
      'Sec-WebSocket-Key',
      ' dGhlIHNhbXBsZSBub25jZR==',
      ' dGhlIHNhbXBsZSBub25jZS==',
      ' dGhlIHNhbXBsZSBub25jZf==',
    ),
  },
  {
    what: '`Sec-WebSocket-Key`: repeated',
    clause: '',
    heads: [repeated('Sec-WebSocket-Key', KEY, KEY), repeated('Sec-WebSocket-Key', KEY, 'a')],
  },
  {
    what: '`Sec-WebSocket-Version`: 13 or 8',
    clause: '',
    heads: valued('Sec-WebSocket-Version', ' 8', ...padded('13')),
  },
  {
    what: '`Sec-WebSocket-Version`: 13 in another spelling',
    clause: 'RFC 6455 §4.3',
    heads: valued('Sec-WebSocket-Version', ' 013', ' +13', ' 13.0', ' 0xd', ' 1.3e1', ' 13;a'),
  },
  {
    what: '`Sec-WebSocket-Version`: another',
    clause: 'RFC 6455 §4.4',
    heads: valued('Sec-WebSocket-Version', ' 7', ' 14', ' 0', ' 255', ' 13, 8', ' a', ''),
  },
  { what: '`Sec-WebSocket-Version`: missing', clause: '', heads: [repeated('Sec-WebSocket-Version')] },
  {
    what: '`Sec-WebSocket-Version`: repeated',
    clause: '',
    heads: [repeated('Sec-WebSocket-Version', '13', '13'), repeated('Sec-WebSocket-Version', '13', '8')],
  },
  {
    what: '`Origin`: any',
    clause: '',
    heads: adding(
      ...lines('Origin', ' http://a', ' null', '', ' a b', ' http://a, http://b', ...padded('http://a')),
    ),
  },
  {
    what: '`Origin`: repeated',
    clause: 'RFC 6454 §7.3',
    heads: adding(['Origin: http://a', 'Origin: http://a'], ['Origin: http://a', 'Origin: http://b']),
  },
  {
    what: '`Sec-WebSocket-Protocol`: a list',
    clause: '',
    heads: adding(
      ...lines(
        PROTOCOL,
        ' a',
        ' a,b',
        ' a , b',
        ' a\t,\tb',
        ' a-b',
        " !#$%&'*+-.^_`|~",
        ' A, a',
        ...padded('a, b'),
      ),
      [`${PROTOCOL}: a`, `${PROTOCOL}: b`],
    ),
  },
  {
    what: '`Sec-WebSocket-Protocol`: hundreds',
    clause: '',
    heads: adding(...lines(PROTOCOL, names(99), names(101), names(300), names(1000))),
  },
  {
    what: '`Sec-WebSocket-Protocol`: empty elements',
    clause: 'RFC 2616 §2.1',
    heads: adding(...lines(PROTOCOL, ' ,a', ' a,', ' a,,b', ' , a , ,b ,')),
  },
  {
    what: '`Sec-WebSocket-Protocol`: no list of tokens, or one twice',
    clause: '',
    heads: adding(...lines(PROTOCOL, '', ' ', ' ,', ' a b', ' a/b', ' "a"', ' a;b', ' \xe4', ' a, a'), [
      `${PROTOCOL}: a`,
      `${PROTOCOL}: a`,
    ]),
  },
  {
    what: '`Sec-WebSocket-Extensions`: empty',
    clause: 'RFC 9110 §5.6.1.2',
    heads: adding(...lines(EXTENSIONS, '', ' ', '\t', '\t \t')),
  },
  {
    what: '`Sec-WebSocket-Extensions`: unknown ones',
    clause: '',
    heads: adding(
      ...lines(
        EXTENSIONS,
        ' x',
        ' x; a',
        ' x; a=b',
        ' x; a="b"',
        ' x;a;b',
        ' x, y',
        ' x\t;\ta',
        ' x ; a',
        ' x;a=1,y',
        offers(40),
        offers(300),
        ...padded('x; a'),
      ),
    ),
  },
  {
    what: '`Sec-WebSocket-Extensions`: spaces around `=`',
    clause: 'RFC 2616 §2.1',
    heads: adding(...lines(EXTENSIONS, ' x; a = b', ' x; a =b', ' x; a= b', ' x; a = "b"')),
  },
  {
    what: '`Sec-WebSocket-Extensions`: empty elements',
    clause: 'RFC 2616 §2.1',
    heads: adding(...lines(EXTENSIONS, ' ,x', ' x,', ' x,,y')),
  },
  {
    what: '`Sec-WebSocket-Extensions`: no list of extensions',
    clause: '',
    heads: adding(
      ...lines(
        EXTENSIONS,
        ' ,',
        ' x y',
        ' x;',
        ' x; a=',
        ' x; =b',
        ' x; a="b',
        ' x; a="b c"',
        ' x; a=""',
        ' "x"',
        ' x; a==b',
        ' ;a',
        ' x/y',
      ),
    ),
  },
  {
    what: '`permessage-deflate`: acceptable',
    clause: '',
    heads: [
      ...adding(`${EXTENSIONS}: permessage-deflate`),
      ...deflate(
        'client_max_window_bits',

        'server_max_window_bits=10',
        'server_no_context_takeover',
        'client_no_context_takeover',
        'client_no_context_takeover; server_no_context_takeover',
      ),
    ],
  },
  {
    what: '`permessage-deflate`: a window that the client limits itself',
    clause: 'RFC 7692 §7.1.2.2',
    heads: deflate(
      'client_max_window_bits=8',
      'client_max_window_bits=15',
      'client_max_window_bits=10',
      'client_max_window_bits="10"',
    ),
  },
  {
    what: '`permessage-deflate`: not acceptable',
    clause: 'RFC 7692 §7.1',
    heads: deflate(
      'server_max_window_bits',
      'server_max_window_bits=7',
      'server_max_window_bits=16',
      'server_max_window_bits=010',
      'client_max_window_bits=0',
      'client_max_window_bits=a',
      'server_no_context_takeover=1',
      'a',
      'a=b',
      'client_max_window_bits; client_max_window_bits',
      'server_no_context_takeover; server_no_context_takeover',
    ),
  },
  {
    what: '`permessage-deflate`: acceptable behind one that is not',
    clause: 'RFC 7692 §5.1',
    heads: adding(`${EXTENSIONS}: permessage-deflate; a, permessage-deflate`, [
      `${EXTENSIONS}: permessage-deflate; server_max_window_bits=7`,
      `${EXTENSIONS}: permessage-deflate`,
    ]),
  },
  { what: 'a body: none', clause: '', heads: adding('Content-Length: 0', 'Expect: 100-continue') },
  {
    what: 'a body: announced',
    clause: 'RFC 9112 §11.2',
    heads: adding('Content-Length: 3', 'Transfer-Encoding: chunked'),
  },
  {
    what: 'further fields',
    clause: '',
    heads: adding(
      'a: b',
      'A:',
      'Cookie: a=b; c=d',
      'X: \xe4',
      'X: a\tb',
      ['X: 1', 'X: 2'],
      'a b: c',
      ' a: b',
      'X : a',
      'Authorization: Basic YTpi',
    ),
  },
];
