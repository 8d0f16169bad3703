/** npm `ws`. Whether its native add-ons are active is up to the environment, and told. */
import { createRequire } from 'node:module';
import { type WebSocket, WebSocketServer } from 'ws';

import { assignment, portOf, ready } from './control.js';
import { loadedNatives } from './natives.js';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: assignment.deflate });
server.on('connection', (websocket) => {
  websocket.on('error', () => {});
  websocket.on('message', (data, isBinary) => {
    if (assignment.job === 'echo') websocket.send(data, { binary: isBinary });
    else for (const client of server.clients as Set<WebSocket>) client.send(data, { binary: isBinary });
  });
});
server.on('listening', () => ready(portOf(server.address()), loadedNatives(createRequire(import.meta.url))));
