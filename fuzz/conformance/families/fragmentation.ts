import {
  binary,
  binaryBegins,
  type Case,
  CLOSING_HANDSHAKE,
  close,
  closed,
  ends,
  expect,
  failed,
  frame,
  goesOn,
  hex,
  isBinary,
  isPong,
  isText,
  letters,
  nothingElse,
  OP,
  octets,
  ping,
  pong,
  type Step,
  send,
  sendIn,
  text,
  textBegins,
} from '../case.js';

const works = (name: string, says: string, ...steps: readonly Step[]): Case => ({
  id: `fragmentation/${name}`,
  section: '§5.4',
  says,
  steps,
  ending: CLOSING_HANDSHAKE,
});

const fails = (name: string, section: string, says: string, ...steps: readonly Step[]): Case => ({
  id: `fragmentation/${name}`,
  section,
  says,
  steps,
  ending: failed(1002),
});

/** Messages in as many frames as there are parts. */
const PARTS: readonly (readonly [name: string, parts: readonly string[]])[] = [
  ['two', ['frag', 'ments']],
  ['three', ['frag', 'men', 'ts']],
  ['empty-first', ['', 'fragments']],
  ['empty-last', ['fragments', '']],
  ['empty-between', ['frag', '', 'ments']],
  ['all-empty', ['', '', '']],
  ['one-byte-each', [...'fragments']],
  ['of-126-and-127', ['a'.repeat(126), 'b'.repeat(127)]],
  ['of-65536', ['a'.repeat(65_536), 'b']],
];

function inParts(kind: 'text' | 'binary', parts: readonly string[]): Step {
  return send(
    ...parts.map((part, index) => {
      const fin = index === parts.length - 1 ? 0x80 : 0;
      return frame(fin + (index === 0 ? OP[kind] : OP.continuation), part);
    }),
  );
}

const MANY = Array.from({ length: 1000 }, (_, index) => String(index % 10));

