import { setTimeout as pause } from 'node:timers/promises';
import { hasTime } from '../budget.js';
import type { Sample } from '../load/scenario.js';
import type { LeftOut } from '../measure.js';
import { type Spread, spreadOf } from '../statistics.js';
import { type Contestant, whyMissing } from './contestants.js';
import { roundsOf } from './cost.js';
import { SETTLING, type ServerEffort } from './effort.js';
import type { Generator } from './generator.js';
import { Program } from './program.js';
import type { Assignment, Usage } from './programs/control.js';
import type { Workload } from './workloads.js';

/** What a contestant did. Microseconds; messages are deliveries, or connections where those are counted. */
export interface ServerFigure {
  readonly contestant: string;
  readonly perSecond?: Spread;
  /** CPU time of the whole process for a message */
  readonly cpuMicros?: Spread;
  /** shares of a core that the process, and the load generator, were busy for */
  readonly busy?: Spread;
  readonly loadBusy?: Spread;
  /** from the writing of a burst to the end of its last answer */
  readonly p50?: Spread;
  readonly p99?: Spread;
  readonly p999?: Spread;
  /** resident memory for a connection */
  readonly bytes?: Spread;
}

/** A workload with what everybody did. */
export interface Comparison {
  readonly workload: Workload;
  readonly figures: readonly ServerFigure[];
  /** who did not take part, and why */
  readonly leftOut: readonly LeftOut[];
  /** packages whose native part was loaded, for those who must have some or none */
  readonly natives: Readonly<Record<string, readonly string[]>>;
}

/** How many times as long as it should take a round may last when nothing comes back. */
const MOST_TURNS = 10;

/** One round of one contestant, by the name of the figure. */
type Round = Partial<Record<Exclude<keyof ServerFigure, 'contestant'>, number>>;

/**
 * Runs one workload: in each round everybody for a short while, so that what the machine does meanwhile hits all.
 *
 * @param allotted milliseconds; no round begins that {@link hasTime} forbids
 */
export async function compare(
  workload: Workload,
  contestants: readonly Contestant[],
  generator: Generator,
  effort: ServerEffort,
  allotted: number,
): Promise<Comparison> {
  const leftOut: LeftOut[] = [];
  const natives: Record<string, readonly string[]> = {};
  const rounds = new Map<Contestant, Round[]>();
  const programs = new Map<Contestant, Program>();
  for (const contestant of contestants) {
    const reason = reasonAgainst(contestant, workload);
    if (reason === undefined) rounds.set(contestant, []);
    else if (reason !== '') leftOut.push(reason);
  }
  const started = async (
    assignment: Omit<Assignment, 'kernel'>,
    contestant: Contestant,
  ): Promise<Program> => {
    const program = await Program.start(contestant, assignment, effort.flags);
    if (contestant.natives !== undefined) natives[contestant.name] = program.started.natives;
    return program;
  };
  const measureRound = workload.clients ? clientRound : workload.connections ? idleRound : serverRound;
  const start = performance.now();
  const most = roundsOf(workload, effort);
  for (let done = 0; done < most; done++) {
    if (!hasTime(done, performance.now() - start, allotted)) break;
    for (const [contestant, results] of rounds) {
      try {
        results.push(await measureRound({ workload, contestant, programs, generator, effort, started }));
      } catch (error) {
        leftOut.push({
          contestant: contestant.name,
          why: error instanceof Error ? error.message : String(error),
        });
        rounds.delete(contestant);
        await programs.get(contestant)?.stop();
      }
      await generator.stop();
    }
  }
  for (const program of programs.values()) await program.stop();
  const figures = [...rounds].map(([{ name }, results]) => figureOf(name, results));
  return { workload, figures, leftOut, natives };
}

/** Why somebody does not take part; nothing where it does, and an empty text where nobody would expect it. */
export function reasonAgainst(
  contestant: Contestant,
  { scenario, clients }: Workload,
): LeftOut | '' | undefined {
  const { name } = contestant;
  if ((clients ? contestant.client : contestant.server) === undefined) return '';
  const missing = whyMissing(contestant);
  if (missing !== undefined) return { contestant: name, why: missing, missing: true };
  const unable =
    'deflate' in scenario && scenario.deflate
      ? contestant.withoutDeflate
      : scenario.kind === 'connect' && contestant.raw
        ? 'it knows nothing of WebSocket'
        : undefined;
  return unable === undefined ? undefined : { contestant: name, why: unable };
}

