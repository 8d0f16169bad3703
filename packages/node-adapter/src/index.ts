export type { EventHandler, WebSocketEventMap, WebSocketEvents } from './event-target.js';
export { CloseEvent, ErrorEvent, Event, MessageEvent } from './events.js';
export type {
  ClientOptions,
  ConnectionOptionsOfBoth,
  PerMessageDeflateOptions,
  SocketOptions,
} from './options.js';
export type { Payload, RawData } from './payload.js';
export { type Sent, SocketConnection } from './socket-connection.js';
export { createWebSocketStream } from './stream.js';
export { type SocketHandler, Transport, type TransportOptions } from './transport.js';
export { type BinaryType, type SendOptions, WebSocket, WebSocket as default } from './web-socket.js';
export {
  type ClientInfo,
  type ServerEvents,
  type ServerOptions,
  type Verified,
  WebSocketServer,
} from './web-socket-server.js';
