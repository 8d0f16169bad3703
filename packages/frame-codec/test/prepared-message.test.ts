import { describe, expect, it } from 'vitest';
import { PreparedMessage } from '../src/index.js';
import { hex, pattern, toHex } from './hex.js';
import { CODECS } from './kernels.js';
import { record } from './recorder.js';

describe.each(CODECS)('PreparedMessage ($name)', ({ codec }) => {
  it('is sent to many connections of a server as the same frame', () => {
    const shared = codec();
    const text = new PreparedMessage('Hello');
    const binary = new PreparedMessage(hex('01 02'));
    for (let count = 0; count < 3; count++) {
      const { connection, wire } = record({ role: 'server', codec: shared });
      expect(connection.sendPrepared(text)).toBe(true);
      expect(connection.sendPrepared(binary)).toBe(true);
      expect(toHex(wire())).toBe('81 05 48 65 6c 6c 6f 82 02 01 02');
    }
  });

  it('is gathered with what is sent around it, in order', () => {
    const { connection, writes } = record({ role: 'server', codec: codec() });
    const message = new PreparedMessage('b');
    connection.cork();
    connection.sendText('a');
    connection.sendPrepared(message);
    connection.sendText('c');
    connection.uncork();
    expect(writes.map(toHex)).toEqual(['81 01 61 81 01 62 81 01 63']);
  });

  it('keeps its place where it is long', () => {
    const { connection, frames } = record({ role: 'server', codec: codec() });
    const message = new PreparedMessage(pattern(100_000));
    connection.cork();
    connection.sendText('a');
    connection.sendPrepared(message);
    connection.sendPrepared(message);
    connection.uncork();
    expect(frames().map(({ payload }) => payload.length)).toEqual([1, 100_000, 100_000]);
  });

  it('copies what it is made of, and counts its bytes', () => {
    const { connection, wire } = record({ role: 'server', codec: codec() });
    const payload = hex('01 02');
    const message = new PreparedMessage(payload);
    payload.fill(9);
    connection.sendPrepared(message);
    expect(toHex(wire())).toBe('82 02 01 02');
    expect(message.length).toBe(2);
    expect(new PreparedMessage('€').length).toBe(3);
    expect(new PreparedMessage('').length).toBe(0);
  });

  it('throws a TypeError on a client, whose frames are masked each for itself (§5.3)', () => {
    const { connection, writes } = record({ role: 'client', codec: codec() });
    expect(() => connection.sendPrepared(new PreparedMessage('a'))).toThrow(TypeError);
    expect(writes).toEqual([]);
  });

  it('is not sent once the connection is closing, nor inside a message', () => {
    const { connection, frames } = record({ role: 'server', codec: codec() });
    const message = connection.startMessage('text');
    message.write('a');
    expect(() => connection.sendPrepared(new PreparedMessage('b'))).toThrow(TypeError);
    message.end();
    connection.close();
    expect(connection.sendPrepared(new PreparedMessage('b'))).toBe(false);
    expect(frames().map(({ first }) => first)).toEqual([0x01, 0x80, 0x88]);
  });

  it('throws a TypeError at what is neither text nor bytes', () => {
    for (const wrong of [undefined, null, 5, [1], new ArrayBuffer(1)]) {
      // @ts-expect-error: the caller is wrong
      expect(() => new PreparedMessage(wrong)).toThrow(TypeError);
    }
  });
});
