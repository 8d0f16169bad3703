import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
});

async function load(): Promise<typeof import('../../src/index.js')> {
  vi.resetModules();
  return await import('../../src/index.js');
}

describe('masking keys (§5.3)', () => {
  it('come from the source that was set, with and without crypto', async () => {
    const { Codec, setRandomSource } = await load();
    setRandomSource((target) => target.fill(1));
    vi.stubGlobal('crypto', { getRandomValues: (target: Uint8Array) => target.fill(2) });
    expect(new Codec().nextMaskingKey()).toBe(0x0101_0101);
    vi.stubGlobal('crypto', undefined);
    expect(new Codec().nextMaskingKey()).toBe(0x0101_0101);
  });

  it('come from crypto where none was set', async () => {
    const { Codec } = await load();
    vi.stubGlobal('crypto', { getRandomValues: (target: Uint8Array) => target.fill(2) });
    expect(new Codec().nextMaskingKey()).toBe(0x0202_0202);
  });

  it('are refused where there is neither', async () => {
    const { Codec } = await load();
    vi.stubGlobal('crypto', undefined);
    expect(() => new Codec().nextMaskingKey()).toThrow('this runtime has no crypto.getRandomValues');
  });

  it('take a function only', async () => {
    const { setRandomSource } = await load();
    const source: unknown = 'random';
    expect(() => setRandomSource(source as () => void)).toThrow(TypeError);
  });
});
