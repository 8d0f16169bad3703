import { type Memory, memoryOf, NO_MEMORY } from './borrowed.js';
import type { BytePool } from './byte-pool.js';

/** Grows at least to this many bytes at once. */
const LEAST = 1024;
/** When this much has arrived, an announced length up to `GRANTED` is believed: growing would copy it twice. */
const EARNEST = 16 * 1024;
const GRANTED = 1024 * 1024;

/**
 * Bytes that arrive piece by piece. Memory grows with what has arrived, never just by what was announced: to four times
 * as much (or to 1 MiB) where the end is known, which then fits exactly, and to twice as much where it is not.
 */
export class GrowingBytes {
  readonly #pool: BytePool;
  #memory: Memory = NO_MEMORY;
  #length = 0;

  constructor(pool: BytePool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#length;
  }

  /** The memory behind; the first {@link length} bytes are what was appended. */
  get memory(): Memory {
    return this.#memory;
  }

  /** What was appended so far, as a view. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes.subarray(0, this.#length);
  }

  /** Appends `length` bytes of `source` from `start` on; `total` is the length at the end, where that is known. */
  append(source: Uint8Array, start: number, length: number, total?: number): void {
    const needed = this.#length + length;
    if (needed > this.#memory.bytes.length) {
      const room =
        total === undefined
          ? Math.max(needed, this.#length * 2, LEAST)
          : Math.max(needed, Math.min(total, Math.max(needed * 4, needed < EARNEST ? LEAST : GRANTED)));
      const grown = this.#pool.take(room);
      if (this.#length > 0) {
        grown.set(this.view);
        this.#pool.give(this.#memory.bytes);
      }
      this.#memory = memoryOf(grown);
    }
    const { bytes } = this.#memory;
    // A view costs more than a few bytes copied one by one.
    if (length < 32) {
      for (let index = 0; index < length; index++) {
        bytes[this.#length + index] = source[start + index] ?? 0;
      }
    } else {
      bytes.set(source.subarray(start, start + length), this.#length);
    }
    this.#length = needed;
  }

  /** Gives the memory back, unless somebody made it their own. */
  release(): void {
    this.#pool.give(this.#memory.bytes);
    this.#memory = NO_MEMORY;
    this.#length = 0;
  }
}
