/** The client of npm `ws`. */
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import { fly } from './flight.js';
import { loadedNatives } from './natives.js';

fly(
  (url, opened, received) => {
    const websocket = new WebSocket(url, { perMessageDeflate: false });
    websocket.on('open', () => opened((payload) => websocket.send(payload)));
    websocket.on('message', received);
    websocket.on('error', () => {});
  },
  loadedNatives(createRequire(import.meta.url)),
);
