import type { DeflateEngine, Deflater, Inflater } from '@x/frame-codec';
import * as pako from 'pako';

/** Bytes of output that an inflater hands out at once. */
export const BLOCK_LENGTH = 4096;

/** Raw DEFLATE in script: slow, and without a native part that hostile data could bring down. */
export const PAKO: DeflateEngine = {
  deflater(windowBits: number): Deflater {
    const stream = new pako.ZStream();
    // zlib has no raw window of 8 bits. One of 9 refers back by at most 512 − 262 bytes, which 8 bits hold.
    check(pako.zlibDeflateInit2(stream, 6, 8, -Math.max(windowBits, 9), 8, pako.Z_DEFAULT_STRATEGY));
    return {
      deflate: (data) => {
        const blocks: Uint8Array[] = [];
        feed(stream, data);
        do {
          stream.output = new Uint8Array(BLOCK_LENGTH);
          stream.next_out = 0;
          stream.avail_out = BLOCK_LENGTH;
          pako.zlibDeflate(stream, pako.Z_SYNC_FLUSH);
          blocks.push(stream.output.subarray(0, stream.next_out));
        } while (stream.avail_out === 0);
        return Buffer.concat(blocks);
      },
      reset: () => {
        pako.zlibDeflateReset(stream);
      },
      close: () => {},
    };
  },

  inflater(windowBits: number): Inflater {
    const stream = new pako.ZStream();
    const block = new Uint8Array(BLOCK_LENGTH);
    check(pako.zlibInflateInit2(stream, -windowBits));
    return {
      inflate: (data, emit) => {
        feed(stream, data);
        for (;;) {
          stream.output = block;
          stream.next_out = 0;
          stream.avail_out = BLOCK_LENGTH;
          const status = pako.zlibInflate(stream, pako.Z_SYNC_FLUSH);
          if (stream.next_out > 0 && !emit(block.subarray(0, stream.next_out)))
            return data.length - stream.avail_in;
          if (status === pako.Z_STREAM_END) return data.length - stream.avail_in;
          if (status === pako.Z_BUF_ERROR) return data.length;
          check(status);
          if (stream.avail_in === 0 && stream.avail_out > 0) return data.length;
        }
      },
      reset: () => {
        pako.zlibInflateReset(stream);
      },
      close: () => {},
    };
  },
};

function feed(stream: pako.ZStream, data: Uint8Array): void {
  stream.input = data;
  stream.next_in = 0;
  stream.avail_in = data.length;
}

function check(status: number): void {
  if (status !== pako.Z_OK) throw new Error(`pako: ${status}`);
}
