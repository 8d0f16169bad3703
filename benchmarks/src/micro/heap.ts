import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Codec, Connection, Endpoint } from '@x/frame-codec';
import { chunked, maskedFrame } from '../frames.js';

/** Bytes of the script's heap that decoding one frame takes, and that one view of memory takes. */
export interface Heap {
  readonly frame: number;
  readonly view: number;
}

const FRAMES = 20_000;

/**
 * Decodes binary frames of 125 bytes whose borrowed payloads nobody keeps, and makes as many views of a buffer: the
 * first should allocate what the second does, and nothing else.
 */
export function measureHeap(): Heap {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const frame = maskedFrame(2, Buffer.alloc(125, 'a'));
  const { chunks, count } = chunked(frame, FRAMES * frame.length);
  let seen = 0;
  const connection = new Connection(
    new Endpoint({ role: 'server', codec: new Codec() }),
    {
      write: () => true,
      end: () => {},
      binary: (_, payload) => {
        seen += payload.length;
      },
    },
    undefined,
  );
  const { buffer } = new Uint8Array(65536);
  const allocated = (work: () => void): number => {
    // The first runs compile it.
    for (let run = 0; run < 20; run++) work();
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 5; run++) {
      collect();
      const before = process.memoryUsage().heapUsed;
      work();
      // Where the collector came in between, less seems to be allocated than was.
      const bytes = process.memoryUsage().heapUsed - before;
      if (bytes > 0) least = Math.min(least, bytes);
    }
    return least / count;
  };
  const decode = allocated(() => {
    for (const chunk of chunks) connection.receive(chunk);
  });
  const views = allocated(() => {
    for (let index = 0; index < count; index++) seen += new Uint8Array(buffer, index & 1023, 125).length;
  });
  if (seen === 0) throw new Error('nothing was decoded');
  return { frame: decode, view: views };
}
