import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionHandler, Endpoint, type EndpointOptions } from '../../src/index.js';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS, POISONED } from '../support/kernels.js';
import { readWire, wire } from '../support/wire.js';

/** One call of `write`. */
interface Written {
  /** as the transport sees them: not copied */
  bytes: Uint8Array<ArrayBuffer>;
  /** as they were when they were written */
  copy: Uint8Array<ArrayBuffer>;
  more: boolean;
}

/** A transport that says `left` of every write. */
function transport(
  options: EndpointOptions,
  left: boolean,
  handler: Partial<ConnectionHandler<undefined>> = {},
): { connection: Connection<undefined>; written: Written[]; all(): Uint8Array<ArrayBuffer> } {
  const written: Written[] = [];
  const connection = new Connection(
    new Endpoint(options),
    {
      write: (_, bytes, more) => {
        written.push({ bytes, copy: bytes.slice(), more });
        return left;
      },
      end: () => {},
      ...handler,
    },
    undefined,
  );
  return { connection, written, all: () => concat(...written.map(({ copy }) => copy)) };
}

const KEY = '01 02 03 04';
const echo: Partial<ConnectionHandler<undefined>> = {
  text: (connection, text) => connection.sendText(text),
  binary: (connection, payload) => connection.sendBinary(payload),
};

