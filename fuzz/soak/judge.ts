import type { HealthyFigures } from './healthy.js';
import type { LoadReport } from './load.js';
import { phaseOf } from './phases.js';
import type { ServerEnd, ServerFigures } from './serving.js';
import { type Bounds, SERVER_LIMITS, type SoakSettings } from './settings.js';

/** What was measured of one phase. */
export interface PhaseFigures {
  readonly name: string;
  readonly load: LoadReport;
  /** connections that were asked for */
  readonly count: number;
  /** connections that the server had more than before when the phase was measured */
  readonly held: number;
  /** bytes a connection that the server held then: of its heap, and beside it */
  readonly heldBytes: number;
  /** bytes a connection that the system counts more than before; not judged: memory that was used before is in it */
  readonly residentBytes: number;
  readonly healthy: HealthyFigures;
  /** milliseconds until the server had dropped all of a stall; nothing for a flood, and where that was not waited for */
  readonly droppedMs: number | 'never' | undefined;
}

/** What was measured of one round: all phases, and what the server had behind them. */
export interface RoundFigures {
  readonly phases: readonly PhaseFigures[];
  /** the healthy client, while those who stall were waited out */
  readonly waiting: HealthyFigures | undefined;
  /** connections that were left in the end beside those of the healthy client */
  readonly left: number;
  readonly server: ServerFigures;
}

/** What was measured of the whole soak. */
export interface SoakFigures {
  /** behind the first round, which is not judged: whatever is made once is made there */
  readonly before: ServerFigures | undefined;
  readonly rounds: readonly RoundFigures[];
  readonly end: ServerEnd | undefined;
  /** when all connections, the healthy ones too, were closed */
  readonly closed: ServerFigures | undefined;
  /** whether the process of the server ended by itself when its server was closed */
  readonly ended: boolean | undefined;
  /** what broke the soak off */
  readonly broken: string | undefined;
}

/** One thing that must be, what it was, and what it may be. */
export interface Verdict {
  readonly what: string;
  readonly was: string;
  readonly bound: string;
  readonly ok: boolean;
}

function atMost(what: string, was: number, bound: number, unit: string): Verdict {
  return { what, was: `${round(was)} ${unit}`, bound: `≤ ${round(bound)} ${unit}`, ok: was <= bound };
}

function round(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
}

function none(what: string, list: readonly string[]): Verdict {
  return {
    what,
    was: list.length === 0 ? 'none' : `${list.length}: ${list[0]}`,
    bound: 'none',
    ok: list.length === 0,
  };
}

const KIB = 1024;
/** Connections are looked at four times while a wait goes on, or more often: what it may take, and what it is. */
const LOOKS = 1.25;
/** As much as one read makes an echo server gather: the limit is looked at before it is written. */
const GATHERED = 196_608;

function judgeHealthy(where: string, { lost, echoes, fresh }: HealthyFigures, bounds: Bounds): Verdict[] {
  return [
    none(`${where}: lost by the healthy client`, lost),
    atMost(`${where}: echo, p99.9`, echoes.p999, bounds.p999Ms, 'ms'),
    atMost(`${where}: echo, longest`, echoes.max, bounds.maxMs, 'ms'),
    atMost(`${where}: fresh connection, longest`, fresh.max, bounds.freshMs, 'ms'),
  ];
}

function judgePhase(figures: PhaseFigures, { bounds, patienceMs }: SoakSettings): Verdict[] {
  const { name, load, count, held, heldBytes, healthy, droppedMs } = figures;
  const phase = phaseOf(name);
  const verdicts = [
    ...judgeHealthy(name, healthy, bounds),
    none(`${name}: peers that came to nothing`, load.failed > 0 ? [`${load.failed}: ${load.reason}`] : []),
    atMost(
      `${name}: held for a connection`,
      heldBytes / KIB,
      (phase.held + bounds.shared / count) / KIB,
      'KiB',
    ),
  ];
  if (phase.kind === 'flood') {
    const missing = phase.sees.filter((what) => (load.seen[what] ?? 0) === 0);
    verdicts.push(none(`${name}: never seen`, missing));
    return verdicts;
  }
  verdicts.push({
    what: `${name}: at once`,
    was: String(held),
    bound: String(count),
    ok: held >= count,
  });
  if (droppedMs === undefined) return verdicts;
  const what = `${name}: dropped within`;
  const longest = patienceMs * LOOKS + bounds.dropMs;
  if (droppedMs === 'never')
    verdicts.push({ what, was: 'never', bound: `≤ ${round(longest)} ms`, ok: false });
  else verdicts.push(atMost(what, droppedMs, longest, 'ms'));
  return verdicts;
}

function judgeEnd(before: ServerFigures, after: ServerFigures, bounds: Bounds): Verdict[] {
  const mib = KIB * KIB;
  return [
    atMost('memory left: heap', (after.heap - before.heap) / mib, bounds.heapGrowth / mib, 'MiB'),
    atMost(
      'memory left: external',
      (after.external - before.external) / mib,
      bounds.externalGrowth / mib,
      'MiB',
    ),
    atMost('memory left: resident', (after.rss - before.rss) / mib, bounds.rssGrowth / mib, 'MiB'),
    {
      what: 'open files, against the first round',
      was: String(after.openFiles ?? 'not listed'),
      bound: String(before.openFiles ?? 'not listed'),
      ok: after.openFiles === before.openFiles,
    },
    none('handles and timers left', moreThan(before.resources, after.resources)),
  ];
}

function moreThan(before: ServerFigures['resources'], after: ServerFigures['resources']): string[] {
  return Object.entries(after)
    .filter(([kind, count]) => count > (before[kind] ?? 0))
    .map(([kind, count]) => `${count} ${kind}, and there were ${before[kind] ?? 0}`);
}

/** Says of everything that must be whether it was. */
export function judge(figures: SoakFigures, settings: SoakSettings): Verdict[] {
  const { before, rounds, end, closed, ended, broken } = figures;
  const { bounds } = settings;
  const verdicts: Verdict[] = [];
  if (broken !== undefined)
    verdicts.push({ what: 'the soak', was: broken, bound: 'goes to its end', ok: false });
  for (const { phases, waiting, left } of rounds) {
    for (const phase of phases) verdicts.push(...judgePhase(phase, settings));
    if (waiting !== undefined) verdicts.push(...judgeHealthy('all stalled', waiting, bounds));
    verdicts.push(atMost('connections left', left, 0, 'connections'));
  }
  const last = rounds.at(-1);
  if (before !== undefined && last !== undefined) verdicts.push(...judgeEnd(before, last.server, bounds));
  if (end !== undefined)
    verdicts.push(
      atMost(
        'most that waited for one peer',
        end.mostBuffered / KIB,
        (SERVER_LIMITS.maxBufferedAmount + GATHERED) / KIB,
        'KiB',
      ),
    );
  if (closed !== undefined)
    verdicts.push(
      atMost('connections in the end', closed.connections, 0, 'connections'),
      atMost('clients in the end', closed.clients, 0, 'clients'),
    );
  if (ended !== undefined)
    verdicts.push({
      what: 'the process of the closed server',
      was: ended ? 'ended by itself' : 'had to be ended',
      bound: 'ends by itself',
      ok: ended,
    });
  return verdicts;
}
