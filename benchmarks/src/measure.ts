import { setImmediate as turn } from 'node:timers/promises';
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
  /** least milliseconds of each contestant before the first round */
  readonly warmUp: number;
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
  /** least milliseconds until all that a task runs is compiled for speed */
  readonly warmUp?: number;
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

export function timed(work: TimedWork): Work {
  const { batch, group, leftOut = [], name, tasks, unit, warmUp: least = WARM_UP } = work;
  let slowdown = 1;
  const round = async (time: number, first: boolean): Promise<Map<string, number>> => {
    if (first) slowdown = warmUp(tasks, Math.max(time, least));
    const bench = new Bench({ time: time * slowdown, iterations: 1, warmup: false });
    const shares = new Map<string, number>();
    for (const { contestant, run } of tasks) {
      let start = { wall: 0, cpu: 0 };
      bench.add(contestant, run, {
        beforeAll: () => {
          start = readClocks();
        },
        afterAll: () => {
          const end = readClocks();
          shares.set(contestant, Math.min(1, (end.cpu - start.cpu) / (end.wall - start.wall)));
        },
      });
    }
    await bench.run();
    const means = new Map<string, number>();
    for (const { name: contestant, result } of bench.tasks) {
      if (result.state === 'errored') throw result.error;
      if (result.state !== 'completed') throw new Error(`${name}: ${contestant} was not measured`);
      // The mean of a round, because what somebody allocates is paid for by all of its runs. Less what the process had to
      // wait for a core: on a busy machine that is most of it, and on an idle one nothing.
      means.set(contestant, ((result.latency.mean * 1e6) / batch) * (shares.get(contestant) ?? 1));
    }
    return means;
  };
  const contestants = tasks.map(({ contestant }) => contestant);
  return { group, name, unit, measured: 'ns', contestants, leftOut, warmUp: least, round };
}

/** Default of {@link TimedWork.warmUp}. */
const WARM_UP = 30;
/** How many times as long measuring may take where somebody else has the cores. */
const MOST_SLOWDOWN = 4;

/** Runs each for so many milliseconds of its own; tells how many times as long that took. */
function warmUp(tasks: readonly Task[], time: number): number {
  let [wall, cpu] = [0, 0];
  for (const { run } of tasks) {
    const start = readClocks();
    let now = start;
    while (now.cpu - start.cpu < time * 1000 && now.wall - start.wall < MOST_SLOWDOWN * time * 1000) {
      run();
      now = readClocks();
    }
    wall += now.wall - start.wall;
    cpu += now.cpu - start.cpu;
  }
  return Math.min(MOST_SLOWDOWN, Math.max(1, wall / cpu));
}

/** Microseconds that have passed, and that this process was running for. */
function readClocks(): { wall: number; cpu: number } {
  const { system, user } = process.cpuUsage();
  return { wall: performance.now() * 1000, cpu: user + system };
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
    // A turn of the event loop, in which a signal is heard.
    await turn();
    const round = await work.round(time, done === 0);
    for (const [contestant, value] of round) taken.get(contestant)?.push(value);
  }
  const figures = [...taken].map(([contestant, values]) => ({ contestant, ...spreadOf(values) }));
  return { group, name, unit, measured, leftOut, figures, ...(work.note && { note: work.note() }) };
}
