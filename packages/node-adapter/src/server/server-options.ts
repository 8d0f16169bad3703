import type { Server as HttpServer, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { OriginCheck } from '@x/handshake';
import { warnOfMisspelt } from '../options/misspelt.js';
import { type ConnectionOptionsOfBoth, OPTIONS_OF_BOTH } from '../options/options.js';
import type { WebSocket } from '../websocket/web-socket.js';

/** What a `verifyClient` hook is told. */
export interface ClientInfo<Request extends IncomingMessage = IncomingMessage> {
  origin: string | undefined;
  /** whether the request came over TLS */
  secure: boolean;
  req: Request;
}

/** Answers a `verifyClient` hook that takes its time. */
export type Verified = (
  result: boolean,
  status?: number,
  message?: string,
  headers?: OutgoingHttpHeaders,
) => void;

/** How a {@link WebSocketServer} works. One of `port`, `server` and `noServer` must be given. */
export interface ServerOptions<
  Class extends typeof WebSocket = typeof WebSocket,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> extends ConnectionOptionsOfBoth {
  /** the longest queue of connections that wait to be accepted */
  backlog?: number | null | undefined;
  /** keeps all connections in `clients`; default true */
  clientTracking?: boolean | undefined;
  /** chooses one of the subprotocols that a client offers, or none, at once or by a promise; default the first */
  handleProtocols?:
    | ((
        protocols: Set<string>,
        request: InstanceType<Request>,
      ) => string | false | undefined | PromiseLike<string | false | undefined>)
    | null
    | undefined;
  /** how long hooks may take to answer, in milliseconds, then the client gets 503; 0 for no limit; default 60000 */
  handshakeTimeout?: number | undefined;
  host?: string | null | undefined;
  /** most connections at a time; who comes then gets 503; default no limit */
  maxConnections?: number | undefined;
  /**
   * bytes that all connections may hold together: what arrives of messages that are not complete, what is inflated or
   * paused, what waits to be sent, each write that waits counted as 1 KiB more. The connection that asks for more is closed
   * with 1013, or given up as `overflow` says where it sends; default no limit
   */
  maxTotalMemory?: number | undefined;
  /** leaves it to the application to call `handleUpgrade` */
  noServer?: boolean | undefined;
  /**
   * which origins may connect, as `originPolicy` of `@x/handshake` makes it; others get 403 (§10.2). Default all: then any
   * web page may connect, with the cookies of its visitor
   */
  origin?: OriginCheck | undefined;
  /** only requests for this path, without its query, are taken */
  path?: string | null | undefined;
  /** listens here, with an HTTP server of its own */
  port?: number | null | undefined;
  /** closes the server and its clients when it is aborted */
  signal?: AbortSignal | undefined;
  /** takes the upgrades of this server */
  server?: HttpServer<Request> | HttpsServer<Request> | null | undefined;
  /** lets a client in, or not, at once or by a promise; with two parameters it answers through the second */
  verifyClient?:
    | ((info: ClientInfo<InstanceType<Request>>, verified: Verified) => unknown)
    | null
    | undefined;
  /** the class to make connections of; must extend ours */
  WebSocket?: Class | undefined;
}

/** The names of {@link ServerOptions}. */
const SERVER_OPTIONS: Readonly<Record<keyof ServerOptions, true>> = {
  ...OPTIONS_OF_BOTH,
  backlog: true,
  clientTracking: true,
  handleProtocols: true,
  handshakeTimeout: true,
  host: true,
  maxConnections: true,
  maxTotalMemory: true,
  noServer: true,
  origin: true,
  path: true,
  port: true,
  server: true,
  signal: true,
  verifyClient: true,
  WebSocket: true,
};

/**
 * Refuses options that could never work, and warns of names that resemble one that there is.
 *
 * @throws {TypeError} when `path` has no slash in front, so that no request would match it, and when `origin` is no function
 */
export function checkServerOptions(options: { readonly path?: unknown; readonly origin?: unknown }): void {
  warnOfMisspelt(options, SERVER_OPTIONS);
  const { path, origin } = options;
  if (path && !String(path).startsWith('/')) throw new TypeError(`path must begin with a slash, not ${path}`);
  if (origin !== undefined && typeof origin !== 'function') {
    throw new TypeError(`origin must be a function, as originPolicy makes it, not ${origin}`);
  }
}

/** How the clients are closed with their server. */
export interface CloseOptions {
  /** default 1001, going away (§7.4.1) */
  code?: number;
  reason?: string;
  /** milliseconds that they have to answer, then their sockets are dropped; default the `closeTimeout` of the server */
  timeout?: number;
}

/** Who gets a message that goes to all. */
export interface BroadcastOptions<Client extends WebSocket = WebSocket> {
  /** not this one */
  except?: Client | undefined;
  /** only those for which it holds */
  filter?: ((client: Client) => boolean) | undefined;
  /** as a binary message; default: unless it is a string */
  binary?: boolean | undefined;
}

/** The events of a {@link WebSocketServer}, with the values that their listeners get. */
export interface ServerEvents<
  Client extends WebSocket = WebSocket,
  Request extends IncomingMessage = IncomingMessage,
> {
  connection: [websocket: Client, request: Request];
  listening: [];
  headers: [headers: string[], request: Request];
  wsClientError: [error: Error, socket: Duplex, request: Request];
  error: [error: Error];
  close: [];
}
