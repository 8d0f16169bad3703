/** The client of this project, through the interface of npm `ws`. */
import { Codec } from '@x/frame-codec';
import { WebSocket } from '@x/node-adapter';
import { assignment } from './control.js';
import { fly } from './flight.js';

const codec = new Codec({ kernel: assignment.kernel });
fly((url, opened, received) => {
  const websocket = new WebSocket(url, { codec, perMessageDeflate: false });
  websocket.on('open', () => opened((payload) => websocket.send(payload)));
  websocket.on('message', received);
  websocket.on('error', () => {});
});
