import type { LeftOut, Result } from './measure.js';
import { MEASURES, meant, PROMISES, type Promised, type PromisedMeasure } from './promises.js';
import type { Comparison } from './server/compare.js';
import { isSingle, ratioOf, type Spread, spreadOf } from './statistics.js';
import { time } from './table.js';
import { titleOf } from './title.js';

/** All that was measured. */
export interface Evidence {
  readonly micro: readonly Result[];
  readonly servers: readonly Comparison[];
}

/** A promise with what was measured. */
export interface Verdict {
  /** the title; where a promise is of several, the one that came out worst */
  readonly of: string;
  /** how many titles were judged */
  readonly among: number;
  readonly by: string;
  readonly measure: PromisedMeasure;
  readonly than?: string;
  readonly thanIn?: string;
  /** a multiple of the other contestant, or nanoseconds, or bytes; NaN where somebody failed */
  readonly measured: number;
  readonly floor: number;
  readonly goal: number;
  /** whether the floor was reached, and the goal; undefined where one round only, which may be anything, would tell */
  readonly kept: boolean | undefined;
  readonly reached: boolean | undefined;
  /** titles that are below the floor */
  readonly broken: readonly string[];
  /** titles that one round only was measured of, if there are any */
  readonly single?: readonly string[];
  /** for messages/s: the share of a core that the slower of the two servers got; far below 1 it waited for somebody else */
  readonly busy?: number;
  /** for messages/s: the same ratio of messages for a second of CPU time, in which waiting does not count */
  readonly byCpu?: number;
}

/** A server that is busy for less of the time waits for somebody else: messages/s say little of it then. */
const SATURATED = 0.9;

/** What became of the promises that can be judged by this. */
export function judge(evidence: Evidence): Verdict[] {
  const found = byTitle(evidence);
  return PROMISES.flatMap((promise) => {
    const { by, floor, goal = floor, measure, of, than, thanIn } = promise;
    const sound = (value: number, bound: number): boolean =>
      MEASURES[measure].higherIsBetter ? value >= bound : value <= bound;
    // Messages/s say little of a server that waits for somebody else; then its CPU time may speak for the floor.
    const keeps = ({ busy = 1, byCpu = Number.NaN, measured }: Weighed): boolean =>
      sound(measured, floor) || (busy < SATURATED && sound(byCpu, floor));
    const weighed = meant(of, found.keys()).flatMap((title) => weigh(promise, title, found) ?? []);
    const single = weighed.filter(({ once }) => once).map(({ of: title }) => title);
    const judged = weighed.filter(({ once }) => !once);
    const [first, ...rest] = judged.length > 0 ? judged : weighed;
    if (first === undefined) return [];
    // NaN is worst: it is neither above nor below anything.
    const worst = rest.reduce(
      (one, other) => (Number.isNaN(one.measured) || sound(other.measured, one.measured) ? one : other),
      first,
    );
    // What was broken stays so; what nobody could judge leaves the rest open.
    const verdict = (holds: (each: Weighed) => boolean): boolean | undefined =>
      judged.every(holds) ? (single.length > 0 ? undefined : true) : false;
    const { once, ...figures } = worst;
    return [
      {
        ...figures,
        among: weighed.length,
        by,
        measure,
        ...(than === undefined ? {} : { than }),
        ...(thanIn === undefined ? {} : { thanIn }),
        floor,
        goal,
        kept: verdict(keeps),
        reached: verdict(({ measured }) => sound(measured, goal)),
        broken: judged.filter((each) => !keeps(each)).map(({ of: title }) => title),
        ...(single.length > 0 && { single }),
      },
    ];
  });
}

/** Under one title: what each contestant did, and who did not take part. */
interface Found {
  readonly of: (contestant: string, measure: PromisedMeasure) => Spread | undefined;
  readonly busy: (contestant: string) => number;
  readonly takesPart: (contestant: string) => boolean;
  readonly leftOut: readonly LeftOut[];
}

