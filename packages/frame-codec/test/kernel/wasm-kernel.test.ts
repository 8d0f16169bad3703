import { describe, expect, it } from 'vitest';
import { CONSTANTS, MEMORY_LENGTH, RECORDS } from '../../src/kernel/memory-map.js';
import { loadWasmKernel } from '../../src/kernel/wasm-kernel.js';
import { compileKernel, kernelBytes } from './wasm.js';

describe('the module of the kernel', () => {
  it('has at most 8 KiB, so that every runtime compiles it at once', () => {
    expect(kernelBytes().length).toBeLessThanOrEqual(8192);
  });

  it('imports nothing', () => {
    expect(WebAssembly.Module.imports(compileKernel())).toEqual([]);
  });

  it('exports its memory and four functions', () => {
    const exported = WebAssembly.Module.exports(compileKernel()).map(({ name, kind }) => `${kind} ${name}`);
    expect(exported.sort()).toEqual([
      'function mask',
      'function maskText',
      'function scan',
      'function validate',
      'memory memory',
    ]);
  });

  it('has a memory that cannot grow: growing would detach every view', () => {
    const { memory } = new WebAssembly.Instance(compileKernel()).exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('no memory');
    expect(memory.buffer.byteLength).toBe(MEMORY_LENGTH);
    expect(() => memory.grow(1)).toThrow(RangeError);
    expect(memory.buffer.byteLength).toBe(MEMORY_LENGTH);
  });

  it('lays its constants behind the registers, and none into the records', () => {
    const { bytes } = loadWasmKernel(undefined);
    const used = [...bytes.keys()].filter((at) => bytes[at] !== 0);
    expect(used.length).toBeGreaterThan(0);
    expect(Math.min(...used)).toBeGreaterThanOrEqual(CONSTANTS);
    expect(Math.max(...used)).toBeLessThan(RECORDS);
  });
});

describe('loadWasmKernel', () => {
  it('gives each caller a memory of its own', () => {
    const [one, other] = [loadWasmKernel(undefined), loadWasmKernel(undefined)];
    one.bytes[RECORDS] = 1;
    expect(other.bytes[RECORDS]).toBe(0);
  });

  it('gives the same kernel from a module that was compiled before', () => {
    const kernel = loadWasmKernel(compileKernel());
    expect(kernel.kind).toBe('wasm');
    expect(kernel.bytes).toHaveLength(MEMORY_LENGTH);
  });
});
