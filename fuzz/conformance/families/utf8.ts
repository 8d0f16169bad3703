import {
  binary,
  type Case,
  CLOSING_HANDSHAKE,
  ends,
  expect,
  failed,
  frame,
  goesOn,
  hex,
  isBinary,
  isText,
  letters,
  nothingElse,
  OP,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';

/** Characters at every border of UTF-8, and texts of several scripts (RFC 3629 §3). */
const VALID: readonly (readonly [name: string, bytes: string])[] = [
  ['nul', '00'],
  ['last-of-1-byte', '7f'],
  ['first-of-2-bytes', 'c2 80'],
  ['last-of-2-bytes', 'df bf'],
  ['first-of-3-bytes', 'e0 a0 80'],
  ['last-before-surrogates', 'ed 9f bf'],
  ['first-behind-surrogates', 'ee 80 80'],
  ['replacement-character', 'ef bf bd'],
  ['last-of-3-bytes', 'ef bf bf'],
  ['first-of-4-bytes', 'f0 90 80 80'],
  ['last-of-all', 'f4 8f bf bf'],
  ['byte-order-mark', 'ef bb bf 61'],
  ['byte-order-mark-alone', 'ef bb bf'],
  ['byte-order-mark-turned', 'ef bf be'],
  ['noncharacter-in-the-middle', 'ef b7 90'],
  ['euro', 'e2 82 ac'],
  ['umlauts', '47 72 c3 bc c3 9f 65'],
  ['greek', 'ce ba cf 8c cf 83 ce bc ce bf cf 82'],
  ['cyrillic', 'd0 bc d0 b8 d1 80'],
  ['hebrew', 'd7 a9 d7 9c d7 95 d7 9d'],
  ['arabic', 'd8 b3 d9 84 d8 a7 d9 85'],
  ['hindi', 'e0 a4 a8 e0 a4 ae e0 a4 b8 e0 a5 8d e0 a4 a4 e0 a5 87'],
  ['chinese', 'e4 bd a0 e5 a5 bd'],
  ['korean', 'ec 95 88 eb 85 95'],
  ['combining-accent', '65 cc 81'],
  ['smile', 'f0 9f 98 80'],
  ['family-joined', 'f0 9f 91 a9 e2 80 8d f0 9f 91 a7'],
  ['gothic', 'f0 90 8d 88 f0 90 8d 89'],
  ['each-length', '24 c2 a2 e2 82 ac f0 90 8d 88'],
];

/**
 * What is not UTF-8, with the number of bytes behind which nothing that follows can make it so (RFC 3629 §4: `UTF8-2` to
 * `UTF8-4` tell which second bytes each first byte allows).
 */
const INVALID: readonly (readonly [name: string, bytes: string, doomed: number])[] = [
  ['continuation-first', '80', 1],
  ['continuation-last', 'bf', 1],
  ['continuation-twice', '80 bf', 1],
  ['continuation-behind-a-character', 'c3 a4 a4', 3],
  ['overlong-nul-in-2', 'c0 80', 1],
  ['overlong-slash-in-2', 'c0 af', 1],
  ['overlong-delete-in-2', 'c1 bf', 1],
  ['overlong-nul-in-3', 'e0 80 80', 2],
  ['overlong-slash-in-3', 'e0 80 af', 2],
  ['overlong-last-in-3', 'e0 9f bf', 2],
  ['overlong-nul-in-4', 'f0 80 80 80', 2],
  ['overlong-slash-in-4', 'f0 80 80 af', 2],
  ['overlong-last-in-4', 'f0 8f bf bf', 2],
  ['of-5-bytes', 'f8 88 80 80 80', 1],
  ['overlong-slash-in-5', 'f8 80 80 80 af', 1],
  ['of-6-bytes', 'fc 84 80 80 80 80', 1],
  ['overlong-slash-in-6', 'fc 80 80 80 80 af', 1],
  ['surrogate-first-high', 'ed a0 80', 2],
  ['surrogate-last-high', 'ed af bf', 2],
  ['surrogate-first-low', 'ed b0 80', 2],
  ['surrogate-last-low', 'ed bf bf', 2],
  ['surrogate-pair', 'ed a0 bd ed b8 80', 2],
  ['first-beyond-unicode', 'f4 90 80 80', 2],
  ['last-beyond-in-4', 'f7 bf bf bf', 1],
  ['f5', 'f5 80 80 80', 1],
  ['fe', 'fe', 1],
  ['ff', 'ff', 1],
  ['fe-and-ff', 'fe fe ff ff', 1],
  ['blank-behind-c3', 'c3 20', 2],
  ['first-byte-behind-c3', 'c3 c3', 2],
  ['blank-behind-e2', 'e2 20', 2],
  ['blank-behind-e2-82', 'e2 82 20', 3],
  ['first-byte-behind-e2-82', 'e2 82 c3', 3],
  ['blank-behind-f0', 'f0 20', 2],
  ['blank-behind-f0-9f', 'f0 9f 20', 3],
  ['blank-behind-f0-9f-98', 'f0 9f 98 20', 4],
  ['first-byte-behind-f0-9f-98', 'f0 9f 98 f0', 4],
];

/** Characters that are not finished: right so far, and wrong where the message ends here. */
const UNFINISHED: readonly (readonly [name: string, bytes: string, rest: string])[] = [
  ['1-of-2', 'c3', 'a4'],
  ['1-of-3', 'e2', '82 ac'],
  ['2-of-3', 'e2 82', 'ac'],
  ['1-of-4', 'f0', '9f 98 80'],
  ['2-of-4', 'f0 9f', '98 80'],
  ['3-of-4', 'f0 9f 98', '80'],
];

/** The 66 code points that are no characters, the first 32 of them as one: UTF-8 encodes them like any other. */
const NONCHARACTERS = Array.from({ length: 17 }, (_, plane) => [
  plane * 0x10000 + 0xfffe,
  plane * 0x10000 + 0xffff,
]).flat();

/** Letters in front of the fault: around what a vector of 16, 32 or 64 bytes takes. */
const BEFORE = [
  0, 1, 14, 15, 16, 17, 30, 31, 32, 47, 48, 62, 63, 64, 65, 127, 128, 1000, 4095, 65_535,
] as const;

const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

export const UTF8: readonly Case[] = [
  ...VALID.flatMap(([name, digits]): Case[] => {
    const bytes = hex(digits);
    const fragments = Array.from(bytes, (byte, index) => {
      const fin = index === bytes.length - 1 ? 0x80 : 0;
      return frame(fin + (index === 0 ? OP.text : OP.continuation), Uint8Array.of(byte));
    });
    return [
      {
        id: `utf8/valid/${name}`,
        section: '§8.1',
        says: 'Text that is UTF-8 comes back, no byte of it changed.',
        steps: [send(text(bytes)), expect(isText(bytes))],
        ending: CLOSING_HANDSHAKE,
      },
      {
        id: `utf8/valid-in-fragments/${name}`,
        section: '§5.6',
        says: 'A fragment may end in the middle of a character: the message as a whole is UTF-8.',
        steps: [send(...fragments), expect(isText(bytes))],
        ending: CLOSING_HANDSHAKE,
      },
      {
        id: `utf8/valid-in-octets/${name}`,
        section: '§8.1',
        says: 'Characters that arrive byte by byte are not taken for broken.',
        steps: [
          sendIn(1, text(join(letters(20), bytes, letters(5)))),
          expect(isText(join(letters(20), bytes, letters(5)))),
        ],
        ending: CLOSING_HANDSHAKE,
      },
    ];
  }),
  {
    id: 'utf8/valid/noncharacters',
    section: '§8.1',
    says: 'Code points that Unicode gives to no character are UTF-8 all the same.',
    steps: [...NONCHARACTERS, ...Array.from({ length: 32 }, (_, index) => 0xfdd0 + index)].flatMap((code) => [
      send(text(String.fromCodePoint(code))),
      expect(isText(String.fromCodePoint(code))),
    ]),
    ending: CLOSING_HANDSHAKE,
  },
  ...INVALID.flatMap(([name, digits, doomed]): Case[] => {
    const bytes = hex(digits);
    return [
      {
        id: `utf8/invalid/${name}`,
        section: '§8.1',
        says: 'Text that is not UTF-8 fails the connection with 1007, and is not answered.',
        steps: [send(text(join(letters(3), bytes, letters(3))))],
        ending: failed(1007),
      },
      {
        id: `utf8/fail-fast/${name}`,
        section: '§8.1',
        says: `Byte ${doomed} of the sequence dooms it: the close frame comes while the rest of the frame is held back.`,
        steps: [send(text(join(letters(3), bytes.subarray(0, doomed)), { length: 3 + bytes.length + 40 }))],
        ending: failed(1007),
      },
      {
        id: `utf8/fail-fast-in-fragment/${name}`,
        section: '§8.1',
        says: `What came before byte ${doomed} could still be mended, and a ping is answered; that byte, in a fragment that is not the last, fails the connection at once.`,
        steps: [
          send(textBegins(join(letters(3), bytes.subarray(0, doomed - 1)))),
          ...nothingElse('so far'),
          send(goesOn(bytes.subarray(doomed - 1, doomed))),
        ],
        ending: failed(1007),
      },
    ];
  }),
  ...UNFINISHED.flatMap(([name, digits, rest]): Case[] => [
    {
      id: `utf8/unfinished/${name}-at-the-end`,
      section: '§8.1',
      says: 'A message must not end in the middle of a character.',
      steps: [send(text(join(letters(3), hex(digits))))],
      ending: failed(1007),
    },
    {
      id: `utf8/unfinished/${name}-at-the-end-of-fragments`,
      section: '§8.1',
      says: 'A message in fragments must not end in the middle of a character, not even with an empty fragment.',
      steps: [send(textBegins(hex(digits))), ...nothingElse('so far'), send(ends(''))],
      ending: failed(1007),
    },
    {
      id: `utf8/unfinished/${name}-and-finished`,
      section: '§5.6',
      says: 'A character that a fragment leaves unfinished is finished by the next, pings between them or not.',
      steps: [
        send(textBegins(hex(digits))),
        ...nothingElse('so far'),
        send(ends(hex(rest))),
        expect(isText(join(hex(digits), hex(rest)))),
      ],
      ending: CLOSING_HANDSHAKE,
    },
    {
      id: `utf8/unfinished/${name}-and-no-binary`,
      section: '§5.6',
      says: 'Bytes that end in the middle of a character are a binary message like any other.',
      steps: [send(binary(hex(digits))), expect(isBinary(hex(digits)))],
      ending: CLOSING_HANDSHAKE,
    },
  ]),
  ...BEFORE.flatMap((before): Case[] => [
    {
      id: `utf8/fail-fast-after-${before}-bytes`,
      section: '§8.1',
      says: `A byte that is never UTF-8, behind ${before} letters, fails the connection before the rest of the frame is here.`,
      steps: () => [send(text(join(letters(before), hex('ff')), { length: before + 200 }))],
      ending: failed(1007),
    },
    {
      id: `utf8/character-after-${before}-bytes`,
      section: '§8.1',
      says: `A character of four bytes behind ${before} letters comes back.`,
      steps: () => {
        const message = join(letters(before), hex('f0 9f 98 80'), letters(7));
        return [send(text(message)), expect(isText(message))];
      },
      ending: CLOSING_HANDSHAKE,
    },
  ]),
  {
    id: 'utf8/fail-fast-in-octets',
    section: '§8.1',
    says: 'Text that arrives byte by byte is failed at the byte that dooms it, with the rest held back.',
    steps: [sendIn(1, text(hex('48 c3 a4 e2 82 ac ed a0'), { length: 100 }))],
    ending: failed(1007),
  },
  {
    id: 'utf8/second-message',
    section: '§8.1',
    says: 'A message that is UTF-8 is answered; the next, which is not, fails the connection.',
    steps: [send(text('good')), expect(isText('good')), send(text(hex('c3 28')))],
    ending: failed(1007),
  },
  {
    id: 'utf8/state-is-per-message',
    section: '§8.1',
    says: 'A message begins anew: what a binary message ended with is nothing to the text behind it.',
    steps: [send(binary(hex('e2 82'))), expect(isBinary(hex('e2 82'))), send(text(hex('ac')))],
    ending: failed(1007),
  },
];
