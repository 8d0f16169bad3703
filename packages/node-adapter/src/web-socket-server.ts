import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { PreparedMessage } from '@x/frame-codec';
import { acceptOffer, PERMESSAGE_DEFLATE, type Refusal, readRequest, type UpgradeOffer } from '@x/handshake';
import { follow } from './abort-signal.js';
import { nextTick, setImmediate } from './clock.js';
import { checkClose } from './close-argument.js';
import { type Compression, compressionFor } from './compression.js';
import { toHandshakeError } from './handshake-error.js';
import { watchFor } from './keep-alive.js';
import { DEFAULTS, type SocketOptions } from './options.js';
import { runAll } from './scheduler.js';
import {
  answerUpgradeRequired,
  checkLines,
  fieldsOf,
  isDraft8,
  messageOf,
  Refusals,
  translateDraft8,
} from './server-handshake.js';
import type {
  BroadcastOptions,
  ClientInfo,
  CloseOptions,
  ServerEvents,
  ServerOptions,
} from './server-options.js';
import { shareServer } from './terms.js';
import { isAttached, type Transport } from './transport.js';
import { emitterOf, type TypedEmitter } from './typed-emitter.js';
import { WebSocket } from './web-socket.js';
import { createTransport, TRANSPORT } from './web-socket-transport.js';

const RUNNING = 0;
const CLOSING = 1;
const CLOSED = 2;

/** The emitter of a server, whatever its connections and requests are. */
interface ServerEmitterClass {
  new <Client extends WebSocket, Request extends IncomingMessage>(): TypedEmitter<
    ServerEvents<Client, Request>
  >;
}

const Emitter: ServerEmitterClass = emitterOf<ServerEvents>() as ServerEmitterClass;

/** What is answered to an offer. */
type Answer<Client> =
  | { readonly ok: true; readonly head: string; readonly websocket: Client }
  | { readonly ok: false; readonly refusal: Pick<Refusal, 'status' | 'message'> };

type Connected<Client, Request> = (websocket: Client, request: Request) => void;

/**
 * Takes WebSocket connections, with the interface of npm `ws`: on a port of its own, on a given HTTP server, or one by
 * one through {@link handleUpgrade}.
 *
 * Events: `connection` (websocket, request), `listening` (), `headers` (headers, request), `wsClientError` (error,
 * socket, request), `error` (error), `close` ().
 *
 * @example
 * const server = new WebSocketServer({ port: 8080 });
 * server.on('connection', (websocket) => websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary })));
 */
