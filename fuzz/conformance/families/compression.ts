import {
  type Case,
  CLOSING_HANDSHAKE,
  type Ending,
  ends,
  expect,
  failed,
  frame,
  goesOn,
  hex,
  isBinary,
  isEcho,
  isText,
  nothingElse,
  OP,
  type Opening,
  type Step,
  send,
  sendIn,
} from '../case.js';
import { PARAMETERS, type ParameterSet, PLAIN } from '../parameters.js';
import { PAYLOAD_KINDS, type PayloadKind, RECORDS, RECURRING } from '../payloads.js';

const LENGTHS = [16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072] as const;

/** Payload lengths of messages, and of the frames that they are sent in. */
const IN_FRAGMENTS = [
  [1024, 16],
  [16_384, 256],
  [131_072, 4096],
] as const;

/** Long messages are sent a few times, short ones often. */
function timesFor(length: number): number {
  return length <= 1024 ? 20 : length <= 16_384 ? 8 : 4;
}

/** Messages of which each two are the same, so that a sender which may look back does. */
function exchange(payloads: PayloadKind, length: number, fragment?: number): Step[] {
  return Array.from({ length: timesFor(length) }, (_, index) => payloads.make(length, index >> 1)).flatMap(
    (payload): Step[] => [
      { do: 'message', kind: payloads.kind, payload, ...(fragment === undefined ? {} : { fragment }) },
      expect(isEcho(payloads.kind, payload)),
    ],
  );
}

const openingOf = ({ server, client }: ParameterSet): { server: Opening; client: Opening } => ({
  server,
  client,
});

const RSV1 = 0x40;
/** The rules of the data are the extension's; which code tells of it, RFC 7692 leaves open. */
const BAD_DATA: Ending = failed(1007, 1002);

const plain = (
  name: string,
  section: string,
  says: string,
  steps: readonly Step[],
  ending = CLOSING_HANDSHAKE,
): Case => ({
  id: `compression/${name}`,
  section,
  says,
  steps,
  ending,
  opening: openingOf(PLAIN),
});

const compressedText = (digits: string): ReturnType<typeof frame> =>
  frame(0x80 + RSV1 + OP.text, hex(digits));

