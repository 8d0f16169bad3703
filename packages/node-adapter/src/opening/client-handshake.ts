import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { PermessageDeflate } from '@x/frame-codec';
import {
  createRequest,
  type Failure,
  formatSubprotocols,
  type ClientRequest as Handshake,
  PERMESSAGE_DEFLATE,
  type PermessageDeflateConfig,
  type Violation,
  verifyResponse,
  type WebSocketUrl,
} from '@x/handshake';
import { type Compression, compressionFor } from '../compression/compression.js';
import { type ClientOptionsOf, MAX_REDIRECTS, type SocketOptions } from '../options/options.js';
import { askListeners, isPromise, later } from '../runtime/ask-listeners.js';
import { clearTimeout, nextTick, setTimeout } from '../runtime/clock.js';
import { toError, warn } from '../runtime/thrown.js';
import { READY_STATES, type ReadyState } from '../values/ready-state.js';
import { ClientFields } from './client-fields.js';
import { connectorFor, ignoreErrors, unguard } from './client-stream.js';
import { toHandshakeError } from './handshake-error.js';

const VERSIONS = [8, 13];

/** What npm `ws` says of an answer that is no good; for the others what the handshake says. */
const MESSAGES: { readonly [violation in Violation]?: string } = {
  'response-upgrade': 'Invalid Upgrade header',
  'accept-missing': 'Invalid Sec-WebSocket-Accept header',
  'accept-repeated': 'Invalid Sec-WebSocket-Accept header',
  'accept-wrong': 'Invalid Sec-WebSocket-Accept header',
  'subprotocol-missing': 'Server sent no subprotocol',
  'subprotocol-not-offered': 'Server sent an invalid subprotocol',
  'extension-not-offered': 'Server indicated an extension that was not requested',
  'extension-answered-twice': 'Invalid Sec-WebSocket-Extensions header',
  'extension-answer-invalid': 'Invalid Sec-WebSocket-Extensions header',
  'extensions-malformed': 'Invalid Sec-WebSocket-Extensions header',
  'extensions-repeated': 'Invalid Sec-WebSocket-Extensions header',
};

type HandshakeRequest = Handshake<PermessageDeflateConfig>;

/** What a handshake needs of the `WebSocket` that it opens. */
export interface Connecting extends EventEmitter {
  _readyState: ReadyState;
  /** Takes what is agreed on. */
  agree(terms: {
    readonly url?: string;
    readonly protocol?: string;
    readonly extensions?: { readonly [name: string]: PermessageDeflate };
  }): void;
  /** The connection is open. */
  setSocket(socket: Duplex, head: Buffer, options: SocketOptions): void;
  /** There will be none. */
  failHandshake(error: Error): void;
}

/**
 * The opening handshake of a client (§4.1) over `http.request`, redirects included.
 *
 * Its state is the `readyState`, which leaves CONNECTING once: to OPEN in `setSocket`, or to CLOSING in {@link abort},
 * the only place that has `error` and `close` follow. Whatever comes later, in whatever order, finds the state left.
 */
export class ClientHandshake<Socket extends Connecting> {
  readonly #websocket: Socket;
  readonly #options: ClientOptionsOf<Socket>;
  readonly #address: string;
  readonly #subprotocols: readonly string[];
  readonly #fields: ClientFields;
  readonly #compression: Compression | undefined;
  #url: WebSocketUrl | undefined;
  #redirects = 0;
  /** The request that is listened to: another behind each redirect, none when the handshake is over. */
  #request: ClientRequest | undefined;
  /** What the server has switched to: listeners of `upgrade` may take their time. */
  #upgraded: Duplex | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @throws {SyntaxError} when a subprotocol is no good
   * @throws {RangeError} when the protocol version is neither 8 nor 13
   */
  constructor(
    websocket: Socket,
    address: string | URL,
    subprotocols: readonly string[],
    options: ClientOptionsOf<Socket>,
  ) {
    const { protocolVersion = 13 } = options;
    if (!VERSIONS.includes(protocolVersion)) {
      throw new RangeError(
        `Unsupported protocol version: ${protocolVersion} (supported versions: ${VERSIONS.join(', ')})`,
      );
    }
    checkSubprotocols(subprotocols);
    this.#websocket = websocket;
    this.#options = options;
    this.#address = String(address);
    this.#subprotocols = subprotocols;
    this.#fields = new ClientFields(options);
    this.#compression = compressionFor(options.perMessageDeflate ?? true);
  }

