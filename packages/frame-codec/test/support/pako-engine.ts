import * as pako from 'pako';
import type { DeflateEngine, Deflater, Inflater } from '../../src/index.js';
import { concat } from './hex.js';

/** What the tests want to know of an engine. */
export interface Usage {
  /** deflaters and inflaters made */
  made: number;
  /** those of them that were not closed yet */
  open: number;
  /** bytes that inflaters have put out */
  inflatedLength: number;
  /** window bits that were asked for, in order: `deflate 15` */
  asked: string[];
}

/** Raw DEFLATE by pako, which counts, and overwrites output that it lent. */
export class PakoEngine implements DeflateEngine {
  readonly usage: Usage = { made: 0, open: 0, inflatedLength: 0, asked: [] };
  readonly #blockLength: number;

  /** @param blockLength bytes of output that an inflater hands out at once, at most */
  constructor(blockLength = 4096) {
    this.#blockLength = blockLength;
  }

  deflater(windowBits: number): Deflater {
    this.#count('deflate', windowBits);
    return new PakoDeflater(windowBits, this.usage);
  }

  inflater(windowBits: number): Inflater {
    this.#count('inflate', windowBits);
    return new PakoInflater(windowBits, this.#blockLength, this.usage);
  }

  #count(what: string, windowBits: number): void {
    this.usage.made++;
    this.usage.open++;
    this.usage.asked.push(`${what} ${windowBits}`);
  }
}

/** Closed once, and not used behind that. */
class Life {
  readonly #usage: Usage;
  #closed = false;

  constructor(usage: Usage) {
    this.#usage = usage;
  }

  check(): void {
    if (this.#closed) throw new Error('the engine is closed');
  }

  close(): void {
    this.check();
    this.#closed = true;
    this.#usage.open--;
  }
}

class PakoDeflater implements Deflater {
  readonly #stream = new pako.ZStream();
  readonly #life: Life;

  constructor(windowBits: number, usage: Usage) {
    this.#life = new Life(usage);
    // zlib has no raw window of 8 bits; one of 9 refers back by at most 512 − 262 bytes, which 8 bits hold.
    const bits = Math.max(windowBits, 9);
    const status = pako.zlibDeflateInit2(this.#stream, 6, 8, -bits, 8, pako.Z_DEFAULT_STRATEGY);
    if (status !== pako.Z_OK) throw new Error(`pako: ${status}`);
  }

  deflate(data: Uint8Array): Uint8Array {
    this.#life.check();
    const stream = this.#stream;
    stream.input = data;
    stream.next_in = 0;
    stream.avail_in = data.length;
    const blocks: Uint8Array[] = [];
    do {
      stream.output = new Uint8Array(4096);
      stream.next_out = 0;
      stream.avail_out = stream.output.length;
      pako.zlibDeflate(stream, pako.Z_SYNC_FLUSH);
      blocks.push(stream.output.subarray(0, stream.next_out));
    } while (stream.avail_out === 0);
    return concat(...blocks);
  }

  reset(): void {
    this.#life.check();
    pako.zlibDeflateReset(this.#stream);
  }

  close(): void {
    this.#life.close();
  }
}

class PakoInflater implements Inflater {
  readonly #stream = new pako.ZStream();
  readonly #block: Uint8Array<ArrayBuffer>;
  readonly #usage: Usage;
  readonly #life: Life;

  constructor(windowBits: number, blockLength: number, usage: Usage) {
    this.#block = new Uint8Array(blockLength);
    this.#usage = usage;
    this.#life = new Life(usage);
    const status = pako.zlibInflateInit2(this.#stream, -windowBits);
    if (status !== pako.Z_OK) throw new Error(`pako: ${status}`);
  }

  inflate(data: Uint8Array, emit: (block: Uint8Array) => boolean): number {
    this.#life.check();
    const stream = this.#stream;
    stream.input = data;
    stream.next_in = 0;
    stream.avail_in = data.length;
    for (;;) {
      stream.output = this.#block;
      stream.next_out = 0;
      stream.avail_out = this.#block.length;
      const status = pako.zlibInflate(stream, pako.Z_SYNC_FLUSH);
      let goesOn = true;
      if (stream.next_out > 0) {
        this.#usage.inflatedLength += stream.next_out;
        goesOn = emit(this.#block.subarray(0, stream.next_out));
        // The window is a copy; what is still looked at here was lent for too long.
        this.#block.fill(0xdd);
      }
      if (status === pako.Z_STREAM_END) return data.length - stream.avail_in;
      if (status === pako.Z_BUF_ERROR) return data.length;
      if (status !== pako.Z_OK) throw new Error(`pako: ${stream.msg || status}`);
      if (!goesOn) return data.length - stream.avail_in;
      if (stream.avail_in === 0 && stream.avail_out > 0) return data.length;
    }
  }

  reset(): void {
    this.#life.check();
    pako.zlibInflateReset(this.#stream);
  }

  close(): void {
    this.#life.close();
  }
}
