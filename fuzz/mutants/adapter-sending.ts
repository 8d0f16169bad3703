import { inPackage, type Mutant } from './mutant.js';

const inAdapter = inPackage('packages/node-adapter');

/** Faults of what the adapter sends, puts off and ends. */
export const ADAPTER_SENDING: readonly Mutant[] = [
  ...inAdapter(
    'runtime/scheduler',
    ['transport/last-words'],
    [
      'what was gathered is lost at the exit',
      'for (const each of released) ignoreThrown(() => each.release());',
      'void released;',
    ],
    [
      'what waits for its turn is lost at the exit',
      '    for (const taker of waiting.keys()) ignoreThrown(() => taker.sendAll());\n',
      '',
    ],
    [
      'what a handler sent is lost at the exit',
      '    for (const connection of receiving) ignoreThrown(() => connection.uncork());\n',
      '',
    ],
    ['what is sent at the exit waits for a tick', '    hasExited = true;\n', ''],
  ),
  ...inAdapter(
    'runtime/scheduler',
    ['websocket/async-context'],
    [
      'a turn is in the context of another',
      'context.runInAsyncScope(taker.takeTurn, taker);',
      'if (context) taker.takeTurn();',
    ],
  ),
  ...inAdapter(
    'transport/send-callback',
    ['websocket/async-context', 'websocket/moments', 'websocket/callbacks'],
    ['a callback is told twice', '    this.#sent = undefined;\n    if (sent', '    if (sent'],
    ['a callback is in the context of the write', 'else this.runInAsyncScope(sent);', 'else sent();'],
    [
      'an error is told in the context of the end',
      'this.runInAsyncScope(sent, undefined, lost);',
      'sent(error);',
    ],
    ['an error is told within the call', 'else this.tellLater(error);', 'else this.tell(error);'],
  ),
  ...inAdapter('transport/socket-connection', ['transport/gathering']),
  ...inAdapter(
    'transport/socket-writer',
    ['transport/gathering'],
    ['the first frame of a tick waits', 'if (isFirst && (flags & SENDS_SEVERAL) === 0) return;', ''],
    [
      'who sent several once gathers for ever',
      '    if (!this.has(GATHERED_SEVERAL)) this.mark(SENDS_SEVERAL, false);\n',
      '',
    ],
    [
      'who sends several does not gather the first',
      '(flags & SENDS_SEVERAL) === 0) return;',
      'flags !== 0) return;',
    ],
    [
      'handlers gather where nothing is to',
      'if (this.transport.gatherWrites) super.beginGathering();',
      'super.beginGathering();',
    ],
    ['writes gather where nothing is to', '!this.transport.gatherWrites || isExiting()', 'isExiting()'],
  ),
  ...inAdapter('transport/socket-connection', ['transport/last-words']),
  ...inAdapter(
    'transport/socket-writer',
    ['transport/last-words'],
    ['end() leaves what was sent', 'connection.sendAll();', 'void connection;'],
    ['end() leaves what waits for its turn', '    while (this.isYieldingSend) this.proceedSending();\n', ''],
  ),
  ...inAdapter('transport/socket-connection', ['websocket/buffered-amount', 'websocket/overflow']),
  ...inAdapter(
    'transport/socket-writer',
    ['websocket/buffered-amount', 'websocket/overflow'],
    [
      'what the handle holds does not count',
      '(head?.length ?? 0) + unsent + this',
      '(head?.length ?? 0) + 0 * unsent + this',
    ],
    [
      'what the stream holds counts twice',
      '+ unsent + this.socket',
      '+ unsent + this.socket.writableLength + this.socket',
    ],
    [
      'a message is counted against the room for itself',
      'this.bufferedLength - length > this',
      'this.bufferedLength - 0 * length > this',
    ],
    [
      'what waits for its turn passes any limit',
      'if (this.bufferedLength - length > this.transport.maxBufferedLength) this',
      'if (length < 0) this',
    ],
    ['an overflow is told amid a write', '!this.has(OVERFLOWS) || this.isWriting', '!this.has(OVERFLOWS)'],
    ['writes that wait cost nothing', ' + leaving.writes * WRITE_COST', ' + 0 * WRITE_COST'],
    ['writes that have left go on to cost', '      if (!atOnce) leaving.writes--;\n', ''],
  ),
  ...inAdapter(
    'transport/socket-writer',
    ['transport/total-memory'],
    [
      'a short write over TLS is taken for a peer that does not read',
      'memory.isOverdrawn && !passes) this',
      'memory.isOverdrawn && passes !== undefined) this',
    ],
    [
      'what has left stays counted',
      'memory.charge(held - counted);',
      'memory.charge(Math.max(0, held - counted));',
    ],
    [
      'what the stream holds is not counted',
      '      leaving.writes++;\n      this.recount();',
      '      leaving.writes++;',
    ],
  ),
  ...inAdapter(
    'transport/socket-connection',
    ['transport/total-memory'],
    ['what waits for a stream that is closed stays counted', '      () => this.recount(),\n', ''],
  ),
  ...inAdapter(
    'transport/socket-connection',
    ['websocket/moments', 'transport/turns', 'transport/socket-connection', 'websocket/ends'],
    [
      'a pause holds up the end',
      '    if (this.has(FINISHED)) return;\n    super.pause();',
      '    super.pause();',
    ],
    [
      'what lies in a stream that closed is lost',
      '        if (types.isUint8Array(rest)) this.receive(rest);\n',
      '        void rest;\n',
    ],
    [
      'a stream that does not tell its end is waited for',
      'setTimeout(() => this.finish(), DESTROY_MS).unref()',
      'setTimeout(() => this.flush(), DESTROY_MS).unref()',
    ],
    [
      'it reads on while others have their turn',
      '    this.socket.pause();\n    takeTurnLater',
      '    takeTurnLater',
    ],
    ['a turn ends a pause', '    if (this.isPaused) pauseStream(this.socket);\n', ''],
    [
      'drain is told behind the end',
      '    if (this.has(FINISHED)) return;\n    const handler',
      '    const handler',
    ],
  ),
  ...inAdapter(
    'transport/socket-writer',
    ['websocket/moments', 'transport/turns', 'transport/socket-connection', 'websocket/ends'],
    [
      'who waits for what the stream holds is not told of the end',
      '[...(leaving.written ?? []), leaving',
      '[leaving',
    ],
    ['who waits for what the handle holds is not told', '      leaving.unsentFor = waiters;\n', ''],
    [
      'what a dead stream held is told as sent',
      'error ?? (!atOnce && socket.destroyed ? tooLate() : undefined)',
      'error ?? undefined',
    ],
  ),
  ...inAdapter(
    'transport/transport',
    ['websocket/thrown', 'websocket/moments', 'transport/socket-connection'],
    [
      'what is read goes before what waits',
      'connection.isPaused || this.readableLength > 0 ||',
      'connection.isPaused ||',
    ],
    [
      'what a handler throws is thrown into the stream',
      '    // In the stream it would have what follows in its buffer come behind what is read next.\n    throwLater(thrown);',
      '    throw thrown;',
    ],
    [
      'what a listener of drain throws is thrown into the stream',
      '    // Behind this event Node tells who waits for having written.\n    throwLater(thrown);',
      '    throw thrown;',
    ],
  ),
  ...inAdapter(
    'transport/zero-copy',
    ['websocket/ends'],
    ['a pause stops reading at once', 'Duplex.prototype.pause.call(stream);', 'pause.call(stream);'],
  ),
  ...inAdapter(
    'websocket/outgoing',
    ['websocket/async-context', 'websocket/callbacks', 'websocket/moments'],
    [
      'drain is in the context of another',
      "owed.runInAsyncScope(() => context.emit('drain'));",
      "if (owed) context.emit('drain');",
    ],
    [
      'drain comes while messages wait',
      'this.#owed === undefined || isQueueing ||',
      'this.#owed === undefined || (isQueueing && socket.destroyed) ||',
    ],
    [
      'drain comes though it closes',
      'context.readyState === READY_STATES.OPEN',
      'context.readyState !== READY_STATES.CONNECTING',
    ],
  ),
  ...inAdapter(
    'ws-internals/connection-sender',
    ['transport/gathering', 'websocket/moments'],
    [
      'the callback of a frame that comes too late is forgotten',
      "      callback?.tellLater(new Error('The WebSocket is not open'));\n",
      '',
    ],
    ['frames made elsewhere are not gathered', '    connection.gather();\n', ''],
  ),
  ...inAdapter(
    'websocket/web-socket-core',
    ['websocket/buffered-amount', 'websocket/moments', 'websocket/overflow'],
    [
      'a message is told behind an overflow',
      '    if (this._ending?.isMute) return;\n    const message',
      '    const message',
    ],
    [
      'a ping is told behind an overflow',
      'data: Buffer): void {\n    if (this._ending?.isMute) return;\n',
      'data: Buffer): void {\n',
    ],
    ['an overflow is told amid a send', 'nextTick(() => this.ended());', 'void nextTick;\n    this.ended();'],
    [
      'an overflow may take any time to end',
      '      this.startCloseTimer();\n      connection?.abandon',
      '      connection?.abandon',
    ],
    [
      'who cannot send may stay',
      '    if (this._readyState === OPEN) this.startCloseTimer();\n    if (this._readyState !== CLOSED)',
      '    if (this._readyState !== CLOSED)',
    ],
    [
      'the time for closing begins anew',
      '    if (ending.timer !== undefined && timeout === undefined) return;\n',
      '',
    ],
  ),
  ...inAdapter(
    'websocket/web-socket',
    ['websocket/moments', 'websocket/overflow'],
    ['resume hands out at once', 'nextTick(resumeUnlessPaused, this);', 'resumeUnlessPaused(this);'],
    [
      'a pause behind a resume is lost',
      'if (!websocket._paused) websocket._connection',
      'websocket._connection',
    ],
    ['what is refused behind an overflow counts', 'if (!ending.isMute) ending.lost', 'ending.lost'],
    ['who sends too late is called back at once', 'nextTick(sent, notOpen(state));', 'sent(notOpen(state));'],
    [
      'terminate leaves a client that connects',
      '      this._terms.handshake?.abort(new Error(NOT_ESTABLISHED));\n      return;\n    }\n    this._readyState = CLOSING;\n    this._connection?.destroy',
      '      return;\n    }\n    this._readyState = CLOSING;\n    this._connection?.destroy',
    ],
  ),
  ...inAdapter(
    'websocket/web-socket-handler',
    ['websocket/moments'],
    [
      'a connection whose peer has ended is open',
      'context._readyState = READY_STATES.CLOSING;',
      'void READY_STATES;',
    ],
    ['the error of a peer waits for the end', '    context.ended();\n', '    void context;\n'],
    [
      'close comes before an event in a task of its own',
      'if (context._terms.settings.allowSynchronousEvents !== false) context',
      'if (context._terms !== undefined) context',
    ],
  ),
  ...inAdapter(
    'transport/keep-alive',
    ['transport/keep-alive'],
    ['keep-alive waits behind messages', 'connection.probe', 'connection.ping'],
  ),
  ...inAdapter(
    'transport/socket-connection',
    ['transport/faults', 'websocket/thrown'],
    [
      'what comes amid a handler overtakes what came before',
      '    this.mark(RECEIVING, true);\n    for',
      '    for',
    ],
    [
      'the second listener that throws is not heard',
      '    throwLater(error);',
      '    if (error === this) throwLater(error);',
    ],
  ),
  ...inAdapter(
    'transport/transport',
    ['transport/last-words'],
    [
      'slices wait for a turn that never comes',
      'if (isExiting()) connection',
      'if (isExiting() && connection.isPaused) connection',
    ],
  ),
  ...inAdapter(
    'transport/transport',
    ['plugins'],
    [
      'a stream that ends both ways is waited for',
      'if (left === 1) connection.bothEnded();',
      'if (left < 1) connection.bothEnded();',
    ],
  ),
  ...inAdapter(
    'transport/socket-connection',
    ['plugins'],
    ['a clean end of a stream is waited for', "=== 'both-passed') setImmediate", "=== 'over') setImmediate"],
  ),
  ...inAdapter(
    'transport/native-socket',
    ['transport/native-socket'],
    ['who replaced write is bypassed', 'socket.write === write &&', 'write !== undefined &&'],
    ['who replaced _write is bypassed', 'socket._write === _write &&', '_write !== undefined &&'],
    ['who replaced push is bypassed', 'stream.push === push &&', 'push !== undefined &&'],
  ),
  ...inAdapter(
    'server/connection-count',
    ['server/safer'],
    ['one more than the bound is let in', 'this.#count >= this.#most', 'this.#count > this.#most'],
    ['who has gone is counted', '      this.#count--;\n', ''],
  ),
];
