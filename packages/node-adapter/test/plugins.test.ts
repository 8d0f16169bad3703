import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type net from 'node:net';
import { Duplex, type DuplexOptions } from 'node:stream';
import { describe, expect, it } from 'vitest';
import ws, { WebSocketServer as Theirs } from 'ws';
import * as ours from '../src/index.js';
import { extension, PerMessageDeflate, subprotocol, WebSocket, WebSocketServer } from '../src/index.js';
import { after, collect, listen, portOf, RawPeer, until, upgradeRequest } from './loopback.js';
import { RawServer, recorder } from './opening.js';

/** Two streams in memory, of which each reads what the other was written. */
function memory(options: DuplexOptions = {}): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      ...options,
      read: () => undefined,
      write: (chunk, _encoding, done) => {
        other().push(chunk);
        done();
      },
      final: (done) => {
        other().push(null);
        done();
      },
    });
  const first: Duplex = make(() => second);
  const second: Duplex = make(() => first);
  return [first, second];
}

/** A request as a plugin makes it: no class of Node, no Host, a version that is a number. */
function byHand(more: object = {}): IncomingMessage {
  const request: unknown = {
    method: 'GET',
    url: '/',
    httpVersion: '1.1',
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': 13,
      'sec-websocket-key': randomBytes(16).toString('base64'),
    },
    ...more,
  };
  return request as IncomingMessage;
}

/** Both sides of a connection over such streams. */
async function opened(
  options: DuplexOptions,
): Promise<{ client: WebSocket; peer: WebSocket; streams: Duplex[] }> {
  const [clientStream, serverStream] = memory(options);
  const server = new WebSocketServer({ noServer: true });
  const own: object = { isServer: false };
  const client = new WebSocket(null, undefined, own);
  const answered = once(clientStream, 'data');
  const peer = new Promise<WebSocket>((resolve) => {
    server.handleUpgrade(byHand(), serverStream, Buffer.alloc(0), resolve);
  });
  await answered;
  client._isServer = false;
  client.setSocket(clientStream, Buffer.alloc(0), { maxPayload: 0 });
  after(() => client.terminate());
  return { client, peer: await peer, streams: [clientStream, serverStream] };
}

describe('a stream in memory, as injectWS of @fastify/websocket opens one', () => {
  it('carries messages both ways, masked by the side that is no server (§5.1)', async () => {
    const [clientStream, serverStream] = memory();
    const server = new WebSocketServer({ noServer: true, verifyClient: ({ secure }) => !secure });
    server.on('connection', (peer: WebSocket) => peer.on('message', (data) => peer.send(`got ${data}`)));
    const options: object = { isServer: false };
    const client = new WebSocket(null, undefined, options);
    const sent: Buffer[] = [];
    const answered = once(clientStream, 'data');
    const request = byHand();
    server.handleUpgrade(request, serverStream, Buffer.alloc(0), (peer) =>
      server.emit('connection', peer, request),
    );
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 101 Switching Protocols/);
    serverStream.prependListener('data', (chunk) => sent.push(Buffer.from(chunk)));
    client._isServer = false;
    client.setSocket(clientStream, Buffer.alloc(0), { maxPayload: 0 });
    after(() => client.terminate());
    const message = once(client, 'message');
    client.send('hello');
    const [data] = await message;
    expect([String(data), client._isServer]).toEqual(['got hello', false]);
    expect((Buffer.concat(sent)[1] ?? 0) & 0x80).toBe(0x80);
  });

  // As those of older packages: they end, and never tell that they are closed.
  it.each(['client', 'server'])(
    'that does not close by itself is over when the %s has closed (§7.1.4)',
    async (who) => {
      const { client, peer, streams } = await opened({ autoDestroy: false });
      const messages = collect(client, 'message');
      const closed = [client, peer].map((side) => once(side, 'close'));
      const start = performance.now();
      for (const text of ['one', 'two']) peer.send(text);
      (who === 'client' ? client : peer).close(4000, 'enough');
      for (const values of await Promise.all(closed)) expect(values.map(String)).toEqual(['4000', 'enough']);
      expect(performance.now() - start).toBeLessThan(500);
      expect(messages.map(([data]) => String(data))).toEqual(['one', 'two']);
      expect(streams.map((stream) => stream.destroyed)).toEqual([true, true]);
    },
  );

  it('that does not close by itself is over a while behind an end without a close frame (§7.1.5)', async () => {
    const { peer, streams } = await opened({ autoDestroy: false });
    const closed = once(peer, 'close');
    streams[0]?.end();
    expect((await closed)[0]).toBe(1006);
    expect(streams[1]?.destroyed).toBe(true);
  });

  it('is opened as well by raw fields made by hand, and by draft 8', async () => {
    for (const more of [
      { rawHeaders: Object.entries(byHand().headers).flatMap(([name, value]) => [name, String(value)]) },
      { headers: { ...byHand().headers, 'sec-websocket-version': 8 } },
    ]) {
      const [clientStream, serverStream] = memory();
      const server = new WebSocketServer({ noServer: true });
      server.handleUpgrade(byHand(more), serverStream, Buffer.alloc(0), (peer) => peer.terminate());
      const [data] = await once(clientStream, 'data');
      expect(String(data)).toMatch(/^HTTP\/1\.1 101/);
    }
  });

  it('does not loosen the wire: a request without Host is refused (RFC 9112 §3.2)', async () => {
    const { port } = await listen();
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest().replace(/Host: .*\r\n/, ''));
    expect(String(await peer.all())).toMatch(/^HTTP\/1\.1 400/);
  });
});

