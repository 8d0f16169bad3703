import type { KernelExports } from '../runtime/web.js';

/** Which implementation of the frame kernel: WebAssembly with SIMD, or TypeScript. Their results are the same. */
export type KernelKind = 'wasm' | 'script';

/**
 * The hot path: one fixed piece of memory (drawn in `memory-map.ts`), and four operations on it.
 *
 * - `scan(position, end)` decodes the bytes between the two in place and returns how many frame records it wrote.
 * - `mask(position, length, maskingKey)` masks in place (§5.3); a key of 0 changes nothing.
 * - `maskText(position, length, maskingKey)` does so too, and returns nonzero when a byte is 0x80 or above after it.
 * - `validate(position, end, state)` checks UTF-8 (§8.1) and returns the state behind it, or −1.
 */
export interface Kernel extends Pick<KernelExports, 'scan' | 'mask' | 'maskText' | 'validate'> {
  readonly kind: KernelKind;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly buffer: ArrayBuffer;
  /** registers and records, 32 bits each */
  readonly words: Int32Array<ArrayBuffer>;
  /** registers for lengths */
  readonly lengths: Float64Array<ArrayBuffer>;
}

/** The views of a kernel's memory. */
export function viewsOf(buffer: ArrayBuffer): Pick<Kernel, 'bytes' | 'buffer' | 'words' | 'lengths'> {
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    words: new Int32Array(buffer),
    lengths: new Float64Array(buffer),
  };
}
