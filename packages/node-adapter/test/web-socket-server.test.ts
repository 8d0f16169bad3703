import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, WebSocket, WebSocketServer } from '../src/index.js';
import {
  after,
  collect,
  connect,
  listen,
  listenEcho,
  listenHttp,
  maskedFrame,
  portOf,
  RawPeer,
  until,
  upgradeRequest,
} from './loopback.js';

describe('new WebSocketServer', () => {
  it.each<[string, ServerOptions]>([
    ['none of port, server and noServer', {}],
    ['port and noServer', { port: 0, noServer: true }],
    ['port and server', { port: 0, server: {} as never }],
    ['server and noServer', { server: {} as never, noServer: true }],
  ])('refuses %s', (_what, options) => {
    expect(() => new WebSocketServer(options)).toThrow(TypeError);
  });

  it.each([-1, 65536, 1.5, Number.NaN])('refuses the port %s', (port) => {
    expect(() => new WebSocketServer({ port })).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_SOCKET_BAD_PORT' }),
    );
  });

  it.each([-5.5, Number.NaN])('refuses a maxPayload of %s', (maxPayload) => {
    expect(() => new WebSocketServer({ noServer: true, maxPayload })).toThrow(RangeError);
  });

  it('emits an error that names a port which is taken', async () => {
    const { port } = await listen();
    const second = new WebSocketServer({ port, host: '127.0.0.1' });
    const [error] = await once(second, 'error');
    expect(error).toMatchObject({ code: 'EADDRINUSE', port });
  });

  it('calls back when it listens', async () => {
    const server: WebSocketServer = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 10 }, () =>
      server.close(),
    );
    await once(server, 'close');
  });
});

describe('address', () => {
  it('tells where the server listens', async () => {
    const { server, port } = await listen();
    expect(server.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port });
  });

  it('is null when the server is closed', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.close();
    expect(server.address()).toBeNull();
    await once(server, 'close');
  });

  it('throws without a server', () => {
    expect(() => new WebSocketServer({ noServer: true }).address()).toThrow('noServer');
  });
});

describe('a request that is no handshake', () => {
  async function respond(
    port: number,
    options: object = {},
  ): Promise<{ response: IncomingMessage; body: string }> {
    const request = httpRequest({ port, host: '127.0.0.1', agent: false, ...options });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += chunk;
    return { response, body };
  }

  it('gets 426 with Upgrade and Sec-WebSocket-Version when it asks for no upgrade (§4.4)', async () => {
    const { port } = await listen();
    const { response, body } = await respond(port);
    expect(response.statusCode).toBe(426);
    expect(response.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13, 8' });
    expect(body).toBe('Upgrade Required');
  });

  const HEADERS = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
  };

  it.each([
    [
      '405 when the method is not GET (§4.2.1)',
      { method: 'POST' },
      405,
      'Invalid HTTP method',
      { allow: 'GET' },
    ],
    [
      '426 and what to upgrade to when the upgrade is to something else (§4.2.1)',
      { Upgrade: 'h2c' },
      426,
      'Invalid Upgrade header',
      { upgrade: 'websocket', 'sec-websocket-version': '13, 8' },
    ],
    [
      '400 when the key is missing (§4.2.1)',
      { 'Sec-WebSocket-Key': undefined },
      400,
      'Missing or invalid Sec-WebSocket-Key header',
      {},
    ],
    [
      '400 when the key is not 16 bytes (§4.2.1)',
      { 'Sec-WebSocket-Key': 'P5l8PJcrVfIBnGHb' },
      400,
      'Missing or invalid Sec-WebSocket-Key header',
      {},
    ],
    [
      '426 and the version understood when the version is not 13 (§4.4)',
      { 'Sec-WebSocket-Version': '12' },
      426,
      'Missing or invalid Sec-WebSocket-Version header',
      { 'sec-websocket-version': '13, 8' },
    ],
    [
      '400 when the subprotocols are no list of tokens (§4.3)',
      { 'Sec-WebSocket-Protocol': 'a,,/' },
      400,
      'Invalid Sec-WebSocket-Protocol header',
      {},
    ],
  ])(
    'gets %s',
    async (_what, { method, ...changed }: Record<string, string | undefined>, status, message, fields) => {
      const { port, server } = await listen();
      const headers = Object.fromEntries(
        Object.entries({ ...HEADERS, ...changed }).filter(([, value]) => value !== undefined),
      );
      const { response, body } = await respond(port, { method: method ?? 'GET', headers });
      expect(response.statusCode).toBe(status);
      expect(body).toBe(message);
      expect(response.headers).toMatchObject({ connection: expect.stringMatching(/close/i), ...fields });

      const errors = collect(server, 'wsClientError');
      server.on('wsClientError', (_error, socket) =>
        socket.end('HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n'),
      );
      const second = await respond(port, { method: method ?? 'GET', headers });
      expect(second.response.statusCode).toBe(418);
      const error = { message, cause: { name: 'HandshakeError', section: expect.stringMatching(/^\d/) } };
      expect(errors).toMatchObject([[error, expect.anything(), expect.anything()]]);
    },
  );
});

