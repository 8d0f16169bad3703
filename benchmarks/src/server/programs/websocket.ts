/** npm `websocket`. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { assignment, portOf, ready } from './control.js';
import { loadedNatives } from './natives.js';

interface Message {
  readonly type: 'utf8' | 'binary';
  readonly utf8Data: string;
  readonly binaryData: Buffer;
}

interface Connection {
  on(event: 'message', listener: (message: Message) => void): void;
  on(event: 'error', listener: () => void): void;
  sendUTF(text: string): void;
  sendBytes(bytes: Buffer): void;
}

interface Server {
  readonly connections: readonly Connection[];
  on(event: 'connect', listener: (connection: Connection) => void): void;
}

const load = createRequire(import.meta.url);
const { server: WebSocketServer }: { server: new (options: object) => Server } = load('websocket');

const http = createServer();
const server = new WebSocketServer({
  httpServer: http,
  autoAcceptConnections: true,
  keepalive: false,
  // As the others: a message is a frame, of up to 100 MiB.
  fragmentOutgoingMessages: false,
  maxReceivedFrameSize: 104_857_600,
  maxReceivedMessageSize: 104_857_600,
});

function send(connection: Connection, message: Message): void {
  if (message.type === 'utf8') connection.sendUTF(message.utf8Data);
  else connection.sendBytes(message.binaryData);
}

server.on('connect', (connection) => {
  connection.on('error', () => {});
  connection.on('message', (message) => {
    if (assignment.job === 'echo') send(connection, message);
    else for (const each of server.connections) send(each, message);
  });
});
http.listen(0, '127.0.0.1', () => ready(portOf(http.address()), loadedNatives(load)));