export const FRAGMENTATION: readonly Case[] = [
  ...PARTS.flatMap(([name, parts]) =>
    (['text', 'binary'] as const).map((kind) =>
      works(
        `${kind}-${name}`,
        `A ${kind} message in ${parts.length} fragments is one message.`,
        inParts(kind, parts),
        expect((kind === 'text' ? isText : isBinary)(parts.join(''))),
      ),
    ),
  ),
  works(
    'one-by-one',
    'Nothing is answered until the last fragment is here.',
    send(textBegins('one ')),
    ...nothingElse('1'),
    send(goesOn('two ')),
    ...nothingElse('2'),
    send(ends('three')),
    expect(isText('one two three')),
  ),
  works(
    'thousand',
    'A message may have a thousand fragments.',
    inParts('text', MANY),
    expect(isText(MANY.join(''))),
  ),
  works(
    'binary-of-all-octets',
    'Fragments of a binary message are put together without a look at their bytes.',
    send(binaryBegins(octets(300)), goesOn(hex('ff 00 80')), ends(octets(70_000))),
    expect(isBinary(Buffer.concat([octets(300), hex('ff 00 80'), octets(70_000)]))),
  ),
  works(
    'in-octets',
    'Fragments that arrive byte by byte are one message still.',
    sendIn(1, textBegins('one '), ping('between'), goesOn('two '), ends('three')),
    expect(isPong('between'), isText('one two three')),
  ),
  works(
    'ping-in-each-gap',
    'Pings in each gap are answered in their order, and before the message.',
    send(textBegins('one '), ping('1')),
    expect(isPong('1')),
    send(goesOn('two '), ping('2')),
    expect(isPong('2')),
    send(ends('three')),
    expect(isText('one two three')),
  ),
  works(
    'pong-in-the-gap',
    'A pong that nobody asked for may stand between fragments.',
    send(textBegins('one '), pong('unasked'), ends('two')),
    expect(isText('one two')),
  ),
  works(
    'ping-before-an-empty-end',
    'A ping in front of an empty last fragment is answered first.',
    send(binaryBegins(octets(9)), ping('last call'), ends('')),
    expect(isPong('last call'), isBinary(octets(9))),
  ),
  works(
    'two-messages',
    'Behind the last fragment of one message another may begin.',
    inParts('text', ['a', 'b', 'c']),
    inParts('binary', ['d', 'e']),
    expect(isText('abc'), isBinary('de')),
  ),
  works(
    'whole-behind-fragments',
    'A message in one frame may follow one in several.',
    inParts('text', ['a', 'b']),
    send(text('c'), binary('d')),
    expect(isText('ab'), isText('c'), isBinary('d')),
  ),
  works(
    'kind-of-the-first',
    'The opcode of the first fragment says what kind the message is.',
    send(binaryBegins('ab'), ends('cd')),
    expect(isBinary('abcd')),
    send(textBegins('ab'), ends('cd')),
    expect(isText('abcd')),
  ),
  works(
    'long-in-fragments-of-growing-length',
    'Fragments may have any lengths.',
    inParts(
      'text',
      [1, 10, 125, 126, 1000, 65_535, 65_536].map((length) => 'x'.repeat(length)),
    ),
    expect(isText('x'.repeat(1 + 10 + 125 + 126 + 1000 + 65_535 + 65_536))),
  ),
  {
    ...works(
      'close-inside-a-message',
      'A close frame may stand between fragments; the message is not answered any more.',
    ),
    section: '§5.5.1',
    steps: [send(textBegins(letters(100))), ...nothingElse('so far'), send(close(1000))],
    ending: closed(1000),
  },
  {
    ...works('end-inside-a-message', 'A message whose last fragment never comes is not handed out.'),
    steps: [send(textBegins('begun')), ...nothingElse('so far')],
    ending: { how: 'dropped' },
  },
  ...(['ping', 'pong', 'close'] as const).flatMap((kind) => [
    fails(
      `${kind}-in-fragments`,
      '§5.5',
      `A ${kind} frame must not be fragmented.`,
      send(frame(OP[kind], ''), ends('')),
    ),
    fails(
      `${kind}-in-fragments-at-once`,
      '§5.5',
      `A ${kind} frame without FIN fails the connection, before anything continues it.`,
      send(frame(OP[kind], 'begun')),
    ),
    fails(
      `${kind}-in-fragments-inside-a-message`,
      '§5.5',
      `A ${kind} frame must not be fragmented inside a message either.`,
      send(textBegins('begun')),
      ...nothingElse('so far'),
      send(frame(OP[kind], ''), ends('')),
    ),
  ]),
  ...(
    [
      ['final', ends('what?')],
      ['final-empty', ends('')],
      ['not-final', goesOn('what?')],
      ['not-final-empty', goesOn('')],
    ] as const
  ).flatMap(([name, continuation]) => [
    fails(
      `continuation-of-nothing-${name}`,
      '§5.4',
      'A continuation that continues nothing fails the connection.',
      send(continuation, text('late')),
    ),
    fails(
      `continuation-behind-a-message-${name}`,
      '§5.4',
      'A continuation behind a message that is whole continues nothing.',
      send(text('whole')),
      expect(isText('whole')),
      send(continuation),
    ),
    fails(
      `continuation-behind-fragments-${name}`,
      '§5.4',
      'A continuation behind the last fragment of a message continues nothing.',
      send(textBegins('a'), ends('b')),
      expect(isText('ab')),
      send(continuation),
    ),
  ]),
  ...(
    [
      ['text', text('new')],
      ['binary', binary('new')],
      ['text-begun', textBegins('new')],
      ['binary-begun', binaryBegins('new')],
      ['empty-text', text('')],
    ] as const
  ).flatMap(([name, other]) => [
    fails(
      `${name}-inside-a-text`,
      '§5.4',
      'A new message must not begin before the last fragment of the one before.',
      send(textBegins('begun')),
      ...nothingElse('so far'),
      send(other),
    ),
    fails(
      `${name}-inside-a-binary`,
      '§5.4',
      'A new message must not begin before the last fragment of the one before.',
      send(binaryBegins('begun'), other, ends('late')),
    ),
  ]),
  fails(
    'behind-a-message-in-fragments',
    '§5.4',
    'The message before was answered; the continuation of nothing behind it fails the connection.',
    inParts('text', ['a', 'b', 'c']),
    expect(isText('abc')),
    send(goesOn('d'), ends('e')),
  ),
];
