import type { Asked } from './command-line.js';
import type { Result, Work } from './measure.js';
import { estimatePieces, measurePieces, type PiecePlan } from './pieces.js';
import type { Comparison } from './server/compare.js';
import { compareServers, estimateServers, type ServerPlan } from './server/servers.js';
import { describeComparison } from './server/table.js';
import type { Workload } from './server/workloads.js';
import { describe } from './table.js';
import { titleOf } from './title.js';
import type { Evidence } from './verdict.js';

/** What is to be measured. */
export interface Selection extends Pick<ServerPlan, 'takesPart'> {
  readonly works: readonly Work[];
  readonly workloads: readonly Workload[];
}

/**
 * Measures it, and tells of each result as it comes, and before the first how long it will take.
 *
 * @param say is given lines for people
 * @param signal ends it with what there is by then; what is under way is given up
 */
export async function gather(
  selection: Selection,
  { micro: effort, seconds, server }: Pick<Asked, 'micro' | 'seconds' | 'server'>,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Evidence> {
  const { takesPart, works } = selection;
  // Charts of growth come last, where a run may be broken off.
  const workloads = [...selection.workloads].sort(
    (a, b) => Number(a.sweep ?? false) - Number(b.sweep ?? false),
  );
  const pieces: PiecePlan = { works, effort, milliseconds: seconds.micro * 1000 };
  const servers: ServerPlan = { workloads, takesPart, effort: server, milliseconds: seconds.servers * 1000 };
  const count = works.length + workloads.length;
  const estimate = estimatePieces(pieces) + estimateServers(servers);
  say(`To measure: ${count}, in about ${clock(estimate)}\n`);
  const start = performance.now();
  let done = 0;
  const progress = (text: string): void =>
    say(
      `${text}\n  [${++done} of ${count}, ${clock(performance.now() - start)} of about ${clock(estimate)}]`,
    );
  const evidence = { micro: [] as Result[], servers: [] as Comparison[] };
  for await (const result of until(signal, measurePieces(pieces))) {
    progress(describe(result));
    evidence.micro.push(result);
  }
  for await (const comparison of until(signal, compareServers(servers))) {
    progress(describeComparison(comparison));
    evidence.servers.push(comparison);
  }
  return evidence;
}

/** What comes before the signal. */
async function* until<T>(signal: AbortSignal, source: AsyncGenerator<T>): AsyncGenerator<T> {
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  while (!signal.aborted) {
    const next = source.next();
    // Nobody waits for it any more where it is given up.
    next.catch(() => {});
    const result = await Promise.race([next, stopped]);
    if (result === undefined || result.done) return;
    yield result.value;
  }
}

/** What was found later, in the place of what was found before under the same title. */
export function merged(before: Evidence, later: Evidence): Evidence {
  const both = <T>(old: readonly T[], fresh: readonly T[], title: (each: T) => string): T[] => [
    ...new Map([...old, ...fresh].map((each) => [title(each), each])).values(),
  ];
  return {
    micro: both(before.micro, later.micro, titleOf),
    servers: both(before.servers, later.servers, ({ workload }) => titleOf(workload)),
  };
}

/** Minutes and seconds. */
function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
