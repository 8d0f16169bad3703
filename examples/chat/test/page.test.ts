import { describe, expect, it } from 'vitest';
import { reconnectWaitMs } from '../src/page/backoff.js';
import { describeCloseCode, describeClosed } from '../src/page/close-codes.js';
import { readTold } from '../src/protocol.js';

describe('reconnectWaitMs (§7.2.3)', () => {
  it('doubles with each failure, up to half a minute', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50, 5000].map((failures) => reconnectWaitMs(failures, () => 1));
    expect(longest).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('draws the upper half of each wait at random', () => {
    expect(reconnectWaitMs(3, () => 0)).toBe(2000);
    expect(reconnectWaitMs(3, () => 0.5)).toBe(3000);
    const drawn = new Set(Array.from({ length: 50 }, () => reconnectWaitMs(6)));
    expect(drawn.size).toBeGreaterThan(1);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(15_000);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(30_000);
  });
});

describe('describeCloseCode (§7.4)', () => {
  it('names the codes of the registry', () => {
    expect(describeCloseCode(1001)).toBe('going away');
    expect(describeCloseCode(1006)).toBe('connection lost');
  });

  it('tells the ranges of §7.4.2 apart', () => {
    expect(describeCloseCode(2999)).toBe('unknown code');
    expect(describeCloseCode(3000)).toBe('registered code');
    expect(describeCloseCode(4999)).toBe('application code');
  });
});

describe('describeClosed (§7.1.6)', () => {
  it('adds the reason of the peer, where there is one', () => {
    expect(describeClosed({ code: 1001, reason: '' })).toBe('going away');
    expect(describeClosed({ code: 1001, reason: 'back at nine' })).toBe('going away: back at nine');
  });
});

describe('readTold', () => {
  it('reads who somebody is, and who says what', () => {
    const person = { name: 'Heron', colour: 3 };
    for (const told of [{ you: person }, { from: person, text: 'Hello' }]) {
      expect(readTold(JSON.stringify(told))).toEqual(told);
    }
  });

  it.each([
    '',
    'Hello',
    'null',
    '[]',
    '{}',
    '{"you":"Heron"}',
    '{"you":{"name":"Heron"}}',
    '{"you":{"name":1,"colour":1}}',
    '{"from":{"name":"Heron","colour":1}}',
    '{"from":{"name":"Heron","colour":1},"text":1}',
    '{"from":null,"text":"Hello"}',
  ])('takes %j for nothing', (json) => {
    expect(readTold(json)).toBeUndefined();
  });
});
