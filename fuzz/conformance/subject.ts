import { once } from 'node:events';
import { Codec, type KernelKind } from '@x/frame-codec';
import { WebSocket, WebSocketServer } from '@x/node-adapter';
import type { SubjectOptions } from './case.js';
import { portOf } from './opening.js';

/** Something that is tested: it echoes each message as the kind that it came. */
export interface Subject {
  /** Starts a server; `close` ends with its last connection. */
  listen(options: SubjectOptions): Promise<EchoServer>;
  /** Has a client connect; the promise settles once its connection is over, whether it came about or not. */
  connect(url: string, options: SubjectOptions): Promise<void>;
}

export interface EchoServer {
  readonly port: number;
  close(): Promise<void>;
}

function echo(websocket: WebSocket): void {
  websocket.on('error', () => {});
  websocket.on('message', (data, isBinary) => {
    websocket.send(data, { binary: isBinary });
  });
}

/** The adapter, with one of the two kernels. */
export function adapter(kernel: KernelKind): Subject {
  const codec = new Codec({ kernel });
  return {
    async listen(options) {
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0, codec, ...options });
      server.on('connection', echo);
      await once(server, 'listening');
      return {
        port: portOf(server.address()),
        close: () => new Promise((resolve) => server.close(() => resolve())),
      };
    },
    connect(url, options) {
      const websocket = new WebSocket(url, { codec, perMessageDeflate: false, ...options });
      echo(websocket);
      return new Promise((resolve) => websocket.on('close', () => resolve()));
    },
  };
}
