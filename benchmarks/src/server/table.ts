import { type Spread, tellSpread } from '../statistics.js';
import { titleOf } from '../title.js';
import type { Comparison, ServerFigure } from './compare.js';

/** The columns of the tables of servers. */
export const COLUMNS: readonly {
  readonly key: Exclude<keyof ServerFigure, 'contestant'>;
  readonly title: string;
  readonly show: (value: number) => string;
}[] = [
  { key: 'perSecond', title: 'messages/s', show: round },
  { key: 'cpuMicros', title: 'CPU, µs a message', show: precise },
  { key: 'p50', title: 'p50, µs', show: precise },
  { key: 'p99', title: 'p99, µs', show: precise },
  { key: 'p999', title: 'p99.9, µs', show: precise },
  { key: 'busy', title: 'busy', show: percent },
  { key: 'loadBusy', title: 'load busy', show: percent },
  { key: 'bytes', title: 'bytes a connection', show: round },
];

/** A table for a terminal. */
export function describeComparison({ workload, figures, leftOut }: Comparison): string {
  const columns = COLUMNS.filter(({ key }) => figures.some((figure) => figure[key] !== undefined));
  const rows = [
    ['', ...columns.map(({ title }) => title)],
    ...figures.map((figure) => [
      figure.contestant,
      ...columns.map(({ key, show }) => cell(figure[key], show)),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
      .join('  '),
  );
  const absent = leftOut.map(({ contestant, why }) => `${contestant} is left out: ${why}`);
  return [`  ${titleOf(workload)}`, ...[...lines, ...absent].map((line) => `    ${line}`)].join('\n');
}

/** A median, and its spread. */
export function cell(spread: Spread | undefined, show: (value: number) => string): string {
  return spread === undefined ? '' : `${show(spread.median)} ${tellSpread(spread)}`;
}

function precise(value: number): string {
  return value >= 1000 ? round(value) : value.toPrecision(3);
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function percent(value: number): string {
  return `${Math.round(value * 100)}%`;
}
