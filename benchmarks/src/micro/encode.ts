import { Codec, Endpoint, FrameEncoder, OPCODES } from '@x/frame-codec';
import { type Task, timed, type Work } from '../measure.js';
import { size } from '../size.js';
import type { Peers } from '../ws.js';

const BATCH = 1000;
const KERNELS = ['wasm', 'script'] as const;
const ROWS = [
  { role: 'server', lengths: [16, 125, 1024] },
  { role: 'client', lengths: [16, 125, 1024, 16384, 65536] },
] as const;

/** Encoding frames with a binary payload, of a server (bare) and of a client (masked). */
export function encodeWorks({ leftOut, ws }: Peers): Work[] {
  const absent = leftOut.filter(({ contestant }) => contestant.startsWith('ws'));
  return ROWS.flatMap(({ role, lengths }) =>
    lengths.map((length): Work => {
      const payload = Buffer.alloc(length, 'a');
      const batch = length > 4096 ? BATCH / 20 : BATCH;
      const options = { fin: true, opcode: 2, mask: role === 'client', readOnly: true, rsv1: false };
      const target = new Uint8Array(length + 14);
      const encoders = KERNELS.map(
        (kernel) => new FrameEncoder(new Endpoint({ role, codec: new Codec({ kernel }) })),
      );
      const copied = encoders.map(
        (encoder, index): Task => ({
          contestant: `${KERNELS[index]}${role === 'server' ? ', copied' : ''}`,
          run: () => {
            for (let index = 0; index < batch; index++)
              encoder.encodeInto(target, 0, OPCODES.binary, payload);
          },
        }),
      );
      const tasks = [...copied];
      // As ws does it: a head, and the payload as it is.
      if (role === 'server') {
        const [encoder] = encoders as [FrameEncoder];
        tasks.unshift({
          contestant: 'wasm',
          run: () => {
            for (let index = 0; index < batch; index++)
              encoder.encodeHead(target, 0, OPCODES.binary, payload.length);
          },
        });
      }
      for (const { contestant, ws: peer } of ws) {
        const { Sender } = peer;
        const run = (): void => {
          for (let index = 0; index < batch; index++) Sender.frame(payload, options);
        };
        tasks.push({ contestant, run });
      }
      return timed({
        group: `encode, ${role}`,
        name: size(length),
        batch,
        unit: 'frame',
        tasks,
        leftOut: absent,
      });
    }),
  );
}
