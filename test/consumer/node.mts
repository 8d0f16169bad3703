// A user of the adapter, written as for npm ws.
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from '@x/node-adapter';

const http = createServer();
const server = new WebSocketServer({ server: http, path: '/ws', maxPayload: 1024 });
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    }
  });
  socket.on('close', (code, reason) => console.log(code.toFixed(), reason.toString()));
});

export const client: WebSocket = new WebSocket('ws://127.0.0.1:8080/ws');
client.on('open', () => client.send('hello'));
client.on('error', (error) => console.log(error.message));
// @ts-expect-error: a message is text or bytes, and types that say so reach the user.
client.send(Symbol('no message'));
