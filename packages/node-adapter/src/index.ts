/** WebSocket for Node: servers and clients with the interface of npm `ws`, and a low level without copies. */

import { randomFillSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PreparedMessage, setRandomSource } from '@x/frame-codec';
import type * as Names from './names.js';
import { WebSocketServer } from './server/web-socket-server.js';
import { SocketConnection } from './transport/socket-connection.js';
import { Transport } from './transport/transport.js';
import { CloseEvent, ErrorEvent, Event, MessageEvent } from './websocket/events.js';
import { createWebSocketStream } from './websocket/stream.js';
import { WebSocket } from './websocket/web-socket.js';
import { extension, subprotocol } from './ws-internals/header-lists.js';
import { PerMessageDeflate } from './ws-internals/per-message-deflate.js';
import { Receiver } from './ws-internals/receiver.js';
import { Sender } from './ws-internals/sender.js';

// Node loads the global `crypto` only when it is used, which takes longer than a handshake; and some programs have none.
setRandomSource(randomFillSync);

/** What stands on the class, as with npm ws: whoever has the class has everything. */
interface Statics {
  readonly createWebSocketStream: typeof createWebSocketStream;
  readonly extension: typeof extension;
  readonly PerMessageDeflate: typeof PerMessageDeflate;
  readonly PreparedMessage: typeof PreparedMessage;
  readonly Receiver: typeof Receiver;
  readonly Sender: typeof Sender;
  readonly Server: typeof WebSocketServer;
  readonly SocketConnection: typeof SocketConnection;
  readonly subprotocol: typeof subprotocol;
  readonly Transport: typeof Transport;
  readonly WebSocketServer: typeof WebSocketServer;
}

/** The class with its statics. That `WebSocket.WebSocket` is the class itself, the result of `assign` cannot say. */
type Whole = typeof WebSocket & Statics & { readonly WebSocket: Whole };

const statics: Statics & { readonly WebSocket: typeof WebSocket } = {
  ...{ createWebSocketStream, extension, PerMessageDeflate, Receiver, Sender, subprotocol },
  ...{ Server: WebSocketServer, WebSocket, WebSocketServer },
  // For require().
  ...{ CloseEvent, ErrorEvent, Event, MessageEvent, PreparedMessage, SocketConnection, Transport },
};

// Not called `WebSocket` in here: a bundle that has two of a name renames one, and the class would be called `WebSocket$1`.
/** The class of connections, with the interface of npm `ws` and of browsers. */
const Assembled = Object.assign(WebSocket, statics) as Whole;

/** A connection, with the interface of npm `ws` and of browsers. */
type Assembled = WebSocket;

/** `readyState` before the opening handshake is over. */
export const CONNECTING: 0 = WebSocket.CONNECTING;
/** `readyState` while messages may be sent. */
export const OPEN: 1 = WebSocket.OPEN;
/** `readyState` while the closing handshake goes on. */
export const CLOSING: 2 = WebSocket.CLOSING;
/** `readyState` when the connection is over, or never was. */
export const CLOSED: 3 = WebSocket.CLOSED;

// The names below hide these.
type Instance = WebSocket;
type AnyClass = typeof WebSocket;
type AnyRequest = typeof IncomingMessage;

/** The types of npm `ws` under the names that `@types/ws` gives them, and the others for who uses `require()`. */
declare namespace Assembled {
  export type WebSocket = Instance;
  export type RawData = Names.RawData;
  export type Data = Names.Data;
  export type Payload = Names.Payload;
  export type CertMeta = Names.CertMeta;
  export type FinishRequestCallback = Names.FinishRequestCallback;
  export type ClientOptions = Names.ClientOptions;
  export type PerMessageDeflateOptions = Names.PerMessageDeflateOptions;
  export type SendOptions = Names.SendOptions;
  export type BinaryType = Names.BinaryType;
  export type Event = Names.Event;
  export type ErrorEvent = Names.ErrorEvent;
  export type CloseEvent = Names.CloseEvent;
  export type MessageEvent = Names.MessageEvent;
  export type WebSocketEventMap = Names.WebSocketEventMap;
  export type EventListenerOptions = Names.EventListenerOptions;
  export type AddressInfo = Names.AddressInfo;
  export type BroadcastOptions = Names.BroadcastOptions;
  export type CloseOptions = Names.CloseOptions;
  export type PerMessageDeflate = Names.PerMessageDeflate;
  export type PreparedMessage = Names.PreparedMessage;
  export type Receiver = Names.Receiver;
  export type Sender = Names.Sender;
  export type TransportOptions = Names.TransportOptions;
  export type VerifyClientCallbackSync<R extends IncomingMessage = IncomingMessage> =
    Names.VerifyClientCallbackSync<R>;
  export type VerifyClientCallbackAsync<R extends IncomingMessage = IncomingMessage> =
    Names.VerifyClientCallbackAsync<R>;
  export type ServerOptions<
    C extends AnyClass = AnyClass,
    R extends AnyRequest = AnyRequest,
  > = Names.ServerOptions<C, R>;
  export type Server<
    C extends AnyClass = AnyClass,
    R extends AnyRequest = AnyRequest,
  > = Names.WebSocketServer<C, R>;
  export type WebSocketServer<
    C extends AnyClass = AnyClass,
    R extends AnyRequest = AnyRequest,
  > = Names.WebSocketServer<C, R>;
  export type SocketConnection<Context = unknown> = Names.SocketConnection<Context>;
  export type SocketHandler<Context = unknown> = Names.SocketHandler<Context>;
  export type Transport<Context = unknown> = Names.Transport<Context>;
}

export type { PerMessageDeflateOptions } from './compression/deflate-options.js';
export type {
  AddressInfo,
  CertMeta,
  Data,
  EventListenerOptions,
  FinishRequestCallback,
  VerifyClientCallbackAsync,
  VerifyClientCallbackSync,
} from './names.js';
export type { ConnectionOptionsOfBoth, SocketOptions } from './options/options.js';
export type {
  BroadcastOptions,
  ClientInfo,
  CloseOptions,
  ServerEvents,
  ServerOptions,
  Verified,
} from './server/server-options.js';
export type { Sent } from './transport/send-callback.js';
export type { SocketHandler } from './transport/socket-connection.js';
export type { TransportOptions } from './transport/transport.js';
export type { BinaryType } from './values/binary-type.js';
export type { Payload, RawData } from './values/payload.js';
export type { EventHandler, WebSocketEvents } from './websocket/event-target.js';
export type { SendOptions } from './websocket/outgoing.js';
export type { ClientOptions, WebSocketEventMap } from './websocket/web-socket.js';
export type { ExtensionMap, ParameterMap } from './ws-internals/header-lists.js';
export type { ReceiverOptions } from './ws-internals/receiver.js';
export type { FrameOptions } from './ws-internals/sender.js';
export {
  Assembled as WebSocket,
  Assembled as default,
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
  WebSocketServer,
  WebSocketServer as Server,
};
