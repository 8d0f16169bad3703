/** Compresses one direction of a connection: raw DEFLATE (RFC 1951), synchronously. */
export interface Deflater {
  /**
   * Compresses `data` and ends with an empty stored block that is not final (a sync flush): the output ends with
   * 00 00 FF FF.
   *
   * @returns bytes that the caller owns
   */
  deflate(data: Uint8Array): Uint8Array;
  /** Forgets what was compressed before: the next output refers to nothing. */
  reset(): void;
  /** Releases what the engine holds outside of the garbage collector's reach. */
  close(): void;
}

/** Decompresses one direction of a connection: raw DEFLATE, synchronously. */
export interface Inflater {
  /**
   * Decompresses `data` until it is used up or a block marked as final ends, and hands each block of output to `emit`
   * as soon as it is there: output is bounded by what `emit` lets pass, and what it throws comes out of here. Where
   * `emit` returns `false` this stops behind that block, or as soon as it can: the next call brings what was not used.
   *
   * @returns how many bytes of `data` were used: fewer than all only behind a final block, or where `emit` stopped it
   * @throws when `data` is no DEFLATE stream
   */
  inflate(data: Uint8Array, emit: (block: Uint8Array) => boolean): number;
  /** Begins a new stream that refers to nothing before. */
  reset(): void;
  /** Releases what the engine holds; never called from inside `inflate`. */
  close(): void;
}

/** Where deflaters and inflaters come from; `node:zlib` and pako can both be one. */
export interface DeflateEngine {
  /**
   * Makes a compressor.
   *
   * @param windowBits base-2 logarithm of the window, 8 to 15 (RFC 7692 §7.1.2)
   */
  deflater(windowBits: number): Deflater;
  /**
   * Makes a decompressor.
   *
   * @param windowBits as for {@link deflater}: at least what the peer compresses with
   */
  inflater(windowBits: number): Inflater;
}
