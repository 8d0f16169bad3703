import {
  type Case,
  CLOSING_HANDSHAKE,
  ends,
  expect,
  failed,
  hex,
  isPong,
  isText,
  letters,
  nothingElse,
  octets,
  ping,
  pong,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';

const PAYLOADS = [
  ['empty', ''],
  ['text', 'Are you there?'],
  ['one-zero-byte', hex('00')],
  ['not-utf8', hex('00 ff fe fd fc fb 00 ff')],
  ['of-124', octets(124)],
  ['of-125', octets(125)],
] as const;

const TEN = Array.from({ length: 10 }, (_, index) => `ping ${index}`);

const TOO_LONG = [126, 127, 200, 65_536] as const;

export const PINGS: readonly Case[] = [
  ...PAYLOADS.flatMap(([name, payload]): Case[] => [
    {
      id: `pings/ping-${name}`,
      section: '§5.5.3',
      says: 'A ping is answered with a pong that carries the same payload.',
      steps: [send(ping(payload)), expect(isPong(payload))],
      ending: CLOSING_HANDSHAKE,
    },
    {
      id: `pings/ping-${name}-in-octets`,
      section: '§5.5.3',
      says: 'A ping that arrives byte by byte is answered like any other.',
      steps: [sendIn(1, ping(payload)), expect(isPong(payload))],
      ending: CLOSING_HANDSHAKE,
    },
    {
      id: `pings/pong-${name}-unasked`,
      section: '§5.5.3',
      says: 'A pong that nobody asked for is not answered.',
      steps: [send(pong(payload)), ...nothingElse('still here')],
      ending: CLOSING_HANDSHAKE,
    },
  ]),
  ...TOO_LONG.flatMap((length): Case[] => [
    {
      id: `pings/ping-of-${length}`,
      section: '§5.5',
      says: 'A ping carries 125 bytes at most; a longer one fails the connection.',
      steps: () => [send(ping(octets(length)))],
      ending: failed(1002),
    },
    {
      id: `pings/pong-of-${length}`,
      section: '§5.5',
      says: 'A pong carries 125 bytes at most; a longer one fails the connection.',
      steps: () => [send(pong(octets(length)))],
      ending: failed(1002),
    },
  ]),
  {
    id: 'pings/ping-of-126-by-its-head',
    section: '§5.5',
    says: 'That a ping is too long stands in its second byte: nobody waits for the payload.',
    steps: [send(ping(octets(126), { cutTo: 2 }))],
    ending: failed(1002),
  },
  {
    id: 'pings/length-not-minimal',
    section: '§5.5',
    says: 'A control frame has no extended payload length, however short its payload is.',
    steps: [send(ping('short', { lengthSize: 2 }))],
    ending: failed(1002),
  },
  {
    id: 'pings/ten-in-one-write',
    section: '§5.5.3',
    says: 'Of pings that arrive together the last is answered, and the others may be; pongs come in their order.',
    steps: [
      send(...TEN.map((each) => ping(each))),
      expect({ kind: 'pongs', payloads: TEN.map((each) => new TextEncoder().encode(each)) }),
    ],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'pings/ten-in-octets',
    section: '§5.5.3',
    says: 'Of pings that arrive byte by byte the last is answered, and the others may be.',
    steps: [
      sendIn(1, ...TEN.map((each) => ping(each))),
      expect({ kind: 'pongs', payloads: TEN.map((each) => new TextEncoder().encode(each)) }),
    ],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'pings/ten-one-by-one',
    section: '§5.5.3',
    says: 'Pings, each sent when the one before was answered, are all answered.',
    steps: TEN.flatMap((each) => [send(ping(each)), expect(isPong(each))]),
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'pings/pong-unasked-then-ping',
    section: '§5.5.3',
    says: 'A pong that nobody asked for changes nothing for the ping behind it.',
    steps: [send(pong('unasked'), ping('asked')), expect(isPong('asked'))],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'pings/ping-between-messages',
    section: '§5.5.2',
    says: 'A ping between two messages is answered between their answers.',
    steps: [
      send(text('one'), ping('between'), text('two')),
      expect(isText('one'), isPong('between'), isText('two')),
    ],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'pings/ping-inside-a-message',
    section: '§5.5',
    says: 'Control frames may stand between the fragments of a message, and are answered before it is whole.',
    steps: [
      send(textBegins('one, ')),
      ...nothingElse('between'),
      send(ends('two')),
      expect(isText('one, two')),
    ],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'pings/ping-behind-a-long-message',
    section: '§5.5.2',
    says: 'A ping behind the answer to a long message is answered.',
    steps: () => [
      send(text(letters(200_000))),
      expect(isText(letters(200_000))),
      send(ping('next')),
      expect(isPong('next')),
    ],
    ending: CLOSING_HANDSHAKE,
  },
];
