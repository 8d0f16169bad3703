import { Codec, Connection, Endpoint } from '@x/frame-codec';
import { chunked, maskedFrame } from '../frames.js';
import { timed, type Work } from '../measure.js';
import { size } from '../size.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** How the cost grows: with the length of a message, and with the number of its fragments. */
export function growthWorks(): Work[] {
  return [
    ...[64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB].map((length) =>
      work('decode, by length', `${size(length)} message, per KiB`, length / KIB, 'KiB', [
        maskedFrame(2, Buffer.alloc(length, 'a')),
      ]),
    ),
    ...[1, 10, 100, 1000, 10_000].map((fragments) =>
      work(
        'decode, by fragments',
        `${fragments} fragments of 100 B, per fragment`,
        fragments,
        'fragment',
        Array.from({ length: fragments }, (_, index) => {
          const frame = maskedFrame(index === 0 ? 2 : 0, Buffer.alloc(100, 'a'));
          // FIN stands on the last one only (§5.4).
          if (index < fragments - 1) frame[0] = (frame[0] ?? 0) & 0x7f;
          return frame;
        }),
      ),
    ),
  ];
}

function work(group: string, name: string, batch: number, unit: string, frames: readonly Buffer[]): Work {
  const message = Buffer.concat(frames);
  const { chunks, count } = chunked(message, 256 * KIB);
  const codec = new Codec({ kernel: 'wasm' });
  const endpoint = new Endpoint({ role: 'server', codec, maxMessageLength: 64 * MIB });
  let seen = 0;
  const connection = new Connection(
    endpoint,
    {
      write: () => true,
      end: () => {},
      binary: (_, payload) => {
        seen += payload.length;
      },
    },
    undefined,
  );
  // The limit where bytes are counted: what it takes to copy them.
  const target = Buffer.alloc(64 * KIB);
  const copy = (): void => {
    for (const chunk of chunks) target.set(chunk);
  };
  return timed({
    group,
    name,
    batch: batch * count,
    unit,
    tasks: [
      {
        contestant: 'wasm',
        run: () => {
          for (const chunk of chunks) connection.receive(chunk);
          if (seen === 0) throw new Error('nothing was decoded');
        },
      },
      ...(unit === 'KiB' ? [{ contestant: 'memcpy', run: copy }] : []),
    ],
  });
}
