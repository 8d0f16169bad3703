/** The client that a runtime brings along: that of Bun, of Deno, or undici, which is that of Node. */
import { fly } from './flight.js';

interface WebClient {
  binaryType: string;
  addEventListener(type: 'open' | 'message' | 'error', listener: () => void): void;
  send(payload: Buffer<ArrayBuffer>): void;
}

const Client: new (url: string) => WebClient =
  'Bun' in globalThis || 'Deno' in globalThis ? globalThis.WebSocket : (await import('undici')).WebSocket;

fly((url, opened, received) => {
  const websocket = new Client(url);
  websocket.binaryType = 'arraybuffer';
  websocket.addEventListener('open', () => opened((payload) => websocket.send(payload)));
  websocket.addEventListener('message', received);
  websocket.addEventListener('error', () => {});
});
