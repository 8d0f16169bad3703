import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type ServerOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { after, connect, listen, listenHttp } from '../loopback.js';

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
