import {
  type Case,
  ends,
  expect,
  failed,
  frame,
  goesOn,
  isText,
  nothingElse,
  OP,
  send,
  text,
  textBegins,
} from '../case.js';

const COMBINATIONS = [1, 2, 3, 4, 5, 6, 7] as const;

/** RSV1 is the highest of the three. */
function nameOf(bits: number): string {
  return [1, 2, 3]
    .filter((number) => bits & (8 >> number))
    .map((number) => `rsv${number}`)
    .join('-');
}

const KINDS = ['text', 'binary', 'ping', 'pong', 'close'] as const;
const SAYS = 'A reserved bit that no extension gave a meaning to fails the connection.';

export const RESERVED_BITS: readonly Case[] = COMBINATIONS.flatMap((bits): Case[] => {
  const name = nameOf(bits);
  const rsv = bits * 16;
  return [
    ...KINDS.map(
      (kind): Case => ({
        id: `reserved-bits/${name}-on-${kind}`,
        section: '§5.2',
        says: `${SAYS} Here it stands on a ${kind} frame.`,
        steps: [send(frame(0x80 + rsv + OP[kind], kind === 'close' ? Uint8Array.of(0x03, 0xe8) : 'payload'))],
        ending: failed(1002),
      }),
    ),
    {
      id: `reserved-bits/${name}-on-empty-text`,
      section: '§5.2',
      says: `${SAYS} The frame has no payload.`,
      steps: [send(frame(0x80 + rsv + OP.text))],
      ending: failed(1002),
    },
    {
      id: `reserved-bits/${name}-on-first-fragment`,
      section: '§5.2',
      says: `${SAYS} It stands on a frame that begins a message, and nobody waits for the rest.`,
      steps: [send(frame(rsv + OP.text, 'begun'))],
      ending: failed(1002),
    },
    {
      id: `reserved-bits/${name}-on-continuation`,
      section: '§5.2',
      says: `${SAYS} It stands on a continuation; the ping in front of it was still answered.`,
      steps: [
        send(textBegins('begun')),
        ...nothingElse('so far'),
        send(frame(rsv + OP.continuation, 'more')),
      ],
      ending: failed(1002),
    },
    {
      id: `reserved-bits/${name}-behind-a-message`,
      section: '§5.2',
      says: `${SAYS} A message that came before was answered, and the frame behind it is not.`,
      steps: [
        send(text('good')),
        expect(isText('good')),
        send(frame(0x80 + rsv + OP.text, 'bad'), text('late')),
      ],
      ending: failed(1002),
    },
    {
      id: `reserved-bits/${name}-by-its-head`,
      section: '§5.2',
      says: `${SAYS} The head says so: nobody waits for the payload.`,
      steps: [send(frame(0x80 + rsv + OP.binary, '', { length: 1000 }))],
      ending: failed(1002),
    },
    {
      id: `reserved-bits/${name}-on-last-fragment`,
      section: '§5.2',
      says: `${SAYS} It stands on the last frame of a message, which is not answered.`,
      steps: [
        send(textBegins('one '), goesOn('two '), frame(0x80 + rsv + OP.continuation, 'three'), ends('four')),
      ],
      ending: failed(1002),
    },
  ];
});
