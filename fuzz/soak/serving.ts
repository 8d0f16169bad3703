import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type ServerOptions, type WebSocket, WebSocketServer } from '@x/node-adapter';
import { answer } from './calls.js';
import { SERVER_LIMITS } from './settings.js';

/** What is in the server's process. */
export interface ServerFigures {
  /** bytes, after garbage collection */
  readonly rss: number;
  readonly heap: number;
  /** bytes beside the heap: buffers and what native code told of */
  readonly external: number;
  readonly connections: number;
  readonly clients: number;
  /** what keeps the process alive, by kind */
  readonly resources: { readonly [kind: string]: number };
  /** file descriptors, where the system lists them */
  readonly openFiles: number | undefined;
}

/** Who is connected. */
export interface ServerCounts {
  readonly connections: number;
  /** those behind their handshake, by the path that they asked for */
  readonly clients: { readonly [path: string]: number };
  /** messages and pings that ever came */
  readonly handled: number;
}

/** What the process of a server is asked. */
export type ServerCalls = {
  /** Listens; returns the port. */
  listen(settings: { readonly patienceMs: number }): Promise<number>;
  count(argument: undefined): Promise<ServerCounts>;
  measure(argument: undefined): Promise<ServerFigures>;
  /** Closes the server; its process then ends when nothing else keeps it. Returns the most that waited for one peer. */
  close(argument: undefined): Promise<ServerEnd>;
};

export interface ServerEnd {
  /** most bytes that ever waited for one peer */
  readonly mostBuffered: number;
  /** what connections told, by the code of the error or close */
  readonly codes: { readonly [code: string]: number };
}

const MOST_COLLECTIONS = 20;
const COLLECT_MS = 20;

/** What is different about a server that is wrong on purpose. */
export interface Faults {
  readonly options?: ServerOptions;
  connected?(websocket: WebSocket, path: string): void;
  /** Answers a message; the default echoes it. */
  message?(websocket: WebSocket, data: Buffer, isBinary: boolean): void;
}

/** Collects garbage until no more comes of it: buffers are freed beside the event loop. */
async function collect(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('the server needs --expose-gc');
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < MOST_COLLECTIONS; turn++) {
    globalThis.gc();
    await sleep(COLLECT_MS);
    const { external } = process.memoryUsage();
    if (external > 0.99 * least) return;
    least = external;
  }
}

async function countOpenFiles(): Promise<number | undefined> {
  try {
    return (await readdir('/proc/self/fd')).length;
  } catch {
    return undefined;
  }
}

/** The echo server of a soak: answers the process that started it, until that has gone. */
export function serve(faults: Faults = {}): void {
  const codes: Record<string, number> = {};
  let http: Server | undefined;
  let server: WebSocketServer | undefined;
  let mostBuffered = 0;
  let handled = 0;
  const paths = new Map<WebSocket, string>();

  const saw = (code: string | number): void => {
    codes[code] = (codes[code] ?? 0) + 1;
  };

  const echo = (websocket: WebSocket, data: Buffer, isBinary: boolean): void => {
    websocket.send(data, { binary: isBinary });
    mostBuffered = Math.max(mostBuffered, websocket.bufferedAmount);
  };

  const welcome = (websocket: WebSocket, path: string): void => {
    paths.set(websocket, path);
    websocket.on('message', (data, isBinary) => {
      handled++;
      (faults.message ?? echo)(websocket, data as Buffer, isBinary);
    });
    websocket.on('ping', () => handled++);
    websocket.on('error', (error) => saw('code' in error ? String(error.code) : error.message));
    websocket.on('close', (code) => {
      saw(code);
      paths.delete(websocket);
    });
    if (path === '/no-close-answer') websocket.close(1000);
    faults.connected?.(websocket, path);
  };

  const countConnections = (): Promise<number> =>
    new Promise((resolve, reject) => {
      if (http === undefined) reject(new Error('not listening'));
      else http.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });

  answer<ServerCalls>(
    {
      listen: async ({ patienceMs }) => {
        http = createServer(
          {
            headersTimeout: patienceMs,
            requestTimeout: patienceMs,
            connectionsCheckingInterval: Math.ceil(patienceMs / 8),
          },
          (_, response) => response.end(),
        );
        server = new WebSocketServer({
          server: http,
          perMessageDeflate: true,
          pingInterval: patienceMs / 2,
          closeTimeout: patienceMs,
          ...SERVER_LIMITS,
          ...faults.options,
        });
        server.on('connection', (websocket, { url = '' }) => welcome(websocket, url));
        const listening = http;
        await new Promise<void>((resolve) => listening.listen({ host: '127.0.0.1', port: 0 }, resolve));
        return (http.address() as AddressInfo).port;
      },
      count: async () => {
        const clients: Record<string, number> = {};
        for (const path of paths.values()) clients[path] = (clients[path] ?? 0) + 1;
        return { connections: await countConnections(), clients, handled };
      },
      measure: async () => {
        await collect();
        const { rss, heapUsed, external } = process.memoryUsage();
        const resources: Record<string, number> = {};
        for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
        return {
          rss,
          heap: heapUsed,
          external,
          connections: await countConnections(),
          clients: server?.clients.size ?? 0,
          resources,
          openFiles: await countOpenFiles(),
        };
      },
      close: async () => {
        server?.close();
        http?.close();
        await nextTurn();
        return { mostBuffered, codes };
      },
    },
    () => {
      // Closed in order, it ends when nothing keeps it, which is looked at; otherwise there is nobody to wait for.
      if (http?.listening !== false) process.exit(1);
    },
  );
}
