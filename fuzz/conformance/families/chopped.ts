import {
  binary,
  bytesOf,
  type Case,
  CLOSING_HANDSHAKE,
  close,
  closed,
  ends,
  expect,
  goesOn,
  isBinary,
  isPong,
  isText,
  letters,
  octets,
  ping,
  pong,
  sendIn,
  text,
  textBegins,
} from '../case.js';

/** How many bytes arrive at a time: primes and powers, around the sizes of heads, of vectors and of packets. */
const PIECES = [1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16, 17, 31, 64, 127, 997, 1300, 1460, 65_535] as const;

/** Behind its length field a long frame has a head of 4 or 10 bytes, and a masking key. */
const LONG = [126, 1000, 65_536] as const;

const SCRIPTS = bytesOf('Straße, дом, 家, 집, בית, 🏠 – '.repeat(12));

export const CHOPPED: readonly Case[] = [
  ...PIECES.map(
    (pieces): Case => ({
      id: `chopped/everything-by-${pieces}`,
      section: '§5.4',
      says: `Frames of all kinds that arrive ${pieces} bytes at a time mean what they mean in one piece.`,
      steps: () => [
        sendIn(
          pieces,
          text('one'),
          ping('a'),
          textBegins('two, '),
          goesOn(''),
          ping('b'),
          goesOn(SCRIPTS),
          pong('c'),
          ends(' and three'),
          binary(octets(300)),
          text(''),
          close(1000, 'all told'),
        ),
        expect(
          isText('one'),
          isPong('a'),
          isPong('b'),
          isText(Buffer.concat([bytesOf('two, '), SCRIPTS, bytesOf(' and three')])),
          isBinary(octets(300)),
          isText(''),
        ),
      ],
      ending: closed(1000),
    }),
  ),
  ...PIECES.filter((pieces) => pieces >= 7).flatMap((pieces): Case[] => [
    {
      id: `chopped/text-of-20000-by-${pieces}`,
      section: '§5.4',
      says: `A text message that arrives ${pieces} bytes at a time, characters cut or not, comes back whole.`,
      steps: () => {
        const message = Buffer.concat(Array.from({ length: 40 }, () => SCRIPTS));
        return [sendIn(pieces, text(message)), expect(isText(message))];
      },
      ending: CLOSING_HANDSHAKE,
    },
    {
      id: `chopped/binary-of-20000-by-${pieces}`,
      section: '§5.4',
      says: `A binary message that arrives ${pieces} bytes at a time comes back whole.`,
      steps: () => [sendIn(pieces, binary(octets(20_000))), expect(isBinary(octets(20_000)))],
      ending: CLOSING_HANDSHAKE,
    },
  ]),
  ...LONG.flatMap((length) =>
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map(
      (cut): Case => ({
        id: `chopped/head-of-${length}-cut-at-${cut}`,
        section: '§5.2',
        says: `The head of a frame of ${length} bytes may be cut anywhere: here the first ${cut} bytes of a connection come alone, and the next ${cut}.`,
        steps: () => [
          sendIn(cut, binary(octets(length), { cutTo: 2 * cut })),
          { do: 'send', frames: [binary(octets(length), { dropped: 2 * cut })] },
          expect(isBinary(octets(length))),
          sendIn(1000, text(letters(10))),
          expect(isText(letters(10))),
        ],
        ending: CLOSING_HANDSHAKE,
      }),
    ),
  ),
];
