/** The server of Bun; runs in Bun. */
import { assignment, ready } from './control.js';

interface BunWebSocket {
  send(data: string | Uint8Array, compress?: boolean): number;
  subscribe(topic: string): void;
}

interface BunServer {
  readonly port: number;
  upgrade(request: unknown): boolean;
  publish(topic: string, data: string | Uint8Array, compress?: boolean): number;
}

declare const Bun: { serve(options: object): BunServer };

const { deflate, job } = assignment;
const LIMIT = 104_857_600;
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request: unknown, self: BunServer) {
    return self.upgrade(request) ? undefined : new Response('', { status: 426 });
  },
  websocket: {
    maxPayloadLength: LIMIT,
    backpressureLimit: LIMIT,
    idleTimeout: 0,
    perMessageDeflate: deflate && { compress: 'dedicated', decompress: 'dedicated' },
    open(websocket: BunWebSocket) {
      if (job === 'broadcast') websocket.subscribe('all');
    },
    message(websocket: BunWebSocket, data: string | Uint8Array) {
      if (job === 'broadcast') server.publish('all', data, deflate);
      else websocket.send(data, deflate);
    },
  },
});
ready(server.port);
