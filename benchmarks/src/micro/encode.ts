import { Codec, Endpoint, FrameEncoder, OPCODES } from '@x/frame-codec';
import type { Task, Work } from '../measure.js';
import { size } from '../size.js';
import type { Ws } from '../ws.js';

const BATCH = 1000;
const KERNELS = ['wasm', 'script'] as const;
const ROWS = [
  { role: 'server', least: 5, lengths: [16, 125, 1024] },
  { role: 'client', least: 3, lengths: [16, 125, 1024, 16384, 65536] },
] as const;

/** Encoding frames with a binary payload, of a server (bare) and of a client (masked). */
export function encodeWorks(ws: { native: Ws; plain: Ws }): Work[] {
  return ROWS.flatMap(({ role, least, lengths }) =>
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
      return {
        group: `encode, ${role}`,
        name: size(length),
        batch,
        unit: 'frame',
        tasks: [
          ...tasks,
          ...Object.entries({ ws: ws.native, 'ws without add-ons': ws.plain }).map(
            ([contestant, { Sender }]) => ({
              contestant,
              run: () => {
                for (let index = 0; index < batch; index++) Sender.frame(payload, options);
              },
            }),
          ),
        ],
        promises: [
          { fast: 'wasm', slow: 'ws', least },
          { fast: role === 'server' ? 'script, copied' : 'script', slow: 'ws without add-ons', least: 1 },
        ],
      };
    }),
  );
}
