import type { KernelKind } from '@x/frame-codec';
import { toHex } from '../campaign/hex.js';
import type { Case, Role } from './case.js';
import { FAMILIES, type Family } from './families/index.js';
import type { CaseResult, Outcome } from './run-case.js';

/** A column: one role with one kernel. */
export interface Column {
  readonly role: Role;
  readonly kernel: KernelKind;
  /** by the id of the case */
  readonly results: ReadonlyMap<string, CaseResult>;
  /** what was wrong with the run as a whole */
  readonly trouble: string | undefined;
}

/** All that a run of the table came to. */
export interface Report {
  readonly date: Date;
  readonly ms: number;
  readonly cases: readonly Case[];
  readonly columns: readonly Column[];
  /** runs of a case that there were to be; there are fewer results where somebody has stopped it, or a column broke */
  readonly planned: number;
}

/** How many results there are of each kind. */
export type Count = Readonly<Record<Outcome, number>>;

export function count(results: Iterable<CaseResult>): Count {
  const counts = { pass: 0, fail: 0, informational: 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}

/** How many runs there were. */
export function doneOf({ columns }: Report): number {
  return columns.reduce((sum, { results }) => sum + results.size, 0);
}

/** Where not all of them were: how many were. */
export function shortfallOf(report: Report): string | undefined {
  const done = doneOf(report);
  return done < report.planned ? `Not whole: ${done} of ${report.planned} runs.` : undefined;
}

export function titleOf({ role, kernel }: Pick<Column, 'role' | 'kernel'>): string {
  return `${role}, ${kernel}`;
}

/** The families with those of their cases that were run. */
export function familiesOf({ cases }: Report): Family[] {
  return FAMILIES.map((family) => ({
    ...family,
    cases: cases.filter(({ id }) => id.startsWith(`${family.name}/`)),
  })).filter((family) => family.cases.length > 0);
}

/** The results of a column for some cases; not every role runs every case. */
export function resultsOf({ results }: Column, cases: readonly Case[]): CaseResult[] {
  return cases.flatMap(({ id }) => results.get(id) ?? []);
}

/** Everything that was wrong, a line each. */
export function faultsOf(report: Report): string[] {
  return report.columns.flatMap((column) => [
    ...(column.trouble === undefined ? [] : [`${titleOf(column)}: ${column.trouble}`]),
    ...resultsOf(column, report.cases).flatMap(({ id, outcome, why }) =>
      outcome === 'fail' ? [`${titleOf(column)}: ${id}: ${why}`] : [],
    ),
  ]);
}

/** What a run came to, for who looks at a terminal. */
export function summaryOf(report: Report): string {
  const titles = report.columns.map(titleOf);
  const table = familiesOf(report).map(({ title, cases }) => [
    title,
    ...report.columns.map((column) => tell(count(resultsOf(column, cases)))),
  ]);
  const rows = [['', ...titles], ...table];
  const widths = rows[0]?.map((_, index) => widest(rows, index)) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const all = count(report.columns.flatMap((column) => resultsOf(column, report.cases)));
  const shortfall = shortfallOf(report);
  return [
    ...lines,
    '',
    ...(shortfall === undefined ? [] : [shortfall]),
    `${report.cases.length} cases in ${(report.ms / 1000).toFixed(1)} s: ${all.pass} right, ${all.fail} wrong, ${all.informational} timed`,
  ].join('\n');
}

function widest(rows: readonly (readonly string[])[], index: number): number {
  return Math.max(...rows.map((row) => row[index]?.length ?? 0));
}

function tell({ pass, fail, informational }: Count): string {
  const parts = [
    ...(pass > 0 ? [`${pass} right`] : []),
    ...(fail > 0 ? [`${fail} WRONG`] : []),
    ...(informational > 0 ? [`${informational} timed`] : []),
  ];
  return parts.join(', ') || '–';
}

/** The report for programs. Bytes are in hex, and only those of cases that failed. */
export function jsonOf(report: Report): string {
  const value = {
    date: report.date.toISOString(),
    node: process.version,
    ms: Math.round(report.ms),
    planned: report.planned,
    done: doneOf(report),
    columns: report.columns.map((column) => ({
      role: column.role,
      kernel: column.kernel,
      ...count(resultsOf(column, report.cases)),
      ...(column.trouble === undefined ? {} : { trouble: column.trouble }),
    })),
    families: familiesOf(report).map(({ name, title, cases }) => ({
      name,
      title,
      cases: cases.map(({ id, section, says }) => ({
        id,
        section,
        says,
        runs: report.columns.flatMap(({ role, kernel, results }) => {
          const result = results.get(id);
          return result === undefined ? [] : [{ role, kernel, ...plain(result) }];
        }),
      })),
    })),
  };
  return `${JSON.stringify(value, undefined, 1)}\n`;
}

function plain({ outcome, why, ms, course, sent, received }: CaseResult): object {
  const rounded = { outcome, ms: Math.round(ms * 10) / 10 };
  if (outcome !== 'fail') return rounded;
  return { ...rounded, why, course, sent: toHex(sent.bytes), received: toHex(received.bytes) };
}
