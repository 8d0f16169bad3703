import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { collect, listen } from '../loopback.js';

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
