import type { Asked } from './command-line.js';
import { benchHandshake } from './handshake.js';
import { type Effort, measure } from './measure.js';
import { worksWith } from './micro/works.js';
import { judge, promisedContestants, promisedWorkloads, type Verdict } from './promises.js';
import type { Comparison } from './server/compare.js';
import { compareServers, matches } from './server/servers.js';
import { titleOf, WORKLOADS } from './server/workloads.js';
import { verdictsOf } from './table.js';

const ATTEMPTS = 3;
/** A server that is busy for less of the time waits for somebody else: messages/s say little of it then. */
const SATURATED = 0.9;

/**
 * Measures what is promised. What is missed is measured again, for longer: the machine may have been busy with something
 * else. Whether everything was kept in the end.
 */
export async function check(asked: Asked): Promise<boolean> {
  const micro = await checkMicro(asked);
  const servers = await checkServers(asked);
  const verdicts = [...micro, ...servers];
  console.log(`\n${verdicts.map(verdictLine).join('\n')}`);
  let kept = verdicts.every((verdict) => verdict.kept);
  if ('handshake'.includes(asked.filter)) {
    let fine = false;
    for (let attempt = 1; attempt <= ATTEMPTS && !fine; attempt++) fine = benchHandshake(asked.quick);
    kept &&= fine;
  }
  console.log(kept ? '\nEvery promise is kept.' : '\nPromises are missed.');
  return kept;
}

async function checkMicro({ filter, micro }: Asked): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const work of worksWith(filter)) {
    if (work.promises === undefined || work.promises.length === 0) continue;
    let found: Verdict[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      progress(`${work.group}: ${work.name}`, attempt);
      found = verdictsOf(await measure(work, longer(micro, attempt)));
      if (found.every(({ kept }) => kept)) break;
    }
    verdicts.push(...found);
  }
  return verdicts;
}

async function checkServers({ filter, server }: Asked): Promise<Verdict[]> {
  const promised = promisedWorkloads();
  const results = new Map<string, Comparison>();
  let missing = WORKLOADS.filter((each) => promised.has(titleOf(each)) && matches(each, filter));
  for (let attempt = 1; attempt <= ATTEMPTS && missing.length > 0; attempt++) {
    const effort = { ...server, measure: server.measure * attempt, rounds: server.rounds + attempt - 1 };
    const takesPart = ({ name }: { name: string }, workload: Parameters<typeof titleOf>[0]): boolean =>
      promisedContestants(titleOf(workload)).has(name);
    for await (const comparison of compareServers(missing, effort, takesPart)) {
      const title = titleOf(comparison.workload);
      progress(title, attempt);
      for (const { contestant, why } of comparison.leftOut)
        progress(`${contestant} is left out: ${why}`, attempt);
      results.set(title, comparison);
    }
    const broken = new Set(judge([...results.values()]).flatMap(({ kept, of }) => (kept ? [] : [of])));
    missing = missing.filter((workload) => broken.has(titleOf(workload)));
  }
  return judge([...results.values()]);
}

function longer({ rounds, time }: Effort, attempt: number): Effort {
  return { rounds: rounds + 2 * (attempt - 1), time: time * attempt };
}

function progress(what: string, attempt: number): void {
  console.log(attempt === 1 ? what : `${what} (again)`);
}

/** A promise and what was measured, in one line. */
export function verdictLine({ busy, kept, of, promise, ratio }: Verdict): string {
  const starved = busy !== undefined && busy < SATURATED;
  const note = starved ? `, while a server was busy for ${Math.round(busy * 100)}% of the time only` : '';
  return `${kept ? '✓' : '✗'} ${of}: ${promise}; measured ${ratio.toFixed(2)}${note}`;
}
