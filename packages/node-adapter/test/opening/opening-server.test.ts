import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { writeRefusal } from '../../src/opening/server-handshake.js';
import type { Verified } from '../../src/server/server-options.js';
import { after, connect, listen, listenHttp, portOf, RawPeer, until, upgradeRequest } from '../loopback.js';
import { surfacing } from '../surfaced.js';

const surfaced = surfacing();

const STATUS = /^HTTP\/1\.1 (\d+)/;

/** The status that a raw client is answered with, when the server has ended its connection. */
async function statusOf(port: number, ...fields: string[]): Promise<string | undefined> {
  const peer = new RawPeer(port);
  peer.socket.write(upgradeRequest(...fields));
  return STATUS.exec(String(await peer.all()))?.[1];
}

/** A server whose `verifyClient` keeps what it is to answer through. */
async function listenAsking(): Promise<{ server: WebSocketServer; port: number; asked: Verified[] }> {
  const asked: Verified[] = [];
  const verifyClient: ServerOptions['verifyClient'] = (_info, verified) => void asked.push(verified);
  const { server, port } = await listen({ verifyClient });
  return { server, port, asked };
}

class Throwing extends WebSocket {
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event === 'open') throw new Error('hook');
    return super.emit(event, ...values);
  }
}

describe('a hook', () => {
  it('a listener of open that throws leaves a client like any other', async () => {
    const { server, port } = await listen({ WebSocket: Throwing });
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest());
    await peer.until(() => peer.received.includes('\r\n\r\n'));
    await until(() => surfaced.length === 1);
    expect(server.clients.size).toBe(1);
    server.close({ timeout: 20 });
    await once(server, 'close');
  });
});

describe('verifyClient', () => {
  it.each([
    [[true, true], '101'],
    [[true, false], '101'],
    [[false, true], '401'],
    [[false, false], '401'],
  ])('answers once: of %j the first counts', async (answers, status) => {
    const { port, server, asked } = await listenAsking();
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest());
    await until(() => asked.length === 1);
    for (const answer of answers) asked[0]?.(answer);
    await peer.until(() => peer.received.includes('\r\n\r\n'));
    await new Promise((resolve) => setImmediate(resolve));
    const text = String(peer.received);
    expect([STATUS.exec(text)?.[1], text.split('HTTP/1.1').length]).toEqual([status, 2]);
    expect(server.clients.size).toBe(status === '101' ? 1 : 0);
    expect(surfaced).toEqual([]);
  });

  it.each([true, false])('may answer %s when the client has gone', async (answer) => {
    const { port, server, asked } = await listenAsking();
    const connected: unknown[] = [];
    server.on('connection', (websocket) => connected.push(websocket));
    for (const leave of ['resetAndDestroy', 'destroy', 'end'] as const) {
      const peer = new RawPeer(port);
      peer.socket.write(upgradeRequest());
      const count = asked.length;
      await until(() => asked.length > count);
      peer.socket[leave]();
      await new Promise((resolve) => setTimeout(resolve, 5));
      asked[count]?.(answer);
    }
    await new Promise((resolve) => server.close(resolve));
    expect(connected).toEqual([]);
    expect(surfaced).toEqual([]);
  });

  it.each([true, false])(
    'is not asked by a server that closes; with a client left: %s',
    async (hasClient) => {
      const asked: unknown[] = [];
      const server = new WebSocketServer({ noServer: true, verifyClient: (info) => asked.push(info) > 0 });
      const { http, port, url } = await listenHttp();
      http.on('upgrade', (request, socket, head) =>
        server.handleUpgrade(request, socket, head, () => undefined),
      );
      if (hasClient) await connect(url);
      server.close();
      expect(await statusOf(port)).toBe('503');
      expect(asked).toHaveLength(hasClient ? 1 : 0);
    },
  );

  it('that answers a server that closes meanwhile lets nobody in', async () => {
    const { http, port, url } = await listenHttp();
    const server = new WebSocketServer({
      noServer: true,
      verifyClient: () => {
        if (server.clients.size > 0) server.close();
        return true;
      },
    });
    http.on('upgrade', (request, socket, head) =>
      server.handleUpgrade(request, socket, head, () => undefined),
    );
    await connect(url);
    expect(await statusOf(port)).toBe('503');
  });
});

