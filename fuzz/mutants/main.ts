import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { misunderstood, numberOf, understood } from '../campaign/command-line.js';
import { campaign, tests } from './catchers.js';
import { Copy } from './copy.js';
import type { Mutant } from './mutant.js';
import { MUTANTS } from './table.js';

// Plants each fault of the table in a copy of the project, and tells how soon a campaign or the tests see it.

const { jobs, only, seconds, seed, table } = understood('fuzz:mutants', () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      table: { type: 'string' },
    },
  });
  return {
    ...values,
    seconds: numberOf('seconds', values.seconds) ?? 0,
    seed: String(numberOf('seed', values.seed, true)),
    jobs: Math.max(1, numberOf('jobs', values.jobs, true) ?? 1),
  };
});

/** What became of a mutant. */
interface Verdict {
  readonly mutant: Mutant;
  /** the property or the file of tests that saw it, or nothing */
  readonly caughtBy: string | undefined;
  readonly seconds: number;
}

/** Who is asked, in this order: the properties hold codec and handshake, the adapter has tests for each of its files. */
function catchersOf({ file, tests: first }: Mutant, copy: Copy): (() => Promise<string | undefined>)[] {
  const folder = /^packages\/[^/]+/.exec(file)?.[0] ?? 'packages/frame-codec';
  const all = (): Promise<string | undefined> => tests(copy, [folder], 2 * seconds);
  if (first.length > 0) return [() => tests(copy, first, seconds)];
  return [() => campaign(copy, seconds, seed), all];
}

async function judge(copy: Copy, mutant: Mutant): Promise<Verdict> {
  return await copy.with(mutant, async () => {
    let start = performance.now();
    const verdict = (caughtBy: string | undefined): Verdict => ({
      mutant,
      caughtBy,
      seconds: (performance.now() - start) / 1000,
    });
    try {
      await copy.build(mutant.file);
    } catch {
      return verdict('the compiler');
    }
    start = performance.now();
    for (const look of catchersOf(mutant, copy)) {
      const caughtBy = await look();
      if (caughtBy !== undefined) return verdict(caughtBy);
    }
    return verdict(undefined);
  });
}

function lineOf({ mutant: { file, fault }, caughtBy, seconds: took }: Verdict): string {
  const what = caughtBy === undefined ? 'SURVIVED' : `caught by ${caughtBy}`;
  return `${took.toFixed(1).padStart(6)} s  ${what.padEnd(34)} ${file}: ${fault}`;
}

function tableOf(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(
    ({ mutant: { file, fault }, caughtBy = '**survived**', seconds: took }) =>
      `| \`${file}\` | ${fault} | ${caughtBy} | ${took.toFixed(1)} |\n`,
  );
  return `| file | fault | caught by | seconds |\n|---|---|---|---:|\n${rows.join('')}`;
}

const wanted = MUTANTS.filter(({ file, fault }) => `${file}: ${fault}`.includes(only));
if (wanted.length === 0)
  misunderstood('fuzz:mutants', `no fault has ${JSON.stringify(only)} in its file or its words`);
const verdicts = new Map<Mutant, Verdict>();
const left = wanted.values();

let stopped = false;
process.once('SIGINT', () => {
  console.log('stopping');
  stopped = true;
});

/** Takes mutants, one at a time, until none is left. */
async function work(): Promise<void> {
  const copy = await Copy.make();
  try {
    const sound = await campaign(copy, 3, seed);
    if (sound !== undefined) throw new Error(`without a mutant ${sound} does not hold`);
    for (const mutant of left) {
      if (stopped) return;
      const verdict = await judge(copy, mutant);
      verdicts.set(mutant, verdict);
      console.log(lineOf(verdict));
    }
  } finally {
    await copy.remove();
  }
}

await Promise.all(Array.from({ length: jobs }, work));
const judged = wanted.flatMap((mutant) => verdicts.get(mutant) ?? []);
const survivors = judged.filter(({ caughtBy }) => caughtBy === undefined);
console.log(
  `${judged.length} planted, ${judged.length - survivors.length} caught, ${survivors.length} survived`,
);
if (table !== undefined) await writeFile(table, tableOf(judged));
process.exitCode = survivors.length === 0 ? 0 : 1;
