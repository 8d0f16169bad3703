import type { WebAssemblyModule } from '../runtime/web.js';
import type { Kernel, KernelKind } from './kernel.js';
import { loadScriptKernel } from './script-kernel.js';
import { loadWasmKernel } from './wasm-kernel.js';

/** How to make kernels: by kind, or from a module that was compiled before (for runtimes that take only those). */
export type KernelSource = KernelKind | WebAssemblyModule | undefined;

/**
 * Makes a kernel. Without a source it is `wasm` where the runtime has WebAssembly with SIMD and lets it be compiled,
 * and `script` elsewhere; a kernel that is asked for by kind or module and cannot be had throws what the runtime threw.
 */
export function loadKernel(source: KernelSource): Kernel {
  if (source === 'script') return loadScriptKernel();
  if (source !== undefined) return loadWasmKernel(source === 'wasm' ? undefined : source);
  try {
    return loadWasmKernel(undefined);
  } catch {
    // No WebAssembly, no SIMD, or a content security policy that forbids it.
    return loadScriptKernel();
  }
}
