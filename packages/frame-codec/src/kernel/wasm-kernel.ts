import { KERNEL_WASM } from '../generated/kernel-wasm.js';
import { type KernelExports, type WebAssemblyModule, web } from '../runtime/web.js';
import { type Kernel, viewsOf } from './kernel.js';
import { MEMORY_LENGTH } from './memory-map.js';

let compiled: WebAssemblyModule | undefined;

/** Compiles once, on first use; 4 KiB take well under a millisecond. */
function compile(): WebAssemblyModule {
  if (web.WebAssembly === undefined) throw new TypeError('this runtime has no WebAssembly');
  if (web.atob === undefined) throw new TypeError('this runtime has no atob');
  compiled ??= new web.WebAssembly.Module(
    Uint8Array.from(web.atob(KERNEL_WASM), (char) => char.charCodeAt(0)),
  );
  return compiled;
}

/** A kernel in WebAssembly, from the embedded module or from one that was compiled before. */
export function loadWasmKernel(module: WebAssemblyModule | undefined): Kernel {
  if (web.WebAssembly === undefined) throw new TypeError('this runtime has no WebAssembly');
  const instance = new web.WebAssembly.Instance(module ?? compile());
  const { memory, scan, mask, maskText, validate } = instance.exports as Partial<KernelExports>;
  if (memory?.buffer.byteLength !== MEMORY_LENGTH || !scan || !mask || !maskText || !validate)
    throw new TypeError('the module is not the frame kernel');
  return { kind: 'wasm', ...viewsOf(memory.buffer), scan, mask, maskText, validate };
}
