import type { Comparison, ServerFigure } from './server/compare.js';
import { titleOf, WORKLOADS } from './server/workloads.js';
import { quantile } from './statistics.js';

/** What the project promises of whole servers; what it promises of single pieces of work stands beside these, in `micro/`. */
interface ServerPromise {
  /** the title of a workload begins with this */
  readonly workload: string;
  readonly by: string;
  readonly measure: 'perSecond' | 'cpuMicros' | 'bytes';
  /** at least, or at most, so many times that of another contestant */
  readonly least?: number;
  readonly most?: number;
  readonly than: string;
  /** the workload that the other one is taken from; default the same one */
  readonly thanIn?: string;
}

const ONE_IN_FLIGHT = ['echo: 128 B, 1 in flight on each of 64', 'echo: 1 KiB, 1 in flight on each of 64'];
const LONG = ['echo: 64 KiB', 'echo: 1 MiB'];

export const SERVER_PROMISES: readonly ServerPromise[] = [
  ...['adapter', 'transport'].flatMap((by): ServerPromise[] => [
    { workload: 'echo: 16 B text', by, measure: 'perSecond', least: 10, than: 'ws' },
    { workload: 'echo: 16 B text', by, measure: 'perSecond', least: 1, than: 'Bun' },
    { workload: 'echo: 125 B binary', by, measure: 'perSecond', least: 6, than: 'ws' },
    { workload: 'echo: 1 KiB text', by, measure: 'perSecond', least: 3, than: 'ws' },
    ...ONE_IN_FLIGHT.flatMap((workload): ServerPromise[] => [
      { workload, by, measure: 'cpuMicros', most: 0.85, than: 'ws' },
      { workload, by, measure: 'cpuMicros', most: 1, than: 'net' },
    ]),
    ...LONG.map((workload): ServerPromise => ({ workload, by, measure: 'cpuMicros', most: 0.8, than: 'ws' })),
    { workload: 'broadcast: 1 KiB', by, measure: 'perSecond', least: 2, than: 'ws' },
  ]),
  { workload: 'echo: 1 KiB JSON', by: 'adapter', measure: 'perSecond', least: 5, than: 'ws' },
  { workload: 'idle: memory of a connection', by: 'adapter', measure: 'bytes', most: 0.8, than: 'ws' },
  {
    workload: 'idle: memory of a connection with permessage-deflate',
    by: 'adapter',
    measure: 'bytes',
    most: 1.1,
    than: 'adapter',
    thanIn: 'idle: memory of a connection',
  },
  { workload: 'client: 1 KiB', by: 'adapter', measure: 'perSecond', least: 1.5, than: 'ws' },
];

const MEASURES = {
  perSecond: 'messages/s',
  cpuMicros: 'CPU a message',
  bytes: 'memory',
} as const;

/** A promise with what was measured. */
export interface Verdict {
  /** the title of the workload */
  readonly of: string;
  readonly promise: string;
  readonly ratio: number;
  readonly kept: boolean;
  /** for messages/s: the share of a core that the slower of the two servers got; far below 1 the machine was busy */
  readonly busy?: number;
}

/** The whole title that a promise means. */
function resolve(workload: string): string {
  const titles = WORKLOADS.map(titleOf);
  const title = titles.find((each) => each === workload) ?? titles.find((each) => each.startsWith(workload));
  if (title === undefined) throw new TypeError(`a promise for no workload: ${workload}`);
  return title;
}

/** The titles of all workloads that something is promised of, or compared with. */
export function promisedWorkloads(): Set<string> {
  return new Set(
    SERVER_PROMISES.flatMap(({ workload, thanIn }) => [
      resolve(workload),
      ...(thanIn ? [resolve(thanIn)] : []),
    ]),
  );
}

/** The contestants that a promise speaks of, for a workload by its title. */
export function promisedContestants(title: string): Set<string> {
  return new Set(
    SERVER_PROMISES.flatMap(({ workload, by, than, thanIn }) => [
      ...(resolve(workload) === title ? [by, thanIn === undefined ? than : by] : []),
      ...(thanIn !== undefined && resolve(thanIn) === title ? [than] : []),
    ]),
  );
}

/** What became of the promises that can be judged by these comparisons. */
export function judge(comparisons: readonly Comparison[]): Verdict[] {
  return SERVER_PROMISES.flatMap(({ workload, by, measure, least, most, than, thanIn }) => {
    const title = resolve(workload);
    const bound = least === undefined ? `at most ${most}` : `at least ${least}`;
    const other = thanIn === undefined ? than : `${than} without`;
    const promise = `${MEASURES[measure]} of ${by} ${bound} × ${other}`;
    const found = [
      find(comparisons, title, by),
      find(comparisons, thanIn === undefined ? title : resolve(thanIn), than),
    ];
    if (found.includes('not asked')) return [];
    const [ours, theirs] = found.map((figure) => (typeof figure === 'object' ? figure[measure] : undefined));
    if (ours === undefined || theirs === undefined)
      return [{ of: title, promise, ratio: Number.NaN, kept: false }];
    // Round by round: what the machine did meanwhile is in both.
    const ratios = ours.rounds.map((value, round) => value / (theirs.rounds[round] ?? theirs.median));
    const ratio = quantile(
      ratios.sort((a, b) => a - b),
      0.5,
    );
    const kept = (least === undefined || ratio >= least) && (most === undefined || ratio <= most);
    const busy = found.map(
      (figure) => (typeof figure === 'object' ? figure.busy?.median : undefined) ?? Number.NaN,
    );
    return [
      { of: title, promise, ratio, kept, ...(measure === 'perSecond' ? { busy: Math.min(...busy) } : {}) },
    ];
  });
}

/** What a contestant did; `failed` where it should have been there, which keeps no promise. */
function find(
  comparisons: readonly Comparison[],
  title: string,
  name: string,
): ServerFigure | 'failed' | 'not asked' {
  const comparison = comparisons.find(({ workload }) => titleOf(workload) === title);
  const figure = comparison?.figures.find(({ contestant }) => contestant === name);
  if (figure !== undefined) return figure;
  const absent = comparison?.leftOut.find(({ contestant }) => contestant === name);
  return absent === undefined || absent.why.includes('not installed') ? 'not asked' : 'failed';
}
