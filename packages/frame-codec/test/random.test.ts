import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
});

async function load(): Promise<typeof import('../src/index.js')> {
  vi.resetModules();
  return await import('../src/index.js');
}

describe('masking keys (§5.3) where the runtime has no crypto', () => {
  it('come from the source that was set', async () => {
    const { Codec, setRandomSource } = await load();
    vi.stubGlobal('crypto', undefined);
    setRandomSource((target) => target.fill(1));
    expect(new Codec().nextMaskingKey()).toBe(0x0101_0101);
  });

  it('are refused where none was', async () => {
    const { Codec } = await load();
    vi.stubGlobal('crypto', undefined);
    expect(() => new Codec().nextMaskingKey()).toThrow('this runtime has no crypto.getRandomValues');
  });

  it('come from crypto where there is one', async () => {
    const { Codec, setRandomSource } = await load();
    setRandomSource((target) => target.fill(1));
    vi.stubGlobal('crypto', { getRandomValues: (target: Uint8Array) => target.fill(2) });
    expect(new Codec().nextMaskingKey()).toBe(0x0202_0202);
  });

  it('take a function only', async () => {
    const { setRandomSource } = await load();
    const source: unknown = 'random';
    expect(() => setRandomSource(source as () => void)).toThrow(TypeError);
  });
});
