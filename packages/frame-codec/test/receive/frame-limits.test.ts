import { describe, expect, it } from 'vitest';
import { type EndpointOptions, LimitError } from '../../src/index.js';
import { hex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { decode, decoderOf } from '../support/parts.js';

describe.each(CODECS)('limits of frames (§10.4, $name)', { timeout: 60_000 }, ({ codec }) => {
  const server: EndpointOptions = { role: 'server', codec: codec() };
  const client: EndpointOptions = { role: 'client', codec: codec() };

  const refusal = (options: EndpointOptions, bytes: string): unknown => {
    try {
      decode(options, bytes);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('takes a frame at maxFrameLength, and fails with 1009 when one is longer by a byte', () => {
    const options = { ...client, maxFrameLength: 3 };
    expect(decode(options, '82 03 01 02 03')).toHaveLength(1);
    const error = refusal(options, '82 04');
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ violation: 'frame-too-long', closeCode: 1009, allowed: 3, position: 0 });
  });

  it('holds maxFrameLength against 16-bit and 64-bit lengths, before the masking key', () => {
    const options = { ...server, maxFrameLength: 65535 };
    expect(refusal(options, '82 fe ff ff')).toBeUndefined();
    expect(refusal(options, '82 ff 00 00 00 00 00 01 00 00')).toMatchObject({
      violation: 'frame-too-long',
    });
    expect(refusal({ ...server, maxFrameLength: 299 }, '82 fe 01 2c')).toMatchObject({
      violation: 'frame-too-long',
    });
  });

  it('does not hold maxFrameLength against control frames, whose length §5.5 bounds', () => {
    expect(decode({ ...client, maxFrameLength: 0, maxMessageLength: 0 }, '89 01 61')).toHaveLength(1);
  });

  it('fails with 1009 when a frame announces 2^53 bytes, whatever is allowed', () => {
    const options = { ...client, maxFrameLength: 2 ** 53 - 1, maxMessageLength: 2 ** 53 - 1 };
    expect(refusal(options, '82 7f 00 20 00 00 00 00 00 00')).toMatchObject({
      violation: 'frame-too-long',
    });
    expect(refusal(options, '82 7f 00 20 00 00 00 00 00 01')).toMatchObject({
      violation: 'frame-too-long',
    });
    expect(refusal(options, '82 7f 7f ff ff ff ff ff ff ff')).toMatchObject({
      violation: 'frame-too-long',
    });
  });

  it('takes a message at maxMessageLength, and fails with 1009 when it is longer by a byte', () => {
    const options = { ...client, maxMessageLength: 4 };
    expect(decode(options, '82 04 01 02 03 04')).toHaveLength(1);
    expect(refusal(options, '82 05')).toMatchObject({
      violation: 'message-too-long',
      closeCode: 1009,
      allowed: 4,
    });
  });

  it('adds up the fragments of a message, and begins anew with the next', () => {
    const options = { ...client, maxMessageLength: 4 };
    expect(decode(options, '02 03 01 02 03 80 01 04 02 04 01 02 03 04 80 00')).toHaveLength(4);
    expect(refusal(options, '02 03 01 02 03 80 02')).toMatchObject({
      violation: 'message-too-long',
      position: 5,
    });
  });

  it('adds up announced lengths near 2^53 without rounding', () => {
    const options = { ...client, maxMessageLength: 2 ** 53 - 1 };
    const { decoder } = decoderOf(options);
    decoder.receive(hex('02 01 61 00 7f 00 1f ff ff ff ff ff fe'));
    const over = decoderOf(options).decoder;
    expect(() => over.receive(hex('02 01 61 00 7f 00 1f ff ff ff ff ff ff'))).toThrow(LimitError);
  });

  it('takes a message of maxFragments frames, and fails with 1008 at one more', () => {
    const options = { ...client, maxFragments: 3 };
    expect(decode(options, '01 00 00 00 80 00 01 00 00 00 80 00')).toHaveLength(6);
    expect(refusal(options, '01 00 00 00 00 00 80')).toMatchObject({
      violation: 'fragments-too-many',
      closeCode: 1008,
      allowed: 3,
      position: 6,
    });
  });

  it('takes single frames where maxFragments is 1, and no continuation', () => {
    const options = { ...client, maxFragments: 1 };
    expect(decode(options, '81 00 82 00 01 00')).toHaveLength(3);
    expect(refusal(options, '01 00 80')).toMatchObject({ violation: 'fragments-too-many' });
  });

  it('allows messages of 16 MiB where nothing else was asked for', () => {
    expect(refusal(client, '82 7f 00 00 00 00 01 00 00 00')).toBeUndefined();
    expect(refusal(client, '82 7f 00 00 00 00 01 00 00 01')).toMatchObject({
      violation: 'message-too-long',
    });
  });
});
