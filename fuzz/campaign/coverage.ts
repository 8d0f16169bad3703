import { readFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commandLine } from './command-line.js';

// Which lines and branches of codec and handshake the properties reach, by what V8 counted. No coverage-guided engine
// is needed for that, and no other package.

const USAGE = `pnpm fuzz:coverage [options]
  --runs n   of each property (1500)
  --lines    names what was missed`;

const { values } = commandLine(USAGE, () =>
  parseArgs({
    options: {
      runs: { type: 'string', default: '1500' },
      lines: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  }),
);
const PACKAGES = ['/packages/frame-codec/dist/', '/packages/handshake/dist/'];
/** Percent of the lines, and of the branches, that are to be reached. */
const GOAL = 98;

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
  /** where each begins, and how */
  readonly missedBranches: readonly string[];
}

/**
 * What the compiler has us write behind an index that is always within its array (`noUncheckedIndexedAccess`): V8 counts
 * it as a branch, and nothing can reach it. It counts neither way here, reached or not.
 */
const FALLBACK = /^\?\? -?[0-9]+$/;

/** Whether there is anything to run: V8 also counts the brace behind a block that always returns. */
function isCode(text: string): boolean {
  return /[\w(]/.test(text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ''));
}

function measure(source: string, functions: readonly { readonly ranges: readonly Range[] }[]): Reached {
  const counts = new Int32Array(source.length).fill(1);
  // Outer ranges come first; the innermost one that holds a character tells how often it ran.
  const ranges = functions
    .flatMap(({ ranges: own }) => own)
    .filter(({ startOffset, endOffset }) => {
      const text = source.slice(startOffset, endOffset).trim();
      return isCode(text) && !FALLBACK.test(text);
    });
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  const missed: number[] = [];
  const starts: number[] = [];
  let lines = 0;
  let at = 0;
  for (const [index, line] of source.split('\n').entries()) {
    starts.push(at);
    if (isCode(line) && !/^\s*(\/\*|\*)/.test(line)) {
      lines++;
      if (counts.subarray(at, at + line.length).every((count) => count === 0)) missed.push(index + 1);
    }
    at += line.length + 1;
  }
  const missedBranches = ranges
    .filter(({ count }) => count === 0)
    .map(({ startOffset, endOffset }) => {
      const line = starts.filter((start) => start <= startOffset).length;
      const text = source.slice(startOffset, endOffset).replace(/\s+/g, ' ').trim();
      return `${line}: ${text.slice(0, 90)}`;
    });
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
  // Of codec and handshake sockets reach nothing more, and take their time.
  if (part === 'adapter') continue;
  for (const kernel of part === 'codec' ? (['wasm', 'script'] as const) : (['wasm'] as const)) {
    // Heads are read a hundred times as fast as a stream of frames, and have more rules; programs of the lane, as well.
    const runs = Number(values.runs) * (part === 'handshake' || name === 'lane' ? 4 : 1);
    const found = await explore(kernel, 1, runs);
    if (found !== undefined) throw new Error(`${name} does not hold: ${found.error}`);
  }
}
const { result } = await session.post('Profiler.takePreciseCoverage');
session.disconnect();

const total = { lines: 0, missed: 0, branches: 0, missedBranches: 0 };
for (const { url, functions } of result) {
  const folder = PACKAGES.find((each) => url.includes(each));
  if (folder === undefined || url.includes('/generated/')) continue;
  const source = await readFile(fileURLToPath(url), 'utf8');
  const { lines, missed, branches, missedBranches } = measure(source, functions);
  total.lines += lines;
  total.missed += missed.length;
  total.branches += branches;
  total.missedBranches += missedBranches.length;
  const ofLines = percent(lines - missed.length, lines).padStart(8);
  const ofBranches = percent(branches - missedBranches.length, branches).padStart(8);
  console.log(`${ofLines} of lines ${ofBranches} of branches  ${folder.split('/')[2]}/${basename(url)}`);
  if (values.lines && missed.length > 0) console.log(`           lines ${missed.join(', ')}`);
  if (values.lines) for (const branch of missedBranches) console.log(`           ${branch}`);
}
const { lines, missed, branches, missedBranches } = total;
console.log(
  `${percent(lines - missed, lines)} of ${lines} lines, ${percent(branches - missedBranches, branches)} of ${branches} branches; the goal is ${GOAL} %`,
);
const reached = Math.min(1 - missed / lines, 1 - missedBranches / branches);
process.exitCode = reached * 100 >= GOAL ? 0 : 1;