describe('a server that is closed', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['half a head', upgradeRequest().slice(0, 50)],
    ['a plain request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a plain request without its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na'],
    ['an upgrade that nobody has verified', upgradeRequest()],
  ])('completes while a client has sent %s', async (_what, bytes) => {
    const { server, port } = await listen({ verifyClient: (_info, _verified) => undefined });
    const accepted = once(server._server as net.Server, 'connection');
    const peer = net.connect(port, '127.0.0.1').on('error', () => undefined);
    after(() => peer.destroy());
    peer.write(bytes);
    await accepted;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((closed) => server.close(closed));
  });

  it.each(['port', 'server', 'noServer'] as const)(
    'has an answer for who waits, and for who comes: with %s',
    async (kind) => {
      const asked: Verified[] = [];
      const verifyClient: ServerOptions['verifyClient'] = (_info, verified) => void asked.push(verified);
      const http = createServer();
      after(() => http.close());
      const server = new WebSocketServer({
        ...(kind === 'port'
          ? { port: 0, host: '127.0.0.1' }
          : kind === 'server'
            ? { server: http }
            : { noServer: true }),
        verifyClient,
      });
      if (kind === 'port') await once(server, 'listening');
      else await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      if (kind === 'noServer') {
        http.on('upgrade', (request: IncomingMessage, socket, head) =>
          server.handleUpgrade(request, socket, head, () => undefined),
        );
      }
      const status = statusOf(portOf(kind === 'port' ? server : http));
      await until(() => asked.length === 1);
      await new Promise((closed) => server.close(closed));
      expect(await status).toBe('503');
      asked[0]?.(true);
      expect(surfaced).toEqual([]);
    },
  );

  it('leaves the clients that it has, and closes behind the last', async () => {
    const { server, url } = await listen();
    const clients = [await connect(url), await connect(url)];
    await until(() => server.clients.size === 2);
    const events: string[] = [];
    server.on('close', () => events.push('close'));
    for (let i = 0; i < 3; i++) server.close((error) => events.push(`callback ${i} ${error}`));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([events, clients.map((client) => client.readyState)]).toEqual([[], [1, 1]]);
    for (const client of clients) client.close();
    await until(() => events.length === 4);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(events).toEqual(['close', ...[0, 1, 2].map((i) => `callback ${i} undefined`)]);
    server.close((error) => events.push(String(error)));
    await until(() => events.length === 6);
    expect(events.slice(4)).toEqual(['close', 'Error: The server is not running']);
  });

  it.each(['port', 'noServer'] as const)(
    'calls each callback once, though listeners and callbacks throw: with %s',
    async (kind) => {
      const server = new WebSocketServer(
        kind === 'port' ? { port: 0, host: '127.0.0.1' } : { noServer: true },
      );
      const called: number[] = [];
      server.on('close', () => {
        throw new Error('listener');
      });
      for (let i = 0; i < 3; i++) {
        server.close(() => {
          called.push(i);
          throw new Error(`callback ${i}`);
        });
      }
      await until(() => called.length === 3);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(called).toEqual([0, 1, 2]);
      expect(surfaced.map(String)).toEqual(
        ['listener', ...called.map((i) => `callback ${i}`)].map((text) => `Error: ${text}`),
      );
    },
  );

  it('emits close once, also where the application empties its set of clients', async () => {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    after(() => http.close());
    const server = new WebSocketServer({ server: http });
    const clients = [
      await connect(`ws://127.0.0.1:${portOf(http)}/`),
      await connect(`ws://127.0.0.1:${portOf(http)}/`),
    ];
    await until(() => server.clients.size === 2);
    let count = 0;
    server.on('close', () => count++);
    server.close();
    server.clients.clear();
    for (const client of clients) client.terminate();
    await Promise.all(
      clients.map((client) => client.readyState === WebSocket.CLOSED || once(client, 'close')),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(count).toBe(1);
  });

  it('before it could listen is closed, and throws nothing', async () => {
    const { port } = await listen();
    for (const host of ['127.0.0.1', 'localhost', undefined]) {
      const server = new WebSocketServer({ port, host });
      await new Promise((closed) => server.close(closed));
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(surfaced).toEqual([]);
  });
});

describe('a refusal', () => {
  it('ends a stream that takes nothing, when its time is over', async () => {
    const stream = new Duplex({ read: () => undefined, write: () => undefined });
    writeRefusal(stream, 503, undefined, undefined, 20);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(stream.destroyed).toBe(false);
    await until(() => stream.destroyed);
  });

  it('leaves the answer of a hook that has given one', async () => {
    const { port } = await listen({
      verifyClient: ({ req }) => {
        req.socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
        return false;
      },
    });
    expect(await statusOf(port)).toBe('418');
  });
});
