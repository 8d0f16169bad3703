import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Codec, Connection, Endpoint } from '@x/frame-codec';
import { chunked, maskedFrame } from '../frames.js';
import type { Work } from '../measure.js';

const FRAMES = 20_000;
/** The first runs compile what is measured. */
const WARM_UP = 20;
const ATTEMPTS = 10;

/**
 * Bytes of the script's heap that decoding a frame takes whose borrowed payload nobody keeps, and that a view of memory
 * takes by itself: the first should be the second, and nothing else.
 */
export function heapWorks(): Work[] {
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
  const jobs: readonly (readonly [string, () => void])[] = [
    [
      'decoded frame',
      () => {
        for (const chunk of chunks) connection.receive(chunk);
      },
    ],
    [
      'view',
      () => {
        for (let index = 0; index < count; index++) seen += new Uint8Array(buffer, index & 1023, 125).length;
      },
    ],
  ];
  const round = async (_: number, first: boolean): Promise<Map<string, number>> => {
    if (first) for (const [, job] of jobs) for (let run = 0; run < WARM_UP; run++) job();
    const taken = new Map(jobs.map(([name, job]) => [name, allocated(job, collect) / count]));
    if (seen === 0) throw new Error('nothing was decoded');
    return taken;
  };
  return [
    {
      group: 'memory',
      name: '125 B binary, borrowed',
      unit: 'frame',
      measured: 'bytes',
      contestants: jobs.map(([name]) => name),
      leftOut: [],
      warmUp: 30,
      round,
    },
  ];
}

/** Bytes that a job leaves on the heap before the next collection of garbage. */
function allocated(job: () => void, collect: () => void): number {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    job();
    const bytes = process.memoryUsage().heapUsed - before;
    // Where the collector came in between, less seems to be allocated than was.
    if (bytes > 0) return bytes;
  }
  throw new Error('garbage is collected in every attempt');
}
