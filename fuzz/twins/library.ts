import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KernelKind } from '@x/frame-codec';
import * as Ours from '@x/node-adapter';
import * as Theirs from 'ws';
import { codecOf } from '../properties/subjects.js';

type Called = (error?: Error | null) => void;

/** What both libraries have in common, as far as programs go. */
export interface AppSocket extends EventEmitter {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly isPaused: boolean;
  send(
    data: unknown,
    options: { binary?: boolean; compress?: boolean; fin?: boolean },
    called?: Called,
  ): unknown;
  ping(data: unknown, mask: boolean | undefined, called?: Called): void;
  pong(data: unknown, mask: boolean | undefined, called?: Called): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

export interface AppServer extends EventEmitter {
  readonly clients: Set<AppSocket>;
  close(closed?: (error?: Error) => void): void;
}

/** One of the two libraries, and what one must know of it to run the same program on both. */
export interface Library {
  readonly name: 'ours' | 'ws';
  connect(url: string, options: object): AppSocket;
  serve(options: object): AppServer;
  upgrade(
    server: AppServer,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    connected: (websocket: AppSocket) => void,
  ): void;
  stream(websocket: AppSocket, options: object): Duplex;
  /** a text frame through `_sender.sendFrame` */
  sendFrame(websocket: AppSocket, payload: Buffer, mask: boolean, called: Called | undefined): void;
  /** a message that is framed once, where there is such */
  prepare(text: string): unknown;
  broadcast(server: AppServer, data: string | Buffer): void;
  closeServer(server: AppServer, clients: boolean, closed: (error?: Error) => void): void;
}

/** A method by its name, where the types of a library keep quiet about it. */
function method(target: object, name: string): (...values: unknown[]) => unknown {
  const found: unknown = Reflect.get(target, name);
  if (typeof found !== 'function') throw new TypeError(`there is no method ${name}`);
  return (...values) => Reflect.apply(found, target, values);
}

/** The types of `ws` have no `Sender`. */
function senderOf(library: object): object {
  const sender: unknown = Reflect.get(library, 'Sender');
  if (typeof sender !== 'function') throw new TypeError('there is no Sender');
  return sender;
}

function sendFrame(
  frame: (data: Buffer, options: object) => unknown,
  websocket: AppSocket,
  payload: Buffer,
  mask: boolean,
  called: Called | undefined,
): void {
  const sender: unknown = Reflect.get(websocket, '_sender');
  if (typeof sender !== 'object' || sender === null) throw new Error('there is no _sender');
  const list = frame(payload, { fin: true, rsv1: false, opcode: 1, mask, readOnly: true });
  method(sender, 'sendFrame')(list, called);
}

function upgrade(
  server: AppServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  connected: (websocket: AppSocket) => void,
): void {
  method(server, 'handleUpgrade')(request, socket, head, connected);
}

/** This project, on a kernel of its codec that overwrites what it has lent. */
export function oursOn(kernel: KernelKind): Library {
  const codec = codecOf(kernel);
  return {
    name: 'ours',
    connect: (url, options) => new Ours.WebSocket(url, [], { codec, ...options }),
    serve: (options) => new Ours.WebSocketServer({ noServer: true, codec, ...options }),
    upgrade,
    stream: (websocket, options) => {
      if (!(websocket instanceof Ours.WebSocket)) throw new TypeError('not of this library');
      return Ours.createWebSocketStream(websocket, options);
    },
    sendFrame: (websocket, payload, mask, called) =>
      sendFrame(
        (data, options) => method(Ours.Sender, 'frame')(data, options),
        websocket,
        payload,
        mask,
        called,
      ),
    prepare: (text) => new Ours.PreparedMessage(text),
    broadcast: (server, data) => {
      method(server, 'broadcast')(data);
    },
    closeServer: (server, clients, closed) => {
      method(server, 'close')(clients ? { timeout: 20 } : undefined, closed);
    },
  };
}

/** npm `ws`; what it has not, is made up of what it has. */
export const THEIRS: Library = {
  name: 'ws',
  connect: (url, options) => new Theirs.WebSocket(url, [], options),
  serve: (options) => new Theirs.WebSocketServer({ noServer: true, ...options }),
  upgrade,
  stream: (websocket, options) => {
    if (!(websocket instanceof Theirs.WebSocket)) throw new TypeError('not of this library');
    return Theirs.createWebSocketStream(websocket, options);
  },
  sendFrame: (websocket, payload, mask, called) =>
    sendFrame(
      (data, options) => method(senderOf(Theirs), 'frame')(data, options),
      websocket,
      payload,
      mask,
      called,
    ),
  prepare: (text) => text,
  broadcast: (server, data) => {
    for (const client of server.clients) if (client.readyState === 1) client.send(data, {});
  },
  closeServer: (server, clients, closed) => {
    if (clients) {
      for (const client of server.clients) {
        client.close(1001);
        const timer = setTimeout(() => client.terminate(), 20);
        client.once('close', () => clearTimeout(timer));
      }
    }
    server.close(closed);
  },
};