  /**
   * Sends the request. What is thrown here is thrown by the constructor of the `WebSocket`: nobody has it, so it emits
   * nothing.
   *
   * @throws {SyntaxError} when the URL is no good
   */
  start(): void {
    const { handshakeTimeout } = this.#options;
    try {
      this.#send(this.#prepare(this.#address));
    } catch (error) {
      this.#leave(READY_STATES.CLOSED);
      throw error;
    }
    if (handshakeTimeout && this.#isConnecting()) {
      const timedOut = (): boolean => this.abort(new Error('Opening handshake has timed out'));
      this.#timer = setTimeout(timedOut, handshakeTimeout);
    }
  }

  /**
   * Gives up: the `error` and `close` events follow in the next tick.
   *
   * @returns whether this was the end, and not something before
   */
  abort(error: unknown): boolean {
    const websocket = this.#websocket;
    if (!this.#isConnecting()) return false;
    this.#leave(READY_STATES.CLOSING);
    nextTick(() => {
      if (websocket._readyState === READY_STATES.CLOSING) websocket.failHandshake(toError(error));
    });
    return true;
  }

  #isConnecting(): boolean {
    return this.#websocket._readyState === READY_STATES.CONNECTING;
  }

  /** Leaves the state in which it connects, and lets go of all that was for it. */
  #leave(state: typeof READY_STATES.CLOSING | typeof READY_STATES.CLOSED): void {
    const request = this.#request;
    this.#websocket._readyState = state;
    this.#request = undefined;
    clearTimeout(this.#timer);
    this.#upgraded?.destroy();
    if (request !== undefined) this.#drop(request);
  }

  #drop(request: ClientRequest): void {
    request.destroy();
    // Node leaves the socket of an answer that came to its end; with an agent it may serve another already.
    if (!this.#options.agent) request.socket?.destroy();
  }

