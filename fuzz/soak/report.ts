import type { PhaseFigures, RoundFigures, Verdict } from './judge.js';
import { phaseOf } from './phases.js';

const KIB = 1024;

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function kib(bytes: number): string {
  return `${(bytes / KIB).toFixed(1)} KiB`;
}

/** One phase, in three lines. */
export function phaseLine({
  name,
  load,
  held,
  heldBytes,
  residentBytes,
  healthy,
  droppedMs,
}: PhaseFigures): string {
  const { echoes, fresh } = healthy;
  const seen = Object.entries(load.seen).map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`);
  return [
    `  ${name.padEnd(16)} ${phaseOf(name).what}`,
    `      ${load.opened} connections in ${ms(load.elapsedMs)}, ${held} at once, ${kib(heldBytes)} each, ${kib(residentBytes)} resident` +
      (droppedMs === undefined
        ? ''
        : `, dropped ${droppedMs === 'never' ? droppedMs : `after ${ms(droppedMs)}`}`) +
      (seen.length === 0 ? '' : `; ${seen.join(', ')}`),
    `      healthy: ${healthy.sent} messages, ${healthy.lost.length} lost, echo p50 ${ms(echoes.p50)}, p99.9 ${ms(echoes.p999)}, ` +
      `longest ${ms(echoes.max)}; ${fresh.count} fresh connections, longest ${ms(fresh.max)}`,
  ].join('\n');
}

/** What the server has behind a round. */
export function roundLine({ server, left }: RoundFigures, number: number): string {
  const mib = (bytes: number): string => (bytes / KIB / KIB).toFixed(1);
  const { heap, external, rss } = server;
  return `round ${number}: ${left} connections left; heap ${mib(heap)} MiB, external ${mib(external)} MiB, resident ${mib(rss)} MiB`;
}

/** The verdicts as a table: all that failed, and how many did not. */
export function verdictTable(verdicts: readonly Verdict[], all: boolean): string {
  const rows = verdicts.filter(({ ok }) => all || !ok);
  const widths = [
    Math.max(0, ...rows.map(({ what }) => what.length)),
    Math.max(0, ...rows.map(({ was }) => was.length)),
  ];
  const lines = rows.map(
    ({ what, was, bound, ok }) =>
      `${ok ? 'ok    ' : 'FAILED'}  ${what.padEnd(widths[0] ?? 0)}  ${was.padStart(widths[1] ?? 0)}  (${bound})`,
  );
  const failed = verdicts.filter(({ ok }) => !ok).length;
  return [...lines, `${verdicts.length - failed} of ${verdicts.length} hold`].join('\n');
}
