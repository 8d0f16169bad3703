/** The getter of `%TypedArray%.prototype[Symbol.toStringTag]`, which reads a slot of the array (ECMA-262 §23.2.3.38). */
const nameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** Whether it is a `Uint8Array` of any realm: `instanceof` does not know those of a `vm` context. */
export function isBytes(value: unknown): value is Uint8Array {
  return nameOf?.call(value) === 'Uint8Array';
}
