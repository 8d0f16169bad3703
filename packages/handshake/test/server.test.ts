import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  acceptRequest,
  headerPairs,
  permessageDeflate,
  readRequest,
  type UpgradeRequest,
} from '../src/index.js';

/** The example of §1.2, as Node's rawHeaders. */
export const EXAMPLE: readonly string[] = [
  ...['Host', 'server.example.com', 'Upgrade', 'websocket', 'Connection', 'Upgrade'],
  ...['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'Origin', 'http://example.com'],
  ...['Sec-WebSocket-Protocol', 'chat, superchat', 'Sec-WebSocket-Version', '13'],
];

function request(
  rawHeaders: readonly string[] = EXAMPLE,
  more: Partial<UpgradeRequest> = {},
): UpgradeRequest {
  return { method: 'GET', url: '/chat', httpVersion: '1.1', rawHeaders, ...more };
}

describe('acceptRequest', () => {
  it('answers the example of §1.2 with its 101 (§4.2.2)', () => {
    const answer = acceptRequest(request(), { subprotocols: ['chat'] });
    expect(answer.ok && answer.head).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
        'Sec-WebSocket-Protocol: chat\r\n\r\n',
    );
  });

  it('takes what Node gives', () => {
    const accept = (message: IncomingMessage) =>
      acceptRequest(message, { extensions: [permessageDeflate()] });
    expect(accept).toBeTypeOf('function');
  });

  it('refuses with 405 and Allow when the method is not GET (§4.2.1)', () => {
    const answer = readRequest(request(EXAMPLE, { method: 'POST' }));
    expect(answer).toMatchObject({ ok: false, status: 405, violation: 'method-not-get' });
    expect(!answer.ok && headerPairs(answer.rawHeaders)).toContainEqual(['Allow', 'GET']);
  });
});
