import { describe, expect, it } from 'vitest';
import { Endpoint, FrameDecoder, LIMITS, LimitError } from '../../src/index.js';
import { checkLimits } from '../../src/rules/limit.js';
import { hex } from '../support/hex.js';

describe('LIMITS', () => {
  it('has a default for each', () => {
    expect(LIMITS).toEqual({
      maxMessageLength: 16_777_216,
      maxFrameLength: 9_007_199_254_740_991,
      maxFragments: 1_048_576,
      maxQueuedPongs: 16,
      maxRetainedLength: 67_108_864,
      maxTurnLength: 1_048_576,
    });
    expect(new Endpoint({ role: 'server' }).limits).toEqual(LIMITS);
  });

  it('gives way to what the caller asks for, one by one', () => {
    for (const name of Object.keys(LIMITS)) {
      expect(new Endpoint({ role: 'server', [name]: 7 }).limits).toEqual({ ...LIMITS, [name]: 7 });
    }
  });

  it('takes each limit at its bounds, and throws a RangeError beyond', () => {
    for (const name of Object.keys(LIMITS)) {
      const low = name === 'maxFragments' || name === 'maxTurnLength' ? 1 : 0;
      const high = name === 'maxFragments' ? 2 ** 31 - 1 : 2 ** 53 - 1;
      expect(checkLimits({ [name]: low })).toMatchObject({ [name]: low });
      expect(checkLimits({ [name]: high })).toMatchObject({ [name]: high });
      for (const wrong of [low - 1, high + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
        const attempt = (): unknown => checkLimits({ [name]: wrong });
        if (wrong === null) expect(attempt()).toEqual(LIMITS);
        else expect(attempt, `${name} ${wrong}`).toThrow(RangeError);
      }
    }
  });

  it('ends a message after 1,048,576 fragments where nothing else was asked for (§10.4)', () => {
    const decoder = new FrameDecoder(new Endpoint({ role: 'client' }), () => {});
    decoder.receive(hex('02 00'));
    const fragments = new Uint8Array(65536);
    for (let count = 0; count < 31; count++) decoder.receive(fragments);
    decoder.receive(fragments.subarray(2));
    expect(() => decoder.receive(hex('00'))).toThrow(LimitError);
  });
});
