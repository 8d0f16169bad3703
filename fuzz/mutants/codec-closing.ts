import { inPackage, type Mutant } from './mutant.js';

const inCodec = inPackage('packages/frame-codec');

/** Faults of the end of a connection. */
export const CODEC_CLOSING: readonly Mutant[] = [
  ...inCodec(
    'closing/closer',
    ['send/lane', 'closing/closing-steps', 'mishaps'],
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
    'closing/closing',
    ['closing/closing', 'closing/closing-steps', 'send/lane'],
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
    'closing/closer',
    ['send/lane-done', 'closing/closing-steps'],
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
];
