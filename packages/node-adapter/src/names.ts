/*
 * The types of npm `ws` under the names that `@types/ws` gives them, for software that imports those.
 */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ClientInfo, Verified } from './server/server-options.js';
import type { RawData } from './values/payload.js';
import type {
  CloseEvent as Close,
  ErrorEvent as Failure,
  MessageEvent as Message,
  Event as Plain,
} from './websocket/events.js';
import type { WebSocket } from './websocket/web-socket.js';

export type { AddressInfo } from 'node:net';
export type { PreparedMessage } from '@x/frame-codec';
export type { PerMessageDeflateOptions } from './compression/deflate-options.js';
export type { BroadcastOptions, CloseOptions, ServerOptions } from './server/server-options.js';
export type { WebSocketServer } from './server/web-socket-server.js';
export type { SocketConnection, SocketHandler } from './transport/socket-connection.js';
export type { Transport, TransportOptions } from './transport/transport.js';
export type { BinaryType } from './values/binary-type.js';
export type { Payload, RawData } from './values/payload.js';
export type { SendOptions } from './websocket/outgoing.js';
export type { ClientOptions, WebSocketEventMap } from './websocket/web-socket.js';
export type { PerMessageDeflate } from './ws-internals/per-message-deflate.js';
export type { Receiver } from './ws-internals/receiver.js';
export type { Sender } from './ws-internals/sender.js';

/** What `onmessage` gets. */
export type Data = string | RawData;

/** A certificate or a key. */
export type CertMeta = string | string[] | Buffer | Buffer[];

/** A `verifyClient` hook that answers at once. */
export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
) => boolean;

/** A `verifyClient` hook that answers through its second parameter. */
export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
  callback: Verified,
) => void;

/** What the option `finishRequest` of a client is. */
export type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void;

export type Event = Plain<WebSocket>;
export type ErrorEvent = Failure<WebSocket>;
export type CloseEvent = Close<WebSocket>;
export type MessageEvent = Message<WebSocket, Data>;

/** How `addEventListener` listens. */
export interface EventListenerOptions {
  once?: boolean | undefined;
}
