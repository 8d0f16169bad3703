/*
 * What callers give may come from another realm (a `vm` context, a test environment with globals of its own, a window of
 * Electron), where `Uint8Array` and `ArrayBuffer` are other classes: `instanceof` does not know them, their own slots do.
 */

/** The getter of `%TypedArray%.prototype[Symbol.toStringTag]`, which reads a slot of the array (ECMA-262 §23.2.3.38). */
const nameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** Whether it is a `Uint8Array` of any realm; engines compile this to a look at its type. */
export function isBytes(value: unknown): value is Uint8Array {
  return nameOf?.call(value) === 'Uint8Array';
}

/** Whether the memory of a view is an `ArrayBuffer` of any realm: what a `SharedArrayBuffer` holds may change at any time. */
export function isUnshared(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer[Symbol.toStringTag] === 'ArrayBuffer';
}
