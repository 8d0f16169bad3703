import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { checkLines, writeRefusal } from '../../src/opening/server-handshake.js';
import { after, listenTcp, until } from '../loopback.js';

describe('a refusal', () => {
  it('tells its length in bytes (RFC 9110 §8.6)', async () => {
    const stream = new PassThrough();
    writeRefusal(stream, 401, 'späße', { 'X-Why': ['a', 'b'] });
    stream.setEncoding('utf8');
    const chunks: unknown[] = await stream.toArray();
    expect(chunks.join('')).toBe(
      'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 7\r\nX-Why: a\r\nX-Why: b\r\n\r\nspäße',
    );
  });

  it('ends the connection, also with a peer that does not end it', async () => {
    const sockets: net.Socket[] = [];
    const port = await listenTcp((socket) => {
      sockets.push(socket);
      writeRefusal(socket, 503);
    });
    const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    after(() => peer.destroy());
    peer.resume();
    await once(peer, 'end');
    await until(() => sockets[0]?.destroyed === true, 'the socket to be dropped');
  });
});

describe('a line of a head', () => {
  const STATUS = 'HTTP/1.1 101 Switching Protocols';

  it.each(['\r', '\n', '\0', '\x1f', '\x7f', '\u0100', '\u010d\u010aX: y', '\ud83d\ude00'])(
    'must not hold %j (RFC 9110 §5.5)',
    (char) => {
      expect(() => checkLines([STATUS, 'X-A: b', `X-A: b${char}X-C: d`])).toThrow(TypeError);
    },
  );

  it.each(['', ' folded', 'no colon', ': nameless', 'a name: b'])(
    'must be a field, which %j is not (RFC 9112 §5)',
    (line) => {
      expect(() => checkLines([STATUS, line])).toThrow(TypeError);
    },
  );

  it.each(['', 'HTTP/1.1 101 a\r\nB: c', 'X-A: b'])('must be no status line as %j', (line) => {
    expect(() => checkLines([line, 'X-A: b'])).toThrow(TypeError);
  });

  it('may hold anything else', () => {
    expect(() => checkLines([STATUS, 'X-A: b\tc é', 'X-B:'])).not.toThrow();
  });
});
