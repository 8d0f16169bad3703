import { type Memory, memoryOf, NO_MEMORY } from '../memory/borrowed.js';
import type { BytePool } from '../memory/byte-pool.js';
import type { MemoryBudget } from '../memory/memory-budget.js';

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
  readonly #budget: MemoryBudget | undefined;
  #memory: Memory = NO_MEMORY;
  #length = 0;
  #front = 0;

  /** @param budget what all memory in use is taken from */
  constructor(pool: BytePool, budget?: MemoryBudget) {
    this.#pool = pool;
    this.#budget = budget;
  }

  /** Bytes appended and not dropped. */
  get length(): number {
    return this.#length - this.#front;
  }

  /** Bytes of memory in use, dropped ones and room to grow included. */
  get capacity(): number {
    return this.#memory.bytes.length;
  }

  /** The memory behind; what was appended begins with it. */
  get memory(): Memory {
    return this.#memory;
  }

  /** What was appended and not dropped, as a view. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes.subarray(this.#front, this.#length);
  }

  /** Drops bytes from the front; a negative count takes dropped ones back. Their memory stays in use. */
  drop(count: number): void {
    this.#front += count;
  }

  /**
   * Appends `length` bytes of `source` from `start` on; `total` is the length at the end, where that is known. Returns
   * `false`, and appends nothing, where the budget has no memory left.
   */
  append(source: Uint8Array, start: number, length: number, total?: number): boolean {
    if (this.#length + length > this.#memory.bytes.length && !this.#grow(this.length + length, total))
      return false;
    const { bytes } = this.#memory;
    // A view costs more than a few bytes copied one by one.
    if (length < 32) {
      for (let index = 0; index < length; index++) {
        bytes[this.#length + index] = source[start + index] ?? 0;
      }
    } else {
      bytes.set(source.subarray(start, start + length), this.#length);
    }
    this.#length += length;
    return true;
  }

  /** Makes room for `needed` bytes, and leaves behind what was dropped. */
  #grow(needed: number, total: number | undefined): boolean {
    const { view } = this;
    const room =
      total === undefined
        ? Math.max(needed, view.length * 2, LEAST)
        : Math.max(needed, Math.min(total, Math.max(needed * 4, needed < EARNEST ? LEAST : GRANTED)));
    const grown = this.#take(room, total);
    if (grown === undefined) return false;
    grown.set(view);
    if (this.#length > 0) this.#pool.give(this.#memory.bytes);
    this.#memory = memoryOf(grown);
    this.#length = view.length;
    this.#front = 0;
    return true;
  }

  /** Memory in the place of what is in use, which is given up next: it is there twice only while it is copied. */
  #take(length: number, most: number | undefined): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#pool.take(length, most);
    if (this.#budget === undefined || this.#budget.take(bytes.length - this.capacity)) return bytes;
    this.#pool.give(bytes);
    return undefined;
  }

  /** Takes memory of just that length, where there is none yet; returns whether there was any left. */
  reserve(length: number): boolean {
    const bytes = this.#take(length, length);
    if (bytes === undefined) return false;
    this.#memory = memoryOf(bytes);
    return true;
  }

  /** Leaves its memory to the caller, who gives it back to pool and budget, and begins anew. */
  detach(): Uint8Array<ArrayBuffer> {
    const { bytes } = this.#memory;
    this.#memory = NO_MEMORY;
    this.#length = 0;
    this.#front = 0;
    return bytes;
  }

  /** Gives the memory back, unless somebody made it their own. */
  release(): void {
    this.#budget?.give(this.capacity);
    this.#pool.give(this.detach());
  }
}
