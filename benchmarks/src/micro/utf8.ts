import { isUtf8 } from 'node:buffer';
import { Codec } from '@x/frame-codec';
import { timed, type Work } from '../measure.js';
import { size } from '../size.js';
import type { Peers } from '../ws.js';

const LENGTHS = [16, 64, 256, 4096, 65536];

/** One text a script, in bytes a character: 1, 2, 2, 3, 3, 4, and all of them mixed. */
const SCRIPTS = {
  ASCII: 'The quick brown fox jumps over the lazy dog. ',
  Greek: 'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ',
  Arabic: 'صِف خَلقَ خَودِ كَمِثلِ الشَمسِ إِذ بَزَغَت. ',
  Hindi: 'ऋषियों को सताने वाले दुष्ट राक्षसों के राजा। ',
  Chinese: '視野無限廣窗外有藍天微風迎客軟語伴茶',
  emoji: '😀😃😄😁😆😅🤣😂🙂🙃😉😊😇🥰😍🤩',
  mixed: 'Zwölf Boxkämpfer jagen Eva quer über den Sylter Deich → 日本語 😀 и так далее. ',
} as const;

/** As many whole characters of `text`, repeated, as fit into `length` bytes, filled up with spaces. */
function fill(text: string, length: number): Buffer {
  const bytes = Buffer.alloc(length, ' ');
  let at = 0;
  for (const char of text.repeat(Math.ceil(length / text.length))) {
    if (at + Buffer.byteLength(char) > length) break;
    at += bytes.write(char, at);
  }
  return bytes;
}

/** Checking UTF-8, by script and length. */
export function utf8Works({ addOns, leftOut }: Peers): Work[] {
  const { 'utf-8-validate': utf8Validate } = addOns;
  const absent = leftOut.filter(({ contestant }) => contestant === 'utf-8-validate');
  return Object.entries(SCRIPTS).flatMap(([script, text]) =>
    LENGTHS.map((length): Work => {
      const bytes = fill(text, length);
      const batch = Math.max(1, Math.min(1000, Math.round(1e6 / length)));
      return timed({
        group: `UTF-8, ${script}`,
        name: size(length),
        batch,
        unit: 'text',
        tasks: [
          ...(['wasm', 'script'] as const).map((kernel) => {
            const codec = new Codec({ kernel });
            const position = codec.inbox.byteOffset;
            codec.inbox.set(bytes);
            if (codec.kernel.validate(position, position + length, 0) !== 0)
              throw new Error('valid text refused');
            return {
              contestant: kernel,
              run: () => {
                for (let index = 0; index < batch; index++)
                  codec.kernel.validate(position, position + length, 0);
              },
            };
          }),
          ...(utf8Validate === undefined
            ? []
            : [
                {
                  contestant: 'utf-8-validate',
                  run: () => {
                    for (let index = 0; index < batch; index++) utf8Validate(bytes);
                  },
                },
              ]),
          {
            contestant: 'isUtf8',
            run: () => {
              for (let index = 0; index < batch; index++) isUtf8(bytes);
            },
          },
        ],
        leftOut: absent,
      });
    }),
  );
}