function byTitle({ micro, servers }: Evidence): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const result of micro) {
    const figures = new Map(result.figures.map((figure) => [figure.contestant, figure]));
    found.set(titleOf(result), {
      of: (contestant, measure) => {
        const figure = figures.get(contestant);
        return measure === 'speed' && figure ? spreadOf(figure.rounds.map((ns) => 1e9 / ns)) : figure;
      },
      busy: () => Number.NaN,
      takesPart: (contestant) => figures.has(contestant),
      leftOut: result.leftOut,
    });
  }
  for (const { figures: list, leftOut, workload } of servers) {
    const figures = new Map(list.map((figure) => [figure.contestant, figure]));
    found.set(titleOf(workload), {
      of: (contestant, measure) =>
        measure === 'speed' || measure === 'ns' ? undefined : figures.get(contestant)?.[measure],
      busy: (contestant) => figures.get(contestant)?.busy?.median ?? Number.NaN,
      takesPart: (contestant) => figures.has(contestant),
      leftOut,
    });
  }
  return found;
}

interface Weighed extends Pick<Verdict, 'of' | 'measured' | 'busy' | 'byCpu'> {
  /** whether one of the figures is of one round */
  readonly once: boolean;
}

/** What a title says of a promise; nothing where somebody whom it speaks of was not asked. */
function weigh(
  { by, measure, than, thanIn }: Promised,
  title: string,
  found: ReadonlyMap<string, Found>,
): Weighed | undefined {
  const here = found.get(title);
  const there = thanIn === undefined ? here : found.get(thanIn);
  if (here === undefined || there === undefined) return undefined;
  for (const [place, contestant] of [[here, by] as const, [there, than ?? by] as const]) {
    if (place.takesPart(contestant)) continue;
    const absent = place.leftOut.find((each) => each.contestant === contestant);
    // Who should have been there and failed keeps no promise.
    return absent === undefined || absent.missing === true
      ? undefined
      : { of: title, measured: Number.NaN, once: false };
  }
  const ours = here.of(by, measure);
  const theirs = than === undefined ? undefined : there.of(than, measure);
  if (ours === undefined || (than !== undefined && theirs === undefined)) {
    return { of: title, measured: Number.NaN, once: false };
  }
  const measured = theirs === undefined ? ours.median : ratioOf(ours, theirs);
  const once = isSingle(ours) || (theirs !== undefined && isSingle(theirs));
  const busy = Math.min(here.busy(by), there.busy(than ?? by));
  const [cost, otherCost] = [here.of(by, 'cpuMicros'), there.of(than ?? by, 'cpuMicros')];
  if (measure !== 'perSecond' || cost === undefined || otherCost === undefined)
    return { of: title, measured, once };
  return { of: title, measured, once, busy, byCpu: ratioOf(otherCost, cost) };
}

/** What is promised, in words. */
export function promiseOf({ among, by, floor, measure, than, thanIn }: Verdict): string {
  const { called, higherIsBetter } = MEASURES[measure];
  return [
    `${called} of ${by} ${higherIsBetter ? 'at least' : 'at most'} ${amount(floor, measure, than)}`,
    ...(than === undefined ? [] : [` × ${than}`]),
    ...(thanIn === undefined ? [] : [` in "${thanIn}"`]),
    ...(among > 1 ? [`, here and in ${among - 1} more`] : []),
  ].join('');
}

/** What was measured, and of the goal where it lies beyond the floor. */
export function measuredOf(verdict: Verdict): string {
  const { busy, byCpu = Number.NaN, floor, goal, measure, measured, reached, single = [], than } = verdict;
  const starved = busy !== undefined && busy < SATURATED;
  return [
    amount(measured, measure, than),
    ...(single.length > 0 ? [single.length === verdict.among ? 'n = 1' : `n = 1 in ${single.length}`] : []),
    ...(goal === floor || reached === undefined
      ? []
      : [`goal ${amount(goal, measure, than)}${reached ? ' reached' : ' not reached'}`]),
    ...(starved
      ? [
          `${amount(byCpu, measure, than)} by CPU time, as a server was busy for ${Math.round(busy * 100)}% of it only`,
        ]
      : []),
  ].join(', ');
}

/** Kept, broken, or neither where nobody could judge. */
export function markOf({ kept }: Pick<Verdict, 'kept'>): string {
  return kept === undefined ? '·' : kept ? '✓' : '✗';
}

/** A promise and what was measured, in one line. */
export function verdictLine(verdict: Verdict): string {
  return `${markOf(verdict)} ${verdict.of}: ${promiseOf(verdict)}; measured ${measuredOf(verdict)}`;
}

function amount(value: number, measure: PromisedMeasure, than: string | undefined): string {
  if (Number.isNaN(value)) return 'nothing';
  if (than !== undefined) return String(Number(value.toFixed(2)));
  return measure === 'ns' ? time(value) : `${Math.round(value)} B`;
}
