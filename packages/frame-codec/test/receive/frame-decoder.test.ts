import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Endpoint, type EndpointOptions, FrameDecoder, ProtocolError } from '../../src/index.js';
import { INBOX_LENGTH } from '../../src/kernel/memory-map.js';
import { concat, cut, hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { decode, decoderOf, wholeFrames } from '../support/parts.js';
import { masked, wire } from '../support/wire.js';

describe.each(CODECS)('FrameDecoder ($name)', { timeout: 60_000 }, ({ codec }) => {
  const server: EndpointOptions = { role: 'server', codec: codec() };
  const client: EndpointOptions = { role: 'client', codec: codec() };

  describe('the examples of §5.7', () => {
    it('decodes a single-frame unmasked text message', () => {
      expect(decode(client, '81 05 48 65 6c 6c 6f')).toEqual(['fin text first last 48 65 6c 6c 6f']);
    });

    it('decodes a single-frame masked text message', () => {
      expect(decode(server, '81 85 37 fa 21 3d 7f 9f 4d 51 58')).toEqual([
        'fin text first last 48 65 6c 6c 6f',
      ]);
    });

    it('decodes a fragmented unmasked text message', () => {
      expect(decode(client, '01 03 48 65 6c 80 02 6c 6f')).toEqual([
        'text first last 48 65 6c',
        'fin continuation first last 6c 6f',
      ]);
    });

    it('decodes an unmasked ping and a masked pong', () => {
      expect(decode(client, '89 05 48 65 6c 6c 6f')).toEqual(['fin ping first last 48 65 6c 6c 6f']);
      expect(decode(server, '8a 85 37 fa 21 3d 7f 9f 4d 51 58')).toEqual([
        'fin pong first last 48 65 6c 6c 6f',
      ]);
    });

    it('decodes 256 bytes of binary in one unmasked frame', () => {
      const payload = pattern(256);
      expect(wholeFrames(client, [concat(hex('82 7e 01 00'), payload)])).toEqual([
        { head: 0x82, payload: [...payload] },
      ]);
    });

    it('decodes 64 KiB of binary in one unmasked frame', () => {
      const payload = pattern(65536);
      expect(wholeFrames(client, [concat(hex('82 7f 00 00 00 00 00 01 00 00'), payload)])).toEqual([
        { head: 0x82, payload: [...payload] },
      ]);
    });
  });

  describe('what a frame may be', () => {
    it('takes empty frames of each opcode (§5.2)', () => {
      expect(decode(client, '81 00 82 00 02 00 00 00 80 00 88 00 89 00 8a 00')).toEqual([
        'fin text first last',
        'fin binary first last',
        'binary first last',
        'continuation first last',
        'fin continuation first last',
        'fin close first last',
        'fin ping first last',
        'fin pong first last',
      ]);
    });

    it('takes empty masked frames, whose key stands there all the same (§5.2)', () => {
      expect(decode(server, '81 80 01 02 03 04 82 80 05 06 07 08')).toEqual([
        'fin text first last',
        'fin binary first last',
      ]);
    });

    it('takes a masking key of zero (§5.3)', () => {
      expect(decode(server, '82 83 00 00 00 00 01 02 ff')).toEqual(['fin binary first last 01 02 ff']);
    });

    it('takes control frames between the fragments of a message (§5.4)', () => {
      expect(decode(client, '01 01 61 89 01 70 00 01 62 8a 00 80 01 63')).toEqual([
        'text first last 61',
        'fin ping first last 70',
        'continuation first last 62',
        'fin pong first last',
        'fin continuation first last 63',
      ]);
    });

    it('takes control frames of 125 bytes (§5.5)', () => {
      const payload = pattern(125);
      expect(wholeFrames(client, [concat(hex('89 7d'), payload)])).toEqual([
        { head: 0x89, payload: [...payload] },
      ]);
      expect(wholeFrames(server, [concat(hex('8a fd 11 22 33 44'), masked('11 22 33 44', payload))])).toEqual(
        [{ head: 0x8a, payload: [...payload] }],
      );
    });

    it('hands control frames out whole, however they are cut (§5.5)', () => {
      const frame = concat(hex('89 fd 11 22 33 44'), masked('11 22 33 44', pattern(125)));
      for (let at = 1; at < frame.length; at++) {
        const { decoder, lines } = decoderOf(server);
        for (const chunk of cut(frame, [at])) decoder.receive(chunk);
        expect(lines).toHaveLength(1);
      }
    });

    it('takes the shortest and the longest payload of each length field (§5.2)', () => {
      const lengths: [string, number][] = [
        ['82 7d', 125],
        ['82 7e 00 7e', 126],
        ['82 7e ff ff', 65535],
        ['82 7f 00 00 00 00 00 01 00 00', 65536],
        ['82 7f 00 00 00 00 00 01 00 01', 65537],
      ];
      for (const [head, length] of lengths) {
        const payload = pattern(length);
        expect(wholeFrames(client, [concat(hex(head), payload)])).toEqual([
          { head: 0x82, payload: [...payload] },
        ]);
      }
    });

    it('unmasks with key[i mod 4] through every cut (§5.3)', () => {
      const payload = pattern(23, 5);
      const frame = concat(hex('82 97 a1 b2 c3 d4'), masked('a1 b2 c3 d4', payload));
      for (let first = 0; first <= frame.length; first++) {
        for (let second = first; second <= frame.length; second++) {
          expect(wholeFrames(server, cut(frame, [first, second]))).toEqual([
            { head: 0x82, payload: [...payload] },
          ]);
        }
      }
    });

    it('takes many frames in one chunk, more than a kernel has records for', () => {
      const frames = Array.from({ length: 2000 }, (_, index) =>
        hex(`82 81 00 00 00 00 ${(index % 256).toString(16).padStart(2, '0')}`),
      );
      const whole = wholeFrames(server, [concat(...frames)]);
      expect(whole).toEqual(
        Array.from({ length: 2000 }, (_, index) => ({ head: 0x82, payload: [index % 256] })),
      );
    });

    it('leaves the chunk that it was given as it was', () => {
      const chunk = hex('81 85 37 fa 21 3d 7f 9f 4d 51 58');
      new FrameDecoder(new Endpoint(server), () => {}).receive(chunk);
      expect(chunk).toEqual(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'));
    });

    it('takes a chunk that begins anywhere in its buffer, and a view of shared memory', () => {
      const shared = new Uint8Array(new SharedArrayBuffer(32));
      shared.set(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'), 13);
      expect(wholeFrames(server, [shared.subarray(13, 24)])).toEqual([
        { head: 0x81, payload: [0x48, 0x65, 0x6c, 0x6c, 0x6f] },
      ]);
    });
  });

  describe('parts of a frame', () => {
    it('hands out what has arrived, and says what is still to come', () => {
      const { decoder, lines } = decoderOf(client);
      for (const chunk of ['82', '05 01', '02 03', '04', '', '05 81 00']) decoder.receive(hex(chunk));
      expect(lines).toEqual([
        'fin binary first (4 to come) 01',
        'fin binary (2 to come) 02 03',
        'fin binary (1 to come) 04',
        'fin binary last 05',
        'fin text first last',
      ]);
    });

    it('hands out the head alone, before any payload, as soon as it is whole', () => {
      const { decoder, lines } = decoderOf(server);
      for (const chunk of ['82 fe', '01 00 11 22 33', '44']) decoder.receive(hex(chunk));
      expect(lines).toEqual(['fin binary first (256 to come)']);
    });

    it('goes on counting from the remaining bytes of the frame that is open, not of one before it', () => {
      expect(decode(client, '82 03 01 02 03 82 04 01')).toEqual([
        'fin binary first last 01 02 03',
        'fin binary first (3 to come) 01',
      ]);
    });

    it('streams a frame of 4 GiB without keeping it', () => {
      const own = codec();
      let seen = 0;
      let remaining = 0;
      const decoder = new FrameDecoder(
        new Endpoint({ role: 'client', codec: own, maxMessageLength: 2 ** 33 }),
        (part) => {
          seen += part.payload.length;
          remaining = part.remaining;
        },
      );
      decoder.receive(hex('82 7f 00 00 00 01 00 00 00 00'));
      expect(remaining).toBe(2 ** 32);
      for (let count = 0; count < 65536; count++) {
        decoder.receiveInbox(65536);
        if (remaining !== 2 ** 32 - seen) expect.unreachable(`${remaining} at ${seen}`);
      }
      expect(seen).toBe(2 ** 32);
      expect(() => decoder.receive(hex('83'))).toThrow(ProtocolError);
    });

    it('counts down a frame of 2^53 − 1 bytes without rounding (§5.2)', () => {
      const { decoder, lines } = decoderOf({ ...client, maxMessageLength: 2 ** 53 - 1 });
      decoder.receive(hex('82 7f 00 1f ff ff ff ff ff ff'));
      decoder.receive(hex('01'));
      decoder.receive(hex('02 03 04'));
      expect(lines).toEqual([
        'fin binary first (9007199254740991 to come)',
        'fin binary (9007199254740990 to come) 01',
        'fin binary (9007199254740987 to come) 02 03 04',
      ]);
    });
  });

  describe('after a violation', () => {
    it('hands out what came before it, then throws, and throws the same at every later call', () => {
      const { decoder, lines } = decoderOf(client);
      const thrown: unknown[] = [];
      for (const chunk of ['81 01 61 83 00 81 01 62', '81 00', '']) {
        try {
          decoder.receive(hex(chunk));
        } catch (error) {
          thrown.push(error);
        }
      }
      expect(lines).toEqual(['fin text first last 61']);
      expect(thrown).toHaveLength(3);
      expect(new Set(thrown).size).toBe(1);
      expect(thrown[0]).toMatchObject({ violation: 'opcode-reserved', position: 3 });
    });

    it('says where in the stream, over chunks and more than one inbox', () => {
      const { decoder } = decoderOf(client);
      decoder.receive(concat(hex('82 7f 00 00 00 00 00 04 93 e0'), pattern(300_000)));
      decoder.receive(hex('82 01 00 82'));
      decoder.receive(hex('01'));
      try {
        decoder.receive(hex('00 81 02 61 ff'));
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ violation: 'text-not-utf8', position: 300_010 + 6 + 3 });
      }
    });
  });

  describe('a callback that throws', () => {
    it('gets the frames behind at the next call, none lost, none twice', () => {
      const seen: number[] = [];
      const decoder = new FrameDecoder(new Endpoint(client), ({ payload }) => {
        seen.push(payload[0] ?? -1);
        if (seen.length % 2 === 1) throw new Error(`at ${payload[0]}`);
      });
      expect(() => decoder.receive(hex('82 01 01 82 01 02 82 01 03 82'))).toThrow('at 1');
      expect(() => decoder.receive(hex('01 04'))).toThrow('at 3');
      decoder.receive(hex(''));
      expect(seen).toEqual([1, 2, 3, 4]);
    });
  });

  describe('receiveInbox', () => {
    it('decodes what was written to the inbox of the codec, in place', () => {
      const own = codec();
      const { decoder, lines } = decoderOf({ role: 'server', codec: own });
      own.inbox.set(hex('81 85 37 fa 21 3d 7f'));
      decoder.receiveInbox(7);
      own.inbox.set(hex('9f 4d 51 58'));
      decoder.receiveInbox(4);
      expect(lines).toEqual(['fin text first (4 to come) 48', 'fin text last 65 6c 6c 6f']);
    });

    it('decodes a full inbox', () => {
      const own = codec();
      const { decoder, lines } = decoderOf({ role: 'client', codec: own });
      const length = INBOX_LENGTH - 10;
      const head = hex(`82 7f 00 00 00 00 ${length.toString(16).padStart(8, '0')}`);
      expect(own.inbox).toHaveLength(INBOX_LENGTH);
      own.inbox.set(concat(head, pattern(length)));
      decoder.receiveInbox(INBOX_LENGTH);
      expect(lines).toHaveLength(1);
      expect(lines[0]?.startsWith('fin binary first last 00 07 0e')).toBe(true);
    });
  });

  it('gives the same frames however the stream is cut', () => {
    const stream = concat(
      wire({ first: 0x01, payload: hex('e2 82'), key: '01 02 03 04' }),
      wire({ first: 0x89, payload: pattern(125), key: '00 00 00 00' }),
      wire({ first: 0x80, payload: hex('ac f0 9f 98 80'), key: 'ff fe fd fc' }),
      wire({ first: 0x82, payload: pattern(126), key: '12 34 56 78' }),
      wire({ first: 0x88, payload: hex('03 e8'), key: '9a bc de f0' }),
    );
    const whole = wholeFrames(server, [stream]);
    expect(whole).toHaveLength(5);
    for (let at = 1; at < stream.length; at++) expect(wholeFrames(server, cut(stream, [at]))).toEqual(whole);
    expect(
      wholeFrames(
        server,
        Array.from(stream, (byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(whole);
  });

  it('gives the same frames and the same error however any stream is cut (property)', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            first: fc.constantFrom(0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x83, 0xc1),
            payload: fc.uint8Array({ maxLength: 140 }),
            key: fc.constantFrom('00 00 00 00', '01 80 ff 7f', undefined),
          }),
          { maxLength: 8 },
        ),
        fc.array(fc.nat(600), { maxLength: 6 }),
        (frames, positions) => {
          const stream = concat(...frames.map(wire));
          const cuts = positions.filter((position) => position <= stream.length);
          expect(wholeFrames(server, cut(stream, cuts))).toEqual(wholeFrames(server, [stream]));
          expect(wholeFrames(client, cut(stream, cuts))).toEqual(wholeFrames(client, [stream]));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('throws a ProtocolError and nothing else, whatever bytes come (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
        const decoder = new FrameDecoder(new Endpoint(client), () => {});
        try {
          for (const chunk of chunks) decoder.receive(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 200 },
    );
  });
});
