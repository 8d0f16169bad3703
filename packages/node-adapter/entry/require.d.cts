import type { IncomingMessage } from 'node:http';
import * as all from '../dist/types/index.js';

/** What `require` gives: the class, as with npm ws, which has everything else on it. */
declare class WebSocket extends all.WebSocket {}

declare namespace WebSocket {
  export type AddressInfo = all.AddressInfo;
  export type BinaryType = all.BinaryType;
  export type BroadcastOptions<Client extends WebSocket = WebSocket> = all.BroadcastOptions<Client>;
  export type CertMeta = all.CertMeta;
  export type ClientInfo<Request extends IncomingMessage = IncomingMessage> = all.ClientInfo<Request>;
  export type ClientOptions = all.ClientOptions;
  export import CloseEvent = all.CloseEvent;
  export type CloseOptions = all.CloseOptions;
  export type ConnectionOptionsOfBoth = all.ConnectionOptionsOfBoth;
  export import createWebSocketStream = all.createWebSocketStream;
  export type Data = all.Data;
  export import ErrorEvent = all.ErrorEvent;
  export import Event = all.Event;
  export type EventHandler<E> = all.EventHandler<E>;
  export type EventListenerOptions = all.EventListenerOptions;
  export import extension = all.extension;
  export type ExtensionMap = all.ExtensionMap;
  export type FinishRequestCallback = all.FinishRequestCallback;
  export type FrameOptions = all.FrameOptions;
  export import MessageEvent = all.MessageEvent;
  export type ParameterMap = all.ParameterMap;
  export type Payload = all.Payload;
  export import PerMessageDeflate = all.PerMessageDeflate;
  export type PerMessageDeflateOptions = all.PerMessageDeflateOptions;
  export import PreparedMessage = all.PreparedMessage;
  export type RawData = all.RawData;
  export import Receiver = all.Receiver;
  export type ReceiverOptions = all.ReceiverOptions;
  export import Sender = all.Sender;
  export type SendOptions = all.SendOptions;
  export type Sent = all.Sent;
  export import Server = all.Server;
  export type ServerEvents<
    Client extends WebSocket = WebSocket,
    Request extends IncomingMessage = IncomingMessage,
  > = all.ServerEvents<Client, Request>;
  export type ServerOptions<
    Class extends typeof all.WebSocket = typeof all.WebSocket,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = all.ServerOptions<Class, Request>;
  export import SocketConnection = all.SocketConnection;
  export type SocketHandler<Context = unknown> = all.SocketHandler<Context>;
  export type SocketOptions = all.SocketOptions;
  export import subprotocol = all.subprotocol;
  export import Transport = all.Transport;
  export type TransportOptions = all.TransportOptions;
  export type Verified = all.Verified;
  export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> =
    all.VerifyClientCallbackAsync<Request>;
  export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> =
    all.VerifyClientCallbackSync<Request>;
  export type WebSocketEventMap = all.WebSocketEventMap;
  export type WebSocketEvents = all.WebSocketEvents;
  export import WebSocketServer = all.WebSocketServer;
  export { WebSocket };
}

export = WebSocket;