describe.each(CODECS)('sending ($name)', ({ codec }) => {
  it('writes each frame at once where nothing is gathered', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true);
    connection.sendText('Hello');
    connection.sendBinary(hex('01 02'));
    connection.sendTextBytes(hex('c3 a9'));
    connection.sendText('€');
    expect(written.map(({ copy, more }) => [toHex(copy), more])).toEqual([
      ['81 05 48 65 6c 6c 6f', false],
      ['82 02 01 02', false],
      ['81 02 c3 a9', false],
      ['81 03 e2 82 ac', false],
    ]);
  });

  it('uses the shortest length field that holds the payload (§5.2)', () => {
    const { connection, all } = transport({ role: 'server', codec: codec() }, true);
    const heads: [number, string][] = [
      [0, '82 00'],
      [125, '82 7d'],
      [126, '82 7e 00 7e'],
      [65535, '82 7e ff ff'],
      [65536, '82 7f 00 00 00 00 00 01 00 00'],
      [16_909_060, '82 7f 00 00 00 00 01 02 03 04'],
    ];
    for (const [length] of heads) connection.sendBinary(new Uint8Array(length));
    let at = 0;
    const stream = all();
    for (const [length, head] of heads) {
      const bytes = hex(head);
      expect(toHex(stream.subarray(at, at + bytes.length))).toBe(head);
      at += bytes.length + length;
    }
    expect(at).toBe(stream.length);
  });

  it('uses the shortest length field for text whose UTF-8 is longer than its characters (§5.2)', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true);
    const heads: [string, string][] = [
      ['é'.repeat(62), '81 7c'],
      [`${'é'.repeat(62)}a`, '81 7d'],
      ['é'.repeat(63), '81 7e 00 7e'],
      ['€'.repeat(125), '81 7e 01 77'],
      ['x'.repeat(125), '81 7d'],
      ['x'.repeat(126), '81 7e 00 7e'],
      ['€'.repeat(21_841), '81 7e ff f3'],
      ['€'.repeat(21_846), '81 7f 00 00 00 00 00 01 00 02'],
    ];
    for (const [text, head] of heads) {
      written.length = 0;
      connection.sendText(text);
      const stream = concat(...written.map(({ copy }) => copy));
      const length = hex(head).length;
      expect(toHex(stream.subarray(0, length))).toBe(head);
      expect(new TextDecoder().decode(stream.subarray(length)) === text).toBe(true);
    }
  });

  it('masks what a client sends, each frame with a key of its own that is never 0 (§5.3)', () => {
    const { connection, all } = transport({ role: 'client', codec: codec() }, true);
    for (let count = 0; count < 500; count++) {
      connection.sendText('Hello');
      connection.sendBinary(pattern(count));
    }
    connection.sendBinary(pattern(40_000));
    connection.sendText('é'.repeat(30_000));
    const frames = readWire(all());
    expect(frames).toHaveLength(1002);
    const keys = frames.map(({ key }) => key);
    expect(keys).not.toContain(undefined);
    expect(keys).not.toContain(0);
    // 1002 of 2^32: two of them are equal once in eight thousand runs, three never.
    expect(new Set(keys).size).toBeGreaterThanOrEqual(1001);
    for (const [index, { payload }] of frames.slice(0, 1000).entries()) {
      const expected = index % 2 === 0 ? new TextEncoder().encode('Hello') : pattern(index >> 1);
      if (toHex(payload) !== toHex(expected)) expect.unreachable(`frame ${index}`);
    }
    expect(toHex(frames[1000]?.payload ?? hex('')) === toHex(pattern(40_000))).toBe(true);
  });

  it('leaves the payload of the caller as it was, whole or part of a larger buffer', () => {
    for (const role of ['client', 'server'] as const) {
      const { connection, all } = transport({ role, codec: codec() }, true);
      for (const length of [0, 1, 47, 48, 300, 33_000, 70_000]) {
        const buffer = pattern(length + 20);
        connection.sendBinary(buffer.subarray(7, 7 + length));
        expect(toHex(buffer) === toHex(pattern(length + 20))).toBe(true);
        const last = readWire(all()).at(-1);
        expect(
          toHex(last?.payload ?? hex('ff')) === toHex(pattern(length + 20).subarray(7, 7 + length)),
        ).toBe(true);
      }
    }
  });

  it('throws a TypeError at what is neither string nor Uint8Array, and sends nothing', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true);
    for (const wrong of [undefined, null, 5, [1], new ArrayBuffer(1), new Uint16Array(1), {}]) {
      // @ts-expect-error: the caller is wrong
      expect(() => connection.sendText(wrong)).toThrow(TypeError);
      // @ts-expect-error: the caller is wrong
      expect(() => connection.sendBinary(wrong)).toThrow(TypeError);
      // @ts-expect-error: the caller is wrong
      expect(() => connection.sendTextBytes(wrong)).toThrow(TypeError);
    }
    // @ts-expect-error: the caller is wrong
    expect(() => connection.sendBinary('a')).toThrow(TypeError);
    expect(() => connection.sendTextBytes(hex('61 ff'))).toThrow(TypeError);
    expect(() => connection.sendTextBytes(hex('e2 82'))).toThrow(TypeError);
    expect(written).toEqual([]);
  });
});

