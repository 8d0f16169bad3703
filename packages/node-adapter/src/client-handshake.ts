import { randomBytes } from 'node:crypto';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
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
import { type Compression, compressionFor } from './compression.js';
import { toHandshakeError } from './handshake-error.js';
import { type ClientOptions, MAX_REDIRECTS } from './options.js';
import { READY_STATES } from './ready-state.js';
import type { WebSocket } from './web-socket.js';

const VERSIONS = [8, 13];

/** Fields of the caller that a redirect to another host, or away from TLS, must not carry along. */
const CREDENTIALS = ['authorization', 'cookie'];

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

type Headers = Record<string, string | number | readonly string[] | undefined>;

/** The opening handshake of a client (§4.1) over `http.request`, redirects included. */
export class ClientHandshake {
  readonly #websocket: WebSocket;
  readonly #options: ClientOptions;
  readonly #subprotocols: readonly string[];
  readonly #headers: Headers;
  readonly #compression: Compression | undefined;
  #auth: string | undefined;
  #url: WebSocketUrl | undefined;
  #redirects = 0;
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @throws {SyntaxError} when the URL or a subprotocol is no good
   * @throws {RangeError} when the protocol version is neither 8 nor 13
   */
  constructor(
    websocket: WebSocket,
    address: string | URL,
    subprotocols: readonly string[],
    options: ClientOptions,
  ) {
    const { protocolVersion = 13, handshakeTimeout } = options;
    if (!VERSIONS.includes(protocolVersion)) {
      throw new RangeError(
        `Unsupported protocol version: ${protocolVersion} (supported versions: ${VERSIONS.join(', ')})`,
      );
    }
    checkSubprotocols(subprotocols);
    this.#websocket = websocket;
    this.#options = options;
    this.#subprotocols = subprotocols;
    this.#headers = Object.fromEntries(
      Object.entries((options.headers ?? {}) as Headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    this.#compression = compressionFor(options.perMessageDeflate ?? true);
    this.#auth = options.auth ?? undefined;
    this.#start(this.#prepare(String(address)));
    if (handshakeTimeout) {
      this.#timer = setTimeout(
        () => this.abort(new Error('Opening handshake has timed out')),
        handshakeTimeout,
      );
    }
  }

  /** Gives up: the `error` and `close` events follow in the next tick. */
  abort(error: Error): void {
    const request = this.#stop();
    const websocket = this.#websocket;
    websocket._readyState = READY_STATES.CLOSING;
    request?.destroy();
    process.nextTick(() => websocket.failHandshake(error));
  }