/** The examples of RFC 7692 §7.2.3, and what else a compressed message may look like. Each is `Hello`. */
const HELLOS: readonly (readonly [name: string, section: string, says: string, digits: string])[] = [
  ['one-block', '7.2.3.1', 'A message in one compressed block is inflated.', 'f2 48 cd c9 c9 07 00'],
  ['stored-block', '7.2.3.3', 'A block may hold its bytes as they are.', '00 05 00 fa ff 48 65 6c 6c 6f 00'],
  [
    'final-block',
    '7.2.3.4',
    'A block that is marked as final is inflated like any other.',
    'f3 48 cd c9 c9 07 00 00',
  ],
  ['two-blocks', '7.2.3.5', 'A message may have two blocks.', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'],
  [
    'empty-stored-blocks-before',
    '7.2.1',
    'Empty blocks in front of a message add nothing to it.',
    '00 00 00 ff ff 00 00 00 ff ff f2 48 cd c9 c9 07 00',
  ],
];

const RULES: readonly Case[] = [
  ...HELLOS.flatMap(([name, section, says, digits]) => [
    plain(`hello/${name}`, `RFC 7692 §${section}`, says, [
      send(compressedText(digits)),
      expect(isText('Hello')),
    ]),
    plain(`hello/${name}-in-octets`, `RFC 7692 §${section}`, `${says} It arrives byte by byte.`, [
      sendIn(1, compressedText(digits)),
      expect(isText('Hello')),
    ]),
  ]),
  plain(
    'hello/in-fragments',
    'RFC 7692 §7.2.3.1',
    'The frames of a message are inflated as one; RSV1 stands on the first.',
    [send(frame(RSV1 + OP.text, hex('f2 48 cd')), ends(hex('c9 c9 07 00'))), expect(isText('Hello'))],
  ),
  plain(
    'hello/in-fragments-of-one-byte',
    'RFC 7692 §6.1',
    'Fragments may be of any length, empty ones included.',
    [
      send(
        frame(RSV1 + OP.text, hex('f2')),
        goesOn(),
        ...['48', 'cd', 'c9', 'c9', '07', '00'].map((byte) => goesOn(hex(byte))),
        ends(),
      ),
      expect(isText('Hello')),
    ],
  ),
  plain(
    'hello/with-pings-between',
    'RFC 7692 §6',
    'Control frames between compressed fragments are not compressed.',
    [
      send(frame(RSV1 + OP.text, hex('f2 48 cd'))),
      ...nothingElse('plain'),
      send(ends(hex('c9 c9 07 00'))),
      expect(isText('Hello')),
    ],
  ),
  plain('hello/by-the-window', 'RFC 7692 §7.2.3.2', 'A message may refer to the one before.', [
    send(compressedText('f2 48 cd c9 c9 07 00')),
    expect(isText('Hello')),
    send(compressedText('f2 00 11 00 00')),
    expect(isText('Hello')),
  ]),
  plain('hello/as-binary', 'RFC 7692 §6', 'Binary messages are compressed just so.', [
    send(frame(0x80 + RSV1 + OP.binary, hex('f2 48 cd c9 c9 07 00'))),
    expect(isBinary('Hello')),
  ]),
  plain('empty', 'RFC 7692 §7.2.3.6', 'An empty message is compressed to one byte.', [
    send(compressedText('00')),
    expect(isText('')),
  ]),
  plain('empty-final-block', 'RFC 7692 §7.2.3.4', 'An empty message may be a final block as well.', [
    send(compressedText('03 00 00')),
    expect(isText('')),
  ]),
  plain(
    'not-compressed',
    'RFC 7692 §6',
    'A message without RSV1 is not compressed, whatever was agreed on.',
    [send(frame(0x80 + OP.text, 'Hello')), expect(isText('Hello'))],
  ),
  plain(
    'not-compressed-in-fragments',
    'RFC 7692 §6',
    'Nor is a message in fragments, whose first has no RSV1.',
    [send(frame(OP.text, 'Hel'), ends('lo')), expect(isText('Hello'))],
  ),
  plain(
    'some-not-compressed',
    'RFC 7692 §7.2.3.2',
    'A message that is not compressed leaves the window alone.',
    [
      send(compressedText('f2 48 cd c9 c9 07 00')),
      expect(isText('Hello')),
      send(frame(0x80 + OP.text, 'between')),
      expect(isText('between')),
      send(compressedText('f2 00 11 00 00')),
      expect(isText('Hello')),
    ],
  ),
  ...(['ping', 'pong', 'close'] as const).map((kind) =>
    plain(
      `rsv1-on-${kind}`,
      'RFC 7692 §6.1',
      'RSV1 must not be set on a control frame.',
      [send(frame(0x80 + RSV1 + OP[kind], kind === 'close' ? hex('03 e8') : ''))],
      failed(1002),
    ),
  ),
  plain(
    'rsv1-on-continuation',
    'RFC 7692 §6.1',
    'RSV1 must not be set on a fragment behind the first.',
    [send(frame(RSV1 + OP.text, hex('f2 48 cd')), frame(0x80 + RSV1, hex('c9 c9 07 00')))],
    failed(1002),
  ),
  plain(
    'rsv1-on-continuation-alone',
    'RFC 7692 §6.1',
    'RSV1 on a later fragment does not make a message compressed; it fails the connection.',
    [send(frame(OP.text, 'Hel')), ...nothingElse('so far'), send(frame(0x80 + RSV1, hex('c9 c9 07 00')))],
    failed(1002),
  ),
  ...([0x10, 0x20, 0x30, 0x50, 0x60, 0x70] as const).map((bits) =>
    plain(
      `reserved-bits-${bits.toString(16)}`,
      '§5.2',
      'The extension gives a meaning to RSV1 alone; the other two still fail the connection.',
      [send(frame(0x80 + bits + OP.text, hex('f2 48 cd c9 c9 07 00')))],
      failed(1002),
    ),
  ),
  plain(
    'text-not-utf8',
    '§8.1',
    'Text is checked to be UTF-8 once it is inflated.',
    [send(compressedText('00 02 00 fd ff c3 28 00'))],
    failed(1007),
  ),
  plain(
    'text-unfinished',
    '§8.1',
    'Text that ends in the middle of a character is not UTF-8, compressed or not.',
    [send(compressedText('00 02 00 fd ff e2 82 00'))],
    failed(1007),
  ),
  plain(
    'text-fail-fast',
    '§8.1',
    'A fragment whose bytes cannot become UTF-8 fails the connection before the message is whole.',
    [send(frame(RSV1 + OP.text, hex('00 02 00 fd ff c3 28 00 00 00 ff ff')))],
    failed(1007),
  ),
  plain('characters-across-fragments', '§5.6', 'A character may be spread over compressed fragments.', [
    send(
      frame(RSV1 + OP.text, hex('00 01 00 fe ff e2')),
      goesOn(hex('00 01 00 fe ff 82')),
      ends(hex('00 01 00 fe ff ac 00')),
    ),
    expect(isText('€')),
  ]),
  plain(
    'not-deflate',
    'RFC 7692 §7.2.2',
    'Data that is not DEFLATE fails the connection: this block is of no type.',
    [send(compressedText('06 00'))],
    BAD_DATA,
  ),
  plain(
    'stored-length-wrong',
    'RFC 7692 §7.2.2',
    'Data that is not DEFLATE fails the connection: these lengths do not fit.',
    [send(compressedText('00 05 00 05 00 48 65 6c 6c 6f 00'))],
    BAD_DATA,
  ),
  plain(
    'too-far-back',
    'RFC 7692 §7.2.2',
    'Nothing was sent before the first message that it could refer to.',
    [send(compressedText('f2 00 11 00 00'))],
    BAD_DATA,
  ),
  plain(
    'broken-behind-a-good-one',
    'RFC 7692 §7.2.2',
    'A message was answered; the next, which is not DEFLATE, fails the connection.',
    [send(compressedText('f2 48 cd c9 c9 07 00')), expect(isText('Hello')), send(compressedText('06 00'))],
    BAD_DATA,
  ),
  {
    ...plain(
      'bomb',
      '§10.4',
      'A message of 64 KiB that inflates beyond the limit is stopped at the limit.',
      [{ do: 'message', kind: 'binary', payload: new Uint8Array(16_777_216) }],
      failed(1009),
    ),
    maxPayload: 1_048_576,
  },
];

export const COMPRESSION: readonly Case[] = [
  ...RULES,
  ...PAYLOAD_KINDS.flatMap((payloads) =>
    LENGTHS.map(
      (length): Case => ({
        id: `compression/${payloads.name}/of-${length}`,
        section: 'RFC 7692 §7.2',
        says: `${timesFor(length)} messages of ${length} bytes (${payloads.says}) come back as they were sent.`,
        steps: () => exchange(payloads, length),
        ending: CLOSING_HANDSHAKE,
        opening: openingOf(PLAIN),
      }),
    ),
  ),
  ...PARAMETERS.flatMap((set) => [
    ...LENGTHS.map(
      (length, index): Case => ({
        id: `compression/${set.name}/of-${length}`,
        section: `RFC 7692 §${set.section}`,
        says: `${set.says} ${timesFor(length)} messages of ${length} bytes come back, compressed by these rules.`,
        steps: () => exchange(index % 2 === 0 ? RECURRING : RECORDS, length),
        ending: CLOSING_HANDSHAKE,
        opening: openingOf(set),
      }),
    ),
    ...IN_FRAGMENTS.map(
      ([length, fragment]): Case => ({
        id: `compression/${set.name}/of-${length}-by-${fragment}`,
        section: `RFC 7692 §${set.section}`,
        says: `${set.says} Messages of ${length} bytes come back, which were sent in frames of ${fragment}.`,
        steps: () => exchange(RECURRING, length, fragment),
        ending: CLOSING_HANDSHAKE,
        opening: openingOf(set),
      }),
    ),
  ]),
];
