/** This project, through the interface of npm `ws`. */
import { Codec } from '@x/frame-codec';
import { WebSocketServer } from '@x/node-adapter';
import { assignment, portOf, ready } from './control.js';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  codec: new Codec({ kernel: assignment.kernel }),
  perMessageDeflate: assignment.deflate,
});
server.on('connection', (websocket) => {
  websocket.on('error', () => {});
  websocket.on('message', (data, isBinary) => {
    if (assignment.job === 'broadcast') server.broadcast(data as Buffer, { binary: isBinary });
    else websocket.send(data, { binary: isBinary });
  });
});
server.on('listening', () => ready(portOf(server.address())));