describe.each(CODECS)('gathering ($name)', ({ codec }) => {
  it('answers everything in one chunk with one write', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true, echo);
    const chunk = concat(
      ...Array.from({ length: 100 }, () => [
        wire({ first: 0x81, payload: hex('61 62'), key: KEY }),
        wire({ first: 0x89, payload: hex('70'), key: KEY }),
        wire({ first: 0x82, payload: hex('07'), key: KEY }),
      ]).flat(),
    );
    connection.receive(chunk);
    expect(written).toHaveLength(1);
    const once = '81 02 61 62 8a 01 70 82 01 07';
    expect(toHex(written[0]?.copy ?? hex(''))).toBe(Array.from({ length: 100 }, () => once).join(' '));
    expect(written[0]?.more).toBe(false);
  });

  it('writes nothing for a chunk that nothing answers', () => {
    const { connection, written } = transport({ role: 'client', codec: codec() }, true);
    connection.receive(hex('81 01 61'));
    expect(written).toEqual([]);
  });

  it('writes as few times as 64 KiB allow, in order, and says that more follows', () => {
    const { connection, written, all } = transport({ role: 'server', codec: codec() }, true, echo);
    const payloads = Array.from({ length: 60 }, (_, index) => pattern(3000, index));
    connection.receive(concat(...payloads.map((payload) => wire({ first: 0x82, payload, key: KEY }))));
    expect(readWire(all()).map(({ payload }) => payload)).toEqual(payloads);
    expect(written.length).toBeLessThanOrEqual(3);
    expect(written.map(({ more }) => more)).toEqual([...written.slice(1).map(() => true), false]);
  });

  it('gathers between cork and uncork, and counts it', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true);
    connection.cork();
    connection.sendText('a');
    connection.cork();
    connection.ping(hex(''));
    connection.uncork();
    expect(connection.corkedLength).toBe(5);
    expect(written).toEqual([]);
    connection.uncork();
    expect(connection.corkedLength).toBe(0);
    expect(written.map(({ copy }) => toHex(copy))).toEqual(['81 01 61 89 00']);
    connection.uncork();
    connection.sendText('b');
    expect(written).toHaveLength(2);
  });

  it('writes what was gathered before the end is told', () => {
    const order: string[] = [];
    const { connection } = transport({ role: 'server', codec: codec() }, true, {
      write: (_, bytes) => {
        order.push(toHex(bytes));
        return true;
      },
      end: () => order.push('end'),
    });
    connection.cork();
    connection.sendText('a');
    connection.receive(hex('88 80 01 02 03 04'));
    expect(order).toEqual(['81 01 61 88 00', 'end']);
  });

  it('keeps large payloads in their place between small ones', () => {
    for (const role of ['client', 'server'] as const) {
      const { connection, all } = transport({ role, codec: codec() }, true);
      connection.cork();
      const lengths = [1, 40_000, 2, 32_767, 32_768, 3, 70_000, 70_001, 4];
      for (const length of lengths) connection.sendBinary(pattern(length));
      connection.uncork();
      expect(readWire(all()).map(({ payload }) => payload.length)).toEqual(lengths);
    }
  });
});

