import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { duplexPair } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import FayeWebSocket from 'faye-websocket';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import websocketPackage from 'websocket';
import Ws, { WebSocketServer as WsServer } from 'ws';
import {
  createWebSocketStream,
  WebSocket as Ours,
  Sender,
  WebSocket,
  WebSocketServer,
} from '../src/index.js';
import {
  after,
  collect,
  connect,
  listen,
  listenEcho,
  listenHttp,
  maskedFrame,
  pair,
  portOf,
  until,
} from './loopback.js';

describe('the exports of npm ws', () => {
  it('are there, on the class too', async () => {
    const theirs = await import('ws');
    const ours: Record<string, unknown> = await import('@x/node-adapter');
    for (const name of Object.keys(theirs)) expect(ours, name).toHaveProperty([name]);
    const onClass: object = Ws;
    for (const name of Object.keys(onClass)) expect(Ours, name).toHaveProperty([name]);
    expect(Ours.Server).toBe(WebSocketServer);
    expect(Ours.WebSocket).toBe(Ours);
    expect(Ours.createWebSocketStream).toBe(createWebSocketStream);
  });

  it('are what require() gives', async () => {
    // In a process of its own, and as built: the test runner has its own idea of modules.
    const script = `
      const required = require('@x/node-adapter');
      import('@x/node-adapter').then((imported) => {
        console.log(required === imported.default, required === imported.WebSocket);
        for (const name of Object.keys(imported)) {
          if (!/^(default|module.exports)$/.test(name) && required[name] !== imported[name]) console.log(name);
        }
      });`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    });
    expect(stdout).toBe('true true\n');
  });

  it('have the methods and accessors of theirs', () => {
    // Called private where they stand.
    const hidden = ['emitClose', 'completeUpgrade'];
    const own = (target: object): string[] =>
      Object.getOwnPropertyNames(target).filter((name) => !name.startsWith('_') && !hidden.includes(name));
    for (const name of own(Ws.prototype)) expect(name in WebSocket.prototype, name).toBe(true);
    for (const name of own(WsServer.prototype)) expect(name in WebSocketServer.prototype, name).toBe(true);
  });
});

describe('what software leans on without a word in the documentation', () => {
  it('setSocket starts a connection on a stream that is injected', async () => {
    const [ours, theirs] = duplexPair();
    const websocket = new WebSocket(null, undefined, {});
    const opened = collect(websocket, 'open');
    expect(websocket.readyState).toBe(WebSocket.CONNECTING);
    websocket.setSocket(ours, Buffer.alloc(0), { maxPayload: 10 });
    expect(opened).toHaveLength(1);
    theirs.write(maskedFrame(0x81, Buffer.from('injected')));
    expect(await once(websocket, 'message')).toEqual([Buffer.from('injected'), false]);
    websocket.send('back');
    expect(await once(theirs, 'data')).toEqual([Buffer.from('81046261636b', 'hex')]);
  });

  it('setSocket runs over a stream of HTTP/2 (RFC 8441)', async () => {
    const http2 = createHttp2Server({ settings: { enableConnectProtocol: true } });
    http2.on('stream', (stream, headers) => {
      if (headers[':protocol'] !== 'websocket') return stream.close();
      stream.respond({ ':status': 200 });
      const websocket = new WebSocket(null, undefined, {});
      websocket.setSocket(stream, Buffer.alloc(0), {});
      websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary }));
    });
    http2.listen(0, '127.0.0.1');
    await once(http2, 'listening');
    after(() => http2.close());
    const session = connectHttp2(`http://127.0.0.1:${portOf(http2)}`);
    after(() => session.destroy());
    await once(session, 'remoteSettings');
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/' });
    await once(stream, 'response');
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    const large = Buffer.alloc(200_000, 'h2');
    stream.write(Buffer.concat([maskedFrame(0x81, Buffer.from('over h2')), maskedFrame(0x82, large)]));
    const expected = Buffer.concat([Buffer.from('81076f766572206832827f0000000000030d40', 'hex'), large]);
    await until(() => Buffer.concat(received).length >= expected.length);
    expect(Buffer.concat(received).equals(expected)).toBe(true);
    stream.write(maskedFrame(0x88, Buffer.from([0x03, 0xe8])));
    await once(stream, 'end');
    expect(Buffer.concat(received).subarray(-4).toString('hex')).toBe('880203e8');
  });

  it('_socket, _sender and _receiver are there', async () => {
    const { client, peer } = await pair();
    expect(peer._socket).toHaveProperty('remoteAddress', '127.0.0.1');
    expect(peer._receiver?._bufferedBytes).toBe(0);
    const messages = collect(client, 'message');
    peer.send('first');
    const frame = Sender.frame('second', { fin: true, opcode: 1, readOnly: false, mask: false, rsv1: false });
    const sent = new Promise((resolve) => peer._sender?.sendFrame(frame, resolve));
    peer.send('third');
    await sent;
    await until(() => messages.length === 3);
    expect(messages.map(([data]) => String(data))).toEqual(['first', 'second', 'third']);
  });

  it('generateMask makes the masking keys', async () => {
    const { url } = await listenEcho();
    let calls = 0;
    const client = await connect(url, {
      generateMask: (mask) => {
        mask.fill(++calls);
      },
    });
    client.send('masked');
    expect(String((await once(client, 'message'))[0])).toBe('masked');
    expect(calls).toBe(1);
  });
});

