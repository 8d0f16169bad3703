import type { KernelKind } from '@x/frame-codec';
import { PROPERTIES } from '../properties/index.js';
import { type Counts, takeCounts } from '../properties/meter.js';
import type { AnyProperty, Counterexample } from '../properties/property.js';

/** A slice of a campaign: one property on one kernel, for so many inputs. */
export interface Job {
  readonly property: string;
  readonly kernel: KernelKind;
  readonly seed: number;
  readonly runs: number;
}

/** What came of it. */
export interface JobResult {
  readonly job: Job;
  readonly counts: Counts;
  readonly elapsedMs: number;
  readonly counterexample: Counterexample | undefined;
}

/** The property of that name. */
export function propertyNamed(name: string): AnyProperty {
  const property = PROPERTIES.find((each) => each.name === name);
  if (property === undefined) throw new RangeError(`there is no property ${name}`);
  return property;
}

export async function runJob(job: Job): Promise<JobResult> {
  const { property, kernel, seed, runs } = job;
  takeCounts();
  const start = performance.now();
  const counterexample = await propertyNamed(property).explore(kernel, seed, runs);
  return { job, counts: takeCounts(), elapsedMs: performance.now() - start, counterexample };
}