describe.each(CODECS)('memory of writes ($name)', { timeout: 60_000 }, ({ codec }) => {
  it('is used again when the bytes have left', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true);
    for (let count = 0; count < 10; count++) connection.sendText(`message ${count}`);
    expect(new Set(written.map(({ bytes }) => bytes.buffer)).size).toBe(1);
  });

  it('is the transport’s own when it still holds the bytes: nothing changes them any more', () => {
    const shared = codec();
    const { connection, written } = transport({ role: 'server', codec: shared }, false, echo);
    for (let round = 0; round < 5; round++) {
      connection.receive(wire({ first: 0x82, payload: pattern(500, round), key: KEY }));
      connection.receive(wire({ first: 0x82, payload: pattern(40_000, round), key: KEY }));
      connection.sendText(`text ${round}`);
      connection.sendBinary(pattern(100, round));
    }
    expect(written.length).toBeGreaterThanOrEqual(20);
    for (const { bytes, copy } of written) expect(toHex(bytes) === toHex(copy)).toBe(true);
  });

  it.each(['never', 'later'])(
    'of a transport that takes bytes %s is hardly more than the bytes are: who does not read costs what was sent (§10.4)',
    (taken) => {
      const { connection, written } = transport({ role: 'server', codec: codec() }, false, echo);
      for (let round = 0; round < 100; round++) {
        connection.receive(wire({ first: 0x82, payload: pattern(100, round), key: KEY }));
        if (taken === 'later') connection.drained();
        connection.sendText(`text ${round}`);
        if (taken === 'later') connection.drained();
      }
      const [, ...behindFirst] = written;
      expect(behindFirst).toHaveLength(199);
      const held = new Set(behindFirst.map(({ bytes }) => bytes.buffer));
      const memory = [...held].reduce((sum, { byteLength }) => sum + byteLength, 0);
      const sent = behindFirst.reduce((sum, { bytes }) => sum + bytes.length, 0);
      expect(memory).toBeLessThanOrEqual(2 * sent);
      for (const { bytes, copy } of written) expect(toHex(bytes)).toBe(toHex(copy));
    },
  );

  it('is an outbox again once the transport takes bytes at once again', () => {
    const written: Uint8Array<ArrayBuffer>[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'server', codec: codec() }),
      { write: (_, bytes) => written.push(bytes) !== 1, end: () => {} },
      undefined,
    );
    for (let count = 0; count < 5; count++) {
      connection.sendText('text');
      connection.drained();
    }
    const [held, copied, ...behind] = written.map(({ buffer }) => buffer);
    expect(new Set([held, copied, ...behind]).size).toBe(3);
    expect(copied?.byteLength).toBe(6);
    expect(new Set(behind).size).toBe(1);
  });

  it('of a payload from 32 KiB on is that of the caller, for a server', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, false);
    const payload = pattern(32_768);
    connection.sendBinary(payload);
    expect(written.map(({ copy, more }) => [copy.length, more])).toEqual([
      [4, true],
      [32_768, false],
    ]);
    expect(toHex(written[0]?.copy ?? hex(''))).toBe('82 7e 80 00');
    expect(written[1]?.bytes.buffer).toBe(payload.buffer);
    const shorter = transport({ role: 'server', codec: codec() }, false);
    shorter.connection.sendBinary(payload.subarray(1));
    expect(shorter.written).toHaveLength(1);
  });

  it('of a long payload is never that of the caller for a client, which masks a copy', () => {
    const { connection, written } = transport({ role: 'client', codec: codec() }, false);
    const payload = pattern(100_000);
    connection.sendBinary(payload);
    for (const { bytes } of written) expect(bytes.buffer).not.toBe(payload.buffer);
    expect(toHex(payload) === toHex(pattern(100_000))).toBe(true);
  });

  it('of a long payload that is borrowed is a copy: the next read overwrites it', () => {
    const shared = codec();
    const { connection, written } = transport({ role: 'server', codec: shared }, false, echo);
    connection.receive(wire({ first: 0x82, payload: pattern(50_000), key: KEY }));
    connection.receive(wire({ first: 0x82, payload: pattern(50_000, 9), key: KEY }));
    expect(
      toHex(concat(...written.map(({ bytes }) => bytes)).subarray(4, 50_004)) === toHex(pattern(50_000)),
    ).toBe(true);
  });

  it.each([
    ['server', 'binary that is borrowed'],
    ['client', 'binary that is masked'],
  ] as const)('of a %s, %s, is used again when it has left, and not before', (role, _) => {
    const key = role === 'server' ? KEY : undefined;
    const read = (seed: number) => wire({ first: 0x82, payload: pattern(50_000, seed), ...(key && { key }) });
    const [left, kept] = [true, false].map((taken) => {
      const { connection, written } = transport({ role, codec: codec() }, taken, echo);
      for (const seed of [1, 2, 3]) connection.receive(read(seed));
      const frames = readWire(concat(...written.map(({ copy }) => copy)));
      for (const [index, { payload }] of frames.entries()) {
        expect(toHex(payload) === toHex(pattern(50_000, index + 1)), `frame ${index}`).toBe(true);
      }
      return new Set(written.filter(({ bytes }) => bytes.length > 100).map(({ bytes }) => bytes.buffer)).size;
    });
    expect([left, kept]).toEqual([1, 3]);
  });

  it('of a long payload that is borrowed is a copy too where it came in fragments', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, false, echo);
    for (const seed of [0, 1, 2]) {
      const payload = pattern(40_000, seed);
      connection.receive(wire({ first: 0x02, payload: payload.subarray(0, 5), key: KEY }));
      connection.receive(wire({ first: 0x80, payload: payload.subarray(5), key: KEY }));
    }
    const frames = readWire(concat(...written.map(({ bytes }) => bytes)));
    expect(frames).toHaveLength(3);
    for (const [seed, { payload }] of frames.entries()) {
      expect(toHex(payload) === toHex(pattern(40_000, seed)), `frame ${seed}`).toBe(true);
    }
  });

  it('of a long payload that is borrowed is a copy too where it waited for a resume', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, false, {
      ...echo,
      ping: (self) => self.pause(),
    });
    for (const seed of [0, 1]) {
      connection.receive(
        concat(
          wire({ first: 0x89, payload: hex(''), key: KEY }),
          wire({ first: 0x82, payload: pattern(40_000, seed), key: KEY }),
        ),
      );
      connection.resume();
    }
    const payloads = readWire(concat(...written.map(({ bytes }) => bytes))).filter(
      ({ first }) => first === 0x82,
    );
    expect(payloads).toHaveLength(2);
    for (const [seed, { payload }] of payloads.entries()) {
      expect(toHex(payload) === toHex(pattern(40_000, seed)), `frame ${seed}`).toBe(true);
    }
  });

  it('of a long payload in shared memory is a copy: its owner may change it', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, false);
    const payload = new Uint8Array(new SharedArrayBuffer(40_000));
    payload.set(pattern(40_000));
    connection.sendBinary(payload);
    payload.fill(0);
    expect(toHex(written[1]?.bytes ?? hex('')) === toHex(pattern(40_000))).toBe(true);
    expect(written[1]?.bytes.buffer).toBeInstanceOf(ArrayBuffer);
  });
});

