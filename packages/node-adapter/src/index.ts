/** WebSocket for Node: servers and clients with the interface of npm `ws`, and a low level without copies. */

import { randomFillSync } from 'node:crypto';
import { PreparedMessage, setRandomSource } from '@x/frame-codec';
import { CloseEvent, ErrorEvent, Event, MessageEvent } from './events.js';
import { extension, subprotocol } from './header-lists.js';
import { PerMessageDeflate } from './per-message-deflate.js';
import { Receiver } from './receiver.js';
import { Sender } from './sender.js';
import { SocketConnection } from './socket-connection.js';
import { createWebSocketStream } from './stream.js';
import { Transport } from './transport.js';
import { WebSocket } from './web-socket.js';
import { WebSocketServer } from './web-socket-server.js';

export const CONNECTING: 0 = WebSocket.CONNECTING;
export const OPEN: 1 = WebSocket.OPEN;
export const CLOSING: 2 = WebSocket.CLOSING;
export const CLOSED: 3 = WebSocket.CLOSED;

// Node loads the global `crypto` only when it is used, which takes longer than a handshake; and some programs have none.
setRandomSource(randomFillSync);

// As npm ws has it: whoever has the class has everything.
Object.assign(WebSocket, {
  ...{ createWebSocketStream, extension, PerMessageDeflate, Receiver, Sender, subprotocol },
  ...{ Server: WebSocketServer, WebSocket, WebSocketServer },
  // For require().
  ...{ CloseEvent, ErrorEvent, Event, MessageEvent, PreparedMessage, SocketConnection, Transport },
});

export type { BinaryType } from './binary-type.js';
export type { EventHandler, WebSocketEventMap, WebSocketEvents } from './event-target.js';
export type { ExtensionMap, ParameterMap } from './header-lists.js';
export type {
  AddressInfo,
  CertMeta,
  Data,
  EventListenerOptions,
  FinishRequestCallback,
  VerifyClientCallbackAsync,
  VerifyClientCallbackSync,
} from './names.js';
export type {
  ClientOptions,
  ConnectionOptionsOfBoth,
  PerMessageDeflateOptions,
  SocketOptions,
} from './options.js';
export type { SendOptions } from './outgoing.js';
export type { Payload, RawData } from './payload.js';
export type { ReceiverOptions } from './receiver.js';
export type { Sent } from './send-callback.js';
export type { FrameOptions } from './sender.js';
export type {
  BroadcastOptions,
  ClientInfo,
  CloseOptions,
  ServerEvents,
  ServerOptions,
  Verified,
} from './server-options.js';
export type { SocketHandler } from './socket-connection.js';
export type { TransportOptions } from './transport.js';
export {
  CloseEvent,
  createWebSocketStream,
  ErrorEvent,
  Event,
  extension,
  MessageEvent,
  PerMessageDeflate,
  PreparedMessage,
  Receiver,
  Sender,
  SocketConnection,
  subprotocol,
  Transport,
  WebSocket,
  WebSocket as default,
  WebSocketServer,
  WebSocketServer as Server,
};
