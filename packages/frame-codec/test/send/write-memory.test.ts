import { describe, expect, it } from 'vitest';
import { Connection, Endpoint } from '../../src/index.js';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS, POISONED } from '../support/kernels.js';
import { echo, transport } from '../support/transport.js';
import { readWire, wire } from '../support/wire.js';

const KEY = '01 02 03 04';

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
