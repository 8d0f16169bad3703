import { KERNEL_WASM } from '../../src/generated/kernel-wasm.js';

/** The kernel's module, in bytes. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(KERNEL_WASM), (char) => char.charCodeAt(0));
}

/** The kernel's module, compiled here. */
export function compileKernel(): WebAssembly.Module {
  return new WebAssembly.Module(kernelBytes());
}
