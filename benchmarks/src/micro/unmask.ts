import { Codec } from '@x/frame-codec';
import { timed, type Work } from '../measure.js';
import { size } from '../size.js';
import type { Peers } from '../ws.js';

const LENGTHS = [8, 16, 64, 256, 1024, 4096, 16384, 65536, 1048576];
const KEY = 0x78563412;

/** Unmasking in place; beyond 64 KiB in pieces, as a codec meets them. */
export function unmaskWorks({ addOns: { bufferutil }, leftOut }: Peers): Work[] {
  const absent = leftOut.filter(({ contestant }) => contestant === 'bufferutil');
  return LENGTHS.map((length) => {
    const batch = Math.max(1, Math.min(1000, Math.round(1e6 / length)));
    const bytes = Buffer.alloc(length, 'a');
    const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
    const piece = Math.min(length, 65536);
    return timed({
      group: 'unmask in place',
      name: size(length),
      batch,
      unit: 'payload',
      tasks: [
        ...(['wasm', 'script'] as const).map((kernel) => {
          const codec = new Codec({ kernel });
          const position = codec.inbox.byteOffset;
          return {
            contestant: kernel,
            run: () => {
              for (let index = 0; index < batch; index++) {
                for (let at = 0; at < length; at += piece) codec.kernel.mask(position, piece, KEY);
              }
            },
          };
        }),
        ...(bufferutil === undefined
          ? []
          : [
              {
                contestant: 'bufferutil',
                run: () => {
                  for (let index = 0; index < batch; index++) bufferutil.unmask(bytes, mask);
                },
              },
            ]),
      ],
      leftOut: absent,
    });
  });
}
