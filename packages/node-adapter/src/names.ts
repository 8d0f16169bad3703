/*
 * The types of npm `ws` under the names that `@types/ws` gives them, for software that imports those.
 */

import type { ClientRequest, IncomingMessage } from 'node:http';
import type {
  CloseEvent as Close,
  ErrorEvent as Failure,
  MessageEvent as Message,
  Event as Plain,
} from './events.js';
import type { RawData } from './payload.js';
import type { ClientInfo, Verified } from './server-options.js';
import type { WebSocket } from './web-socket.js';

export type { AddressInfo } from 'node:net';
export type { PreparedMessage } from '@x/frame-codec';
export type { BinaryType } from './binary-type.js';
export type { PerMessageDeflateOptions } from './deflate-options.js';
export type { SendOptions } from './outgoing.js';
export type { Payload, RawData } from './payload.js';
export type { PerMessageDeflate } from './per-message-deflate.js';
export type { Receiver } from './receiver.js';
export type { Sender } from './sender.js';
export type { BroadcastOptions, CloseOptions, ServerOptions } from './server-options.js';
export type { SocketConnection, SocketHandler } from './socket-connection.js';
export type { Transport, TransportOptions } from './transport.js';
export type { ClientOptions, WebSocketEventMap } from './web-socket.js';
export type { WebSocketServer } from './web-socket-server.js';

/** What `onmessage` gets. */
export type Data = string | RawData;

/** A certificate or a key. */
export type CertMeta = string | string[] | Buffer | Buffer[];

export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
) => boolean;

export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> = (
  info: ClientInfo<Request>,
  callback: Verified,
) => void;

export type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void;

export type Event = Plain<WebSocket>;
export type ErrorEvent = Failure<WebSocket>;
export type CloseEvent = Close<WebSocket>;
export type MessageEvent = Message<WebSocket, Data>;

export interface EventListenerOptions {
  once?: boolean | undefined;
}
