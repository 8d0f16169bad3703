import {
  binary,
  type Case,
  close,
  closed,
  ends,
  expect,
  failed,
  frame,
  goesOn,
  isBinary,
  isPong,
  isText,
  letters,
  type Opening,
  octets,
  ping,
  type Step,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';
import { PARAMETERS, type ParameterSet, PLAIN } from '../parameters.js';
import { PAYLOAD_KINDS } from '../payloads.js';

/*
 * §5.5.1: nothing follows a close frame, and so it goes behind the answers to all that came before it. Each of these
 * sends a close frame in one write with what is still to be answered.
 */

const LONG = 262_144;
const MANY = 500;

/** Messages, each of them in one frame. */
const many = (): Uint8Array[] => Array.from({ length: MANY }, (_, index) => letters(1 + (index % 120)));

export const CLOSING_ORDER: readonly Case[] = [
  {
    id: 'closing/behind-messages-in-one-write',
    section: '§5.5.1',
    says: 'Messages that arrive with a close frame behind them are answered before the close frame is.',
    steps: [
      send(text('a'), binary('bc'), text('def'), close(1000)),
      expect(isText('a'), isBinary('bc'), isText('def')),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-many-messages-in-one-write',
    section: '§5.5.1',
    says: `So are ${MANY} of them.`,
    steps: () => [
      send(...many().map((payload) => text(payload)), close(1000)),
      expect(...many().map((payload) => isText(payload))),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-a-megabyte',
    section: '§5.5.1',
    says: 'A message of 1 MiB is answered in full before the close frame behind it is.',
    steps: () => [send(binary(octets(1_048_576)), close(1001)), expect(isBinary(octets(1_048_576)))],
    ending: closed(1001),
  },
  {
    id: 'closing/behind-a-long-text',
    section: '§5.5.1',
    says: 'A long text is answered in full, and so is the short one behind it, before the close frame is.',
    steps: () => [
      send(text(letters(LONG)), text('small'), close(1000)),
      expect(isText(letters(LONG)), isText('small')),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-a-long-message-in-pieces',
    section: '§5.5.1',
    says: 'A long message that arrives in pieces is answered in full before the close frame in the last of them is.',
    steps: () => [sendIn(50_000, binary(octets(LONG)), close(1000)), expect(isBinary(octets(LONG)))],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-fragments-in-one-write',
    section: '§5.4',
    says: 'A message in fragments is answered as a whole before the close frame behind it is.',
    steps: [
      send(textBegins('one, '), goesOn('two, '), ends('three'), close(1000)),
      expect(isText('one, two, three')),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-long-fragments',
    section: '§5.4',
    says: 'A long message in fragments is answered as a whole before the close frame behind it is.',
    steps: () => [
      send(textBegins(letters(LONG)), goesOn(letters(LONG)), ends('end'), close(3000)),
      expect(isText(Buffer.concat([letters(LONG), letters(LONG), Buffer.from('end')]))),
    ],
    ending: closed(3000),
  },
  {
    id: 'closing/behind-pings',
    section: '§5.5.2',
    says: 'Pings are answered until the close frame; of several the last is.',
    steps: [
      send(ping('one'), ping('two'), ping('three'), close(1000)),
      expect({ kind: 'pongs', payloads: ['one', 'two', 'three'].map((each) => Buffer.from(each)) }),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-a-message-and-a-ping',
    section: '§5.5.2',
    says: 'A message and a ping are answered before the close frame behind them is.',
    steps: () => [
      send(binary(octets(300)), ping('asked'), close(1000)),
      expect(isBinary(octets(300)), isPong('asked')),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/behind-a-ping-inside-a-message',
    section: '§5.4',
    says: 'A ping between fragments is answered, and the close frame between them as the last of all.',
    steps: [send(textBegins('begun'), ping('asked'), close(1000), ends('too late')), expect(isPong('asked'))],
    ending: closed(1000),
  },
  {
    id: 'closing/pinged-until-the-end',
    section: '§5.5.2',
    says: 'Pings between the fragments of a message are answered; the message is, and then its close frame.',
    steps: [
      send(textBegins('one, '), ping('first')),
      expect(isPong('first')),
      send(goesOn('two, '), ping('second')),
      expect(isPong('second')),
      send(ends('three'), close(1000)),
      expect(isText('one, two, three')),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/twice-behind-a-long-message',
    section: '§5.5.1',
    says: 'Behind a long message the first of two close frames is answered, and nothing that follows it.',
    steps: () => [
      send(binary(octets(LONG)), close(1000), close(1001), ping('late'), text('late')),
      expect(isBinary(octets(LONG))),
    ],
    ending: closed(1000),
  },
  {
    id: 'closing/crossing-a-failure',
    section: '§7.1.7',
    says: 'The close frame of who fails the connection is its only one: that of the other side crosses it.',
    steps: [send(frame(0x83), close(1000))],
    ending: failed(1002),
  },
  {
    id: 'closing/crossing-a-failure-later',
    section: '§7.1.7',
    says: 'Nor is one answered that comes later.',
    steps: [send(frame(0x83)), sendIn(1, close(1000), ping('late'))],
    ending: failed(1002),
  },
  {
    id: 'closing/failure-behind-messages',
    section: '§7.1.7',
    says: 'Messages are answered before the connection fails at what is behind them.',
    steps: () => [
      send(text('a'), binary(octets(LONG)), frame(0x83), close(1000)),
      expect(isText('a'), isBinary(octets(LONG))),
    ],
    ending: failed(1002),
  },
  {
    id: 'closing/crossing-a-limit',
    section: '§7.4.1',
    says: 'A message over the limit fails the connection behind the answer to what came before; one close frame is sent.',
    steps: () => [send(text('a'), binary(octets(2000)), close(1000)), expect(isText('a'))],
    ending: failed(1009),
    maxPayload: 1000,
  },
];

const openingOf = ({ server, client }: ParameterSet): { server: Opening; client: Opening } => ({
  server,
  client,
});

/** Around the length from which an implementation may compress bit by bit. */
const LENGTHS = [1000, 65_536, 65_537, LONG, 1_048_576] as const;

const compressed = (
  name: string,
  says: string,
  steps: () => readonly Step[],
  ending = closed(1000),
): Case => ({
  id: `compression/closing/${name}`,
  section: '§5.5.1',
  says,
  steps,
  ending,
  opening: openingOf(PLAIN),
});

/** Parameters of each kind: none, and all of them. */
const SETS = PARAMETERS.filter(({ name }) => name === 'both-anew' || name === 'all-four');

export const COMPRESSED_ORDER: readonly Case[] = [
  ...PAYLOAD_KINDS.flatMap((payloads) =>
    LENGTHS.map((length): Case => {
      const payload = (): Uint8Array => payloads.make(length, 1);
      return compressed(
        `${payloads.name}/of-${length}`,
        `A compressed message of ${length} bytes (${payloads.says}) is answered in full before the close frame in the same write is.`,
        () => [
          { do: 'message', kind: payloads.kind, payload: payload(), behind: [close(1000)] },
          expect({ kind: payloads.kind, payload: payload() }),
        ],
      );
    }),
  ),
  ...SETS.map((set): Case => {
    const payload = (): Uint8Array => letters(LONG);
    return {
      id: `compression/closing/${set.name}`,
      section: '§5.5.1',
      says: `${set.says} A long message is answered in full before the close frame in the same write is.`,
      steps: () => [
        { do: 'message', kind: 'text', payload: payload(), behind: [close(1000)] },
        expect(isText(payload())),
      ],
      ending: closed(1000),
      opening: openingOf(set),
    };
  }),
  compressed(
    'behind-a-small-one',
    'A long message, and a short one that is not compressed, are answered before the close frame behind them is.',
    () => [
      { do: 'message', kind: 'binary', payload: octets(LONG), behind: [text('small'), close(1000)] },
      expect(isBinary(octets(LONG)), isText('small')),
    ],
  ),
  compressed(
    'behind-one-that-is-not-compressed',
    'A long message that was not sent compressed is answered, in whatever way, before the close frame behind it is.',
    () => [send(text(letters(LONG)), close(1000)), expect(isText(letters(LONG)))],
  ),
  compressed(
    'behind-two-long-ones',
    'Two long messages are answered in order, and the close frame in the write of the second behind both.',
    () => [
      { do: 'message', kind: 'binary', payload: octets(LONG) },
      { do: 'message', kind: 'text', payload: letters(LONG), behind: [close(1000)] },
      expect(isBinary(octets(LONG)), isText(letters(LONG))),
    ],
  ),
  compressed(
    'behind-fragments',
    'A compressed message in fragments is answered as a whole before the close frame behind it is.',
    () => [
      { do: 'message', kind: 'binary', payload: octets(LONG), fragment: 4096, behind: [close(1000)] },
      expect(isBinary(octets(LONG))),
    ],
  ),
  compressed(
    'twice',
    'Behind the answer to a long message nothing follows the answer to the first close frame.',
    () => [
      {
        do: 'message',
        kind: 'text',
        payload: letters(LONG),
        behind: [close(1000), ping('late'), text('late'), close(1001)],
      },
      expect(isText(letters(LONG))),
    ],
  ),
  compressed(
    'of-another-write',
    'A close frame that arrives while a long answer is on its way is answered behind it.',
    () => [
      { do: 'message', kind: 'binary', payload: octets(1_048_576) },
      sendIn(1, close(1000)),
      expect(isBinary(octets(1_048_576))),
    ],
  ),
];
