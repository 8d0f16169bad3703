import { parseArgs } from 'node:util';
import { measure } from './measure.js';
import { decodeWorks } from './micro/decode.js';
import { encodeWorks } from './micro/encode.js';
import { unmaskWorks } from './micro/unmask.js';
import { utf8Works } from './micro/utf8.js';
import { describe, ratios } from './table.js';
import { loadWs } from './ws.js';

const { values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, filter: { type: 'string', default: '' } },
});

const ws = loadWs();
const works = [...decodeWorks(ws), ...encodeWorks(ws), ...unmaskWorks(), ...utf8Works()].filter(
  ({ group, name }) => `${group}: ${name}`.toLowerCase().includes(values.filter.toLowerCase()),
);
const effort = values.quick ? { rounds: 3, time: 20 } : { rounds: 7, time: 60 };

console.log(`Node ${process.version}, npm ws with bufferutil and utf-8-validate active\n`);
const missed: string[] = [];
for (const work of works) {
  const result = await measure(work, effort);
  console.log(describe(result));
  for (const { kept, fast, slow, least, ratio } of ratios(result)) {
    if (!kept)
      missed.push(
        `${work.group}: ${work.name}: ${fast} is ${ratio.toFixed(2)} × ${slow}, promised ${least} ×`,
      );
  }
}
console.log(
  missed.length === 0 ? '\nEvery promise is kept.' : `\nPromises missed:\n  ${missed.join('\n  ')}`,
);
