import { describe, expect, it } from 'vitest';
import { DeflatePool, PermessageDeflate, PreparedMessage } from '../../src/index.js';
import { ChecksumExtension } from '../support/checksum-extension.js';
import { HELLO, PRESET } from '../support/deflate.js';
import { hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Recorded, record } from '../support/recorder.js';

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

  it('is not sent once the connection is closing, and waits for a message in parts to end', () => {
    const { connection, frames } = record({ role: 'server', codec: codec() });
    const message = connection.startMessage('text');
    message.write('a');
    expect(connection.sendPrepared(new PreparedMessage('b'))).toBe(true);
    message.end();
    connection.close();
    expect(connection.sendPrepared(new PreparedMessage('b'))).toBe(false);
    expect(frames().map(({ first }) => first)).toEqual([0x01, 0x80, 0x81, 0x88]);
  });

  it('throws a TypeError at what is neither text nor bytes', () => {
    for (const wrong of [undefined, null, 5, [1], new ArrayBuffer(1)]) {
      // @ts-expect-error: the caller is wrong
      expect(() => new PreparedMessage(wrong)).toThrow(TypeError);
    }
  });
});

describe.each(CODECS)('PreparedMessage with extensions ($name)', ({ codec }) => {
  const server = (pool: DeflatePool, parameters = {}): Recorded =>
    record({ role: 'server', codec: codec() }, {}, [
      new PermessageDeflate('server', { ...PRESET, ...parameters }, pool),
    ]);
  const client = (pool: DeflatePool, parameters = {}): Recorded =>
    record({ role: 'client', codec: codec() }, {}, [
      new PermessageDeflate('client', { ...PRESET, ...parameters }, pool),
    ]);

  it('is compressed once for all connections of one window size (RFC 7692 §7.2.3.1)', () => {
    const engine = new PakoEngine();
    let calls = 0;
    const pool = new DeflatePool({
      engine: {
        inflater: (bits) => engine.inflater(bits),
        deflater: (bits) => {
          const deflater = engine.deflater(bits);
          return {
            deflate: (data) => {
              calls++;
              return deflater.deflate(data);
            },
            reset: () => deflater.reset(),
            close: () => deflater.close(),
          };
        },
      },
      threshold: 0,
    });
    const message = new PreparedMessage('Hello');
    const small = { serverMaxWindowBits: 9 };
    const recorded = [{}, {}, small, small, { serverNoContextTakeover: true }].map((parameters) =>
      server(pool, parameters),
    );
    recorded.push(record({ role: 'server', codec: codec() }));
    for (const { connection } of recorded) connection.sendPrepared(message);
    expect(recorded.map(({ wire }) => toHex(wire()))).toEqual([
      ...Array.from({ length: 5 }, () => `c1 07 ${HELLO}`),
      '81 05 48 65 6c 6c 6f',
    ]);
    expect(calls).toBe(2);
    expect(engine.usage.asked).toEqual(['deflate 15', 'deflate 9']);
  });

  it('is framed once: every transport is handed the same memory', () => {
    const seen = new Set<ArrayBuffer>();
    const message = new PreparedMessage(pattern(40_000));
    for (let count = 0; count < 3; count++) {
      const { connection } = record({ role: 'server', codec: codec() });
      connection.handler.write = (_, bytes) => {
        seen.add(bytes.buffer);
        expect(bytes.length).toBe(40_004);
        return false;
      };
      connection.sendPrepared(message);
    }
    expect(seen.size).toBe(1);
  });

  it('is left as it is below the threshold', () => {
    const pool = new DeflatePool({ engine: new PakoEngine(), threshold: 5 });
    const { connection, frames, wire } = server(pool);
    connection.sendText('Hello');
    connection.sendPrepared(new PreparedMessage('Hell'));
    connection.sendText('Hello');
    expect(frames().map(({ first }) => first.toString(16))).toEqual(['c1', '81', 'c1']);
    const peer = client(pool);
    peer.connection.receive(wire());
    expect(peer.events).toEqual(['text Hello', 'text Hell', 'text Hello']);
  });

  it.each([false, true])(
    'can be decoded among messages that share no window: %s (RFC 7692 §7.1.1)',
    (alone) => {
      const pool = new DeflatePool({ engine: new PakoEngine(), threshold: 0 });
      const parameters = { serverNoContextTakeover: alone };
      const { connection, wire } = server(pool, parameters);
      const message = new PreparedMessage('Hello, Hello, all');
      const expected: string[] = [];
      for (const turn of 'opoppopoop') {
        if (turn === 'p') connection.sendPrepared(message);
        else connection.sendText('Hello, Hello, you');
        expected.push(turn === 'p' ? 'text Hello, Hello, all' : 'text Hello, Hello, you');
      }
      const peer = client(pool, parameters);
      peer.connection.receive(wire());
      expect(peer.events).toEqual(expected);
    },
  );

  it('holds no engine of its own', () => {
    const engine = new PakoEngine();
    const pool = new DeflatePool({ engine, threshold: 0 });
    for (let count = 0; count < 10; count++) {
      server(pool).connection.sendPrepared(new PreparedMessage(`Hello ${count}`));
    }
    expect(engine.usage.made).toBe(1);
  });

  it('is encoded anew where an extension can share nothing, or there are several', () => {
    const single = record({ role: 'server', codec: codec() }, {}, [new ChecksumExtension()]);
    single.connection.sendPrepared(new PreparedMessage('Hi'));
    expect(toHex(single.wire())).toBe('a1 03 12 33 45');
    const pool = new DeflatePool({ engine: new PakoEngine(), threshold: 0 });
    const both = record({ role: 'server', codec: codec() }, {}, [
      new PermessageDeflate('server', PRESET, pool),
      new ChecksumExtension(),
    ]);
    both.connection.sendText('Hello');
    both.connection.sendPrepared(new PreparedMessage('Hello'));
    // f2 00 11 00 00 of a shared window (RFC 7692 §7.2.3.2), turned by 5a, with the sum 01
    expect(toHex(both.wire()).slice(-23)).toBe('e1 06 a8 5a 4b 5a 5a 01');
  });
});
