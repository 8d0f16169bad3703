import { inPackage, type Mutant } from './mutant.js';

const inCodec = inPackage('packages/frame-codec');

/** Faults of the codec's sending half, and of the end of a connection. */
export const CODEC_SENDING: readonly Mutant[] = [
  ...inCodec(
    'lane',
    ['lane', 'lane-order', 'lane-writes'],
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
    ['what has left is counted as waiting', '    this.#length -= first.length;\n', ''],
    ['a slice that has left is counted off again', '    entry.length = length;\n', ''],
    ['parts behind others are not counted', '    this.#length += part.length;\n', ''],
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
    'message-sender',
    ['lane', 'lane-order', 'lane-writes', 'message-writer'],
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
    'lane-sender',
    ['lane', 'lane-order', 'lane-writes', 'message-writer'],
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
    'message-slot',
    ['lane'],
    ['a place that cannot be filled stays', 'this.fail = fail;', 'this.fail = () => fail;'],
  ),
  ...inCodec(
    'message-writer',
    ['message-writer'],
    [
      'pairs of surrogates are torn apart',
      'const cut = !last && isHighSurrogate(text.charCodeAt(text.length - 1));',
      'const cut = last && isHighSurrogate(text.charCodeAt(text.length - 1));',
    ],
    ['half a character is sent twice', "    this.#half = '';\n", ''],
  ),
  ...inCodec(
    'message-writer',
    ['lane', 'lane-order'],
    ['a part that comes later does not end its message', '    if (last) this.#ended = true;\n', ''],
    [
      'an empty part forgets its done',
      'if (payload.length > 0 || done !== undefined) return',
      'if (payload.length > 0) return',
    ],
  ),
  ...inCodec(
    'sender',
    ['sender', 'lane-writes', 'lane-order', 'mishaps'],
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
    'closer',
    ['lane', 'closing-steps', 'mishaps'],
    [
      'the echo of a close frame is cut short',
      ": encodeClose(code, reason);\n    this.happens({ event: 'close-received'",
      ": encodeClose(code, reason.slice(0, 9));\n    this.happens({ event: 'close-received'",
    ],
    ['a second close frame is sent', "if (ending.frame !== 'none' || ", 'if ('],
    [
      'the answer to a close frame is 1000',
      ": encodeClose(code, reason);\n    this.happens({ event: 'close-received'",
      ": encodeClose(1000, reason);\n    this.happens({ event: 'close-received'",
    ],
    ['an empty close frame is answered with 1000', "? encodeClose(undefined, '')", "? encodeClose(1000, '')"],
    [
      'who gives up what waits closes with the code from before',
      "if (!isNamed && (ending.frame === 'none' || next.event === 'abandon'))",
      "if (!isNamed && ending.frame === 'none')",
    ],
    [
      'a close frame that is dropped is taken for queued',
      "        if (ending.frame === 'queued') ending.frame = 'none';\n",
      '',
    ],
    ['a step begins amid another', '    if (ending.isBusy) return;\n', ''],
    [
      'a handler that throws cuts the end short',
      '          thrown = this.noteThrown(thrown, error);',
      '          throw error;',
    ],
    [
      'the end of the peer is answered before all is handed out',
      "'peer-ended' || this.isParked || this.isBusy",
      "'peer-ended'",
    ],
    [
      'an empty message that waits is lost behind the end of the peer',
      'if (!this.isQueueing) this',
      'if (this.queuedLength === 0) this',
    ],
    [
      'an end is clean though no answer was sent',
      "ending.received !== undefined && ending.frame === 'sent'",
      'ending.received !== undefined',
    ],
    [
      'a close frame without a masking key is waited for',
      "      this.happens({ event: 'close-lost' });\n      if (ending",
      '      if (ending',
    ],
    [
      'a failure without a masking key throws',
      "if (ending.event !== 'failure' && ending.event !== 'abandon') throw error;",
      'throw error;',
    ],
    [
      'the last event is lost where a handler ends the transport',
      "if (this.#ending.state === 'gone') this.receiveEnd();\n    else this",
      'this',
    ],
    [
      'a handler that throws twice hides the end',
      'while (this.flow === FLOW.go',
      'if (this.flow === FLOW.go',
    ],
  ),
  ...inCodec(
    'closing',
    ['closing', 'closing-steps', 'lane'],
    [
      'a close that waits is taken for sent',
      "close: to('close-queued', 'putClose')",
      "close: to('close-sent', 'putClose')",
    ],
    [
      'the answer is sent when the handler knows',
      "open: {\n    close: to('close-queued', 'putClose'),\n    'close-received': to('answer-queued', 'stopReading', 'putClose', 'tellClosing')",
      "open: {\n    close: to('close-queued', 'putClose'),\n    'close-received': to('answer-queued', 'stopReading', 'tellClosing', 'putClose')",
    ],
    [
      'a connection that fails sends no close frame',
      "failure: to('failing', 'stopReading', 'putClose', 'tellFailure'),\n    abandon: to('close-queued'",
      "failure: to('failing', 'stopReading', 'tellFailure'),\n    abandon: to('close-queued'",
    ],
    [
      'who gives up what waits sends it',
      "'tellFailure'),\n    abandon: to('close-queued', 'dropQueue', 'putClose'),\n    terminate: DROPPED,\n    'peer-end': to('peer-ended', 'abandonParts'),\n    'transport-end': GONE,\n  },\n  'close-queued'",
      "'tellFailure'),\n    abandon: to('close-queued', 'putClose'),\n    terminate: DROPPED,\n    'peer-end': to('peer-ended'),\n    'transport-end': GONE,\n  },\n  'close-queued'",
    ],
    [
      'the end comes before a close frame that waits',
      "'close-received': to('answer-queued', 'stopReading', 'tellClosing'),",
      "'close-received': to('both-passed', 'stopReading', 'tellClosing', 'end'),",
    ],
    [
      'a close frame that cannot be sent is waited for',
      "    'close-sent': to('close-sent'),\n    'close-lost': LOST,\n",
      "    'close-sent': to('close-sent'),\n",
    ],
    [
      'a close frame that was dropped is not sent again',
      "to('failing', 'stopReading', 'tellFailure'),\n    abandon: to('close-queued', 'dropQueue', 'putClose')",
      "to('failing', 'stopReading', 'tellFailure'),\n    abandon: to('close-queued', 'dropQueue')",
    ],
    [
      'a failure behind a close frame is no end',
      "failure: to('ended', 'stopReading', 'tellFailure', 'end'),",
      "failure: to('failing', 'stopReading', 'tellFailure'),",
    ],
    [
      'the answer of the peer is no end',
      "to('both-passed', 'stopReading', 'tellClosing', 'end')",
      "to('both-passed', 'stopReading', 'tellClosing')",
    ],
    [
      'a peer that ends without an answer is waited for',
      "'tellFailure', 'end'),\n    terminate: DROPPED,\n    'peer-end': to('peer-ended', 'abandonParts'),\n",
      "'tellFailure', 'end'),\n    terminate: DROPPED,\n",
    ],
    [
      'the answer to a close frame is no end',
      "'close-sent': to('both-passed', 'end')",
      "'close-sent': to('both-passed')",
    ],
    [
      'an answer that cannot be sent is waited for',
      "to('both-passed', 'end'),\n    'close-lost': LOST,\n",
      "to('both-passed', 'end'),\n",
    ],
    [
      'who gives up what is before an answer sends it',
      "abandon: to('answer-queued', 'dropQueue', 'putClose')",
      "abandon: to('answer-queued', 'putClose')",
    ],
    [
      'a connection that fails keeps what waits',
      "    abandon: to('failing', 'dropQueue', 'putClose'),\n",
      '',
    ],
    [
      'a connection that has failed does not end',
      "'close-sent': to('ended', 'end'),",
      "'close-sent': to('ended'),",
    ],
    [
      'a failure whose close frame cannot be sent is no end',
      "'close-sent': to('ended', 'end'),\n    'close-lost': LOST,\n",
      "'close-sent': to('ended', 'end'),\n",
    ],
    [
      'terminate does nothing behind the end of the peer',
      "    terminate: DROPPED,\n    'all-done'",
      "    'all-done'",
    ],
    ['all that is done is not told', "'all-done': to('ended', 'end')", "'all-done': to('ended')"],
    [
      'a close frame that came before terminate is not told of',
      "'close-received': to('terminated', 'stopReading', 'tellClosing')",
      "'close-received': to('terminated', 'stopReading')",
    ],
    [
      'a fault that came before terminate is not told of',
      "failure: to('terminated', 'stopReading', 'tellFailure')",
      "failure: to('terminated', 'stopReading')",
    ],
    [
      'a close frame that came before the end is not told of',
      "    'close-received': to('gone', 'stopReading', 'tellClosing'),\n",
      '',
    ],
    [
      'extensions stay open behind the end',
      "to('over', 'stopReading', 'tellClosed')",
      "to('over', 'tellClosed')",
    ],
    [
      'who learns that the transport is gone writes to it',
      "to('gone', 'dropTransport', 'dropQueue')",
      "to('gone', 'dropQueue', 'dropTransport')",
    ],
    [
      'terminate tells nobody of what it drops',
      "to('terminated', 'dropTransport', 'dropQueue')",
      "to('terminated', 'dropTransport')",
    ],
    [
      'who is terminated writes on',
      "to('terminated', 'dropTransport', 'dropQueue')",
      "to('terminated', 'dropQueue')",
    ],
  ),
  ...inCodec(
    'sender',
    ['lane-done', 'mask'],
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
    'lane-sender',
    ['lane-done'],
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
    'lane',
    ['lane-done'],
    [
      'a part passes a ping that came before it',
      'first === undefined || startsMessage(first));',
      'first === undefined || first.length >= 0);',
    ],
    ['parts stand before the ping that they came behind', '!startsMessage(behind)', 'behind === part'],
  ),
  ...inCodec(
    'message-sender',
    ['lane-done'],
    [
      'a last part finds its message open',
      '    if (last) lane.open = undefined;\n    if (typeof',
      '    if (typeof',
    ],
    ['a message is taken back amid its first part', 'message.hasBegun || message', 'message'],
  ),
  ...inCodec(
    'closer',
    ['lane-done', 'closing-steps'],
    [
      'the end is told amid a write',
      "    if (this.isWriting) {\n      this.enqueue({ kind: 'end'",
      "    if (this.isWriting && this.isGone) {\n      this.enqueue({ kind: 'end'",
    ],
    [
      'a close frame counts that no transport took',
      "    if (this.isGone) {\n      this.happens({ event: 'close-lost' });",
      "    if (this.isGone && this.isOpen) {\n      this.happens({ event: 'close-lost' });",
    ],
    ['the code of what the peer broke is lost', "ending.state === 'failing' || ", ''],
  ),
  ...inCodec(
    'connection',
    ['lane-done'],
    [
      'a probe waits',
      'this.sendPast(OPCODES.ping, payload);',
      'this.sendControlFrame(OPCODES.ping, payload);',
    ],
  ),
];
