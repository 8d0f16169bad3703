import { readFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { numberOf, understood } from './command-line.js';

// Which lines and branches of codec and handshake the properties reach, by what V8 counted. No coverage-guided engine
// is needed for that, and no other package.

const { lines: tellsLines, runs } = understood('fuzz:coverage', () => {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '1500' },
      lines: { type: 'boolean', default: false },
    },
  });
  return { ...values, runs: numberOf('runs', values.runs, true) ?? 0 };
});
const BUNDLES = /\/packages\/(frame-codec|handshake)\/dist\/index\.cjs$/;
/** Percent of the lines, and of the branches, that are to be reached. */
const GOAL = 98;

/** Part of a script, and how often it ran. */
interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** What was reached of one file; what was missed is named by where it begins, and how. */
interface Reached {
  lines: number;
  readonly missed: number[];
  branches: number;
  readonly missedBranches: string[];
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

/** Which file of `src/`, and which of its lines, the map of a bundle has for a place in it. */
type Locate = (line: number, column: number) => { readonly file: string; readonly line: number } | undefined;

async function locator(bundle: string): Promise<Locate> {
  const map = new SourceMap(JSON.parse(await readFile(`${bundle}.map`, 'utf8')));
  return (line, column) => {
    const found = map.findEntry(line, column);
    if (!('originalSource' in found)) return undefined;
    const file = /^\.\.\/src\/(?!generated\/)(.+)$/.exec(found.originalSource)?.[1];
    return file === undefined ? undefined : { file, line: found.originalLine + 1 };
  };
}

function measure(
  source: string,
  functions: readonly { readonly ranges: readonly Range[] }[],
  locate: Locate,
): ReadonlyMap<string, Reached> {
  const files = new Map<string, Reached>();
  const reached = (file: string): Reached => {
    let found = files.get(file);
    if (found === undefined) {
      found = { lines: 0, missed: [], branches: 0, missedBranches: [] };
      files.set(file, found);
    }
    return found;
  };
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
  const starts: number[] = [];
  let at = 0;
  for (const [index, line] of source.split('\n').entries()) {
    starts.push(at);
    const place = isCode(line) && !/^\s*(\/\*|\*)/.test(line) ? locate(index, line.search(/\S/)) : undefined;
    if (place !== undefined) {
      const of = reached(place.file);
      of.lines++;
      if (counts.subarray(at, at + line.length).every((count) => count === 0)) of.missed.push(place.line);
    }
    at += line.length + 1;
  }
  for (const { startOffset, endOffset, count } of ranges) {
    const index = starts.filter((start) => start <= startOffset).length - 1;
    const place = locate(index, startOffset - (starts[index] ?? 0));
    if (place === undefined) continue;
    const of = reached(place.file);
    of.branches++;
    const text = source.slice(startOffset, endOffset).replace(/\s+/g, ' ').trim();
    if (count === 0) of.missedBranches.push(`${place.line}: ${text.slice(0, 90)}`);
  }
  return files;
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
    const times = runs * (part === 'handshake' || name === 'lane' ? 4 : 1);
    const found = await explore(kernel, 1, times);
    if (found !== undefined) throw new Error(`${name} does not hold: ${found.error}`);
  }
}
const { result } = await session.post('Profiler.takePreciseCoverage');
session.disconnect();

const total = { lines: 0, missed: 0, branches: 0, missedBranches: 0 };
for (const { url, functions } of result) {
  const name = BUNDLES.exec(url)?.[1];
  if (name === undefined) continue;
  const bundle = fileURLToPath(url);
  const files = measure(await readFile(bundle, 'utf8'), functions, await locator(bundle));
  for (const [file, { lines, missed, branches, missedBranches }] of [...files].sort()) {
    total.lines += lines;
    total.missed += missed.length;
    total.branches += branches;
    total.missedBranches += missedBranches.length;
    const ofLines = percent(lines - missed.length, lines).padStart(8);
    const ofBranches = percent(branches - missedBranches.length, branches).padStart(8);
    console.log(`${ofLines} of lines ${ofBranches} of branches  ${name}/${file}`);
    if (tellsLines && missed.length > 0) console.log(`           lines ${missed.join(', ')}`);
    if (tellsLines) for (const branch of missedBranches) console.log(`           ${branch}`);
  }
}
const { lines, missed, branches, missedBranches } = total;
console.log(
  `${percent(lines - missed, lines)} of ${lines} lines, ${percent(branches - missedBranches, branches)} of ${branches} branches; the goal is ${GOAL} %`,
);
const reached = Math.min(1 - missed / lines, 1 - missedBranches / branches);
process.exitCode = reached * 100 >= GOAL ? 0 : 1;
