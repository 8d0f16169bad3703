import { type Aspect, adding, lines, padded } from './heads.js';

const PROTOCOL = 'Sec-WebSocket-Protocol';
const EXTENSIONS = 'Sec-WebSocket-Extensions';

function list(count: number, element: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => element(i)).join(', ');
}

const names = (count: number): string => ` ${list(count, (i) => `p${i}`)}`;
const offers = (count: number): string => ` ${list(count, (i) => `x-${i}; a=${i}`)}`;
const deflate = (...params: string[]): string[] =>
  adding(...params.map((param) => `${EXTENSIONS}: permessage-deflate; ${param}`));

/** Requests that differ in what they offer. */
export const OFFER_HEADS: readonly Aspect[] = [
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
];
