import {
  type ClientRequest,
  type Establishment,
  type Failure,
  failureFor,
  verifyResponse,
} from './client.js';
import { RequestHeadParser, ResponseHeadParser } from './head-parser.js';
import { type HandshakeLimits, resolveLimits } from './limits.js';
import { ACCEPT_OPTIONS, checkOptions } from './options.js';
import { type Refusal, refuseFor } from './refusal.js';
import { type Acceptance, type AcceptOptions, acceptRequest, type ReadOptions } from './server.js';
import { HandshakeError } from './violations.js';

const EMPTY = new Uint8Array(0);

/**
 * The server's opening handshake over a bare byte stream: bytes in, the answer to write out. One for each connection.
 * How long a peer may take is the transport's to limit; how much it may send is limited here.
 *
 * @example
 * ```ts
 * const handshake = new ServerHandshake({ subprotocols: ['chat'] });
 * socket.on('data', (chunk) => {
 *   const answer = handshake.receive(chunk);
 *   if (answer?.ok) socket.write(answer.head, 'latin1'); // frames begin in handshake.rest
 *   else if (answer) socket.end(answer.head + answer.body, 'latin1');
 * });
 * ```
 */
export class ServerHandshake<Config = never> {
  readonly #options: AcceptOptions<Config> & ReadOptions;
  readonly #parser: RequestHeadParser;
  #done = false;
  /** The bytes after the request's head, borrowed: a view of the chunk received last. */
  rest: Uint8Array = EMPTY;

  /** @throws TypeError, RangeError for mistakes in the options */
  constructor(options: AcceptOptions<Config> & ReadOptions = {}) {
    checkOptions(options, ACCEPT_OPTIONS);
    this.#options = options;
    this.#parser = new RequestHeadParser(options.limits);
  }

  /**
   * Takes the next bytes; gives the answer once there is one, after which the handshake is over.
   *
   * @throws TypeError when it is over already, when `chunk` is no Uint8Array, or as {@link acceptRequest}
   */
  receive(chunk: Uint8Array): Acceptance<Config> | Refusal | undefined {
    if (this.#done) throw new TypeError('the handshake is over');
    try {
      const parsed = this.#parser.push(chunk);
      if (parsed === undefined) return undefined;
      this.#done = true;
      this.rest = parsed.rest;
      return acceptRequest(parsed.head, this.#options);
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      this.#done = true;
      return refuseFor(error);
    }
  }
}

/**
 * The client's opening handshake over a bare byte stream: write {@link ClientRequest.head}, then feed what comes back.
 * Interim responses (100, 103 …) are passed over, as RFC 9110 §15.2 demands.
 */
export class ClientHandshake<Config = never> {
  readonly #request: ClientRequest<Config>;
  readonly #limits: HandshakeLimits;
  #parser: ResponseHeadParser;
  #interim = 0;
  #done = false;
  /** The bytes after the response's head, borrowed: frames, or the beginning of a refusal's body. */
  rest: Uint8Array = EMPTY;

  /** @throws RangeError when a limit is not a positive integer */
  constructor(request: ClientRequest<Config>, limits?: Partial<HandshakeLimits>) {
    this.#request = request;
    this.#limits = resolveLimits(limits);
    this.#parser = new ResponseHeadParser(this.#limits);
  }

  /**
   * Takes the next bytes; gives the result once there is one, after which the handshake is over.
   *
   * @throws TypeError when it is over already, or `chunk` is no Uint8Array
   */
  receive(chunk: Uint8Array): Establishment<Config> | Failure | undefined {
    if (this.#done) throw new TypeError('the handshake is over');
    try {
      let parsed = this.#parser.push(chunk);
      while (parsed !== undefined && parsed.head.statusCode < 200 && parsed.head.statusCode !== 101) {
        if (++this.#interim > this.#limits.interimResponses)
          throw new HandshakeError('too-many-interim-responses');
        this.#parser = new ResponseHeadParser(this.#limits);
        parsed = this.#parser.push(parsed.rest);
      }
      if (parsed === undefined) return undefined;
      this.#done = true;
      this.rest = parsed.rest;
      return verifyResponse(this.#request, parsed.head, { limits: this.#limits });
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      this.#done = true;
      return failureFor(error, 0, []);
    }
  }
}