describe.each(POISONED)('memory of writes, poisoned ($name)', ({ codec }) => {
  it('is overwritten when the bytes have left', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, true);
    connection.sendText('Hello');
    expect(toHex(written[0]?.bytes ?? hex(''))).toBe('dd dd dd dd dd dd dd');
  });
});

describe.each(CODECS)('pongs while the transport holds bytes (§5.5.3, $name)', ({ codec }) => {
  const ping = (digit: number): Uint8Array => wire({ first: 0x89, payload: Uint8Array.of(digit), key: KEY });
  const pongs = (written: readonly Written[]): number[] =>
    readWire(concat(...written.map(({ copy }) => copy))).map(({ payload }) => payload[0] ?? -1);

  it('are counted: from maxQueuedPongs on only the latest ping is answered, when they have left', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 3 }, false);
    connection.sendText('held');
    written.length = 0;
    for (let digit = 0; digit < 10; digit++) connection.receive(ping(digit));
    expect(pongs(written)).toEqual([0, 1, 2]);
    connection.drained();
    expect(pongs(written)).toEqual([0, 1, 2, 9]);
    connection.drained();
    expect(pongs(written)).toEqual([0, 1, 2, 9]);
  });

  it('are counted anew when the bytes have left', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 2 }, false);
    connection.sendText('held');
    written.length = 0;
    for (let digit = 0; digit < 5; digit++) connection.receive(ping(digit));
    connection.drained();
    for (let digit = 5; digit < 10; digit++) connection.receive(ping(digit));
    connection.drained();
    expect(pongs(written).slice(0, 3)).toEqual([0, 1, 4]);
    expect(pongs(written).slice(3)).toContain(5);
    expect(pongs(written).at(-1)).toBe(9);
  });

  it('are not counted where the transport takes all at once', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 3 }, true);
    for (let digit = 0; digit < 10; digit++) connection.receive(ping(digit));
    expect(pongs(written)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('are counted within one chunk too', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 3 }, false);
    connection.sendText('held');
    written.length = 0;
    connection.receive(concat(...Array.from({ length: 10 }, (_, digit) => ping(digit))));
    connection.drained();
    expect(pongs(written)).toEqual([0, 1, 2, 9]);
  });

  it('are 16 where nothing else was asked for', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, false);
    connection.sendText('held');
    written.length = 0;
    for (let digit = 0; digit < 40; digit++) connection.receive(ping(digit));
    expect(pongs(written)).toHaveLength(16);
  });
});
