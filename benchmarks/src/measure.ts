import { Bench } from 'tinybench';
import { spreadOf } from './statistics.js';

/** One way to do a piece of work. */
export interface Task {
  readonly contestant: string;
  /** does the work once, or {@link Work.batch} times */
  readonly run: () => void;
}

/** A piece of work that several contestants do. */
export interface Work {
  readonly group: string;
  readonly name: string;
  /** what one run does this often, in `unit`; times are told for one */
  readonly batch: number;
  readonly unit: string;
  readonly tasks: readonly Task[];
  /** ratios that the project promises */
  readonly promises?: readonly Promised[];
}

/** `fast` takes at most 1/`least` of the time of `slow`. */
export interface Promised {
  readonly fast: string;
  readonly slow: string;
  readonly least: number;
}

/** Nanoseconds for one unit: the median of the rounds, and the spread between their quartiles. */
export interface Figure {
  readonly contestant: string;
  readonly ns: number;
  readonly spread: number;
  /** each round */
  readonly rounds: readonly number[];
}

/** A {@link Work} with what it took. */
export interface Result {
  readonly work: Work;
  readonly figures: readonly Figure[];
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** milliseconds for each task in each round */
  readonly time: number;
}

/**
 * Measures all contestants of a work side by side: in each round each of them for a short while, so that whatever the
 * machine does meanwhile hits all alike.
 */
export async function measure(work: Work, effort: Effort): Promise<Result> {
  const rounds = new Map<string, number[]>(work.tasks.map(({ contestant }) => [contestant, []]));
  for (let round = 0; round < effort.rounds; round++) {
    const bench = new Bench({
      time: effort.time,
      iterations: 1,
      warmup: round === 0,
      warmupTime: effort.time,
    });
    for (const { contestant, run } of work.tasks) bench.add(contestant, run);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (result.state === 'errored') throw result.error;
      if (result.state !== 'completed') throw new Error(`${work.name}: ${name} was not measured`);
      // The mean of a round, because what somebody allocates is paid for by all of its runs.
      rounds.get(name)?.push((result.latency.mean * 1e6) / work.batch);
    }
  }
  const figures = [...rounds].map(([contestant, times]) => {
    const { median, low, high } = spreadOf(times);
    return { contestant, ns: median, spread: high - low, rounds: times };
  });
  return { work, figures };
}
