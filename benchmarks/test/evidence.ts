import type { Result } from '../src/measure.js';
import type { Comparison, ServerFigure } from '../src/server/compare.js';
import { WORKLOADS } from '../src/server/workloads.js';
import { spreadOf } from '../src/statistics.js';
import { titleOf } from '../src/title.js';

/** What servers did, by contestant, in messages a second: one round for each number. */
export function comparisonOf(
  title: string,
  perSecond: Readonly<Record<string, readonly number[]>>,
): Comparison {
  const workload = WORKLOADS.find((each) => titleOf(each).startsWith(title));
  if (workload === undefined) throw new TypeError(`no such workload: ${title}`);
  const figures = Object.entries(perSecond).map(([contestant, rounds]): ServerFigure => {
    const cpu = rounds.map((value) => 1e6 / value);
    return {
      contestant,
      perSecond: spreadOf(rounds),
      cpuMicros: spreadOf(cpu),
      busy: spreadOf(rounds.map(() => 0.99)),
      p50: spreadOf(cpu),
      p99: spreadOf(cpu),
      p999: spreadOf(cpu),
    };
  });
  return { workload, figures, leftOut: [], natives: { ws: ['bufferutil'] } };
}

/** What a piece of work took, by contestant, in nanoseconds. */
export function resultOf(
  group: string,
  name: string,
  ns: Readonly<Record<string, readonly number[]>>,
): Result {
  const figures = Object.entries(ns).map(([contestant, rounds]) => ({ contestant, ...spreadOf(rounds) }));
  return { group, name, unit: 'message', measured: 'ns', leftOut: [], figures };
}
