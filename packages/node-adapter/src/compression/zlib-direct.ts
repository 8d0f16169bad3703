import { types } from 'node:util';
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';
import type { Deflater, Inflater } from '@x/frame-codec';
import type { ZlibSettings } from './zlib-settings.js';

/*
 * The streams of node:zlib can be run synchronously: behind `deflateRawSync` and the like their handle takes one buffer
 * to the next. The handle is looked for here, and only here; where it is missing, minizlib does the same at twice the
 * price (it goes by a stream of its own, and by buffers of 16 KiB for each connection).
 */

/** The native half of a zlib stream. */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
}

const OUTPUT_LENGTH = 65_536;
/** The streams never come to write to buffers of their own. */
const LEAST_CHUNK_SIZE = 64;

let shared: Uint8Array<ArrayBuffer> | undefined;

/** A zlib stream without the stream: input in, output handed out from one buffer that all of them share. */
class DirectZlib {
  readonly #stream: DeflateRaw | InflateRaw;
  readonly #handle: Handle;
  /** What is left of the output and of the input, in this order. */
  readonly #left: Uint32Array;
  #error: Error | undefined;
  #running = false;
  #closed = false;

  constructor(stream: DeflateRaw | InflateRaw, handle: Handle, left: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#left = left;
    handle.onerror = (message, errno, code) => {
      this.#error = Object.assign(new Error(message), { errno, code });
    };
  }

  /**
   * Runs `input` through, all of it unless `emit` returns `false`, and hands out each block of output, lent until `emit`
   * returns.
   *
   * @returns how many bytes of the input were used
   * @throws {Error} when zlib finds an error, or `emit` throws
   */
  run(input: Uint8Array, emit: (block: Uint8Array) => boolean): number {
    // Whoever runs this from inside of `emit` needs a buffer of its own.
    const output = shared ?? new Uint8Array(OUTPUT_LENGTH);
    shared = undefined;
    this.#running = true;
    try {
      for (let rest = input.length; ; ) {
        const at = input.length - rest;
        this.#handle.writeSync(constants.Z_SYNC_FLUSH, input, at, rest, output, 0, OUTPUT_LENGTH);
        if (this.#error !== undefined) throw this.#error;
        const [room = 0, left = 0] = this.#left;
        const goesOn = room === OUTPUT_LENGTH || emit(output.subarray(0, OUTPUT_LENGTH - room));
        rest = left;
        if (room > 0 || !goesOn || this.#closed) return input.length - rest;
      }
    } finally {
      shared = output;
      this.#running = false;
      if (this.#closed) this.#stream.close();
    }
  }

  reset(): void {
    this.#error = undefined;
    this.#stream.reset();
  }

  /** From inside of `emit` it waits until that returns: a handle must not lose its memory while it runs. */
  close(): void {
    this.#closed = true;
    if (!this.#running) this.#stream.close();
  }
}

function direct(stream: DeflateRaw | InflateRaw): DirectZlib | undefined {
  const handle: unknown = Reflect.get(stream, '_handle');
  const left: unknown = Reflect.get(stream, '_writeState');
  if (!isHandle(handle) || !types.isUint32Array(left)) return undefined;
  return new DirectZlib(stream, handle, left);
}

function isHandle(handle: unknown): handle is Handle {
  return typeof handle === 'object' && handle !== null && 'writeSync' in handle;
}

/** A deflater on the handle of node:zlib, or `undefined` where that has none. */
export function directDeflater(options: ZlibSettings): Deflater | undefined {
  const zlib = direct(createDeflateRaw({ ...options, chunkSize: LEAST_CHUNK_SIZE }));
  if (zlib === undefined) return undefined;
  return {
    deflate(data) {
      const blocks: Buffer[] = [];
      zlib.run(data, (block) => blocks.push(Buffer.from(block)) > 0);
      return blocks.length === 1 && blocks[0] !== undefined ? blocks[0] : Buffer.concat(blocks);
    },
    reset: () => zlib.reset(),
    close: () => zlib.close(),
  };
}

/** An inflater on the handle of node:zlib, or `undefined` where that has none. */
export function directInflater(options: ZlibSettings): Inflater | undefined {
  const zlib = direct(createInflateRaw({ ...options, chunkSize: LEAST_CHUNK_SIZE }));
  if (zlib === undefined) return undefined;
  return {
    inflate: (data, emit) => zlib.run(data, emit),
    reset: () => zlib.reset(),
    close: () => zlib.close(),
  };
}