  /** What a hook throws is why the handshake fails; where it has an end already, it surfaces. */
  #run(hooks: () => void): void {
    try {
      hooks();
    } catch (error) {
      if (!this.abort(error)) throw error;
    }
  }

  /** What a promise of a hook rejects with is why the handshake fails; where it has an end already, a warning tells. */
  #hear(promise: PromiseLike<unknown>): void {
    const fail = (error: unknown): void => {
      if (!this.abort(error)) warn(toError(error));
    };
    promise.then(undefined, later(fail));
  }

  /** Asks the listeners of an event, and goes on when none has thrown: at once, or when their promises are fulfilled. */
  #ask(event: string, values: unknown[], next: (heard: boolean) => void): void {
    const { heard, promises, thrown } = askListeners(this.#websocket, event, ...values);
    for (const promise of promises) this.#hear(promise);
    if (thrown !== undefined) throw thrown.error;
    if (promises.length === 0) next(heard);
    else
      Promise.all(promises).then(
        later(() => this.#run(() => next(heard))),
        ignore,
      );
  }

  #prepare(address: string): HandshakeRequest {
    const compression = this.#compression;
    return createRequest(address, {
      extensions: compression === undefined ? [] : [compression.extension],
      nonce: randomBytes(16),
      subprotocols: this.#subprotocols,
      subprotocolRequired: true,
      origin: this.#options.origin,
    });
  }

  #send(handshake: HandshakeRequest): void {
    const websocket = this.#websocket;
    const { url } = handshake;
    const redirected = this.#url;
    this.#url = url;
    websocket.agree({ url: url.href });
    this.#fields.lead(url, redirected);
    const request = (url.secure ? https : http).request(this.#requestOptions(handshake));
    this.#request = request;
    this.#listen(request, handshake);
    if (redirected === undefined) this.#finish(request);
    else this.#ask('redirect', [url.href, request], () => this.#finish(request));
  }

  #finish(request: ClientRequest): void {
    // A listener may have closed the connection.
    if (this.#request !== request) return;
    const { finishRequest } = this.#options;
    if (!finishRequest) {
      request.end();
      return;
    }
    const finished: unknown = finishRequest(request, this.#websocket);
    if (isPromise(finished)) this.#hear(finished);
  }

  /** What comes from a request that was given up is of no interest any more. */
  #listen(request: ClientRequest, handshake: HandshakeRequest): void {
    let answered = false;
    const fail = (error: Error): void => {
      if (this.#request === request) this.abort(error);
    };
    request.on('error', fail);
    request.on('socket', (socket) => {
      unguard(socket);
      if (socket.destroyed) fail(socket.errored ?? hangUp());
    });
    request.on('close', () => {
      // Node has no error for a request that was aborted.
      if (!answered) fail(hangUp());
    });
    request.on('response', (response) => {
      answered = true;
      if (this.#request === request) this.#run(() => this.#receiveResponse(request, response));
    });
    request.on('upgrade', (response, socket, head) => {
      answered = true;
      // Node listens no more, and a stream may fail when it is destroyed.
      ignoreErrors(socket);
      try {
        if (this.#request === request)
          this.#run(() => this.#receiveUpgrade(handshake, response, socket, head));
      } finally {
        // No agent has this socket any more, and from Node 26 on it outlives a request that is destroyed.
        if (this.#request !== request) socket.destroy();
      }
    });
  }

  #requestOptions(handshake: HandshakeRequest): https.RequestOptions {
    const { protocolVersion, signal: _signal, ...options } = this.#options;
    const { url } = handshake;
    return {
      ...options,
      protocol: undefined,
      hostname: undefined,
      timeout: undefined,
      method: 'GET',
      host: url.host,
      port: url.port,
      path: url.resourceName,
      defaultPort: options.defaultPort ?? (url.secure ? 443 : 80),
      socketPath: url.socketPath,
      ...this.#fields.forRequest(handshake, protocolVersion),
      createConnection: connectorFor(options.createConnection, url.secure),
    } as https.RequestOptions;
  }

  #receiveResponse(request: ClientRequest, response: IncomingMessage): void {
    const { followRedirects, maxRedirects = MAX_REDIRECTS } = this.#options;
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (followRedirects && location && status >= 300 && status < 400) {
      if (++this.#redirects > maxRedirects) this.abort(new Error('Maximum redirects exceeded'));
      else this.#redirect(request, location);
    } else {
      this.#ask('unexpected-response', [request, response], (heard) => {
        if (!heard) this.abort(new Error(`Unexpected server response: ${status}`));
      });
    }
  }

  #redirect(request: ClientRequest, location: string): void {
    this.#request = undefined;
    this.#drop(request);
    let handshake: HandshakeRequest;
    try {
      handshake = this.#prepare(new URL(location, this.#url?.href).href);
    } catch (error) {
      throw new SyntaxError(error instanceof SyntaxError ? error.message : `Invalid URL: ${location}`);
    }
    const { socketPath } = handshake.url;
    // A server at the other end of a network must not have the client speak to sockets of its own machine.
    if (socketPath !== undefined && socketPath !== this.#url?.socketPath) {
      throw new SyntaxError(`a redirect must lead to ws, wss, http or https, not ${location}`);
    }
    this.#send(handshake);
  }

  #receiveUpgrade(
    handshake: HandshakeRequest,
    response: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    const lost = (): unknown => this.abort(socket.errored ?? hangUp());
    this.#upgraded = socket;
    socket.on('close', lost);
    this.#ask('upgrade', [response], () => {
      socket.off('close', lost);
      // A listener may have closed the connection.
      if (this.#isConnecting()) this.#open(handshake, response, socket, head);
    });
  }

  #open(handshake: HandshakeRequest, response: IncomingMessage, socket: Duplex, head: Buffer): void {
    const websocket = this.#websocket;
    const answer = verifyResponse(handshake, response);
    if (!answer.ok) {
      const { violation, message } = answer;
      this.abort(toHandshakeError(messageOf(answer, handshake), violation, message));
      return;
    }
    websocket.agree({ protocol: answer.subprotocol ?? '' });
    const config = answer.extensions[0]?.config;
    if (config !== undefined && this.#compression !== undefined) {
      websocket.agree({ extensions: { [PERMESSAGE_DEFLATE]: this.#compression.start('client', config) } });
    }
    unguard(socket);
    clearTimeout(this.#timer);
    websocket.setSocket(socket, head, this.#options);
  }
}

function ignore(): void {}

function checkSubprotocols(subprotocols: readonly string[]): void {
  if (subprotocols.length === 0) return;
  try {
    formatSubprotocols(subprotocols);
  } catch (error) {
    throw new SyntaxError('An invalid or duplicated subprotocol was specified', { cause: error });
  }
}

function messageOf(failure: Failure, { subprotocols, extensions }: HandshakeRequest): string {
  const { violation } = failure;
  if (violation === 'subprotocol-not-offered' && subprotocols.length === 0) {
    return 'Server sent a subprotocol but none was requested';
  }
  if (violation === 'extension-not-offered' && extensions.length === 0) {
    return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested';
  }
  return MESSAGES[violation] ?? failure.message;
}

/** What Node says of a socket that ends before it has answered. */
function hangUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}
