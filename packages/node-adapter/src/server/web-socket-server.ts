import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkOrigin, type OriginCheck, type Refusal, readRequest, type UpgradeOffer } from '@x/handshake';
import { type Compression, compressionFor } from '../compression/compression.js';
import { toHandshakeError } from '../opening/handshake-error.js';
import {
  answerUpgradeRequired,
  fieldsOf,
  messageOf,
  Refusals,
  readable,
} from '../opening/server-handshake.js';
import { budgetFor } from '../options/endpoint-options.js';
import { DEFAULTS, type SocketOptions } from '../options/options.js';
import { follow } from '../runtime/abort-signal.js';
import { nextTick, setImmediate } from '../runtime/clock.js';
import { runAll } from '../runtime/scheduler.js';
import { emitterOf, type TypedEmitter } from '../runtime/typed-emitter.js';
import { watchFor } from '../transport/keep-alive.js';
import { isAttached, type Transport } from '../transport/transport.js';
import { checkClose } from '../values/close-argument.js';
import { type Bytes, toHead } from '../values/payload.js';
import { shareServer } from '../websocket/terms.js';
import { WebSocket } from '../websocket/web-socket.js';
import type { Owner } from '../websocket/web-socket-handler.js';
import { createTransport, TRANSPORT } from '../websocket/web-socket-transport.js';
import { broadcast } from './broadcast.js';
import { ConnectionCount } from './connection-count.js';
import { Hooks } from './server-hooks.js';
import { type Answer, type Choice, type Negotiated, negotiateWith } from './server-negotiation.js';
import {
  type BroadcastOptions,
  type ClientInfo,
  type CloseOptions,
  checkServerOptions,
  type ServerEvents,
  type ServerOptions,
  type Verified,
} from './server-options.js';

/** As long as `node:http` waits for the head of a request. */
const HOOK_TIMEOUT = 60_000;

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

