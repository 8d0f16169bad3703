// A program of TypeScript that requires, as code for npm ws and its types does.
import codec = require('@x/frame-codec');
import handshake = require('@x/handshake');
import WebSocket = require('@x/node-adapter');

export const server: WebSocket.WebSocketServer = new WebSocket.WebSocketServer({ noServer: true });
server.on('connection', (socket: WebSocket) => {
  socket.on('message', (data: WebSocket.RawData) => socket.send(data));
});
export const options: WebSocket.ServerOptions = { port: 8080 };
export const client: WebSocket = new WebSocket('ws://127.0.0.1:8080');
export const again: WebSocket.WebSocket = client;
export class Named extends WebSocket {
  name = '';
}
export const state: number = WebSocket.OPEN;
export const accept: string = handshake.acceptValue('dGhlIHNhbXBsZSBub25jZQ==');
export const kind: codec.KernelKind = codec.sharedCodec().kind;
// @ts-expect-error: a message is text or bytes, and types that say so reach the user.
client.send(Symbol('no message'));
