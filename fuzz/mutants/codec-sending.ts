import { inPackage, type Mutant } from './mutant.js';

const inCodec = inPackage('packages/frame-codec');

/** Faults of the codec's sending half. */
export const CODEC_SENDING: readonly Mutant[] = [
  ...inCodec(
    'send/lane',
    ['send/lane', 'send/lane-order', 'send/lane-writes'],
    [
      'a part goes behind what waits for its message',
      'if (before === undefined && this.current !== message) {',
      'if (this.current !== message) {',
    ],
    ['what is pushed behind a part is lost', '    if (behind === undefined) this.#last = part;\n', ''],
    [
      'a part goes behind one that has left',
      "    if (first.kind === 'part' && first.message.lastPart === first) first.message.lastPart = undefined;\n",
      '',
    ],
    ['what has left is counted as waiting', '    this.#count(-first.length);\n', ''],
    ['a slice that has left is counted off again', '    entry.length = length;\n', ''],
    ['parts behind others are not counted', '    this.#count(part.length);\n', ''],
    ['what waits takes no memory', 'this.#budget?.charge(bytes);', 'this.#budget?.charge(0 * bytes);'],
    ['isAbandoned is ignored', 'return this.current.isAbandoned;', 'return false;'],
    ['nobody is told that a message never ends', '    open.isAbandoned = true;\n', ''],
    ['a ping goes amid a write', '    if (this.isWriting) return false;\n', ''],
    [
      'a ping passes a message of which nothing was sent',
      " && first.kind === 'message' && first.sent > 0",
      '',
    ],
    ['a ping passes what waits behind a slice', 'first === this.#last && ', ''],
    [
      'a lane is forgotten amid a write',
      'this.current === undefined && !this.isWriting',
      'this.current === undefined',
    ],
    [
      'a ping made elsewhere waits for the end of a message',
      "(entry.kind === 'frames' && entry.isMessage)",
      "entry.kind === 'frames'",
    ],
    [
      'what a place is kept for counts as ready',
      "return !('payload' in first) || first.payload !== undefined;",
      'return true;',
    ],
  ),
  ...inCodec(
    'send/message-sender',
    ['send/lane', 'send/lane-order', 'send/lane-writes', 'send/message-writer'],
    [
      'the close frame passes the lane',
      'this.lane === undefined || (this.lane.isEmpty && !this.lane.isWriting)',
      'this.lane === undefined || !this.lane.isWriting',
    ],
    [
      'the close frame goes between slices',
      '(this.lane.isEmpty && !this.lane.isWriting)',
      'this.lane.letsControlPass',
    ],
    ['the close frame goes amid a write', '(this.lane.isEmpty && !this.lane.isWriting)', 'this.lane.isEmpty'],
    [
      'a message in parts is amid what is sent before it',
      'if (lane.isEmpty) lane.current ??= message;',
      'lane.current ??= message;',
    ],
    ['a part passes one that is not there yet', ' && message.lastPart === undefined', ''],
    [
      'a part goes amid a write',
      'message.lastPart === undefined && lane.letsPartPass',
      'message.lastPart === undefined',
    ],
    [
      'frames made elsewhere go amid a write',
      '(lane.isEmpty && !lane.isWriting && !(isMessage',
      '(lane.isEmpty && !(isMessage',
    ],
    [
      'a message made elsewhere goes amid another',
      ' && !(isMessage && lane.current !== undefined)',
      ' && isMessage !== undefined',
    ],
  ),
  ...inCodec(
    'send/lane-sender',
    ['send/lane', 'send/lane-order', 'send/lane-writes', 'send/message-writer'],
    [
      'a close frame that waited is not taken for sent',
      "    if (entry.kind === 'control' && entry.opcode === OPCODES.close) this.closeSent();\n",
      '',
    ],
    [
      'done is not told of what is dropped',
      'const dropped = lane.clear();',
      'const dropped = lane.clear() && undefined;',
    ],
    [
      'who throws at what is dropped takes the others with it',
      '      thrown ??= { error: caught };',
      '      throw caught;',
    ],
    [
      'done is told at each slice',
      '    if (last) {\n      lane.shift();\n      this.tellOf(entry);',
      '    this.tellOf(entry);\n    if (last) {\n      lane.shift();',
    ],
    [
      'what cannot be sent is told of twice',
      '        entry.done?.(error);\n      } finally',
      '        entry.done?.(error);\n        entry.done?.(error);\n      } finally',
    ],
    [
      'what cannot be sent leaves the connection open',
      '        this.sendingFailed(error);\n      }\n      return',
      '      }\n      return',
    ],
    ['a place is filled again', ' && entry.payload === undefined;', ';'],
    ['more than was announced is not counted', '        lane.resize(entry, payload.length);\n', ''],
    ['what waits changes with its memory', '? payload.slice() : this', '? payload : this'],
    [
      'pings cost nothing but their bytes',
      '    }\n    return entry.length + ENTRY_COST;\n  }\n',
      '    }\n    return entry.length;\n  }\n',
    ],
    [
      'messages cost nothing but their bytes',
      'return length + (this.extensions.length > 0 && compress ? COMPRESSED_COST : ENTRY_COST);',
      'return length + 0 * COMPRESSED_COST;',
    ],
    [
      'a flush takes a turn that is not its own',
      ' || lane.isWriting || lane.isYielding)',
      ' || lane.isWriting)',
    ],
    [
      'a flush sends what is behind before what is at hand',
      'lane.isAdvancing || lane.isWriting',
      'lane.isWriting',
    ],
    [
      'all that waits goes in one turn',
      'lane.isReady) left -= this.sendNext(lane);',
      'lane.isReady) this.sendNext(lane);',
    ],
    [
      'nobody is told that all has left',
      'if (hasWaited && lane.isEmpty && !lane.isWriting) this.laneEmptied();',
      '',
    ],
    [
      'the masking key is taken when the message is compressed',
      'const maskingKey = this.endpoint.masks ? this.endpoint.maskingKey() : undefined;',
      'const maskingKey = undefined;',
    ],
  ),
  ...inCodec(
    'send/message-slot',
    ['send/lane'],
    ['a place that cannot be filled stays', 'this.fail = fail;', 'this.fail = () => fail;'],
  ),
  ...inCodec(
    'send/message-writer',
    ['send/message-writer'],
    [
      'pairs of surrogates are torn apart',
      'const cut = !last && isHighSurrogate(text.charCodeAt(text.length - 1));',
      'const cut = last && isHighSurrogate(text.charCodeAt(text.length - 1));',
    ],
    ['half a character is sent twice', "    this.#half = '';\n", ''],
  ),
  ...inCodec(
    'send/message-writer',
    ['send/lane', 'send/lane-order'],
    ['a part that comes later does not end its message', '    if (last) this.#ended = true;\n', ''],
    [
      'an empty part forgets its done',
      'if (payload.length > 0 || done !== undefined) return',
      'if (payload.length > 0) return',
    ],
  ),
  ...inCodec(
    'send/sender',
    [
      'send/sender',
      'send/write-memory',
      'send/queued-pongs',
      'send/lane-writes',
      'send/lane-order',
      'mishaps',
    ],
    [
      'text is cut where its head grows',
      'copyWithin(start, guess, guess + length)',
      'copyWithin(start, guess, guess + text.length)',
    ],
    ['what the transport holds is used again', 'else pool.keep(memory);', 'else pool.give(memory);'],
    ['one pong too many waits', '++this.#pongs > this', '++this.#pongs > 1 + this'],
    ['WRITING is not put in its place', 'this.lane = WRITING;', 'return;'],
    ['a write never ends', '    else if (this.lane !== undefined) this.lane.isWriting = false;\n', ''],
    [
      'the answer to a ping goes amid a write',
      'if (this.lane?.isWriting) this.send',
      'if (this.lane?.isYielding) this.send',
    ],
    [
      'the masking key of a long frame is taken when its head is out',
      '(maskingKey ?? this.endpoint.maskingKey())',
      'maskingKey',
    ],
    [
      'the end leaves what was gathered',
      '    this.flush();\n    this.#latestPing = undefined;',
      '    this.#latestPing = undefined;',
    ],
    ['a transport that threw is written to', 'if (taken === undefined) this.#pongs = GONE;', ''],
  ),
  ...inCodec(
    'send/sender',
    ['send/lane-done', 'kernel/mask'],
    [
      'what done sends overtakes its message',
      '    this.beginWrite();\n    try {\n      done();',
      '    try {\n      done();',
    ],
    [
      'an uncork from inside a write is counted for the frame',
      'if (this.#corks > 0) this.#corks--;\n    }',
      'this.#corks--;\n    }',
    ],
  ),
  ...inCodec(
    'send/lane-sender',
    ['send/lane-done'],
    ['a place that was dropped counts what is filled in', 'lane.clears === clears', 'lane.clears >= clears'],
    [
      'a done that throws is called again',
      '    entry.done = undefined;\n    this.tell(done);',
      '    this.tell(done);',
    ],
    [
      'the next part begins the message anew',
      '    const first = !message.hasBegun;',
      '    const first = payload.length > 0;',
    ],
    [
      'what follows a prepared message refers to what came before it',
      'extension?.bypassed?.();\n    this.sendFrames(frame);',
      'this.sendFrames(frame), extension?.bypassed?.();\n    else this.sendFrames(frame);',
    ],
  ),
  ...inCodec(
    'send/lane',
    ['send/lane-done'],
    [
      'a part passes a ping that came before it',
      'first === undefined || startsMessage(first));',
      'first === undefined || first.length >= 0);',
    ],
    ['parts stand before the ping that they came behind', '!startsMessage(behind)', 'behind === part'],
  ),
  ...inCodec(
    'send/message-sender',
    ['send/lane-done'],
    [
      'a last part finds its message open',
      '    if (last) lane.open = undefined;\n    if (typeof',
      '    if (typeof',
    ],
    ['a message is taken back amid its first part', 'message.hasBegun || message', 'message'],
  ),
  ...inCodec(
    'connection',
    ['send/lane-done'],
    [
      'a probe waits',
      'this.sendPast(OPCODES.ping, payload);',
      'this.sendControlFrame(OPCODES.ping, payload);',
    ],
  ),
];
