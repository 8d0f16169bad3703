import { Bench } from 'tinybench';
import { hasTime } from './budget.js';
import { type Spread, spreadOf } from './statistics.js';

/** One way to do a piece of work. */
export interface Task {
  readonly contestant: string;
  /** does the work once, or {@link TimedWork.batch} times */
  readonly run: () => void;
}

/** Somebody who does not take part, and why. */
export interface LeftOut {
  readonly contestant: string;
  readonly why: string;
  /** it is not installed, or cannot run on this machine: nobody's fault */
  readonly missing?: boolean;
}

/** A piece of work that several contestants do. */
export interface Work {
  readonly group: string;
  readonly name: string;
  /** what one figure is for: a message, a frame, … */
  readonly unit: string;
  /** nanoseconds of time, or bytes of the script's heap */
  readonly measured: 'ns' | 'bytes';
  readonly contestants: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** what the figures alone do not tell, once there are some */
  readonly note?: () => string;
  /** Measures all contestants once, in turn, for about `time` milliseconds each; the first time they are warmed up. */
  round(time: number, first: boolean): Promise<ReadonlyMap<string, number>>;
}

/** A {@link Work} whose times tinybench takes. */
export interface TimedWork extends Pick<Work, 'group' | 'name' | 'unit'> {
  /** what one run does this often, in `unit`; times are told for one */
  readonly batch: number;
  readonly tasks: readonly Task[];
  readonly leftOut?: readonly LeftOut[];
}

/** What a contestant took for one unit, in nanoseconds or bytes. */
export interface Figure extends Spread {
  readonly contestant: string;
}

/** A {@link Work} with what it took, as it is reported. */
export interface Result extends Pick<Work, 'group' | 'name' | 'unit' | 'measured' | 'leftOut'> {
  readonly figures: readonly Figure[];
  readonly note?: string;
}

/** How long to measure. */
export interface Effort {
  /** at most */
  readonly rounds: number;
  /** milliseconds for each task in each round */
  readonly time: number;
}

export function timed({ batch, group, leftOut = [], name, tasks, unit }: TimedWork): Work {
  const round = async (time: number, first: boolean): Promise<Map<string, number>> => {
    const bench = new Bench({ time, iterations: 1, warmup: first, warmupTime: time });
    for (const { contestant, run } of tasks) bench.add(contestant, run);
    await bench.run();
    const means = new Map<string, number>();
    for (const { name: contestant, result } of bench.tasks) {
      if (result.state === 'errored') throw result.error;
      if (result.state !== 'completed') throw new Error(`${name}: ${contestant} was not measured`);
      // The mean of a round, because what somebody allocates is paid for by all of its runs.
      means.set(contestant, (result.latency.mean * 1e6) / batch);
    }
    return means;
  };
  const contestants = tasks.map(({ contestant }) => contestant);
  return { group, name, unit, measured: 'ns', contestants, leftOut, round };
}

/**
 * Measures all contestants of a work side by side: in each round each of them for a short while, so that whatever the
 * machine does meanwhile hits all alike.
 *
 * @param allotted milliseconds; no round begins that {@link hasTime} forbids
 */
export async function measure(work: Work, { rounds, time }: Effort, allotted: number): Promise<Result> {
  const { contestants, group, leftOut, measured, name, unit } = work;
  const taken = new Map<string, number[]>(contestants.map((contestant) => [contestant, []]));
  const start = performance.now();
  for (let done = 0; done < rounds; done++) {
    if (!hasTime(done, performance.now() - start, allotted)) break;
    const round = await work.round(time, done === 0);
    for (const [contestant, value] of round) taken.get(contestant)?.push(value);
  }
  const figures = [...taken].map(([contestant, values]) => ({ contestant, ...spreadOf(values) }));
  return { group, name, unit, measured, leftOut, figures, ...(work.note && { note: work.note() }) };
}
