import type { Evidence, Verdict } from '../verdict.js';
import type { Machine } from './machine.js';

/** All that was measured, where, and what it says of the promises. */
export interface Report extends Evidence {
  readonly command: string;
  readonly machine: Machine;
  readonly verdicts: readonly Verdict[];
  /** what there was to measure: more than was, where somebody has stopped it */
  readonly planned: number;
}

/** Where not all of it was measured: how much was. */
export function shortfallOf({ micro, planned, servers }: Report): string | undefined {
  const done = micro.length + servers.length;
  return done < planned ? `Not whole: ${done} of ${planned} were measured.` : undefined;
}
