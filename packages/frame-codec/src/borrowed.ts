declare const borrowed: unique symbol;

/**
 * Bytes that belong to the codec: valid until the handler that was given them returns, then overwritten by what the
 * transport reads next. {@link own} makes them the caller's.
 */
export type Borrowed = Uint8Array<ArrayBuffer> & { readonly [borrowed]: true };

/** A view of the codec's memory, to hand out. */
export function lend(memory: Uint8Array<ArrayBuffer>, start: number, length: number): Borrowed {
  return new Uint8Array(memory.buffer, memory.byteOffset + start, length) as Borrowed;
}

/** A copy of borrowed bytes that may be kept. */
export function own(bytes: Borrowed): Uint8Array<ArrayBuffer> {
  return bytes.slice();
}
