import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { after, collect, connect, listen, listenHttp, listenTcp, until } from '../loopback.js';

/** What a client emits until it is closed. */
async function outcome(url: string, options?: ClientOptions, protocols: string[] = []): Promise<unknown[][]> {
  const websocket = new WebSocket(url, protocols, options);
  after(() => websocket.terminate());
  const events: unknown[][] = [];
  for (const name of ['open', 'error', 'close'] as const) {
    websocket.on(name, (...values: unknown[]) => {
      events.push([name, ...values.map((value) => (value instanceof Error ? value.message : value))]);
    });
  }
  await until(() => events.some(([name]) => name === 'close' || name === 'open'));
  return events;
}

const CLOSED = ['close', 1006, Buffer.alloc(0)];

describe('the URL', () => {
  it.each(['', 'foo', 'ftp://127.0.0.1/', 'ws://127.0.0.1/#fragment', 'ws+unix:', 'ws://', '//127.0.0.1'])(
    'is refused when it is %j (§3)',
    (url) => {
      expect(() => new WebSocket(url)).toThrow(SyntaxError);
    },
  );

  it('may have the scheme http:, and may be a URL object', async () => {
    const { port } = await listen();
    const client = new WebSocket(new URL(`http://127.0.0.1:${port}/path?query`));
    after(() => client.terminate());
    expect(client.url).toBe(`ws://127.0.0.1:${port}/path?query`);
    await once(client, 'open');
  });

  it('may name a socket of the file system and a path behind it', async () => {
    const path = join(tmpdir(), `ws-${process.pid}-${Date.now()}.sock`);
    const http = createServer();
    const server = new WebSocketServer({ server: http });
    server.on('connection', (websocket, request) => websocket.send(request.url ?? ''));
    http.listen(path);
    await once(http, 'listening');
    after(() => http.close());
    const client = new WebSocket(`ws+unix:${path}:/chat?room=1`);
    after(() => client.terminate());
    expect(String((await once(client, 'message'))[0])).toBe('/chat?room=1');
  });

  it('may carry credentials', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    await connect(`ws://user:pass%20word@127.0.0.1:${port}/`);
    const [, request] = await connected;
    expect(request.headers.authorization).toBe('Basic dXNlcjpwYXNzIHdvcmQ=');
  });
});

describe('the request', () => {
  it('has the fields of §4.1, and the caller’s', async () => {
    const { server, port, url } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    await connect(
      url,
      {
        origin: 'https://example.com',
        headers: { Cookie: 'a=b', 'Sec-WebSocket-Key': 'mine' },
        perMessageDeflate: false,
      },
      ['a', 'b'],
    );
    const [, { headers, httpVersion, method }] = await connected;
    expect([method, httpVersion]).toEqual(['GET', '1.1']);
    expect(headers).toEqual({
      host: `127.0.0.1:${port}`,
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/),
      'sec-websocket-version': '13',
      'sec-websocket-protocol': expect.stringMatching(/^a, ?b$/),
      origin: 'https://example.com',
      cookie: 'a=b',
    });
  });

  it('is changed by finishRequest', async () => {
    const { server, url } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
    const finishRequest: ClientOptions['finishRequest'] = (request, websocket) => {
      expect(websocket.readyState).toBe(WebSocket.CONNECTING);
      request.setHeader('X-Extra', 'yes');
      setTimeout(() => request.end(), 5);
    };
    await connect(url, { finishRequest });
    expect((await connected)[1].headers['x-extra']).toBe('yes');
  });

  it('goes through the agent and over the stream that it is given', async () => {
    const { url, port } = await listen();
    const agent = new Agent();
    const made = collect(agent as never, 'free');
    await connect(url, { agent });
    expect(made).toEqual([]);
    const streams: net.Socket[] = [];
    const createConnection = (): net.Socket => {
      const socket = net.connect(port, '127.0.0.1');
      streams.push(socket);
      return socket;
    };
    const client = await connect(url, { createConnection });
    expect(client._socket).toBe(streams[0]);
  });

  it.each([[['a', 'a']], [['a b']], [['']]])('is refused for the subprotocols %j', (protocols) => {
    expect(() => new WebSocket('ws://127.0.0.1', protocols)).toThrow(SyntaxError);
  });

  it('is refused for protocolVersion 1000', () => {
    expect(() => new WebSocket('ws://127.0.0.1', { protocolVersion: 1000 })).toThrow(RangeError);
  });
});

