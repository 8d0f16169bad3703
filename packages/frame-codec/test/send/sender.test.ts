import { describe, expect, it } from 'vitest';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { echo, transport } from '../support/transport.js';
import { readWire, wire } from '../support/wire.js';

const KEY = '01 02 03 04';

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