describe('path', () => {
  it.each([
    ['/chat', true],
    ['/chat?room=1', true],
    ['/chats', false],
    ['/', false],
  ])('lets %s in: %s', async (path, letIn) => {
    const { port } = await listen({ path: '/chat' });
    const websocket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    const opened = new Promise((resolve) => {
      websocket.on('open', () => resolve(true));
      websocket.on('error', () => resolve(false));
    });
    expect(await opened).toBe(letIn);
    websocket.terminate();
  });
});

describe('server', () => {
  it('takes the upgrades of a given server, and leaves its requests alone', async () => {
    const { http, url, port } = await listenHttp();
    http.on('request', (_request, response) => response.end('page'));
    const server = new WebSocketServer({ server: http });
    server.on('connection', (websocket) => websocket.send('hello'));
    const websocket = new WebSocket(url);
    after(() => websocket.terminate());
    expect(String((await once(websocket, 'message'))[0])).toBe('hello');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('page');
    expect(server.address()).toEqual(http.address());
  });

  it('lets go of a given server when it is closed', async () => {
    const { http } = await listenHttp();
    const server = new WebSocketServer({ server: http });
    expect(http.listenerCount('upgrade')).toBe(1);
    const errors: unknown[] = [];
    server.close((error) => errors.push(error));
    await once(server, 'close');
    expect(errors).toEqual([undefined]);
    expect(http.listenerCount('upgrade')).toBe(0);
    expect(http.listening).toBe(true);
  });
});

describe('handleUpgrade', () => {
  it('opens connections one by one without a server of its own', async () => {
    const { http, url } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (websocket, same) => {
        expect(same).toBe(request);
        websocket.send(request.url ?? '');
      }),
    );
    const websocket = new WebSocket(`${url}some/path?query`);
    after(() => websocket.terminate());
    expect(String((await once(websocket, 'message'))[0])).toBe('/some/path?query');
    expect(server.clients.size).toBe(1);
  });

  it('throws when a stream has a connection already', async () => {
    const { http, url } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    const thrown: unknown[] = [];
    http.on('upgrade', (request, socket, head) => {
      server.handleUpgrade(request, socket, head, () => undefined);
      try {
        server.handleUpgrade(request, socket, head, () => undefined);
      } catch (error) {
        thrown.push(error);
      }
    });
    await connect(url);
    expect(String(thrown)).toMatch(/called more than once with the same socket/);
  });

  it('takes frames that came with the request (§4.1)', async () => {
    const { port } = await listenEcho();
    const peer = new RawPeer(port);
    const frames = Buffer.concat([
      maskedFrame(0x81, Buffer.from('early')),
      maskedFrame(0x81, Buffer.from('bird')),
    ]);
    peer.socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frames]));
    const text = (await peer.until(() => peer.received.includes('bird'))).toString('latin1');
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe('\x81\x05early\x81\x04bird');
  });

  it('answers with the accept value of §1.3', async () => {
    const { port } = await listen();
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest());
    const text = (await peer.until(() => peer.received.includes('\r\n\r\n'))).toString('latin1');
    expect(text.split('\r\n')).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      '',
      '',
    ]);
  });

  it('takes clients of the last draft before the RFC, version 8', async () => {
    const { server, port } = await listen();
    const origins: unknown[] = [];
    server.options.verifyClient = ({ origin }) => origins.push(origin) > 0;
    await connect(`ws://127.0.0.1:${port}`, { protocolVersion: 8, origin: 'https://example.com' });
    expect(origins).toEqual(['https://example.com']);
  });
});

describe('headers event', () => {
  it('lets listeners read and add lines', async () => {
    const { server, url } = await listen();
    server.on('headers', (headers, request) => {
      expect(headers[0]).toBe('HTTP/1.1 101 Switching Protocols');
      headers.push(`X-Path: ${request.url}`);
    });
    const websocket = new WebSocket(`${url}x`);
    after(() => websocket.terminate());
    const [response] = (await once(websocket, 'upgrade')) as [IncomingMessage];
    expect(response.headers['x-path']).toBe('/x');
  });
});

