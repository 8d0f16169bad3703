import { inPackage, type Mutant } from './mutant.js';

const inAdapter = inPackage('packages/node-adapter');

/** Faults of the opening handshake of the adapter, and of its hooks. */
export const ADAPTER_OPENING: readonly Mutant[] = [
  ...inAdapter(
    'runtime/ask-listeners',
    ['opening/opening-promises', 'server/server-hooks'],
    [
      'the promise of a listener is dropped',
      'if (isPromise(result)) promises',
      'if (result === emitter) promises',
    ],
    [
      'an emit of somebody else is bypassed',
      'if (emitter.emit !== emit) return',
      'if (emit === undefined) return',
    ],
  ),
  ...inAdapter(
    'opening/client-handshake',
    [
      'opening/redirects',
      'opening/client-handshake',
      'opening/opening-hooks',
      'opening/opening-promises',
      'opening/opening-ends',
    ],
    [
      'the time of the handshake runs on when it is done',
      '    clearTimeout(this.#timer);\n    websocket.setSocket',
      '    websocket.setSocket',
    ],
    [
      'the time of the handshake runs on when it has failed',
      '    clearTimeout(this.#timer);\n    this.#upgraded',
      '    this.#upgraded',
    ],
    ['one redirect too few', '++this.#redirects > maxRedirects', '++this.#redirects >= maxRedirects'],
    ['a listener of upgrade cannot close', 'if (this.#isConnecting()) this.#open', 'this.#open'],
    ['what a promise rejects with is lost', 'promise.then(undefined, later(fail));', 'void promise, fail;'],
    [
      'a redirect is followed before its listeners have answered',
      'if (promises.length === 0) next(heard);',
      "if (promises.length === 0 || event === 'redirect') next(heard);",
    ],
    ['an agent keeps a socket that was upgraded', 'this.#upgraded?.destroy();', 'void this.#upgraded;'],
    ['a server that goes away is waited for', "socket.on('close', lost);", "socket.on('end', lost);"],
    ['an opening ends as often as it is hit', '    if (!this.#isConnecting()) return false;\n', ''],
    ['a request that is given up goes on', '    request.destroy();\n', ''],
    [
      'the socket of an answer that was read stays',
      '    if (!this.#options.agent) request.socket?.destroy();\n',
      '',
    ],
    ['an agent loses a socket that others may use', 'if (!this.#options.agent) request', 'request'],
    ['a redirect leaves its socket', '    this.#drop(request);\n    let', '    void request;\n    let'],
    ['a request that is aborted never ends', 'if (!answered) fail(hangUp());', 'if (!answered) hangUp();'],
    ['an opening hangs when a listener throws', 'if (!this.abort(error)) throw error;', 'throw error;'],
    [
      'what a listener throws behind the end is lost',
      'if (!this.abort(error)) throw error;',
      'this.abort(error);',
    ],
    ['a constructor that throws leaves its request', '      this.#leave(READY_STATES.CLOSED);\n', ''],
    [
      'a constructor that throws has an error, too',
      'if (websocket._readyState === READY_STATES.CLOSING) websocket',
      'websocket',
    ],
    ['a stream that fails in its end throws', '      ignoreErrors(socket);\n', '      void ignoreErrors;\n'],
  ),
  ...inAdapter(
    'opening/client-fields',
    ['opening/redirects'],
    ['credentials go from or to TLS', 'if (sameHost && from.secure === to.secure)', 'if (sameHost)'],
    ['credentials go to another port', 'from.authority === to.authority', 'from.host === to.host'],
    ['a secret header goes to another origin', 'of this.#secret)', 'of this.#secret.slice(0, 3))'],
    ['a Host field goes to another host', "    if (!sameHost) this.#fields.delete('host');\n", ''],
    ['the auth option goes to another origin', '    this.#auth = undefined;\n', ''],
  ),
  ...inAdapter(
    'opening/client-stream',
    ['opening/opening-hooks'],
    ['a stream that fails at once throws', '  ignoreErrors(stream);\n  return', '  return'],
    ['a stream that comes later and fails throws', 'done(error, guarded(stream))', 'done(error, stream)'],
  ),
  ...inAdapter(
    'opening/server-handshake',
    ['opening/server-handshake', 'opening/opening-server'],
    ['a refused client may stay', "  else socket.once('finish', destroy);\n", ''],
    [
      'lengths of refusals count characters',
      "'Content-Length': body.length,\n  }).filter",
      "'Content-Length': String(message).length,\n  }).filter",
    ],
    ['CR passes in a field', '[\\t\\x20-\\x7e\\x80-\\xff]*$/', '[\\t\\r\\x20-\\x7e\\x80-\\xff]*$/'],
    [
      'a client that takes no refusal may stay',
      'setTimeout(destroy, timeout)',
      'setTimeout(() => 0, timeout)',
    ],
  ),
  ...inAdapter(
    'server/server-hooks',
    ['server/server-hooks', 'opening/opening-hooks', 'opening/opening-server'],
    ['verifyClient answers twice', 'if (forget()) step();', 'forget();\n      step();'],
    ['who waits for a hook keeps a server open', '    for (const refuse of this.#waiting) refuse();\n', ''],
    [
      'a hook that throws leaves its client waiting',
      'if (!isAttached(socket)) this.#refusals.refuse(socket, 500);',
      'if (isAttached(socket)) this.#refusals.refuse(socket, 500);',
    ],
    [
      'a promise counts as yes',
      'if (isPromise(value)) value.then(later(answer), later(fail));',
      'if (isPromise(value)) void fail, answer(undefined as never);',
    ],
    ['a listener that rejects ends the process', 'promise.catch(later(report));', 'void promise, report;'],
    [
      'an async wsClientError is too late',
      'else if (promises.length === 0) this',
      'else if (promises.length >= 0) this',
    ],
    ['a hook may take for ever', 'setTimeout(refuse, this.#timeout)', 'setTimeout(ignore, this.#timeout)'],
  ),
];