describe('an answer that is no 101', () => {
  it('is an error that names the status', async () => {
    const { http, url } = await listenHttp();
    http.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'),
    );
    expect(await outcome(url)).toEqual([['error', 'Unexpected server response: 401'], CLOSED]);
  });

  it('is left to a listener of unexpected-response', async () => {
    const { http, url } = await listenHttp();
    http.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\n\r\nno'),
    );
    const client = new WebSocket(url);
    after(() => client.terminate());
    client.on('error', () => undefined);
    const [request, response] = await once(client, 'unexpected-response');
    let body = '';
    for await (const chunk of response) body += chunk;
    expect([response.statusCode, body]).toEqual([418, 'no']);
    expect(client.readyState).toBe(WebSocket.CONNECTING);
    const closed = new Promise((resolve) => client.on('close', resolve));
    client.close();
    await closed;
    expect(request.destroyed).toBe(true);
  });

  it('is an error when nobody listens on the port', async () => {
    const { http, port } = await listenHttp();
    http.close();
    const [[name, message] = [], close] = await outcome(`ws://127.0.0.1:${port}`);
    expect(name).toBe('error');
    expect(message).toMatch(/ECONNREFUSED/);
    expect(close).toEqual(CLOSED);
  });

  it('is an error when it does not come in time', async () => {
    const port = await listenTcp((socket) => socket.resume());
    const started = Date.now();
    expect(await outcome(`ws://127.0.0.1:${port}`, { handshakeTimeout: 50 })).toEqual([
      ['error', 'Opening handshake has timed out'],
      CLOSED,
    ]);
    expect(Date.now() - started).toBeGreaterThanOrEqual(45);
  });

  it('is an error when it trickles in too slowly', async () => {
    const port = await listenTcp((socket) => {
      const timer = setInterval(() => socket.write('H'), 10);
      socket.on('close', () => clearInterval(timer));
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ');
    });
    const events = await outcome(`ws://127.0.0.1:${port}`, { handshakeTimeout: 60 });
    expect(events).toEqual([['error', 'Opening handshake has timed out'], CLOSED]);
  });
});

