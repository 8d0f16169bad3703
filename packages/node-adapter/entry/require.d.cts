import * as all from '../dist/types/index.js';

/** What `require` gives: the class, as with npm ws, which has everything else on it. */
declare class WebSocket extends all.WebSocket {}

declare namespace WebSocket {
  export import AddressInfo = all.AddressInfo;
  export import BinaryType = all.BinaryType;
  export import BroadcastOptions = all.BroadcastOptions;
  export import CertMeta = all.CertMeta;
  export import ClientInfo = all.ClientInfo;
  export import ClientOptions = all.ClientOptions;
  export import CloseEvent = all.CloseEvent;
  export import CloseOptions = all.CloseOptions;
  export import ConnectionOptionsOfBoth = all.ConnectionOptionsOfBoth;
  export import createWebSocketStream = all.createWebSocketStream;
  export import Data = all.Data;
  export import ErrorEvent = all.ErrorEvent;
  export import Event = all.Event;
  export import EventHandler = all.EventHandler;
  export import EventListenerOptions = all.EventListenerOptions;
  export import extension = all.extension;
  export import ExtensionMap = all.ExtensionMap;
  export import FinishRequestCallback = all.FinishRequestCallback;
  export import FrameOptions = all.FrameOptions;
  export import MessageEvent = all.MessageEvent;
  export import ParameterMap = all.ParameterMap;
  export import Payload = all.Payload;
  export import PerMessageDeflate = all.PerMessageDeflate;
  export import PerMessageDeflateOptions = all.PerMessageDeflateOptions;
  export import PreparedMessage = all.PreparedMessage;
  export import RawData = all.RawData;
  export import Receiver = all.Receiver;
  export import ReceiverOptions = all.ReceiverOptions;
  export import Sender = all.Sender;
  export import SendOptions = all.SendOptions;
  export import Sent = all.Sent;
  export import Server = all.Server;
  export import ServerEvents = all.ServerEvents;
  export import ServerOptions = all.ServerOptions;
  export import SocketConnection = all.SocketConnection;
  export import SocketHandler = all.SocketHandler;
  export import SocketOptions = all.SocketOptions;
  export import subprotocol = all.subprotocol;
  export import Transport = all.Transport;
  export import TransportOptions = all.TransportOptions;
  export import Verified = all.Verified;
  export import VerifyClientCallbackAsync = all.VerifyClientCallbackAsync;
  export import VerifyClientCallbackSync = all.VerifyClientCallbackSync;
  export import WebSocketEventMap = all.WebSocketEventMap;
  export import WebSocketEvents = all.WebSocketEvents;
  export import WebSocketServer = all.WebSocketServer;
  export { WebSocket };
}

export = WebSocket;
