import { type Comparison, compare, type ServerEffort } from './compare.js';
import { CONTESTANTS, type Contestant } from './contestants.js';
import { Generator } from './generator.js';
import { titleOf, type Workload } from './workloads.js';

/** Runs workloads one after the other with one load generator, and hands each result over as it comes. */
export async function* compareServers(
  workloads: readonly Workload[],
  effort: ServerEffort,
  takesPart: (contestant: Contestant, workload: Workload) => boolean,
): AsyncGenerator<Comparison> {
  const generator = new Generator();
  try {
    for (const workload of workloads) {
      const contestants = CONTESTANTS.filter((contestant) => takesPart(contestant, workload));
      yield await compare(workload, contestants, generator, effort);
    }
  } finally {
    generator.end();
  }
}

/** Whether a title has the text in it, in capitals or not. */
export function matches(workload: Pick<Workload, 'group' | 'name'>, filter: string): boolean {
  return titleOf(workload).toLowerCase().includes(filter.toLowerCase());
}
