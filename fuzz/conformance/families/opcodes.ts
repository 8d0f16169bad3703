import {
  type Case,
  expect,
  failed,
  frame,
  isText,
  nothingElse,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';

/** §5.2: "%x3-7 are reserved for further non-control frames", "%xB-F are reserved for further control frames". */
const RESERVED = [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] as const;
const SAYS = 'An opcode that is reserved fails the connection';

export const OPCODES: readonly Case[] = RESERVED.flatMap((opcode): Case[] => {
  const name = `opcodes/${opcode.toString(16)}`;
  const first = 0x80 + opcode;
  return [
    {
      id: `${name}-empty`,
      section: '§5.2',
      says: `${SAYS}, without a payload.`,
      steps: [send(frame(first))],
      ending: failed(1002),
    },
    {
      id: `${name}-with-payload`,
      section: '§5.2',
      says: `${SAYS}, with a payload.`,
      steps: [send(frame(first, 'what is it?'))],
      ending: failed(1002),
    },
    {
      id: `${name}-in-octets`,
      section: '§5.2',
      says: `${SAYS}, byte by byte as in one piece.`,
      steps: [sendIn(1, frame(first, 'what is it?'))],
      ending: failed(1002),
    },
    {
      id: `${name}-not-final`,
      section: '§5.2',
      says: `${SAYS}, as a fragment too.`,
      steps: [send(frame(opcode, 'what is it?'))],
      ending: failed(1002),
    },
    {
      id: `${name}-by-its-head`,
      section: '§5.2',
      says: `${SAYS} by the head of its frame: nobody waits for the payload.`,
      steps: [send(frame(first, '', { length: 100 }))],
      ending: failed(1002),
    },
    {
      id: `${name}-behind-a-message`,
      section: '§5.2',
      says: `${SAYS}; the message that came before it was answered, the one behind it is not.`,
      steps: [send(text('good')), expect(isText('good')), send(frame(first, 'bad'), text('late'))],
      ending: failed(1002),
    },
    {
      id: `${name}-inside-a-message`,
      section: '§5.2',
      says: `${SAYS} between two fragments as well.`,
      steps: [send(textBegins('begun')), ...nothingElse('so far'), send(frame(first, 'bad'))],
      ending: failed(1002),
    },
  ];
});
