import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import {
  after,
  connect,
  listen,
  listenEcho,
  listenHttp,
  maskedFrame,
  portOf,
  RawPeer,
  until,
  upgradeRequest,
} from '../loopback.js';

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
