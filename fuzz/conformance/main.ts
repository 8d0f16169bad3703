import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFor } from './case.js';
import { type Job, runJob } from './job.js';
import { type ConformanceOptions, readOptions, USAGE } from './options.js';
import { pageOf } from './page.js';
import { type Column, faultsOf, jsonOf, type Report, summaryOf, titleOf } from './report.js';
import type { CaseResult } from './run-case.js';

/** `fuzz/report/`, as seen from `fuzz/dist/conformance/`. */
const FOLDER = fileURLToPath(new URL('../../report/', import.meta.url));
/** Faults that are printed; the report has them all. */
const PRINTED = 40;

async function runAll({ cases, roles, kernels }: ConformanceOptions): Promise<Report> {
  const date = new Date();
  const began = performance.now();
  const jobs = kernels.flatMap((kernel) =>
    roles.map(
      (role): Job => ({ role, kernel, ids: cases.filter((each) => isFor(each, role)).map(({ id }) => id) }),
    ),
  );
  const columns: Column[] = [];
  const waiting = [...jobs];
  const thread = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const results = new Map<string, CaseResult>();
      const from = performance.now();
      const trouble = await runJob(job, (result) => results.set(result.id, result));
      columns[jobs.indexOf(job)] = { role: job.role, kernel: job.kernel, results, trouble };
      console.log(
        `${titleOf(job)}: ${results.size} cases in ${((performance.now() - from) / 1000).toFixed(1)} s`,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs.length, availableParallelism()) }, thread));
  return { date, ms: performance.now() - began, cases, columns };
}

/** Returns the exit code. */
async function main(options: ConformanceOptions): Promise<number> {
  const report = await runAll(options);
  const faults = faultsOf(report);
  console.log(`\n${summaryOf(report)}`);
  for (const fault of faults.slice(0, PRINTED)) console.log(`wrong: ${fault}`);
  if (faults.length > PRINTED) console.log(`… and ${faults.length - PRINTED} more`);
  await mkdir(options.output, { recursive: true });
  const page = join(options.output, 'conformance.html');
  await writeFile(page, pageOf(report));
  await writeFile(join(options.output, 'conformance.json'), jsonOf(report));
  console.log(`\n${relative(process.cwd(), page)} shows each case with its bytes`);
  return faults.length === 0 ? 0 : 1;
}

let options: ConformanceOptions | undefined;
try {
  options = readOptions(process.argv.slice(2), FOLDER);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exit(2);
}
if (options === undefined) console.log(USAGE);
else process.exitCode = await main(options);
