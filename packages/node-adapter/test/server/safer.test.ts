import { once } from 'node:events';
import { originPolicy } from '@x/handshake';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { connect, listen, RawPeer, until, upgradeRequest } from '../loopback.js';
import { RawServer } from '../opening.js';

async function statusOf(port: number, ...fields: string[]): Promise<string> {
  const peer = new RawPeer(port);
  peer.socket.write(upgradeRequest(...fields));
  const answer = await peer.until(() => peer.received.includes('\r\n\r\n'));
  return answer.toString('latin1', 9, 12);
}

describe('the origin option (§10.2)', () => {
  it('lets in those that the policy names, and answers the others 403', async () => {
    const { port, server } = await listen({ origin: originPolicy({ origins: ['https://example.org'] }) });
    expect(await statusOf(port, 'Origin: https://example.org')).toBe('101');
    expect(await statusOf(port, 'Origin: https://example.com')).toBe('403');
    expect(await statusOf(port)).toBe('403');
    expect(server.clients.size).toBe(1);
  });

  it('is asked before other hooks, which may act on the cookies that a foreign page sends along', async () => {
    const asked: string[] = [];
    const { port } = await listen({
      origin: originPolicy({ origins: ['https://example.org'] }),
      verifyClient: ({ origin = '' }: { origin: string | undefined }) => asked.push(origin) > 0,
      handleProtocols: (offered) => {
        asked.push(...offered);
        return false;
      },
    });
    const subprotocol = 'Sec-WebSocket-Protocol: chat';
    expect(await statusOf(port, `Origin: https://example.com\r\n${subprotocol}`)).toBe('403');
    expect(asked).toEqual([]);
    expect(await statusOf(port, `Origin: https://example.org\r\n${subprotocol}`)).toBe('101');
    expect(asked).toEqual(['https://example.org', 'chat']);
  });

  it('is off by default', async () => {
    const { port } = await listen();
    expect(await statusOf(port, 'Origin: https://example.com')).toBe('101');
  });

  it('that throws has the client get 500', async () => {
    const { port, server } = await listen({
      origin: () => {
        throw new Error('hook');
      },
    });
    const told = once(server, 'wsClientError');
    expect(await statusOf(port)).toBe('500');
    expect(await told).toContainEqual(new Error('hook'));
  });
});

describe('maxConnections', () => {
  it.each([true, false])('has who comes too many get 503, until one leaves; tracked: %s', async (tracks) => {
    let asked = 0;
    const verifyClient: ServerOptions['verifyClient'] = () => ++asked > 0;
    const { port, url } = await listen({ maxConnections: 2, clientTracking: tracks, verifyClient });
    const first = await connect(url);
    const second = await connect(url);
    expect(await statusOf(port)).toBe('503');
    expect(asked).toBe(2);
    first.terminate();
    await until(() => first.readyState === WebSocket.CLOSED);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await statusOf(port)).toBe('101');
    second.terminate();
  });

  it('holds where several are let in at once', async () => {
    const { port, server } = await listen({
      maxConnections: 1,
      verifyClient: () => new Promise((resolve) => setTimeout(resolve, 20, true)),
    });
    const answers = await Promise.all([statusOf(port), statusOf(port), statusOf(port)]);
    expect(answers.sort()).toEqual(['101', '503', '503']);
    expect(server.clients.size).toBe(1);
  });

  it.each([-1, 1.5, Number.NaN])('must be a whole number, not %d', (maxConnections) => {
    expect(() => new WebSocketServer({ noServer: true, maxConnections })).toThrow(RangeError);
  });
});

describe('a redirect', () => {
  it('carries no credentials of any kind to another origin', async () => {
    const target = await RawServer.listen();
    const from = await RawServer.listen();
    const requests: string[] = [];
    target.server.on('/', ({ socket, request }) => {
      requests.push(request);
      socket.destroy();
    });
    from.server.on('/', ({ socket, request }) => {
      requests.push(request);
      socket.write(
        `HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${target.port}/\r\nContent-Length: 0\r\n\r\n`,
      );
    });
    const client = new WebSocket(`ws://127.0.0.1:${from.port}/`, {
      followRedirects: true,
      secretHeaders: ['X-Api-Key'],
      headers: {
        'Proxy-Authorization': 'p',
        Authorization: 'a',
        Cookie: 'c',
        'X-Api-Key': 'k',
        'X-Plain': 'yes',
      },
    });
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('close', resolve));
    const secret = /^(proxy-authorization|authorization|cookie|x-api-key): /gim;
    expect(requests.map((request) => request.match(secret)?.length ?? 0)).toEqual([4, 0]);
    expect(requests[1]).toMatch(/^x-plain: yes/im);
  });

  it.each([
    'ws+unix:///tmp/socket:/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'data:text/plain,a',
    'javascript:1',
  ])('goes to no other scheme: %s', async (location) => {
    const { server, port } = await RawServer.listen();
    server.on('/', ({ socket }) =>
      socket.write(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
    );
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, { followRedirects: true });
    const [error] = await once(client, 'error');
    expect(error).toBeInstanceOf(SyntaxError);
  });
});
