import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { understood } from '../campaign/command-line.js';
import { isFor } from './case.js';
import { type Job, runJob } from './job.js';
import { type ConformanceOptions, LIST, readOptions } from './options.js';
import { pageOf } from './page.js';
import { ProgressLine } from './progress.js';
import { type Column, faultsOf, jsonOf, type Report, summaryOf, titleOf } from './report.js';
import type { CaseResult } from './run-case.js';

/** `fuzz/report/`, as seen from `fuzz/dist/conformance/`. */
const FOLDER = fileURLToPath(new URL('../../report/', import.meta.url));
/** Faults that are printed; the report has them all. */
const PRINTED = 40;

/** Ended by Ctrl-C, as shells tell it. */
const STOPPED = 130;

/** A column that is being filled. */
interface Running extends Column {
  readonly results: Map<string, CaseResult>;
  trouble: string | undefined;
}

async function runAll({ cases, roles, kernels }: ConformanceOptions, signal: AbortSignal): Promise<Report> {
  const date = new Date();
  const began = performance.now();
  const jobs = kernels.flatMap((kernel) =>
    roles.map(
      (role): Job => ({ role, kernel, ids: cases.filter((each) => isFor(each, role)).map(({ id }) => id) }),
    ),
  );
  const progress = { done: 0, planned: jobs.reduce((sum, { ids }) => sum + ids.length, 0), wrong: 0 };
  console.log(`${cases.length} cases, ${progress.planned} runs: ${jobs.map(titleOf).join('; ')}`);
  const line = new ProgressLine(process.stdout, progress);
  const columns = jobs.map(
    ({ role, kernel }): Running => ({ role, kernel, results: new Map(), trouble: undefined }),
  );
  const waiting = jobs.map((job, index) => [job, columns[index]] as const);
  const thread = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [job, column] = next;
      if (column === undefined || signal.aborted) return;
      const from = performance.now();
      column.trouble = await runJob(
        job,
        (result) => {
          column.results.set(result.id, result);
          progress.done++;
          if (result.outcome === 'fail') progress.wrong++;
        },
        signal,
      );
      line.say(
        `${titleOf(job)}: ${column.results.size} cases in ${((performance.now() - from) / 1000).toFixed(1)} s`,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, thread));
  line.stop();
  return { date, ms: performance.now() - began, cases, columns, planned: progress.planned };
}

/** Returns the exit code. */
async function main(options: ConformanceOptions): Promise<number> {
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
    // The second time nothing is waited for.
    process.once('SIGINT', () => process.exit(STOPPED));
  });
  const report = await runAll(options, stop.signal);
  const faults = faultsOf(report);
  console.log(`\n${summaryOf(report)}`);
  for (const fault of faults.slice(0, PRINTED)) console.log(`wrong: ${fault}`);
  if (faults.length > PRINTED) console.log(`… and ${faults.length - PRINTED} more`);
  await mkdir(options.output, { recursive: true });
  const page = join(options.output, 'conformance.html');
  await writeFile(page, pageOf(report));
  await writeFile(join(options.output, 'conformance.json'), jsonOf(report));
  console.log(`\n${relative(process.cwd(), page)} shows each case with its bytes`);
  if (stop.signal.aborted) return STOPPED;
  return faults.length === 0 ? 0 : 1;
}

const options = understood('conformance', () => readOptions(process.argv.slice(2), FOLDER));
if (options === undefined) console.log(LIST);
// A thread that was stopped amid a case keeps nothing alive.
else process.exit(await main(options));