  /** The request that is on its way is not listened to any more. */
  #stop(): ClientRequest | undefined {
    clearTimeout(this.#timer);
    const request = this.#request;
    this.#request = undefined;
    return request;
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

  #start(handshake: HandshakeRequest): void {
    const websocket = this.#websocket;
    const { url } = handshake;
    const redirected = this.#url;
    this.#url = url;
    websocket.agree({ url: url.href });
    if (redirected !== undefined && websocket.listenerCount('redirect') === 0) {
      this.#forgetCredentials(redirected, url);
    }
    this.#headers.authorization ??= url.authorization;
    const request = (url.secure ? https : http).request(this.#requestOptions(handshake));
    this.#request = request;
    // What comes from a request that was given up is of no interest any more.
    request.on('error', (error) => {
      if (this.#request !== request) return;
      this.#stop();
      websocket.failHandshake(error);
    });
    request.on('response', (response) => {
      if (this.#request === request) this.#receiveResponse(request, response);
    });
    request.on('upgrade', (response, socket, head) => {
      if (this.#request === request) this.#receiveUpgrade(handshake, response, socket, head);
      else socket.destroy();
    });
    if (redirected !== undefined) websocket.emit('redirect', url.href, request);
    const { finishRequest } = this.#options;
    if (finishRequest) finishRequest(request, websocket);
    else request.end();
  }

  #requestOptions({ url, rawHeaders }: HandshakeRequest): https.RequestOptions {
    const { protocolVersion, signal: _signal, ...options } = this.#options;
    const headers: Headers = { ...this.#headers };
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? '';
      // Node writes the Host field itself; the userinfo of the URL goes through `auth`.
      if (name !== 'Host' && name !== 'Authorization') headers[name.toLowerCase()] = rawHeaders[at + 1];
    }
    if (protocolVersion === 8) {
      // The last draft before the RFC, which differs in these two names.
      headers['sec-websocket-version'] = '8';
      if (headers.origin !== undefined) headers['sec-websocket-origin'] = headers.origin;
      headers.origin = undefined;
    }
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
      auth: headers.authorization === undefined ? this.#auth : undefined,
      headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      createConnection: options.createConnection ?? (url.secure ? connectTls : connectTcp),
    } as https.RequestOptions;
  }

  /** As curl does: credentials meant for one host go to no other, and not in the clear where they were meant for TLS. */
  #forgetCredentials(from: WebSocketUrl, to: WebSocketUrl): void {
    const sameHost = from.host === to.host && from.port === to.port && from.socketPath === to.socketPath;
    if (sameHost && !(from.secure && !to.secure)) return;
    for (const name of CREDENTIALS) delete this.#headers[name];
    if (!sameHost) delete this.#headers.host;
    this.#auth = undefined;
  }

  #receiveResponse(request: ClientRequest, response: IncomingMessage): void {
    const { followRedirects, maxRedirects = MAX_REDIRECTS } = this.#options;
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (followRedirects && location && status >= 300 && status < 400) {
      if (++this.#redirects > maxRedirects) this.abort(new Error('Maximum redirects exceeded'));
      else this.#redirect(request, location);
    } else if (!this.#websocket.emit('unexpected-response', request, response)) {
      this.abort(new Error(`Unexpected server response: ${status}`));
    }
  }

  #redirect(request: ClientRequest, location: string): void {
    this.#request = undefined;
    request.destroy();
    let handshake: HandshakeRequest;
    try {
      handshake = this.#prepare(new URL(location, this.#url?.href).href);
    } catch (error) {
      this.#stop();
      const reason = error instanceof SyntaxError ? error.message : `Invalid URL: ${location}`;
      this.#websocket.failHandshake(new SyntaxError(reason));
      return;
    }
    this.#start(handshake);
  }

  #receiveUpgrade(
    handshake: HandshakeRequest,
    response: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    const websocket = this.#websocket;
    websocket.emit('upgrade', response);
    // A listener may have closed the connection.
    if (websocket._readyState !== READY_STATES.CONNECTING) return;
    this.#stop();
    const answer = verifyResponse(handshake, response);
    if (!answer.ok) {
      const { violation, message } = answer;
      this.#refuse(socket, toHandshakeError(messageOf(answer, handshake), violation, message));
      return;
    }
    websocket.agree({ protocol: answer.subprotocol ?? '' });
    const config = answer.extensions[0]?.config;
    if (config !== undefined && this.#compression !== undefined) {
      websocket.agree({ extensions: { [PERMESSAGE_DEFLATE]: this.#compression.start('client', config) } });
    }
    websocket.setSocket(socket, head, this.#options);
  }

  #refuse(socket: Duplex, error: Error): void {
    const websocket = this.#websocket;
    websocket._readyState = READY_STATES.CLOSING;
    socket.once('error', () => undefined);
    socket.once('close', () => websocket.failHandshake(error));
    socket.destroy();
  }
}

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

/** `path` means a file here, and the request target in `http.request`. */
function connectTcp(options: net.TcpNetConnectOpts & { socketPath?: string }): net.Socket {
  return net.connect(Object.assign(options, { path: options.socketPath }) as net.NetConnectOpts);
}

function connectTls(options: tls.ConnectionOptions): tls.TLSSocket {
  const { host = '' } = options;
  const name =
    options.servername || options.servername === '' ? options.servername : net.isIP(host) ? '' : host;
  return tls.connect(Object.assign(options, { path: undefined, servername: name }) as tls.ConnectionOptions);
}
