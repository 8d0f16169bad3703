import { fileURLToPath } from 'node:url';
import { check, verdictLine } from './check.js';
import { type Asked, readCommandLine, USAGE } from './command-line.js';
import { benchHandshake } from './handshake.js';
import { measure } from './measure.js';
import { worksWith } from './micro/works.js';
import { judge, promisedWorkloads, type Verdict } from './promises.js';
import { describeMachine } from './report/machine.js';
import { type MicroResult, reported, writeReport } from './report/report.js';
import type { Comparison, ServerEffort } from './server/compare.js';
import type { Contestant } from './server/contestants.js';
import { compareServers, matches } from './server/servers.js';
import { describeComparison } from './server/table.js';
import { titleOf, WORKLOADS, type Workload } from './server/workloads.js';
import { describe, verdictsOf } from './table.js';

/** Charts of growth have many points: fewer rounds for each. */
const SWEEP_ROUNDS = 3;

const FOLDER = fileURLToPath(new URL('../report', import.meta.url));

async function benchMicro({
  filter,
  micro: effort,
}: Asked): Promise<{ micro: MicroResult[]; verdicts: Verdict[] }> {
  const micro: MicroResult[] = [];
  const verdicts: Verdict[] = [];
  for (const work of worksWith(filter)) {
    const result = await measure(work, effort);
    console.log(describe(result));
    micro.push(reported(result));
    verdicts.push(...verdictsOf(result));
  }
  return { micro, verdicts };
}

async function benchServers({ filter, only, quick, server }: Asked): Promise<Comparison[]> {
  const promised = promisedWorkloads();
  const chosen = WORKLOADS.filter((each) => matches(each, filter) && (!quick || promised.has(titleOf(each))));
  const takesPart = ({ always, name }: Contestant, { everybody }: Workload): boolean =>
    only.length > 0 ? only.includes(name) : always === true || (everybody === true && !quick);
  const comparisons: Comparison[] = [];
  const effort = (sweep: boolean): ServerEffort =>
    sweep ? { ...server, rounds: Math.min(server.rounds, SWEEP_ROUNDS) } : server;
  for (const sweep of [false, true]) {
    const workloads = chosen.filter((workload) => (workload.sweep ?? false) === sweep);
    for await (const comparison of compareServers(workloads, effort(sweep), takesPart)) {
      console.log(describeComparison(comparison));
      comparisons.push(comparison);
    }
  }
  return comparisons;
}

async function bench(asked: Asked): Promise<void> {
  const { command } = asked;
  const machine = describeMachine();
  console.log(
    `Node ${process.version}, ${machine.processor}; ${machine.pinned ? 'processes keep to cores of their own' : 'processes cannot be kept to cores here'}\n`,
  );
  if (command === 'all' || command === 'handshake') benchHandshake(asked.quick);
  if (command === 'handshake') return;
  const { micro, verdicts } = command === 'server' ? { micro: [], verdicts: [] } : await benchMicro(asked);
  const servers = command === 'micro' ? [] : await benchServers(asked);
  const all = [...verdicts, ...judge(servers)];
  const files = await writeReport(
    { command: ['pnpm bench', ...process.argv.slice(2)].join(' '), machine, micro, servers, verdicts: all },
    asked.output,
  );
  const missed = all.filter(({ kept }) => !kept).map(verdictLine);
  console.log(missed.length === 0 ? '\nEvery promise is kept.' : `\nPromises missed:\n${missed.join('\n')}`);
  console.log(`\n${files.join('\n')}`);
}

let asked: Asked | undefined;
try {
  asked = readCommandLine(process.argv.slice(2), FOLDER);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 2;
}
if (asked?.command === 'check') process.exitCode = (await check(asked)) ? 0 : 1;
else if (asked !== undefined) await bench(asked);
