import type { BytePool } from '../memory/byte-pool.js';
import type { MemoryBudget } from '../memory/memory-budget.js';
import type { GrowingBytes } from './growing-bytes.js';

/** From here on bytes of unknown end lie in pieces of this length: to copy more of them at once takes too long. */
export const PIECE_LENGTH: number = 1024 * 1024;

interface Piece {
  readonly memory: Uint8Array<ArrayBuffer>;
  /** bytes of it that are in use */
  readonly length: number;
}

/**
 * The beginning of bytes that have become many: they are put together little by little when all are here, where memory
 * that grows would be copied, as a whole, again and again.
 */
export class Pieces {
  readonly #pool: BytePool;
  readonly #budget: MemoryBudget | undefined;
  readonly #pieces: Piece[] = [];
  /** bytes in all of them */
  #length = 0;
  /** how many pieces were copied, and how many bytes of the next one */
  #copied = 0;
  #at = 0;
  #joining = false;

  /** @param budget what the memory of what is added was taken from */
  constructor(pool: BytePool, budget?: MemoryBudget) {
    this.#pool = pool;
    this.#budget = budget;
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#pieces.slice(this.#copied).reduce((sum, { memory }) => sum + memory.length, 0);
  }

  /** Whether {@link beginJoin} was called. */
  get isJoining(): boolean {
    return this.#joining;
  }

  /** Whether everything was copied out of here. */
  get isEmpty(): boolean {
    return this.#copied === this.#pieces.length;
  }

  /** Takes what `bytes` hold; they begin anew. */
  add(bytes: GrowingBytes): void {
    const { length } = bytes;
    this.#pieces.push({ memory: bytes.detach(), length });
    this.#length += length;
  }

  /** Takes the last of them, and makes room for all in `bytes`; returns whether there was memory for that. */
  beginJoin(bytes: GrowingBytes): boolean {
    this.#joining = true;
    this.add(bytes);
    return bytes.reserve(this.#length);
  }

  /** Copies at most so many bytes to the end of `bytes`, and returns how many. */
  join(bytes: GrowingBytes, most: number): number {
    const piece = this.#pieces[this.#copied];
    if (piece === undefined) return 0;
    const length = Math.min(piece.length - this.#at, most);
    bytes.append(piece.memory, this.#at, length);
    this.#at += length;
    if (this.#at === piece.length) {
      this.#give(piece);
      this.#copied++;
      this.#at = 0;
    }
    return length;
  }

  /** Gives all memory back. */
  release(): void {
    // What was copied is back already, and may be others' by now.
    for (const piece of this.#pieces.splice(0).slice(this.#copied)) this.#give(piece);
    this.#copied = 0;
  }

  #give({ memory }: Piece): void {
    this.#budget?.give(memory.length);
    this.#pool.give(memory);
  }
}
