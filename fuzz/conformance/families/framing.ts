import {
  binary,
  type Case,
  CLOSING_HANDSHAKE,
  close,
  closed,
  expect,
  failed,
  frame,
  isBinary,
  isEcho,
  isText,
  letters,
  nothingElse,
  OP,
  octets,
  send,
  text,
} from '../case.js';

/** Both sides of each border of the length field (§5.2), and the shortest. */
const LENGTHS = [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65_534, 65_535, 65_536, 65_537] as const;

/** Lengths written in more bytes than they need. */
const NOT_MINIMAL = [
  ['0-in-2-bytes', 0, 2],
  ['1-in-2-bytes', 1, 2],
  ['125-in-2-bytes', 125, 2],
  ['0-in-8-bytes', 0, 8],
  ['125-in-8-bytes', 125, 8],
  ['126-in-8-bytes', 126, 8],
  ['65535-in-8-bytes', 65_535, 8],
] as const;

const MASKING_KEYS = [
  ['zero', '00 00 00 00'],
  ['ones', 'ff ff ff ff'],
  ['high-bits', '80 80 80 80'],
  ['one-byte', '00 00 00 01'],
  ['letters', '61 62 63 64'],
] as const;

export const FRAMING: readonly Case[] = [
  ...LENGTHS.flatMap((length): Case[] => [
    {
      id: `framing/text-of-${length}`,
      section: '§5.2',
      says: `A text message of ${length} bytes comes back as it was sent.`,
      steps: () => [send(text(letters(length))), expect(isText(letters(length)))],
      ending: CLOSING_HANDSHAKE,
    },
    {
      id: `framing/binary-of-${length}`,
      section: '§5.2',
      says: `A binary message of ${length} bytes, of all values, comes back as it was sent, and as binary.`,
      steps: () => [send(binary(octets(length))), expect(isBinary(octets(length)))],
      ending: CLOSING_HANDSHAKE,
    },
  ]),
  ...NOT_MINIMAL.map(
    ([name, length, lengthSize]): Case => ({
      id: `framing/length-${name}`,
      section: '§5.2',
      says: 'A payload length takes the fewest bytes that can hold it; more of them break the framing.',
      steps: () => [send(binary(octets(length), { lengthSize }))],
      ending: failed(1002),
    }),
  ),
  ...(['80 00 00 00 00 00 00 05', 'ff ff ff ff ff ff ff ff'] as const).map(
    (extendedLength, index): Case => ({
      id: `framing/length-top-bit-${index === 0 ? 'alone' : 'and-all-others'}`,
      section: '§5.2',
      says: 'The most significant bit of a payload length in 8 bytes is 0; a frame that sets it is refused by its head.',
      steps: [send(binary('Hello', { extendedLength }))],
      ending: failed(1002),
    }),
  ),
  ...MASKING_KEYS.map(
    ([name, maskingKey]): Case => ({
      id: `framing/masking-key-${name}`,
      section: '§5.3',
      says: 'Any masking key is undone, octet i of the payload with octet i MOD 4 of the key.',
      steps: () => [send(binary(octets(1001), { maskingKey })), expect(isBinary(octets(1001)))],
      ending: CLOSING_HANDSHAKE,
      roles: ['server'],
    }),
  ),
  ...(['text', 'binary', 'ping', 'pong', 'close'] as const).flatMap((kind): Case[] => [
    {
      id: `framing/not-masked-${kind}`,
      section: '§5.1',
      says: 'A server closes the connection on a frame that is not masked.',
      steps: [send(frame(0x80 + OP[kind], '', { masked: false }))],
      ending: failed(1002),
      roles: ['server'],
    },
    {
      id: `framing/masked-${kind}`,
      section: '§5.1',
      says: 'A client closes the connection on a frame that is masked.',
      steps: [send(frame(0x80 + OP[kind], '', { masked: true }))],
      ending: failed(1002),
      roles: ['client'],
    },
  ]),
  {
    id: 'framing/not-masked-behind-masked',
    section: '§5.1',
    says: 'Each frame is masked, not only the first: the second message is not handed out.',
    steps: [send(text('one')), expect(isText('one')), send(text('two', { masked: false }))],
    ending: failed(1002),
    roles: ['server'],
  },
  {
    id: 'framing/messages-in-one-write',
    section: '§5.4',
    says: 'Messages that arrive together come back one by one, in their order.',
    steps: [
      send(text('one'), binary('two'), text(''), text('four')),
      expect(isText('one'), isBinary('two'), isText(''), isText('four')),
    ],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'framing/hundred-messages-in-one-write',
    section: '§5.4',
    says: 'A hundred messages of growing length that arrive together come back in their order.',
    steps: () => {
      const messages = Array.from({ length: 100 }, (_, index) => letters(index * 3));
      return [
        send(...messages.map((each) => text(each))),
        ...messages.map((each) => expect(isEcho('text', each))),
      ];
    },
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'framing/message-and-close-in-one-write',
    section: '§5.5.1',
    says: 'A message in front of a close frame is answered before the close frame is.',
    steps: [send(text('last words'), close(1000)), expect(isText('last words'))],
    ending: closed(1000),
  },
  {
    id: 'framing/good-message-before-a-bad-head',
    section: '§7.1.7',
    says: 'A message that was whole before the rule was broken is handed out, and nothing behind it.',
    steps: [send(text('good'), text('bad', { lengthSize: 8 }), text('late')), expect(isText('good'))],
    ending: failed(1002),
  },
  {
    id: 'framing/nothing-for-half-a-frame',
    section: '§5.2',
    says: 'A frame that never comes to its end is not answered; the connection ends with the TCP connection.',
    steps: [...nothingElse('ready'), send(text('Hello', { length: 10 }))],
    ending: { how: 'dropped' },
  },
  {
    id: 'framing/nothing-for-half-a-head',
    section: '§5.2',
    says: 'A head that never comes to its end is not answered; the connection ends with the TCP connection.',
    steps: () => [...nothingElse('ready'), send(binary(octets(70_000), { cutTo: 6 }))],
    ending: { how: 'dropped' },
  },
];