describe('a 101', () => {
  const accept = (key: string): string =>
    createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

  it('that breaks a rule is refused with an error whose cause names it (§4.1)', async () => {
    const port = await listenTcp((socket) =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
        ),
      ),
    );
    const websocket = new WebSocket(`ws://127.0.0.1:${port}`);
    after(() => websocket.terminate());
    const errors = collect(websocket, 'error');
    await until(() => websocket.readyState === WebSocket.CLOSED);
    expect(errors).toMatchObject([
      [
        {
          message: 'Invalid Sec-WebSocket-Accept header',
          cause: { name: 'HandshakeError', violation: 'accept-wrong', section: '4.1' },
        },
      ],
    ]);
  });

  it.each<[string, (key: string) => string[], string[], string]>([
    [
      'has no accept value (§4.1)',
      () => ['Upgrade: websocket', 'Connection: Upgrade'],
      [],
      'Invalid Sec-WebSocket-Accept header',
    ],
    [
      'has a wrong accept value (§4.1)',
      () => [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      ],
      [],
      'Invalid Sec-WebSocket-Accept header',
    ],
    [
      'upgrades to something else (§4.1)',
      (key) => ['Upgrade: foo', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept(key)}`],
      [],
      'Invalid Upgrade header',
    ],
    [
      'names a subprotocol that nobody asked for (§4.1)',
      (key) => [
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${accept(key)}`,
        'Sec-WebSocket-Protocol: x',
      ],
      [],
      'Server sent a subprotocol but none was requested',
    ],
    [
      'names another subprotocol than those offered (§4.1)',
      (key) => [
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${accept(key)}`,
        'Sec-WebSocket-Protocol: x',
      ],
      ['a'],
      'Server sent an invalid subprotocol',
    ],
    [
      'names no subprotocol',
      (key) => ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept(key)}`],
      ['a'],
      'Server sent no subprotocol',
    ],
    [
      'uses an extension that was not offered (§9.1)',
      (key) => [
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${accept(key)}`,
        'Sec-WebSocket-Extensions: foo',
      ],
      [],
      'Server sent a Sec-WebSocket-Extensions header but no extension was requested',
    ],
  ])('is refused when it %s', async (_what, fields, protocols, message) => {
    const { http, url } = await listenHttp();
    http.on('upgrade', (request, socket) => {
      const lines = fields(request.headers['sec-websocket-key'] ?? '');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    });
    const events = await outcome(url, { perMessageDeflate: false }, protocols);
    expect(events).toEqual([['error', message], CLOSED]);
  });
});

describe('redirects', () => {
  /** Answers with redirects to the given addresses in turn, and then as a server. */
  async function redirecting(
    ...locations: string[]
  ): Promise<{ url: string; requests: IncomingMessage[]; port: number }> {
    const { http, url, port } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    const requests: IncomingMessage[] = [];
    http.on('upgrade', (request, socket, head) => {
      requests.push(request);
      const location = locations.shift();
      if (location === undefined) server.handleUpgrade(request, socket, head, () => undefined);
      else socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    });
    return { url, requests, port };
  }

  it('are not followed unless asked for', async () => {
    const { url } = await redirecting('/elsewhere');
    expect(await outcome(url)).toEqual([['error', 'Unexpected server response: 302'], CLOSED]);
  });

  it('are followed, with an event each', async () => {
    const { url, requests, port } = await redirecting(
      '/one',
      `http://127.0.0.1:PORT/two`.replace('PORT', '1'),
    );
    requests.length = 0;
    const client = new WebSocket(url, { followRedirects: true });
    const redirects = collect(client, 'redirect');
    const errors = collect(client, 'error');
    await until(() => errors.length > 0);
    expect(redirects.map(([to]) => to)).toEqual([`ws://127.0.0.1:${port}/one`, 'ws://127.0.0.1:1/two']);
    expect(client.url).toBe('ws://127.0.0.1:1/two');
  });

  it('lead to an open connection', async () => {
    const { url, port, requests } = await redirecting('/a', 'b');
    const client = await connect(url, { followRedirects: true });
    expect(client.url).toBe(`ws://127.0.0.1:${port}/b`);
    expect(requests.map((request) => request.url)).toEqual(['/', '/a', '/b']);
  });

  it('end after maxRedirects', async () => {
    const { url } = await redirecting('/1', '/2', '/3');
    expect(await outcome(url, { followRedirects: true, maxRedirects: 2 })).toEqual([
      ['error', 'Maximum redirects exceeded'],
      CLOSED,
    ]);
  });

  it('to a bad URL are an error', async () => {
    const { url } = await redirecting('ws://127.0.0.1/#fragment');
    const [[name, message] = [], close] = await outcome(url, { followRedirects: true });
    expect([name, message]).toEqual(['error', expect.stringMatching(/fragment/)]);
    expect(close).toEqual(CLOSED);
  });

  it('carry credentials along on one host, and to no other', async () => {
    const other = await redirecting();
    const first = await redirecting('/same', `http://127.0.0.1:${other.port}/`);
    await connect(first.url, {
      followRedirects: true,
      headers: { Authorization: 'Basic Zm9v', Cookie: 'a=b', 'X-Kept': '1' },
    });
    const seen = [...first.requests, ...other.requests].map(({ headers }) => [
      headers.authorization,
      headers.cookie,
      headers['x-kept'],
    ]);
    expect(seen).toEqual([
      ['Basic Zm9v', 'a=b', '1'],
      ['Basic Zm9v', 'a=b', '1'],
      [undefined, undefined, '1'],
    ]);
  });
});

describe('while connecting', () => {
  it.each(['close', 'terminate'] as const)('%s gives up with an error', async (method) => {
    const { url } = await listen();
    const client = new WebSocket(url);
    const errors = collect(client, 'error');
    const closes = collect(client, 'close');
    client[method]();
    expect(client.readyState).toBe(WebSocket.CLOSING);
    expect(errors).toEqual([]);
    await until(() => closes.length > 0);
    expect(errors).toEqual([[new Error('WebSocket was closed before the connection was established')]]);
    expect(closes).toEqual([[1006, Buffer.alloc(0)]]);
  });

  it('close from a listener of upgrade gives up', async () => {
    const { url } = await listen();
    const client = new WebSocket(url);
    client.on('upgrade', () => client.close());
    const errors = collect(client, 'error');
    const opens = collect(client, 'open');
    await new Promise((resolve) => client.on('close', resolve));
    expect(errors).toHaveLength(1);
    expect(opens).toEqual([]);
  });
});
