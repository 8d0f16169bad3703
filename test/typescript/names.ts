// A program of TypeScript that imports the class as default and everything by name.
import { Connection, sharedCodec } from '@x/frame-codec';
import { acceptValue } from '@x/handshake';
import WebSocket, {
  createWebSocketStream,
  type WebSocket as Named,
  OPEN,
  type RawData,
  type ServerOptions,
  WebSocketServer,
} from '@x/node-adapter';

const options: ServerOptions = { noServer: true };
export const server: WebSocketServer = new WebSocketServer(options);
server.on('connection', (socket: WebSocket) => {
  socket.on('message', (data: RawData) => socket.send(data));
  createWebSocketStream(socket);
});
export const client: Named = new WebSocket('ws://127.0.0.1:8080');
export const again: WebSocket = client;
export const other: WebSocketServer = new WebSocket.Server(options);
export const accept: string = acceptValue('dGhlIHNhbXBsZSBub25jZQ==') + OPEN;
export const kind: string = sharedCodec().kind;
export { Connection };

// @ts-expect-error: a message is text or bytes, and types that say so reach the user.
client.send(Symbol('no message'));