/** A client that has sent its request. */
interface Arrival<Class extends typeof WebSocket, Request extends typeof IncomingMessage> {
  readonly request: InstanceType<Request>;
  readonly socket: Duplex;
  readonly head: Uint8Array;
  readonly connected: Connected<InstanceType<Class>, InstanceType<Request>>;
}

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
  readonly #socketOptions: SocketOptions & { [TRANSPORT]: Transport<Owner> };
  readonly #compression: Compression | undefined;
  #state: 0 | 1 | 2 = RUNNING;
  #unlisten: (() => void) | undefined;
  #emitsClose = false;
  readonly #refusals: Refusals;
  readonly #hooks: Hooks;
  readonly #connections: ConnectionCount;
  /** Who is called with the next `close` event. */
  #closed: (() => void)[] = [];

  /**
   * @param listening a listener for the `listening` event of a server with a port
   * @throws {TypeError} unless exactly one of `port`, `server` and `noServer` is given, or when an option is of another kind
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
    checkServerOptions(options);
    const { port, server, noServer, host, backlog } = complete;
    if (Number(port != null) + Number(Boolean(server)) + Number(Boolean(noServer)) !== 1) {
      throw new TypeError(
        'One and only one of the "port", "server", or "noServer" options must be specified',
      );
    }
    const memory = budgetFor(complete.maxTotalMemory);
    this.#socketOptions = { ...complete, [TRANSPORT]: createTransport(true, complete, complete, memory) };
    this.#refusals = new Refusals(complete.closeTimeout);
    this.#connections = new ConnectionCount(complete.maxConnections);
    this.#hooks = new Hooks(this, this.#refusals, complete.handshakeTimeout ?? HOOK_TIMEOUT);
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
   * @throws {TypeError} without `clientTracking`, when `data` is neither text nor bytes, and when `filter` is async
   */
  broadcast(data: string | Bytes, options: BroadcastOptions<InstanceType<Class>> = {}): number {
    if (!this.options.clientTracking) throw new TypeError('broadcast needs clientTracking');
    return broadcast(this.clients, data, options);
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
    this.#hooks.refuseWaiting();
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
    return url.split(/[?#]/, 1)[0] === path;
  }

  /**
   * Answers the upgrade request of one client (§4.2): with 101, or with an error that says what is wrong.
   *
   * @param head bytes that came behind the request
   * @param connected called with the connection when it is open
   * @throws {Error} when there is a connection on the stream already
   * @throws {TypeError} when `head` is neither bytes nor nothing
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Bytes,
    connected: Connected<InstanceType<Class>, InstanceType<Request>>,
  ): void {
    const client = { request, socket, head: toHead(head), connected };
    socket.on('error', destroy);
    const offer = readRequest(readable(request));
    if (!offer.ok) {
      this.#refuseOffer(client, offer);
      return;
    }
    const shouldHandle = (): boolean => this.shouldHandle(request);
    this.#hooks.ask(client, shouldHandle, (handles) => {
      if (!handles) this.#refusals.refuse(socket, 400);
      else if (this.options.origin === undefined) this.#verify(client, offer);
      else this.#askOrigin(client, offer, this.options.origin);
    });
  }

  /** Before other hooks: these may act on the cookies that a foreign page has the browser send along (§10.2). */
  #askOrigin(client: Arrival<Class, Request>, offer: UpgradeOffer, check: OriginCheck): void {
    const answer = (refusal: Refusal | undefined): void => {
      if (refusal === undefined) this.#verify(client, offer);
      else this.#refusals.refuse(client.socket, refusal.status, refusal.message);
    };
    this.#hooks.ask(client, () => checkOrigin(offer, check), answer);
  }

  /** Tells of a request that broke a rule, or answers it. */
  #refuseOffer(client: Arrival<Class, Request>, offer: Refusal): void {
    const message = messageOf(offer);
    const error = toHandshakeError(message, offer.violation, offer.message);
    if (this.#hooks.tell(client, error).heard) return;
    this.#refusals.refuse(client.socket, offer.status, message, fieldsOf(offer));
  }

  #verify(client: Arrival<Class, Request>, offer: UpgradeOffer): void {
    const { verifyClient } = this.options;
    const { socket, request } = client;
    // A server that closes asks nobody whom to let in.
    if (!verifyClient || this.#state !== RUNNING || this.#connections.isFull) {
      this.#accept(client, offer);
      return;
    }
    // A request made by hand need not have one.
    const below: object = request.socket ?? socket;
    const secure = Boolean(Reflect.get(below, 'authorized') || Reflect.get(below, 'encrypted'));
    const info: ClientInfo<InstanceType<Request>> = { origin: offer.origin, secure, req: request };
    const hooks = this.#hooks;
    const answer = ([result, status, message, headers]: Parameters<Verified>): void => {
      if (result) this.#accept(client, offer);
      else {
        const refuse = (): void => this.#refusals.refuse(socket, status || 401, message, headers);
        hooks.ask(client, refuse, ignore);
      }
    };
    if (verifyClient.length === 2) {
      const ask = (verified: (values: Parameters<Verified>) => void): unknown =>
        verifyClient(info, (...values) => verified(values));
      hooks.askBack(client, ask, answer);
    } else {
      hooks.ask(
        client,
        () => verifyClient(info, ignore),
        (result) => answer([Boolean(result)]),
      );
    }
  }

  #accept(client: Arrival<Class, Request>, offer: UpgradeOffer): void {
    const { handleProtocols } = this.options;
    const { request } = client;
    if (!this.#isWelcome(client)) return;
    const [preferred] = offer.subprotocols;
    const choose = (): Choice =>
      handleProtocols && preferred !== undefined
        ? handleProtocols(new Set(offer.subprotocols), request)
        : preferred;
    this.#hooks.ask(client, choose, (chosen) => {
      const negotiate = (): Negotiated<Class> =>
        negotiateWith(this, this.#compression, offer, request, chosen);
      this.#hooks.ask(client, negotiate, (answer) => {
        if (answer.ok) this.#open(client, answer);
        else this.#refusals.refuse(client.socket, answer.refusal.status, answer.refusal.message);
      });
    });
  }

  /** Whether a connection may be put on the stream, which a hook may have taken its time to allow. */
  #isWelcome({ socket }: Arrival<Class, Request>): boolean {
    // The client has gone already.
    if (!socket.readable || !socket.writable) socket.destroy();
    else if (isAttached(socket)) {
      throw new Error(
        'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
      );
    } else if (this.#state !== RUNNING || this.#connections.isFull) this.#refusals.refuse(socket, 503);
    else return true;
    return false;
  }

  #open(
    client: Arrival<Class, Request>,
    { head, websocket }: Answer<InstanceType<Class>> & { ok: true },
  ): void {
    const { socket, request } = client;
    if (!this.#isWelcome(client)) return;
    socket.write(head, 'latin1');
    try {
      websocket.setSocket(socket, client.head, this.#socketOptions);
    } catch (error) {
      // A listener of `open` may have thrown: it is a client all the same.
      if (!isAttached(socket)) socket.destroy();
      throw error;
    } finally {
      if (isAttached(socket)) this.#keep(websocket, socket);
    }
    client.connected(websocket, request);
  }

  /** The connection is on its stream. */
  #keep(websocket: InstanceType<Class>, socket: Duplex): void {
    socket.removeListener('error', destroy);
    this.#connections.add(socket);
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

function ignore(): void {}

function destroy(this: Duplex): void {
  this.destroy();
}
