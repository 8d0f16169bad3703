import type { Deflater, Inflater } from '@x/frame-codec';
import { constants, DeflateRaw, InflateRaw } from 'minizlib';
import { toError } from '../runtime/thrown.js';
import type { ZlibSettings } from './zlib-settings.js';

/** Input of an inflater is taken in slices of this many bytes: 2 KiB become at most 2 MiB before anyone can say stop. */
const SLICE = 2048;

/** A deflater on minizlib. */
export class MiniDeflater implements Deflater {
  readonly #stream: DeflateRaw;
  #blocks: Buffer[] = [];

  constructor(options: ZlibSettings) {
    this.#stream = new DeflateRaw({ ...options, flush: constants.Z_SYNC_FLUSH });
    this.#stream.on('data', (block) => this.#blocks.push(block));
  }

  deflate(data: Uint8Array): Uint8Array {
    this.#stream.write(viewOf(data));
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
  }

  reset(): void {
    this.#stream.reset();
  }

  close(): void {
    this.#stream.close();
  }
}

/** An inflater on minizlib. */
export class MiniInflater implements Inflater {
  readonly #stream: InflateRaw;
  #blocks: Buffer[] = [];
  #error: Error | undefined;

  constructor(options: ZlibSettings) {
    this.#stream = new InflateRaw({ ...options, flush: constants.Z_SYNC_FLUSH });
    this.#stream.on('data', (block) => this.#blocks.push(block));
    this.#stream.on('error', (error) => {
      this.#error = toError(error);
    });
  }

  inflate(data: Uint8Array, emit: (block: Uint8Array) => boolean): number {
    for (let at = 0; at < data.length; ) {
      const slice = data.subarray(at, at + SLICE);
      this.#stream.write(viewOf(slice));
      if (this.#error !== undefined) throw this.#error;
      const { handle } = this.#stream;
      const used = handle === undefined ? slice.length : Number(Reflect.get(handle, 'bytesWritten'));
      const blocks = this.#blocks;
      this.#blocks = [];
      let goesOn = true;
      for (const block of blocks) if (block.length > 0) goesOn = emit(block);
      at += used;
      // What follows a final block is left over.
      if (used < slice.length || !goesOn) return at;
    }
    return data.length;
  }

  reset(): void {
    this.#blocks = [];
    this.#stream.reset();
  }

  close(): void {
    this.#stream.close();
  }
}

function viewOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