interface Setting {
  readonly workload: Workload;
  readonly contestant: Contestant;
  readonly programs: Map<Contestant, Program>;
  readonly generator: Generator;
  readonly effort: ServerEffort;
  readonly started: (assignment: Omit<Assignment, 'kernel'>, contestant: Contestant) => Promise<Program>;
}

/** Servers last for all rounds of a workload. */
async function serverRound(setting: Setting): Promise<Round> {
  const { contestant, effort, generator, programs, started, workload } = setting;
  const { scenario } = workload;
  const known = programs.get(contestant);
  const program = known ?? (await started(serving(workload), contestant));
  programs.set(contestant, program);
  await generator.start({ scenario, port: program.started.port, raw: contestant.raw ?? false });
  await pause(known === undefined ? effort.warmUp : effort.warmUp / 4);
  return measure(program, generator, effort, (from, to) => to.load.messages - from.load.messages);
}

async function clientRound(setting: Setting): Promise<Round> {
  const { contestant, effort, generator, programs, started, workload } = setting;
  const { clients, scenario } = workload;
  if (clients === undefined || scenario.kind !== 'answer') throw new TypeError('not for clients');
  const port = await generator.start({ scenario, port: 0, raw: false });
  const client = { port, length: scenario.length, ...clients };
  const program = await started({ job: 'client', deflate: false, client }, contestant);
  programs.set(contestant, program);
  try {
    await pause(effort.warmUp);
    const { p50, p99, p999, ...round } = await measure(
      program,
      generator,
      effort,
      (from, to) => to.usage.messages - from.usage.messages,
    );
    return round;
  } finally {
    await program.stop();
  }
}

/** A fresh server each time: memory that was used once is not given back. */
async function idleRound({ workload, contestant, generator, effort, started }: Setting): Promise<Round> {
  const { connections: [from, most] = [0, 0], scenario } = workload;
  const to = Math.min(most, effort.idle);
  const program = await started(serving(workload), contestant);
  try {
    await generator.start({ scenario, port: program.started.port, raw: contestant.raw ?? false });
    await generator.grow(from);
    const few = await settled(program);
    await generator.grow(to);
    const many = await settled(program);
    await generator.sample();
    return { bytes: (many - few) / (to - from) };
  } finally {
    await program.stop();
  }
}

/** Resident memory when the garbage is collected. */
async function settled(program: Program): Promise<number> {
  await pause(SETTLING);
  await program.settle();
  await pause(SETTLING);
  return (await program.settle()).resident;
}

function serving({ scenario }: Workload): Omit<Assignment, 'kernel'> {
  const job = scenario.kind === 'broadcast' ? 'broadcast' : 'echo';
  return { job, deflate: 'deflate' in scenario && scenario.deflate };
}

interface Moment {
  readonly usage: Usage;
  readonly load: Sample;
}

async function measure(
  program: Program,
  generator: Generator,
  effort: ServerEffort,
  count: (from: Moment, to: Moment) => number,
): Promise<Round> {
  const moment = async (): Promise<Moment> => ({
    usage: await program.usage(),
    load: await generator.sample(),
  });
  const from = await moment();
  let to = from;
  let messages = 0;
  // A long message, or a broadcast to many, may take longer than that on a busy machine.
  for (let turn = 0; turn < MOST_TURNS && messages <= 0; turn++) {
    await pause(effort.measure);
    to = await moment();
    messages = count(from, to);
  }
  if (messages <= 0) throw new Error('nothing came back in time');
  const micros = (to.load.nanos - from.load.nanos) / 1000;
  const cpuMicros = to.usage.cpuMicros - from.usage.cpuMicros;
  const { p50, p99, p999 } = to.load.latency;
  return {
    perSecond: (messages / micros) * 1e6,
    cpuMicros: cpuMicros / messages,
    busy: cpuMicros / micros,
    loadBusy: (to.load.cpuMicros - from.load.cpuMicros) / micros,
    p50: p50 / 1000,
    p99: p99 / 1000,
    p999: p999 / 1000,
  };
}

function figureOf(contestant: string, rounds: readonly Round[]): ServerFigure {
  const names = Object.keys(rounds[0] ?? {}) as (keyof Round)[];
  const spreads = names.map((name) => [name, spreadOf(rounds.map((round) => round[name] ?? Number.NaN))]);
  return { contestant, ...Object.fromEntries(spreads) };
}