describe('verifyClient', () => {
  const status = async (options: ServerOptions): Promise<unknown> => {
    const { url } = await listen(options);
    const websocket = new WebSocket(url, { origin: 'https://example.com' });
    const answer = new Promise((resolve) => {
      websocket.on('open', () => resolve(101));
      websocket.on('unexpected-response', (_request, response) =>
        resolve([response.statusCode, response.headers['x-why']]),
      );
    });
    after(() => websocket.terminate());
    websocket.on('error', () => undefined);
    return answer;
  };

  it('is told the origin, and lets in', async () => {
    expect(
      await status({ verifyClient: ({ origin, secure }) => origin === 'https://example.com' && !secure }),
    ).toBe(101);
  });

  it('refuses with 401', async () => {
    expect(await status({ verifyClient: () => false })).toEqual([401, undefined]);
  });

  it('takes its time', async () => {
    expect(await status({ verifyClient: (_info, verified) => setTimeout(verified, 5, true) })).toBe(101);
  });

  it('refuses later with a status, a message and fields', async () => {
    const verifyClient: ServerOptions['verifyClient'] = (_info, verified) =>
      setTimeout(verified, 5, false, 403, 'no', { 'X-Why': 'because' });
    expect(await status({ verifyClient })).toEqual([403, 'because']);
  });

  it('refuses with 503 when the server was closed meanwhile', async () => {
    const { http, url } = await listenHttp();
    const server: WebSocketServer = new WebSocketServer({
      server: http,
      verifyClient: (_info, verified) => {
        server.close();
        verified(true);
      },
    });
    const websocket = new WebSocket(url);
    websocket.on('error', () => undefined);
    const [, response] = (await once(websocket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(503);
    websocket.terminate();
  });
});

describe('handleProtocols', () => {
  it.each<[string, ServerOptions, string]>([
    ['the first that is offered without it', {}, 'a'],
    ['what it chooses', { handleProtocols: (offered) => [...offered].at(-1) }, 'c'],
  ])('agrees on %s (§4.2.2)', async (_what, options, agreed) => {
    const { server, url } = await listen(options);
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const client = await connect(url, {}, ['a', 'b', 'c']);
    expect(client.protocol).toBe(agreed);
    expect((await connected)[0].protocol).toBe(agreed);
  });

  it('may agree on none, which the client takes for a failure as npm ws does', async () => {
    const { url } = await listen({ handleProtocols: () => false });
    const websocket = new WebSocket(url, 'a');
    expect((await once(websocket, 'error'))[0]).toMatchObject({ message: 'Server sent no subprotocol' });
  });
});

describe('clients', () => {
  it('holds the connections that are not over', async () => {
    const { server, url } = await listen();
    const client = await connect(url);
    await until(() => server.clients.size === 1);
    client.close();
    await once(client, 'close');
    await until(() => server.clients.size === 0);
  });

  it('is absent without clientTracking', async () => {
    const server = new WebSocketServer({ noServer: true, clientTracking: false });
    expect(server.clients).toBeUndefined();
  });
});

describe('close', () => {
  it('waits for the connections, takes no new ones, and does not close them', async () => {
    const { server, port, url } = await listen();
    const client = await connect(url);
    const events: string[] = [];
    server.close(() => events.push('closed'));
    client.on('close', () => events.push('client'));
    await expect(
      new Promise((resolve, reject) =>
        net.connect(port, '127.0.0.1').on('connect', resolve).on('error', reject),
      ),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(events).toEqual([]);
    expect(client.readyState).toBe(WebSocket.OPEN);
    client.close();
    await once(server, 'close');
    await until(() => events.length === 2);
    expect(events.sort()).toEqual(['client', 'closed']);
  });

  it('waits for the connections of a given server too', async () => {
    const { http, url } = await listenHttp();
    const server = new WebSocketServer({ server: http });
    const client = await connect(url);
    const closed = once(server, 'close');
    server.close();
    client.close();
    await closed;
    expect(http.listening).toBe(true);
  });

  it('calls back with an error the second time', async () => {
    const server = new WebSocketServer({ noServer: true });
    server.close();
    await once(server, 'close');
    const error = await new Promise((resolve) => server.close(resolve));
    expect(error).toEqual(new Error('The server is not running'));
  });
});

describe('WebSocket', () => {
  it('is the class that connections are made of', async () => {
    class Mine extends WebSocket {
      mine = true;
    }
    const { server, url } = await listen({ WebSocket: Mine });
    const connected = once(server, 'connection') as Promise<[Mine]>;
    await connect(url);
    const [websocket] = await connected;
    expect(websocket).toBeInstanceOf(Mine);
    expect(websocket.mine).toBe(true);
    expect(portOf(server)).toBeGreaterThan(0);
  });
});
