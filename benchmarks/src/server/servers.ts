import { Budget } from '../budget.js';
import { type Comparison, compare, reasonAgainst } from './compare.js';
import { CONTESTANTS, type Contestant } from './contestants.js';
import { costOf } from './cost.js';
import type { ServerEffort } from './effort.js';
import { Generator } from './generator.js';
import type { Workload } from './workloads.js';

/** Charts of growth have many points: fewer rounds for each. */
const SWEEP_ROUNDS = 3;

/** Workloads to run, and for how long. */
export interface ServerPlan {
  readonly workloads: readonly Workload[];
  readonly takesPart: (contestant: Contestant, workload: Workload) => boolean;
  readonly effort: ServerEffort;
  /** for all of it, in milliseconds */
  readonly milliseconds: number;
}

/** Runs workloads one after the other with one load generator, and hands each result over as it comes. */
export async function* compareServers(plan: ServerPlan): AsyncGenerator<Comparison> {
  if (plan.workloads.length === 0) return;
  const budget = new Budget(plan.milliseconds, costsOf(plan));
  const generator = new Generator();
  try {
    for (const workload of plan.workloads) {
      const contestants = CONTESTANTS.filter((contestant) => plan.takesPart(contestant, workload));
      yield await compare(workload, contestants, generator, effortFor(plan, workload), budget.next());
    }
  } finally {
    generator.end();
  }
}

/** About how many milliseconds it will take. */
export function estimateServers(plan: ServerPlan): number {
  return Math.min(
    plan.milliseconds,
    costsOf(plan).reduce((sum, cost) => sum + cost, 0),
  );
}

function costsOf(plan: ServerPlan): number[] {
  return plan.workloads.map((workload) => {
    const able = CONTESTANTS.filter(
      (contestant) =>
        plan.takesPart(contestant, workload) && reasonAgainst(contestant, workload) === undefined,
    );
    return costOf(workload, able.length, effortFor(plan, workload));
  });
}

function effortFor({ effort }: ServerPlan, { sweep = false }: Workload): ServerEffort {
  return sweep ? { ...effort, rounds: Math.min(effort.rounds, SWEEP_ROUNDS) } : effort;
}