export class WebSocketServer<
  Class extends typeof WebSocket = typeof WebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> extends Emitter<InstanceType<Class>, InstanceType<Request>> {
  readonly options: ServerOptions<Class, Request>;
  /** All connections that are not over, unless `clientTracking` is off. */
  declare readonly clients: Set<InstanceType<Class>>;
  /** The HTTP server that upgrades come from. */
  _server: HttpServer<Request> | HttpsServer<Request> | null = null;
  readonly #socketOptions: SocketOptions & { [TRANSPORT]: Transport<WebSocket> };
  readonly #compression: Compression | undefined;
  #state: 0 | 1 | 2 = RUNNING;
  #unlisten: (() => void) | undefined;
  #emitsClose = false;
  readonly #refusals: Refusals;
  /** Who is called with the next `close` event. */
  #closed: (() => void)[] = [];

  /**
   * @param listening a listener for the `listening` event of a server with a port
   * @throws {TypeError} unless exactly one of `port`, `server` and `noServer` is given
   * @throws {RangeError} when the port or a limit is out of its range
   */
  constructor(options: ServerOptions<Class, Request> = {}, listening?: () => void) {
    super();
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const complete: ServerOptions<Class, Request> = {
      ...{ ...DEFAULTS, backlog: null, clientTracking: true, handleProtocols: null, host: null },
      ...{ noServer: false, path: null, perMessageDeflate: false, port: null, server: null },
      // The default of the type parameter is the default of the option.
      ...{ verifyClient: null, WebSocket: WebSocket as Class },
      ...Object.fromEntries(given),
    };
    this.options = complete;
    const { port, server, noServer, host, backlog } = complete;
    if (Number(port != null) + Number(Boolean(server)) + Number(Boolean(noServer)) !== 1) {
      throw new TypeError(
        'One and only one of the "port", "server", or "noServer" options must be specified',
      );
    }
    this.#socketOptions = { ...complete, [TRANSPORT]: createTransport(true, complete, complete) };
    this.#refusals = new Refusals(complete.closeTimeout);
    watchFor(complete);
    this.#compression = compressionFor(complete.perMessageDeflate);
    if (complete.clientTracking) {
      Object.assign(this, { clients: new Set<InstanceType<Class>>() });
      shareServer(complete, this);
    }
    if (port != null) {
      const own = createServer(answerUpgradeRequired);
      this._server = own;
      const where = { port, ...(host == null ? {} : { host }), ...(backlog == null ? {} : { backlog }) };
      own.listen(where, listening);
    } else if (server) {
      this._server = server;
    }
    if (this._server !== null) this.#unlisten = this.#listen(this._server);
    follow(complete.signal, this, () => this.close(complete.clientTracking ? {} : undefined));
  }

  /**
   * Where the server listens: an address and port, a path, or `null` when it does not.
   *
   * @throws {Error} in `noServer` mode
   */
  address(): AddressInfo | string | null {
    if (this.options.noServer) throw new Error('The server is operating in "noServer" mode');
    return this._server?.address() ?? null;
  }

  /**
   * Takes no more connections; the `close` event follows when the ones there are have ended. As with npm `ws` they are
   * left alone, unless options say to close them: with a close frame each, and the socket is dropped where the peer has
   * not answered in time.
   *
   * @param closed called with the `close` event, with an error when the server was closed before
   * @throws {TypeError} when the close code must not be sent
   */
  close(closed?: (error?: Error) => void): void;
  close(options: CloseOptions | undefined, closed?: (error?: Error) => void): void;
  close(options?: CloseOptions | ((error?: Error) => void), closed?: (error?: Error) => void): void {
    if (typeof options === 'function') this.#close(options);
    else {
      if (options !== undefined) this.#closeClients(options);
      this.#close(closed);
    }
  }

  /**
   * Sends a message to all clients that are open; it is framed, and compressed, once.
   *
   * @returns to how many
   * @throws {TypeError} without `clientTracking`, and when `data` is neither text nor bytes
   */
  broadcast(
    data: string | Uint8Array,
    { except, filter, binary }: BroadcastOptions<InstanceType<Class>> = {},
  ): number {
    if (!this.options.clientTracking) throw new TypeError('broadcast needs clientTracking');
    const isText = binary === undefined ? typeof data === 'string' : !binary;
    const message = new PreparedMessage(isText ? textOf(data) : bytesOf(data));
    let count = 0;
    for (const client of this.clients) {
      if (client.readyState !== WebSocket.OPEN || client === except) continue;
      if (filter !== undefined && !filter(client)) continue;
      client.send(message);
      count++;
    }
    return count;
  }

  #closeClients({ code = 1001, reason = '', timeout }: CloseOptions): void {
    if (!this.options.clientTracking) throw new TypeError('closing the clients needs clientTracking');
    checkClose(code, reason);
    for (const client of this.clients) {
      client.close(code, reason);
      client.startCloseTimer(timeout);
    }
  }

  #close(closed: ((error?: Error) => void) | undefined): void {
    if (this.#state === CLOSED) {
      if (closed) this.#closed.push(() => closed(new Error('The server is not running')));
      nextTick(() => this.#emitClose());
      return;
    }
    if (closed) this.#closed.push(closed);
    if (this.#state === CLOSING) return;
    this.#state = CLOSING;
    const server = this._server;
    this.#unlisten?.();
    this._server = null;
    this.#refusals.refuseWaiting();
    if (server !== null && this.options.port != null) {
      // It may be about to tell that it cannot listen.
      server.on('error', ignore);
      server.close(() => this.#emitClose());
      // Who has sent half a request, or nothing, would keep it open: Node looks at their time no more.
      setImmediate(() => server.closeAllConnections());
    } else if (this.options.clientTracking && this.clients.size > 0) this.#emitsClose = true;
    else nextTick(() => this.#emitClose());
  }

  /** Whether a request is for this server: its path, unless overridden. */
  shouldHandle(request: InstanceType<Request>): boolean {
    const { path } = this.options;
    if (!path) return true;
    const { url = '' } = request;
    const query = url.indexOf('?');
    return (query === -1 ? url : url.slice(0, query)) === path;
  }

  /**
   * Answers the upgrade request of one client (§4.2): with 101, or with an error that says what is wrong.
   *
   * @param head bytes that came behind the request
   * @param connected called with the connection when it is open
   * @throws {Error} when there is a connection on the stream already
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Uint8Array,
    connected: Connected<InstanceType<Class>, InstanceType<Request>>,
  ): void {
    socket.on('error', destroy);
    this.#refusals.run(socket, () => this.#answer(request, socket, head, connected));
  }

  #answer(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Uint8Array,
    connected: Connected<InstanceType<Class>, InstanceType<Request>>,
  ): void {
    const offer = readRequest(isDraft8(request) ? translateDraft8(request) : request);
    if (!offer.ok) {
      const message = messageOf(offer);
      if (this.listenerCount('wsClientError') > 0) {
        const error = toHandshakeError(message, offer.violation, offer.message);
        this.emit('wsClientError', error, socket, request);
        return;
      }
      this.#refusals.refuse(socket, offer.status, message, fieldsOf(offer));
      return;
    }
    if (!this.shouldHandle(request)) {
      this.#refusals.refuse(socket, 400);
      return;
    }
    const accept = (): void => this.#accept(offer, request, socket, head, connected);
    const { verifyClient } = this.options;
    // A server that closes asks nobody whom to let in.
    if (!verifyClient || this.#state !== RUNNING) {
      accept();
      return;
    }
    const secure = Boolean(
      Reflect.get(request.socket, 'authorized') || Reflect.get(request.socket, 'encrypted'),
    );
    const info: ClientInfo<InstanceType<Request>> = { origin: offer.origin, secure, req: request };
    if (verifyClient.length === 2) {
      const verified = this.#refusals.verified(socket, (result, status = 401, message, headers) => {
        if (result) accept();
        else this.#refusals.refuse(socket, status || 401, message, headers);
      });
      verifyClient(info, verified);
    } else if (verifyClient(info, ignore)) accept();
    else this.#refusals.refuse(socket, 401);
  }

  #accept(
    offer: UpgradeOffer,
    request: InstanceType<Request>,
    socket: Duplex,
    head: Uint8Array,
    connected: Connected<InstanceType<Class>, InstanceType<Request>>,
  ): void {
    // The client has gone already.
    if (!socket.readable || !socket.writable) {
      socket.destroy();
      return;
    }
    if (isAttached(socket)) {
      throw new Error(
        'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
      );
    }
    if (this.#state !== RUNNING) {
      this.#refusals.refuse(socket, 503);
      return;
    }
    const answer = this.#negotiate(offer, request);
    if (!answer.ok) {
      this.#refusals.refuse(socket, answer.refusal.status, answer.refusal.message);
      return;
    }
    const { websocket } = answer;
    socket.write(answer.head, 'latin1');
    try {
      websocket.setSocket(socket, head, this.#socketOptions);
    } finally {
      // A listener of `open` may have thrown: it is a client all the same.
      if (isAttached(socket)) this.#keep(websocket, socket);
    }
    connected(websocket, request);
  }

  /** Makes the answer, and what stands for the connection: all that may throw, before anything is written. */
  #negotiate(offer: UpgradeOffer, request: InstanceType<Request>): Answer<InstanceType<Class>> {
    const { handleProtocols, WebSocket: Class } = this.options;
    const compression = this.#compression;
    const answer = acceptOffer(offer, {
      extensions: compression === undefined ? [] : [compression.extension],
      subprotocols: (offered) =>
        (handleProtocols ? handleProtocols(new Set(offered), request) : offered[0]) || undefined,
    });
    if (!answer.ok) return { ok: false, refusal: answer };
    // The default of the type parameter is the default of the option.
    const websocket = new (Class ?? WebSocket)(null, undefined, this.options) as InstanceType<Class>;
    if (answer.subprotocol) websocket.agree({ protocol: answer.subprotocol });
    const config = answer.extensions[0]?.config;
    if (config !== undefined && compression !== undefined) {
      websocket.agree({ extensions: { [PERMESSAGE_DEFLATE]: compression.start('server', config) } });
    }
    if (this.listenerCount('headers') === 0) return { ok: true, head: answer.head, websocket };
    const lines = answer.head.trimEnd().split('\r\n');
    this.emit('headers', lines, request);
    checkLines(lines);
    return { ok: true, head: `${lines.join('\r\n')}\r\n\r\n`, websocket };
  }

  /** The connection is on its stream. */
  #keep(websocket: InstanceType<Class>, socket: Duplex): void {
    socket.removeListener('error', destroy);
    if (!this.options.clientTracking) return;
    this.clients.add(websocket);
    // It belongs to another where its class gave it other options.
    if (websocket._terms.server !== this) websocket.agree({ server: this });
  }

  /** @internal */
  forget(websocket: InstanceType<Class>): void {
    this.clients.delete(websocket);
    if (!this.#emitsClose || this.clients.size > 0) return;
    this.#emitsClose = false;
    nextTick(() => this.#emitClose());
  }

  #listen(server: HttpServer<Request> | HttpsServer<Request>): () => void {
    const listening = (): boolean => this.emit('listening');
    const error = (failure: Error): boolean => this.emit('error', failure);
    const connected: Connected<InstanceType<Class>, InstanceType<Request>> = (websocket, request) =>
      this.emit('connection', websocket, request);
    const upgrade = (request: InstanceType<Request>, socket: Duplex, head: Buffer): void =>
      this.handleUpgrade(request, socket, head, connected);
    server.on('listening', listening).on('error', error).on('upgrade', upgrade);
    return () => {
      server.off('listening', listening).off('error', error).off('upgrade', upgrade);
    };
  }

  #emitClose(): void {
    const closed = this.#closed;
    this.#closed = [];
    this.#state = CLOSED;
    runAll([() => this.emit('close'), ...closed], (step) => step());
  }
}

function textOf(data: string | Uint8Array): string {
  return typeof data === 'string' ? data : Buffer.from(data).toString();
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}

function ignore(): void {}

function destroy(this: Duplex): void {
  this.destroy();
}
