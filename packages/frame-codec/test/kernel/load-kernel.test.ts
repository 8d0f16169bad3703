import { afterEach, describe, expect, it, vi } from 'vitest';
import { Codec, Endpoint, FrameDecoder } from '../../src/index.js';
import { loadKernel } from '../../src/kernel/load-kernel.js';
import { hex } from '../support/hex.js';
import { compileKernel } from './wasm.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Whether a codec of this kernel decodes the example of §5.7. */
function decodes(codec: Codec): boolean {
  let text = '';
  const decoder = new FrameDecoder(new Endpoint({ role: 'server', codec }), ({ payload }) => {
    text += new TextDecoder().decode(payload);
  });
  decoder.receive(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'));
  return text === 'Hello';
}

describe('loadKernel', () => {
  it('gives the kind that was asked for', () => {
    expect(loadKernel('wasm').kind).toBe('wasm');
    expect(loadKernel('script').kind).toBe('script');
    expect(loadKernel(undefined).kind).toBe('wasm');
  });

  it('takes a module that was compiled before', () => {
    const module = compileKernel();
    expect(loadKernel(module).kind).toBe('wasm');
    const codec = new Codec({ kernel: module });
    expect(codec.kind).toBe('wasm');
    expect(decodes(codec)).toBe(true);
  });

  it('throws when what it was given is no module', () => {
    // @ts-expect-error: the caller is wrong
    expect(() => loadKernel('asm')).toThrow(TypeError);
    expect(() => loadKernel({})).toThrow(TypeError);
  });

  it('falls back to the script kernel where there is no WebAssembly, unless wasm was asked for', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(loadKernel(undefined).kind).toBe('script');
    expect(decodes(new Codec())).toBe(true);
    expect(() => loadKernel('wasm')).toThrow(TypeError);
  });

  it('falls back to the script kernel where WebAssembly may not be compiled', async () => {
    class Forbidden {
      constructor() {
        throw new Error('refused by the content security policy');
      }
    }
    vi.stubGlobal('WebAssembly', { Module: Forbidden, Instance: Forbidden });
    vi.resetModules();
    const fresh = await import('../../src/kernel/load-kernel.js');
    expect(fresh.loadKernel(undefined).kind).toBe('script');
    expect(() => fresh.loadKernel('wasm')).toThrow('content security policy');
  });
});
