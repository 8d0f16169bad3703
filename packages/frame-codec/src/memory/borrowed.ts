declare const borrowed: unique symbol;

/**
 * Bytes that belong to the codec: valid until the handler that was given them returns, then overwritten by what the
 * transport reads next. `Codec.own` makes them the caller's.
 */
export type Borrowed = Uint8Array<ArrayBuffer> & { readonly [borrowed]: true };

/**
 * Memory that payloads are lent from. The buffer stands beside its view because asking the view for it costs as much
 * as making another view (`decode: 125 B binary` in the benchmarks).
 */
export interface Memory {
  /** all of the buffer */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly buffer: ArrayBuffer;
}

/** A view's memory, where it is all of its buffer. */
export function memoryOf(bytes: Uint8Array<ArrayBuffer>): Memory {
  return { bytes, buffer: bytes.buffer };
}

export const NO_MEMORY: Memory = memoryOf(new Uint8Array(0));

/** A view of the codec's memory, to hand out. */
export function lend({ buffer }: Memory, start: number, length: number): Borrowed {
  return new Uint8Array(buffer, start, length) as Borrowed;
}
