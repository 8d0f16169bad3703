import {
  binary,
  binaryBegins,
  type Case,
  CLOSING_HANDSHAKE,
  ends,
  expect,
  failed,
  goesOn,
  isBinary,
  isEcho,
  isText,
  letters,
  octets,
  type Step,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';
import { PLAIN } from '../parameters.js';

const LIMIT = 65_536;

/** Lengths that a head announces, with no payload behind it. */
const ANNOUNCED: readonly (readonly [name: string, says: string, length: string])[] = [
  ['one-more', 'one byte more than the limit', '00 00 00 00 00 01 00 01'],
  ['4-gib', '2^32 bytes', '00 00 00 01 00 00 00 00'],
  ['8-pib', '2^53 bytes', '00 20 00 00 00 00 00 00'],
  ['most', '2^63 − 1 bytes', '7f ff ff ff ff ff ff ff'],
];

const KINDS = ['text', 'binary'] as const;
const payloadOf = (kind: 'text' | 'binary', length: number): Uint8Array =>
  kind === 'text' ? letters(length) : octets(length);

const KIB = 1024;
const MIB = 1_048_576;

function sized(bytes: number): string {
  if (bytes < KIB) return `${bytes}-b`;
  return bytes < MIB ? `${bytes / KIB}-kib` : `${bytes / MIB}-mib`;
}

function timed(name: string, says: string, steps: () => readonly Step[], compressed = false): Case {
  return {
    id: `limits/${name}`,
    section: '§5.4',
    says,
    steps,
    ending: CLOSING_HANDSHAKE,
    timed: true,
    ...(compressed ? { opening: { server: PLAIN.server, client: PLAIN.client } } : {}),
  };
}

const roundTrip = (kind: 'text' | 'binary', payload: Uint8Array): Step[] => [
  { do: 'message', kind, payload },
  expect(isEcho(kind, payload)),
];

export const LIMITS: readonly Case[] = [
  ...KINDS.flatMap((kind): Case[] => [
    {
      id: `limits/${kind}-at-the-limit`,
      section: '§10.4',
      says: `A ${kind} message as long as the tested side allows is taken.`,
      steps: () => [
        { do: 'message', kind, payload: payloadOf(kind, LIMIT) },
        expect(isEcho(kind, payloadOf(kind, LIMIT))),
      ],
      ending: CLOSING_HANDSHAKE,
      maxPayload: LIMIT,
    },
    {
      id: `limits/${kind}-over-the-limit`,
      section: '§10.4',
      says: `A ${kind} message one byte longer than the tested side allows fails the connection with 1009.`,
      steps: () => [{ do: 'message', kind, payload: payloadOf(kind, LIMIT + 1) }],
      ending: failed(1009),
      maxPayload: LIMIT,
    },
  ]),
  ...ANNOUNCED.map(
    ([name, says, extendedLength]): Case => ({
      id: `limits/announced-${name}`,
      section: '§10.4',
      says: `A head that announces ${says} is enough: nobody waits for them.`,
      steps: [send(binary('', { extendedLength }))],
      ending: failed(1009),
      maxPayload: LIMIT,
    }),
  ),
  {
    id: 'limits/fragments-at-the-limit',
    section: '§10.4',
    says: 'The limit is for the message, not for each fragment: as much as it allows is taken.',
    steps: () => [
      send(binaryBegins(octets(30_000)), goesOn(octets(30_000)), ends(octets(LIMIT - 60_000))),
      expect(isBinary(Buffer.concat([octets(30_000), octets(30_000), octets(LIMIT - 60_000)]))),
    ],
    ending: CLOSING_HANDSHAKE,
    maxPayload: LIMIT,
  },
  {
    id: 'limits/fragments-over-the-limit',
    section: '§10.4',
    says: 'Fragments that are longer than the limit together fail the connection, by the head that passes it.',
    steps: () => [
      send(binaryBegins(octets(30_000)), goesOn(octets(30_000)), goesOn('', { length: LIMIT - 60_000 + 1 })),
    ],
    ending: failed(1009),
    maxPayload: LIMIT,
  },
  {
    id: 'limits/each-message-by-itself',
    section: '§10.4',
    says: 'The limit is for each message by itself.',
    steps: () =>
      [1, 2, 3].flatMap((): Step[] => [send(text(letters(LIMIT))), expect(isText(letters(LIMIT)))]),
    ending: CLOSING_HANDSHAKE,
    maxPayload: LIMIT,
  },
  {
    id: 'limits/empty-fragments',
    section: '§5.4',
    says: 'Ten thousand empty fragments add nothing to a message.',
    steps: () => [
      send(textBegins('a'), ...Array.from({ length: 10_000 }, () => goesOn()), ends('b')),
      expect(isText('ab')),
    ],
    ending: CLOSING_HANDSHAKE,
  },
  ...KINDS.flatMap((kind) => [
    ...[64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB].map((length) =>
      timed(`${kind}-of-${sized(length)}`, `A ${kind} message of ${length} bytes comes back.`, () =>
        roundTrip(kind, payloadOf(kind, length)),
      ),
    ),
    ...[64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB].map((fragment) =>
      timed(
        `${kind}-of-1-mib-in-fragments-of-${sized(fragment)}`,
        `A ${kind} message of 1 MiB in frames of ${fragment} bytes comes back.`,
        () => [
          { do: 'message', kind, payload: payloadOf(kind, MIB), fragment },
          expect(isEcho(kind, payloadOf(kind, MIB))),
        ],
      ),
    ),
    ...[64, 128, 256, 512, KIB, 2 * KIB].map((pieces) =>
      timed(
        `${kind}-of-256-kib-chopped-by-${pieces}`,
        `A ${kind} message of 256 KiB that arrives ${pieces} bytes at a time comes back.`,
        () => [
          sendIn(pieces, (kind === 'text' ? text : binary)(payloadOf(kind, 256 * KIB))),
          expect(isEcho(kind, payloadOf(kind, 256 * KIB))),
        ],
      ),
    ),
    ...(
      [
        [0, 1000],
        [16, 1000],
        [64, 1000],
        [256, 1000],
        [KIB, 1000],
        [4 * KIB, 500],
        [16 * KIB, 200],
        [64 * KIB, 100],
      ] as const
    ).map(([length, times]) =>
      timed(
        `${times}-times-${kind}-of-${sized(length)}`,
        `${times} ${kind} messages of ${length} bytes, each sent when the one before came back, all come back.`,
        () => Array.from({ length: times }, () => roundTrip(kind, payloadOf(kind, length))).flat(),
      ),
    ),
    timed(
      `${kind}-of-16-mib-compressed`,
      `A ${kind} message of 16 MiB, compressed, comes back.`,
      () => roundTrip(kind, payloadOf(kind, 16 * MIB)),
      true,
    ),
  ]),
];
