import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Endpoint, FrameEncoder, MAX_CONTROL_LENGTH, OPCODES } from '../../src/index.js';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { wholeFrames } from '../support/parts.js';
import { readWire } from '../support/wire.js';

describe.each(CODECS)('FrameEncoder ($name)', { timeout: 60_000 }, ({ codec }) => {
  const shared = codec();
  const server = new FrameEncoder(new Endpoint({ role: 'server', codec: shared }));
  const client = new FrameEncoder(new Endpoint({ role: 'client', codec: shared }));

  it('encodes the unmasked examples of §5.7', () => {
    const hello = hex('48 65 6c 6c 6f');
    expect(toHex(server.encode(OPCODES.text, hello))).toBe('81 05 48 65 6c 6c 6f');
    expect(toHex(server.encode(OPCODES.text, hello.subarray(0, 3), { fin: false }))).toBe('01 03 48 65 6c');
    expect(toHex(server.encode(OPCODES.continuation, hello.subarray(3)))).toBe('80 02 6c 6f');
    expect(toHex(server.encode(OPCODES.ping, hello))).toBe('89 05 48 65 6c 6c 6f');
    expect(toHex(server.encode(OPCODES.pong, hello))).toBe('8a 05 48 65 6c 6c 6f');
    expect(toHex(server.encode(OPCODES.close, hex('')))).toBe('88 00');
  });

  it.each([
    [0, '82 00'],
    [125, '82 7d'],
    [126, '82 7e 00 7e'],
    [256, '82 7e 01 00'],
    [65535, '82 7e ff ff'],
    [65536, '82 7f 00 00 00 00 00 01 00 00'],
    [70_000, '82 7f 00 00 00 00 00 01 11 70'],
  ])('encodes a length of %d in as few bytes as hold it: %s (§5.2)', (length, head) => {
    const payload = pattern(length);
    expect(toHex(server.encode(OPCODES.binary, payload)) === toHex(concat(hex(head), payload))).toBe(true);
    const [first, second, ...rest] = hex(head);
    const masked = client.encode(OPCODES.binary, payload);
    expect(masked.subarray(0, 2 + rest.length)).toEqual(
      Uint8Array.of(first ?? 0, (second ?? 0) | 0x80, ...rest),
    );
    expect(masked).toHaveLength(2 + rest.length + 4 + length);
    expect(toHex(readWire(masked)[0]?.payload ?? hex('ff')) === toHex(payload)).toBe(true);
  });

  it('sets FIN and RSV bits as asked (§5.2)', () => {
    const first = (bits: Parameters<FrameEncoder['encode']>[2]): number | undefined =>
      server.encode(OPCODES.text, hex(''), bits)[0];
    expect(first(undefined)).toBe(0x81);
    expect(first({})).toBe(0x81);
    expect(first({ fin: false })).toBe(0x01);
    expect(first({ rsv1: true })).toBe(0xc1);
    expect(first({ rsv2: true })).toBe(0xa1);
    expect(first({ rsv3: true })).toBe(0x91);
    expect(first({ fin: false, rsv1: true, rsv2: true, rsv3: true })).toBe(0x71);
  });

  it('masks every length from 0 to 300 (§5.3)', () => {
    for (let length = 0; length <= 300; length++) {
      const payload = pattern(length, length);
      const [frame] = readWire(client.encode(OPCODES.binary, payload));
      expect(frame?.payload).toEqual(payload);
      expect(frame?.key).toBeTypeOf('number');
    }
  });

  it('takes a fresh key for each frame, and none is 0 (§5.3, §10.3)', () => {
    const keys = Array.from({ length: 3000 }, () => readWire(client.encode(OPCODES.text, hex('')))[0]?.key);
    expect(keys).not.toContain(0);
    expect(keys).not.toContain(undefined);
    // Three thousand of 2^32: two are equal once in a thousand runs, four never.
    expect(new Set(keys).size).toBeGreaterThanOrEqual(2998);
    // Each bit of a key is set in about half of them.
    for (let bit = 0; bit < 32; bit++) {
      const set = keys.filter((key) => ((key ?? 0) >>> bit) & 1).length;
      expect(set).toBeGreaterThan(1200);
      expect(set).toBeLessThan(1800);
    }
  });

  it('owns nothing of the caller: the payload is copied, and not changed', () => {
    const payload = pattern(1000);
    const frame = server.encode(OPCODES.binary, payload);
    payload.fill(0);
    expect(frame.subarray(4)).toEqual(pattern(1000));
    const again = pattern(1000);
    client.encode(OPCODES.binary, again);
    expect(again).toEqual(pattern(1000));
  });

  it('throws a TypeError at a reserved opcode (§5.2)', () => {
    for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, -1, 1.5, Number.NaN, '1', undefined]) {
      // @ts-expect-error: the caller is wrong
      expect(() => server.encode(opcode, hex('')), `${opcode}`).toThrow(TypeError);
    }
  });

  it('throws a TypeError at a payload that is no Uint8Array', () => {
    for (const payload of ['text', undefined, null, [1], new ArrayBuffer(1), new Uint16Array(1)]) {
      // @ts-expect-error: the caller is wrong
      expect(() => server.encode(OPCODES.binary, payload)).toThrow(TypeError);
    }
  });

  it('throws a RangeError at a control frame of 126 bytes, or a fragmented one (§5.5)', () => {
    expect(MAX_CONTROL_LENGTH).toBe(125);
    for (const opcode of [OPCODES.close, OPCODES.ping, OPCODES.pong]) {
      expect(server.encode(opcode, pattern(125))).toHaveLength(127);
      expect(() => server.encode(opcode, pattern(126))).toThrow(RangeError);
      expect(() => client.encode(opcode, hex(''), { fin: false })).toThrow(RangeError);
    }
  });

  it('writes into memory of the caller, and no byte before or behind (§5.2)', () => {
    for (const encoder of [server, client]) {
      for (let length = 0; length <= 300; length++) {
        const target = new Uint8Array(length + 40).fill(0xee);
        const end = encoder.encodeInto(target, 9, OPCODES.binary, pattern(length));
        const [frame, ...more] = readWire(target.subarray(9, end));
        expect(more).toEqual([]);
        expect(frame?.first).toBe(0x82);
        if (toHex(frame?.payload ?? hex('ff')) !== toHex(pattern(length)))
          expect.unreachable(`${length} bytes`);
        for (const [at, byte] of target.entries()) {
          if ((at < 9 || at >= end) && byte !== 0xee) expect.unreachable(`${length} bytes: byte ${at}`);
        }
      }
    }
  });

  it('throws a RangeError where 14 bytes more than the payload have no room, and writes nothing', () => {
    const target = new Uint8Array(20);
    expect(server.encodeInto(target, 1, OPCODES.binary, pattern(5))).toBe(8);
    target.fill(0);
    for (const [at, length] of [
      [2, 5],
      [0, 7],
      [20, 0],
      [Number.NaN, 0],
      [-1, 5],
      [0.5, 1],
    ] as const) {
      expect(
        () => server.encodeInto(target, at, OPCODES.binary, pattern(length)),
        `${length} at ${at}`,
      ).toThrow(RangeError);
    }
    expect(() => server.encodeInto(target, 0, OPCODES.ping, hex(''), { fin: false })).toThrow(RangeError);
    // @ts-expect-error: the caller is wrong
    expect(() => server.encodeInto(target, 0, 3, hex(''))).toThrow(TypeError);
    expect(target.every((byte) => byte === 0)).toBe(true);
  });

  it('is undone by the decoder (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(OPCODES.binary, OPCODES.pong)), {
          maxLength: 9,
        }),
        fc.boolean(),
        (frames, asClient) => {
          const encoder = asClient ? client : server;
          const fitting = frames.map(
            ([payload, opcode]) => [payload, payload.length > 125 ? OPCODES.binary : opcode] as const,
          );
          const stream = concat(...fitting.map(([payload, opcode]) => encoder.encode(opcode, payload)));
          expect(wholeFrames({ role: asClient ? 'server' : 'client', codec: shared }, [stream])).toEqual(
            fitting.map(([payload, opcode]) => ({ head: 0x80 | opcode, payload: [...payload] })),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('masking keys', () => {
  it('come from the caller where it brings a source, most significant bit and all', () => {
    const keys = [0x04030201, 0xff000080 | 0, 0xfffefdfc];
    let next = 0;
    const endpoint = new Endpoint({ role: 'client', maskingKey: () => keys[next++] ?? 1 });
    const client = new FrameEncoder(endpoint);
    const zeros = hex('00 00 00 00 00');
    expect(toHex(client.encode(OPCODES.binary, zeros))).toBe('82 85 01 02 03 04 01 02 03 04 01');
    expect(toHex(client.encode(OPCODES.binary, zeros))).toBe('82 85 80 00 00 ff 80 00 00 ff 80');
    expect(toHex(client.encode(OPCODES.binary, zeros))).toBe('82 85 fc fd fe ff fc fd fe ff fc');
    next = 2;
    const long = client.encode(OPCODES.binary, new Uint8Array(200));
    expect(toHex(long.subarray(8))).toBe(Array.from({ length: 50 }, () => 'fc fd fe ff').join(' '));
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('are never 0, though the source of randomness gives zeros', () => {
    const random = vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((target) => {
      if (target instanceof Uint8Array) target.fill(0).fill(9, -8);
      return target;
    });
    for (const { codec } of CODECS) {
      const client = new FrameEncoder(new Endpoint({ role: 'client', codec: codec() }));
      for (let count = 0; count < 5; count++) {
        expect(toHex(client.encode(OPCODES.binary, hex('00 00')))).toBe('82 82 09 09 09 09 09 09');
      }
    }
    expect(random).toHaveBeenCalled();
  });
});
