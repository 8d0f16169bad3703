import {
  binary,
  type Case,
  CLOSING_HANDSHAKE,
  close,
  closed,
  ends,
  expect,
  failed,
  frame,
  hex,
  isBinary,
  isText,
  letters,
  nothingElse,
  OP,
  octets,
  ping,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';

/** §7.4.1 and §7.4.2, and 1012 to 1014 of the registry of IANA. */
const MAY_BE_SENT = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999,
] as const;

/** Below 1000, reserved for what is no frame, not defined, and beyond 4999. */
const MUST_NOT_BE_SENT = [
  0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 9999, 32_768, 65_535,
] as const;

const NOT_UTF8 = [
  ['continuation', '80'],
  ['overlong', 'c0 af'],
  ['surrogate', 'ed a0 80'],
  ['beyond-unicode', 'f4 90 80 80'],
  ['unfinished', 'e2 82'],
  ['ff', 'ff'],
] as const;

export const CLOSING: readonly Case[] = [
  {
    id: 'closing/empty',
    section: '§5.5.1',
    says: 'A close frame without a code is answered with a close frame, without a code or with 1000.',
    steps: [send(close())],
    ending: closed(undefined, 1000),
  },
  ...MAY_BE_SENT.map(
    (code): Case => ({
      id: `closing/${code}`,
      section: '§7.4',
      says: `A close frame with ${code} is answered with the same code.`,
      steps: [send(close(code, 'good bye'))],
      ending: closed(code),
    }),
  ),
  ...MUST_NOT_BE_SENT.map(
    (code): Case => ({
      id: `closing/${code}-is-never-sent`,
      section: '§7.4',
      says: `${code} must not be in a close frame; it fails the connection.`,
      steps: [send(close(code))],
      ending: failed(1002),
    }),
  ),
  {
    id: 'closing/half-a-code',
    section: '§5.5.1',
    says: 'A close frame with a body has a code of two bytes in it; one byte is none.',
    steps: [send(frame(0x80 + OP.close, hex('03')))],
    ending: failed(1002),
  },
  {
    id: 'closing/without-reason',
    section: '§5.5.1',
    says: 'A code without a reason is enough.',
    steps: [send(close(1000))],
    ending: closed(1000),
  },
  {
    id: 'closing/reason-of-123',
    section: '§5.5',
    says: 'A reason may have 123 bytes.',
    steps: [send(close(1000, letters(123)))],
    ending: closed(1000),
  },
  {
    id: 'closing/reason-of-124',
    section: '§5.5',
    says: 'With a reason of 124 bytes a close frame is longer than a control frame may be.',
    steps: [send(close(1000, letters(124)))],
    ending: failed(1002),
  },
  {
    id: 'closing/reason-of-many-scripts',
    section: '§5.5.1',
    says: 'A reason is UTF-8.',
    steps: [send(close(1000, hex('24 c2 a2 e2 82 ac f0 90 8d 88')))],
    ending: closed(1000),
  },
  ...NOT_UTF8.map(
    ([name, digits]): Case => ({
      id: `closing/reason-not-utf8-${name}`,
      section: '§5.5.1',
      says: 'A reason that is not UTF-8 fails the connection.',
      steps: [send(close(1000, Buffer.concat([letters(3), hex(digits)])))],
      ending: failed(1007),
    }),
  ),
  {
    id: 'closing/in-octets',
    section: '§5.5.1',
    says: 'A close frame that arrives byte by byte is answered once it is whole.',
    steps: [sendIn(1, close(1001, 'byte by byte'))],
    ending: closed(1001),
  },
  {
    id: 'closing/behind-a-message',
    section: '§5.5.1',
    says: 'A message is answered, and then the close frame behind it.',
    steps: [send(text('Hello')), expect(isText('Hello')), send(close(1000))],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-a-long-message',
    section: '§5.5.1',
    says: 'A long message that arrives with a close frame behind it is answered in full before the close frame is.',
    steps: () => [send(binary(octets(262_144)), close(1000)), expect(isBinary(octets(262_144)))],
    ending: closed(1000),
  },
  {
    id: 'closing/twice',
    section: '§5.5.1',
    says: 'Of two close frames the first is answered, and nothing else.',
    steps: [send(close(1000, 'first'), close(1001, 'second'))],
    ending: closed(1000),
  },
  {
    id: 'closing/then-ping',
    section: '§1.4',
    says: 'What follows a close frame is discarded: a ping is not answered.',
    steps: [send(close(1000), ping('too late'))],
    ending: closed(1000),
  },
  {
    id: 'closing/then-message',
    section: '§1.4',
    says: 'What follows a close frame is discarded: a message is not answered.',
    steps: [send(close(1000), text('too late'))],
    ending: closed(1000),
  },
  {
    id: 'closing/then-long-message',
    section: '§1.4',
    says: 'What follows a close frame is discarded, however much it is.',
    steps: () => [send(close(1000), binary(octets(262_144)))],
    ending: closed(1000),
  },
  {
    id: 'closing/then-nonsense',
    section: '§1.4',
    says: 'What follows a close frame is discarded: it breaks no rule any more.',
    steps: [send(close(1000), frame(0xff, 'nonsense'))],
    ending: closed(1000),
  },
  {
    id: 'closing/inside-a-message',
    section: '§5.5.1',
    says: 'A close frame between fragments is answered; the fragment behind it is discarded.',
    steps: [send(textBegins('begun'), close(1000), ends('too late'))],
    ending: closed(1000),
  },
  {
    id: 'closing/in-fragments',
    section: '§5.5',
    says: 'A close frame must not be fragmented.',
    steps: [send(frame(OP.close, hex('03 e8')), ends('why'))],
    ending: failed(1002),
  },
  {
    id: 'closing/without-anything-before',
    section: '§7.1.2',
    says: 'The closing handshake may be all there is.',
    steps: [],
    ending: CLOSING_HANDSHAKE,
  },
  {
    id: 'closing/dropped',
    section: '§7.1.4',
    says: 'Where the TCP connection ends without a close frame, the other half ends as well, without a frame.',
    steps: [send(text('Hello')), expect(isText('Hello'))],
    ending: { how: 'dropped' },
  },
  {
    id: 'closing/dropped-inside-a-message',
    section: '§7.1.4',
    says: 'Where the TCP connection ends in the middle of a message, the other half ends as well, without a frame.',
    steps: [send(textBegins('begun')), ...nothingElse('so far')],
    ending: { how: 'dropped' },
  },
  {
    id: 'closing/dropped-at-once',
    section: '§7.1.4',
    says: 'Where the TCP connection ends right behind the opening handshake, the other half ends as well.',
    steps: [],
    ending: { how: 'dropped' },
  },
];
