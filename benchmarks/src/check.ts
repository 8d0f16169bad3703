import { availableParallelism, loadavg } from 'node:os';
import type { Asked } from './command-line.js';
import { gather, merged, type Selection } from './gather.js';
import { promisedContestants, promisedOf } from './promises.js';
import { titleOf } from './title.js';
import { type Evidence, judge, type Verdict, verdictLine } from './verdict.js';

export const ATTEMPTS = 3;

/** Measures what has such a title; each attempt for longer than the one before. */
export type Measure = (titles: ReadonlySet<string>, attempt: number) => Promise<Evidence>;

/**
 * Measures what is promised. What falls below a floor is measured again, as the machine may have been busy with something
 * else, and so is what there was time for one round of. The last word on each promise.
 *
 * @param titles what there is to measure
 * @param signal ends it early
 */
export async function check(
  titles: ReadonlySet<string>,
  measure: Measure,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  const promised = promisedOf(titles);
  let open = new Set([...titles].filter((title) => promised.has(title)));
  let evidence: Evidence = { micro: [], servers: [] };
  let verdicts: Verdict[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS && open.size > 0 && !signal?.aborted; attempt++) {
    evidence = merged(evidence, await measure(open, attempt));
    verdicts = judge(evidence);
    open = new Set(
      verdicts.flatMap(({ broken, single = [], thanIn }) => {
        const again = [...broken, ...single];
        return thanIn && again.length > 0 ? [...again, thanIn] : again;
      }),
    );
  }
  return verdicts;
}

/** `pnpm bench check`: whether every floor was reached. */
export async function checkAll(
  { micro, seconds, server }: Asked,
  { workloads, works }: Omit<Selection, 'takesPart'>,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const [load = 0] = loadavg();
  const titles = new Set([...works, ...workloads].map(titleOf));
  const measure: Measure = (chosen, attempt) => {
    if (attempt > 1)
      say(
        `\nNot above the floor for sure; attempt ${attempt} of ${ATTEMPTS}, for longer: ${[...chosen].join('; ')}`,
      );
    return gather(
      {
        works: works.filter((work) => chosen.has(titleOf(work))),
        workloads: workloads.filter((workload) => chosen.has(titleOf(workload))),
        takesPart: ({ name }, workload) => promisedContestants(titleOf(workload)).has(name),
      },
      {
        seconds: { micro: seconds.micro * attempt, servers: seconds.servers * attempt },
        micro: { rounds: micro.rounds + 2 * (attempt - 1), time: micro.time * attempt },
        server: { ...server, rounds: server.rounds + 2 * (attempt - 1), measure: server.measure * attempt },
      },
      say,
      signal,
    );
  };
  const verdicts = await check(titles, measure, signal);
  if (signal.aborted) say('\nNot whole: it was stopped.');
  say(`\n${verdicts.map(verdictLine).join('\n')}\n\n${summary(verdicts)}`);
  const kept = verdicts.length > 0 && verdicts.every((verdict) => verdict.kept === true);
  const cores = availableParallelism();
  if (!kept && load > cores / 2) {
    say(`The machine was busy before the start: its load was ${load.toFixed(1)}, with ${cores} cores.`);
  }
  return kept;
}

/** How many promises are kept, and how many goals reached, in a line. */
export function summary(verdicts: readonly Verdict[]): string {
  const broken = verdicts.filter(({ kept }) => kept === false);
  const open = verdicts.filter(({ kept }) => kept === undefined);
  const short = verdicts.filter(({ goal, floor, reached }) => goal !== floor && reached === false);
  const kept =
    verdicts.length === 0
      ? 'Nothing is promised of what was measured.'
      : broken.length === 0
        ? open.length === 0
          ? `Every promise is kept (${verdicts.length}).`
          : `No promise is broken (${verdicts.length}).`
        : `${broken.length} of ${verdicts.length} promises are broken:\n${broken.map(verdictLine).join('\n')}`;
  return [
    kept,
    ...(open.length === 0 ? [] : [`Without a verdict, as there was one round only (n = 1): ${open.length}.`]),
    ...(short.length === 0 ? [] : [`Goals that are not reached: ${short.length}.`]),
  ].join('\n');
}
