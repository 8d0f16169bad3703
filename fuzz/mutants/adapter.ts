import { inFileWith, type Mutant, type Row } from './mutant.js';

const FOLDER = 'packages/node-adapter';

function inAdapter(name: string, tests: readonly string[], ...rows: readonly Row[]): Mutant[] {
  const files = tests.map((each) => `${FOLDER}/test/${each}.test.ts`);
  return inFileWith(files, `${FOLDER}/src/${name}.ts`, ...rows);
}

/** Faults of the adapter. */
export const ADAPTER: readonly Mutant[] = [
  ...inAdapter(
    'transport',
    ['transport', 'socket-connection', 'web-socket'],
    ['any limit of what waits passes', '!(maxBufferedLength >= 0)', 'maxBufferedLength < 0'],
    ['one byte behind the handshake is lost', 'head.length > 0) socket', 'head.length > 1) socket'],
    ['a socket that was paused stays so', '    attached.resume();\n', ''],
    ['what comes behind the last write is not read', '        connection.socket.resume();\n', ''],
    ['the end of the peer is not answered', '    connection.receivePeerEnd();\n', ''],
    [
      'a stream that failed is not dropped',
      'function onError(this: Attached): void {\n  this.destroy();',
      'function onError(this: Attached): void {\n  this.resume();',
    ],
    ['what was sent before the peer ended is lost', '  connection.release();\n', ''],
  ),
  ...inAdapter(
    'socket-connection',
    ['socket-connection', 'reuse', 'web-socket', 'transport', 'keep-alive', 'tls'],
    ['what is gathered does not count as buffered', 'return this.corkedLength +', 'return'],
    ['what waits for its turn does not count as buffered', ' + this.queuedLength', ''],
    [
      'memory of a head is used again too early',
      'leaving.head === undefined ? Buffer.from(bytes) :',
      'leaving.head === undefined ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) :',
    ],
    ['the socket stays corked', '    if (head !== undefined) socket.uncork();\n', ''],
    [
      'memory that another stream still needs is used again',
      'socket instanceof Socket && !(',
      '(socket instanceof Socket || !socket.readableObjectMode) && !(',
    ],
    ['the limit of what waits is not looked at', 'if (waiting > this', 'if (waiting < 0 && waiting > this'],
    ['an overflow is told twice', '    this.mark(OVERFLOWED, true);\n', ''],
    ['what a pause held back is lost with the socket', '      () => this.resume(),\n', ''],
    [
      'callbacks are forgotten with the socket',
      'tellAll(lists.flat(), tooLate());',
      'tellAll([], tooLate());',
    ],
    [
      'what was sent before terminate is lost',
      '    this.flush();\n    super.terminate();',
      '    super.terminate();',
    ],
    ['a paused connection goes on reading', 'super.pause();\n    this.socket.pause();', 'super.pause();'],
    [
      'a resumed connection does not read',
      '    if (!this.isYielding && !this.has(READS_LATER | FINISHED)) this.socket.resume();\n    const outer',
      '    const outer',
    ],
    [
      'what a handler that threw has not seen is stuck',
      'if (hasThrown) nextTick',
      'if (hasThrown && outer) nextTick',
    ],
    [
      'a handler that pauses and throws is called again',
      'if (!connection.isPaused) connection',
      'connection',
    ],
    ['who talks is not heard', 'RECEIVING | HEARD;', 'RECEIVING;'],
    ['only the first tick gathers', '    this.mark(GATHERING | GATHERED_SEVERAL, false);\n', ''],
  ),
  ...inAdapter(
    'direct-write',
    ['direct-write', 'socket-connection', 'web-socket'],
    ['bytes overtake those that wait in the stream', '    socket.writableLength > 0 ||\n', ''],
    ['a time-out of the stream goes off while bytes leave', ' ||\n    socket.timeout\n', '\n'],
    ['a request is used twice', '    spare = null;\n    if (request', '    if (request'],
  ),
  ...inAdapter(
    'scheduler',
    ['turns', 'compression', 'outgoing', 'faults'],
    ['who waits for a turn when a handler throws is forgotten', '    scheduleTurns();\n  }\n}', '  }\n}'],
    ['everyone has a turn, however long it takes', ' || now() > end', ' && now() > end'],
    ['the seventeenth to gather sends nothing', 'gatherers.shift()?.release();', 'gatherers.shift();'],
    [
      'a callback that throws takes the others with it',
      'if (at < items.length) nextTick',
      'if (at < 0) nextTick',
    ],
  ),
  ...inAdapter(
    'outgoing',
    ['outgoing', 'web-socket'],
    [
      'drain is not emitted',
      "owed.runInAsyncScope(() => context.emit('drain'));",
      "owed.runInAsyncScope(() => corkedLength > 0 && context.emit('drain'));",
    ],
    ['drain is emitted for ever', '    this.#owed = undefined;\n', ''],
    ['a ping of 125 bytes is refused', 'byteLength(data) > MAX_CONTROL', 'byteLength(data) >= MAX_CONTROL'],
    ['a message in fragments never ends', 'last ? undefined : writer', 'writer'],
    ['compress is ignored', 'const how = { compress, done', 'const how = { done'],
    ['a callback is called though the call throws', '      callback?.cancel();\n', ''],
  ),
  ...inAdapter(
    'keep-alive',
    ['keep-alive', 'web-socket-core'],
    ['the timer outlives its connections', '    clearInterval(this.#timer);\n', ''],
    ['the timer keeps the process alive', '.unref();', ';'],
    ['who was heard once is heard for ever', '      connection.heard = false;\n', ''],
    ['a silent peer is pinged at each look', '=== this.#pingAfter)', '>= this.#pingAfter)'],
    [
      'who is paused is not looked at',
      'if (connection.heard)',
      'if (connection.heard || connection.isPaused)',
    ],
    ['periods that no timer takes pass', 'period <= LONGEST)', 'period <= 2 * LONGEST)'],
  ),
  ...inAdapter(
    'zero-copy',
    ['zero-copy'],
    ['the buffer is not handed to the operating system', '  handle.useUserBuffer(inbox);\n', ''],
  ),
  ...inAdapter(
    'zlib-direct',
    ['zlib-engine'],
    ['two inflaters share one buffer', '    shared = undefined;\n', ''],
    ['who says stop gets more', '!goesOn ||', '(!goesOn && this.#closed) ||'],
  ),
  ...inAdapter(
    'zlib-mini',
    ['zlib-engine'],
    [
      'broken data passes',
      'if (this.#error !== undefined) throw this.#error;',
      'if (data.length === 0 && this.#error) throw this.#error;',
    ],
  ),
  ...inAdapter(
    'compression',
    ['compression'],
    [
      'the threshold goes by the context of the other side',
      "role === 'server' ? config",
      "role === 'client' ? config",
    ],
    ['the threshold is not taken', 'options.threshold ?? THRESHOLD', 'THRESHOLD'],
  ),
  ...inAdapter(
    'close-argument',
    ['close-argument'],
    ['a reason of 123 bytes is refused', '> MAX_CLOSE_REASON_LENGTH', '>= MAX_CLOSE_REASON_LENGTH'],
    ['4.5 is a close code', '!Number.isInteger(code) || ', ''],
  ),
  ...inAdapter(
    'endpoint-options',
    ['options', 'web-socket'],
    ['autoPong cannot be turned off', 'settings.autoPong ?? ', ''],
    ['0 is a limit like any other', 'option === 0 || ', ''],
  ),
  ...inAdapter(
    'options',
    ['options'],
    ['the closing handshake may take 3 s', 'closeTimeout: 30_000', 'closeTimeout: 3_000'],
    ['messages may have 1 MiB', 'maxPayload: 104_857_600', 'maxPayload: 1_048_576'],
  ),
  ...inAdapter(
    'web-socket-core',
    ['web-socket-core', 'web-socket', 'life-cycle'],
    [
      'the time for closing runs on behind the end',
      '    clearTimeout(ending.timer);\n    if (this',
      '    if (this',
    ],
    ['a connection that is over is watched', '?.remove(this._connection);', ';'],
    [
      'no close is clean for a client',
      'ending.wasClean = clean;',
      'ending.wasClean = clean && this._terms.isServer;',
    ],
    ['errors come twice', '    ending.reported = true;\n', ''],
    ['an overflow closes with 1009', 'CLOSE_CODES.policyViolation', 'CLOSE_CODES.messageTooBig'],
    ['the reason of the peer becomes Latin-1', 'Buffer.from(reason)', "Buffer.from(reason, 'latin1')"],
    [
      'a peer that broke a rule may stay',
      '    if (this._readyState === OPEN) this.startCloseTimer();\n    this._readyState = CLOSING;\n    endingOf(this).error',
      '    this._readyState = CLOSING;\n    endingOf(this).error',
    ],
    [
      'events in tasks of their own end a pause',
      '!websocket._paused && websocket._readyState',
      'websocket._readyState',
    ],
  ),
  ...inAdapter(
    'web-socket',
    ['web-socket-core', 'web-socket'],
    ['the time-out of an HTTP server stays', 'socket.setTimeout(0);', 'socket.setTimeout;'],
    [
      'a peer that answers no close frame may stay',
      '    this.startCloseTimer();\n    outgoingOf(this)',
      '    outgoingOf(this)',
    ],
    ['only the last of what was sent too late counts as buffered', '.lost += data', '.lost = data'],
    ['isPaused stays', '    this._paused = false;\n', ''],
  ),
  ...inAdapter(
    'web-socket-server',
    ['handle-upgrade', 'web-socket-server', 'life-cycle', 'broadcast'],
    [
      'the listeners stay on a given server',
      'this.#unlisten?.();',
      'if (server === null) this.#unlisten?.();',
    ],
    ['a server that closes takes connections', 'this.#state !== RUNNING', 'this.#state === CLOSED'],
    ['clients are closed with 1000', 'code = 1001', 'code = 1000'],
    ['a listener stays on the socket', "    socket.removeListener('error', destroy);\n", ''],
    ['clients are never forgotten', 'this.clients.delete', 'if (this.#emitsClose) this.clients.delete'],
    ['verifyClient refuses with 403', 'status = 401', 'status = 403'],
    ['a broadcast comes back to its sender', '|| client === except', '|| (!isText && client === except)'],
  ),
  ...inAdapter(
    'abort-signal',
    ['handle-upgrade'],
    [
      'a signal keeps who followed it',
      "emitter.once('close', () => signal",
      "emitter.once('end', () => signal",
    ],
  ),
  ...inAdapter(
    'client-handshake',
    ['redirects', 'client-handshake'],
    [
      'the time of the handshake runs on when it is done',
      'clearTimeout(this.#timer);',
      'if (this.#request === undefined) clearTimeout(this.#timer);',
    ],
    ['one redirect too few', '++this.#redirects > maxRedirects', '++this.#redirects >= maxRedirects'],
    ['credentials leave TLS', 'if (sameHost && !(from.secure && !to.secure))', 'if (sameHost)'],
    ['credentials go to another port', ' && from.port === to.port', ''],
    [
      'a listener of upgrade cannot close',
      '    if (websocket._readyState !== READY_STATES.CONNECTING) return;\n',
      '',
    ],
  ),
  ...inAdapter(
    'server-handshake',
    ['server-handshake'],
    ['a refused client may stay', "  socket.once('finish', () => socket.destroy());\n", ''],
    ['lengths of refusals count characters', 'Buffer.byteLength(message)', 'message.length'],
    ['CR passes in a field', '/[\\r\\n\\0]/', '/[\\n\\0]/'],
  ),
  ...inAdapter(
    'stream',
    ['stream'],
    ['a stream that nobody reads takes more', 'if (!this.push(chunk)) this', 'if (this.push(chunk)) this'],
    [
      'a stream that is read again gets nothing',
      'if (this.#websocket.isPaused) this',
      'if (!this.#websocket.isPaused) this',
    ],
    ['an error cuts the closing handshake off', '      this.#terminates = false;\n', ''],
    ['the end of a stream does not close', '      websocket.close();\n', ''],
  ),
  ...inAdapter(
    'event-target',
    ['web-socket'],
    ['a listener is added twice', 'if (listenerOf(this, type, handler) !== undefined) return;\n', ''],
    [
      'what an attribute held before stays',
      'if (before !== undefined) target',
      'if (before !== undefined && handler === null) target',
    ],
    ['once is for ever', 'if (once) target', "if (once && type === 'open') target"],
  ),
  ...inAdapter(
    'sender',
    ['drop-in'],
    ['a masking key is turned round', 'return mask.readInt32LE();', 'return mask.readInt32BE();'],
  ),
];
