import { readFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// Which lines and branches of codec and handshake the properties reach, by what V8 counted. No coverage-guided engine
// is needed for that, and no other package.

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1500' }, lines: { type: 'boolean', default: false } },
});
const PACKAGES = ['/packages/frame-codec/dist/', '/packages/handshake/dist/'];

/** Part of a script, and how often it ran. */
interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** What was reached of one file. */
interface Reached {
  readonly lines: number;
  readonly missed: readonly number[];
  readonly branches: number;
  readonly missedBranches: number;
}

function measure(source: string, functions: readonly { readonly ranges: readonly Range[] }[]): Reached {
  const counts = new Int32Array(source.length).fill(1);
  // Outer ranges come first; the innermost one that holds a character tells how often it ran.
  const ranges = functions.flatMap(({ ranges: own }) => own);
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  const missed: number[] = [];
  let lines = 0;
  let at = 0;
  for (const [index, line] of source.split('\n').entries()) {
    const code = line.trim();
    const isCode = /[\w(]/.test(code) && !/^(\/\/|\/\*|\*)/.test(code);
    if (isCode) {
      lines++;
      if (counts.subarray(at, at + line.length).every((count) => count === 0)) missed.push(index + 1);
    }
    at += line.length + 1;
  }
  const missedBranches = ranges.filter(({ count }) => count === 0).length;
  return { lines, missed, branches: ranges.length, missedBranches };
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
// Loaded only now, so that nothing of it goes uncounted.
const { PROPERTIES } = await import('../properties/index.js');
for (const { name, part, explore } of PROPERTIES) {
  for (const kernel of part === 'codec' ? (['wasm', 'script'] as const) : (['wasm'] as const)) {
    const found = await explore(kernel, 1, Number(values.runs));
    if (found !== undefined) throw new Error(`${name} does not hold: ${found.error}`);
  }
}
const { result } = await session.post('Profiler.takePreciseCoverage');
session.disconnect();

const total = { lines: 0, missed: 0, branches: 0, missedBranches: 0 };
for (const { url, functions } of result) {
  const folder = PACKAGES.find((each) => url.includes(each));
  if (folder === undefined || url.includes('/generated/')) continue;
  const { lines, missed, branches, missedBranches } = measure(
    await readFile(fileURLToPath(url), 'utf8'),
    functions,
  );
  total.lines += lines;
  total.missed += missed.length;
  total.branches += branches;
  total.missedBranches += missedBranches;
  const name = `${folder.split('/')[2]}/${basename(url)}`;
  const row = `${percent(lines - missed.length, lines).padStart(8)} of lines ${percent(branches - missedBranches, branches).padStart(8)} of branches`;
  console.log(
    `${row}  ${name}${values.lines && missed.length > 0 ? `  not reached: ${missed.join(', ')}` : ''}`,
  );
}
const { lines, missed, branches, missedBranches } = total;
console.log(
  `${percent(lines - missed, lines)} of ${lines} lines, ${percent(branches - missedBranches, branches)} of ${branches} branches`,
);
