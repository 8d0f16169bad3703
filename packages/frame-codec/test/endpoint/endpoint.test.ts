import { describe, expect, it } from 'vitest';
import { Endpoint } from '../../src/index.js';

describe('Endpoint', () => {
  it('masks as a client, and not as a server (§5.1)', () => {
    expect(new Endpoint({ role: 'client' }).masks).toBe(true);
    expect(new Endpoint({ role: 'server' }).masks).toBe(false);
  });

  it('answers pings and checks text where nothing else was said', () => {
    const { autoPong } = new Endpoint({ role: 'server' });
    expect(autoPong).toBe(true);
    expect(new Endpoint({ role: 'server', autoPong: false }).autoPong).toBe(false);
  });

  it('throws a TypeError at what is no role', () => {
    for (const role of ['Client', '', undefined, null, 1]) {
      // @ts-expect-error: the caller is wrong
      expect(() => new Endpoint({ role })).toThrow(TypeError);
    }
  });
});