describe('other packages', () => {
  it('socket.io runs on our engine, with rooms, binary and acknowledgements', async () => {
    const { http, port } = await listenHttp();
    const server = new SocketIo(http, { wsEngine: WebSocketServer as never, transports: ['websocket'] });
    after(() => server.close());
    server.on('connection', (socket) => {
      socket.join('room');
      socket.on('ask', (text: string, data: Buffer, answer: (reply: string, data: Buffer) => void) =>
        answer(`${text}!`, data),
      );
    });
    const clients = [0, 1].map(() =>
      io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true }),
    );
    after(() => clients.map((client) => client.close()));
    await Promise.all(
      clients.map((client) => new Promise<void>((resolve) => client.on('connect', () => resolve()))),
    );
    const [first, second] = clients;
    const reply = await new Promise((resolve) =>
      first?.emit('ask', 'who', Buffer.from([1, 2]), (...values: unknown[]) => resolve(values)),
    );
    expect(reply).toEqual(['who!', Buffer.from([1, 2])]);
    const heard = Promise.all(
      [first, second].map((client) => new Promise((resolve) => client?.on('news', (text) => resolve(text)))),
    );
    server.to('room').emit('news', 'to the room');
    expect(await heard).toEqual(['to the room', 'to the room']);
  });

  it('graphql-ws subscribes through our server and our client', async () => {
    const { server, url } = await listen({ path: '/graphql' });
    // By require(): graphql refuses to be there twice, and the test runner would load its other half.
    const { buildSchema }: typeof import('graphql') = createRequire(import.meta.url)('graphql');
    const schema = buildSchema('type Query { hello: String } type Subscription { greetings: String }');
    const roots = {
      query: { hello: () => 'world' },
      subscription: {
        async *greetings() {
          for (const greetings of ['Hi', 'Bonjour', 'Hola']) yield { greetings };
        },
      },
    };
    const disposable = useServer({ schema, roots }, server as never);
    after(() => disposable.dispose());
    const client = createClient({ url: `${url}graphql`, webSocketImpl: WebSocket });
    after(() => client.dispose());
    const greetings: unknown[] = [];
    for await (const { data } of client.iterate({ query: 'subscription { greetings }' }))
      greetings.push(data?.greetings);
    expect(greetings).toEqual(['Hi', 'Bonjour', 'Hola']);
  });

  it('the client of npm websocket gets its messages back', async () => {
    const { url } = await listenEcho();
    const client = new websocketPackage.client();
    client.connect(url);
    const [connection] = (await once(client, 'connect')) as [websocketPackage.connection];
    after(() => connection.drop());
    connection.sendUTF('ütf');
    expect((await once(connection, 'message'))[0]).toEqual({ type: 'utf8', utf8Data: 'ütf' });
    connection.sendBytes(Buffer.alloc(70_000, 7));
    expect((await once(connection, 'message'))[0]).toEqual({
      type: 'binary',
      binaryData: Buffer.alloc(70_000, 7),
    });
    connection.close(1000);
    expect((await once(connection, 'close'))[0]).toBe(1000);
  });

  it('the server of npm websocket answers our client', async () => {
    const { http, url } = await listenHttp();
    const server = new websocketPackage.server({ httpServer: http, autoAcceptConnections: true });
    after(() => server.shutDown());
    server.on('connect', (connection: websocketPackage.connection) =>
      connection.on('message', (message: websocketPackage.Message) => {
        if (message.type === 'utf8') connection.sendUTF(message.utf8Data);
        else connection.sendBytes(message.binaryData);
      }),
    );
    const client = await connect(url);
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello');
    client.close(1000);
    expect((await once(client, 'close'))[0]).toBe(1000);
  });

  it('faye-websocket talks to us in both roles', async () => {
    const { url } = await listenEcho();
    const faye = new FayeWebSocket.Client(url);
    await once(faye as never, 'open');
    faye.send('from faye');
    const [event] = (await once(faye as never, 'message')) as [{ data: string }];
    expect(event.data).toBe('from faye');
    faye.close(1000);
    await once(faye as never, 'close');

    const http = createServer();
    http.on('upgrade', (request, socket, head) => {
      const websocket = new FayeWebSocket(request, socket, head);
      websocket.on('message', ({ data }: { data: string | Buffer }) => websocket.send(data));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    after(() => http.close());
    const client = await connect(`ws://127.0.0.1:${portOf(http)}`);
    client.send(Buffer.from([5, 6]));
    expect((await once(client, 'message'))[0]).toEqual(Buffer.from([5, 6]));
    client.close(1000);
    expect((await once(client, 'close'))[0]).toBe(1000);
  });
});
