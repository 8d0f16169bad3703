import { GrowingBytes } from './growing-bytes.js';

/** From here on bytes lie in pieces of this length: to copy more of them at once takes too long. */
const PIECE = 1024 * 1024;

/** Memory that is full, or nearly. */
interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
}

const NO_PIECES: readonly Piece[] = [];

/**
 * Bytes whose end is not known, which may become many: they are put together little by little when all are here, where
 * memory that grows would be copied, as a whole, again and again.
 */
export class PiecedBytes extends GrowingBytes {
  #pieces: readonly Piece[] = NO_PIECES;
  /** bytes in `#pieces` */
  #piecedLength = 0;
  /** bytes of the first piece that were joined already */
  #taken = 0;
  #joining = false;

  override get capacity(): number {
    return this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, super.capacity);
  }

  /** Whether all bytes lie together in {@link memory}. */
  get isJoined(): boolean {
    return this.#pieces.length === 0;
  }

  override append(source: Uint8Array, start: number, length: number): void {
    if (this.length >= PIECE) this.#cut();
    super.append(source, start, length, this.isJoined ? undefined : Math.max(PIECE, length));
  }

  /** Joins about so many bytes, and returns how many; nothing is appended from here on. */
  join(most: number): number {
    if (!this.#joining) {
      this.#joining = true;
      this.#cut();
      this.reserve(this.#piecedLength);
    }
    let joined = 0;
    for (let piece = this.#pieces[0]; piece !== undefined && joined < most; piece = this.#pieces[0]) {
      const length = Math.min(piece.length - this.#taken, most - joined);
      super.append(piece.bytes, this.#taken, length);
      joined += length;
      this.#taken += length;
      if (this.#taken < piece.length) break;
      this.pool.give(piece.bytes);
      this.#pieces = this.#pieces.slice(1);
      this.#taken = 0;
    }
    return joined;
  }

  override release(): void {
    for (const { bytes } of this.#pieces) this.pool.give(bytes);
    this.#pieces = NO_PIECES;
    super.release();
  }

  #cut(): void {
    const piece = { bytes: this.memory.bytes, length: this.length };
    this.#pieces = [...this.#pieces, piece];
    this.#piecedLength += piece.length;
    this.leave();
  }
}