it.each([
  ['read', true],
  ['left', false],
])('an unexpected response that is %s leaves no socket when the client closes', async (_what, reads) => {
  const { server, port } = await RawServer.listen();
  const peers: net.Socket[] = [];
  server.on('/', ({ socket }) => {
    peers.push(socket);
    socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
  });
  for (const own of [true, false]) {
    const { sockets, createConnection } = recorder();
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, own ? { createConnection } : {});
    client.on('error', () => undefined);
    client.on('unexpected-response', (_request, response) => {
      if (reads) response.resume();
      setTimeout(() => client.close(), 20);
    });
    await new Promise((resolve) => client.once('close', resolve));
    await until(() => peers.length > 0 && peers.every((peer) => peer.destroyed));
    expect(sockets.filter((socket) => !socket.destroyed)).toEqual([]);
  }
});

it('PerMessageDeflate compresses whatever its size', async () => {
  const deflate = new PerMessageDeflate({ isServer: true, serverNoContextTakeover: true });
  deflate.accept([{ server_no_context_takeover: [true] }]);
  const compressed = await new Promise<Buffer>((resolve, reject) => {
    deflate.compress('short', true, (error, data) => (data ? resolve(data) : reject(error)));
  });
  expect(compressed.toString('latin1')).not.toBe('short');
  const data = await new Promise((resolve, reject) => {
    deflate.decompress(compressed, true, (error, plain) => (error ? reject(error) : resolve(String(plain))));
  });
  expect(data).toBe('short');
});

describe('the surface of npm ws:', () => {
  it('named exports', () => {
    expect([ours.Server, ours.CONNECTING, ours.OPEN, ours.CLOSING, ours.CLOSED]).toEqual([
      WebSocketServer,
      0,
      1,
      2,
      3,
    ]);
    const address: ours.AddressInfo = { address: '::1', family: 'IPv6', port: 1 };
    expect(address.port).toBe(1);
  });

  it('null is no subprotocol', () => {
    const nobody: unknown = null;
    expect(() => new WebSocket('ws://127.0.0.1:1', nobody as string)).toThrow(SyntaxError);
    expect(() => new ws('ws://127.0.0.1:1', nobody as string)).toThrow(SyntaxError);
  });

  it('for…in finds the same, and the on… attributes stand on the prototype', () => {
    const namesIn = (prototype: object): string[] => {
      const names: string[] = [];
      for (const name in prototype) names.push(name);
      return names.sort();
    };
    const theirs = namesIn(ws.prototype);
    expect(namesIn(WebSocket.prototype)).toEqual(theirs);
    for (const name of ['onopen', 'onmessage', 'onclose', 'onerror', 'readyState', 'url']) {
      const of = (prototype: object): unknown => Object.getOwnPropertyDescriptor(prototype, name)?.enumerable;
      expect([of(WebSocket.prototype), of(ws.prototype)]).toEqual([true, true]);
    }
  });

  it('a 426 names both versions that are understood (§4.4)', async () => {
    const { port } = await listen();
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest().replace('Version: 13', 'Version: 9'));
    expect(String(await peer.all())).toContain('\r\nSec-WebSocket-Version: 13, 8\r\n');
    const plain = await fetch(`http://127.0.0.1:${port}/`);
    expect([plain.status, plain.headers.get('sec-websocket-version')]).toEqual([426, '13, 8']);
    const theirs = new Theirs({ port: 0, host: '127.0.0.1' });
    after(() => theirs.close());
    await once(theirs, 'listening');
    const other = new RawPeer(portOf(theirs));
    other.socket.write(upgradeRequest().replace('Version: 13', 'Version: 9'));
    expect(String(await other.all())).toContain('\r\nSec-WebSocket-Version: 13, 8\r\n');
  });
});

describe('the lists of npm ws', () => {
  it.each([' a', 'a ', 'a,', ',a', 'a,,b', 'a, ,b', '\ta', 'a,\t', 'a, a', 'a b', ''])(
    'are not %j: no subprotocols',
    (header) => {
      expect(() => subprotocol.parse(header)).toThrow(SyntaxError);
    },
  );

  it.each([' a', 'a ', 'a,', ',a', 'a,,b', 'a;', 'a;;b', 'a;b=', 'a;b = 1', 'a;b= 1', 'a;b =1', 'a;b '])(
    'are not %j: no extensions',
    (header) => {
      expect(() => extension.parse(header)).toThrow(SyntaxError);
    },
  );

  it.each(['a', 'a ; b', 'a ,b', 'a;b="1" ,c', 'a;b=1;b=2', 'a, a'])('may be %j', (header) => {
    expect(() => extension.parse(header)).not.toThrow();
  });
});
