import type { LeftOut, Result } from '../measure.js';
import type { Comparison } from '../server/compare.js';
import { COLUMNS, cell } from '../server/table.js';
import { tellSpread } from '../statistics.js';
import { amount } from '../table.js';
import { titleOf } from '../title.js';
import { markOf, measuredOf, promiseOf, type Verdict } from '../verdict.js';
import { type Report, shortfallOf } from './report.js';

/** The report as tables. */
export function markdownOf(report: Report): string {
  const { command, machine, micro, servers, verdicts } = report;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    '# Benchmarks',
    `\`${command}\`, ${machine.date}; ${machine.processor}, ${machine.cores} cores, ${machine.memory}, ${machine.system}; ${machine.pinned ? 'processes pinned to cores' : 'processes not pinned'}.`,
    `${versions.join(', ')}.`,
    'Medians of the rounds; ± is half the way between the quartiles. Of one round, `n = 1`, there is no verdict.',
  ];
  const shortfall = shortfallOf(report);
  if (shortfall !== undefined) parts.push(shortfall);
  if (verdicts.length > 0) {
    parts.push('## Promises', promiseTable(verdicts));
  }
  if (servers.length > 0) parts.push('## Whole servers and clients');
  const natives = nativesOf(servers);
  if (natives.length > 0) parts.push(`Native add-ons that were loaded: ${natives.join('; ')}.`);
  for (const { workload, figures, leftOut } of servers) {
    const columns = COLUMNS.filter(({ key }) => figures.some((figure) => figure[key] !== undefined));
    const rows = figures.map((figure) => [
      figure.contestant,
      ...columns.map(({ key, show }) => cell(figure[key], show)),
    ]);
    parts.push(`### ${titleOf(workload)}`, table(['', ...columns.map(({ title }) => title)], rows));
    for (const { contestant, why } of leftOut) parts.push(`${contestant} is left out: ${why}.`);
  }
  if (micro.length > 0) parts.push('## Pieces of work');
  for (const [group, works] of grouped(micro)) {
    const contestants = [
      ...new Set(works.flatMap(({ figures }) => figures.map(({ contestant }) => contestant))),
    ];
    const rows = works.map(({ figures, measured, name, unit }) => [
      `${name}, a ${unit}`,
      ...contestants.map((each) => {
        const figure = figures.find(({ contestant }) => contestant === each);
        if (figure === undefined) return '';
        return `${amount(figure.median, measured)} ${tellSpread(figure)}`;
      }),
    ]);
    parts.push(`### ${group}`, table(['', ...contestants], rows));
    for (const { name, note } of works) if (note !== undefined) parts.push(`${name}: ${note}.`);
    for (const line of absentOf(works)) parts.push(`${line}.`);
  }
  return `${parts.join('\n\n')}\n`;
}

/** By group, in the order in which the groups came. */
export function grouped(micro: readonly Result[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>();
  for (const result of micro) {
    const group = groups.get(result.group) ?? [];
    group.push(result);
    groups.set(result.group, group);
  }
  return groups;
}

/** Who was left out of some of these, and why; each once. */
export function absentOf(results: readonly { readonly leftOut: readonly LeftOut[] }[]): string[] {
  return [
    ...new Set(
      results.flatMap(({ leftOut }) =>
        leftOut.map(({ contestant, why }) => `${contestant} is left out: ${why}`),
      ),
    ),
  ];
}

/** Which native parts the servers had loaded where it matters. */
export function nativesOf(servers: readonly Comparison[]): string[] {
  const natives = new Map(servers.flatMap(({ natives: each }) => Object.entries(each)));
  return [...natives].map(([name, packages]) => `${name}: ${packages.join(', ') || 'none'}`);
}

export function promiseTable(verdicts: readonly Verdict[]): string {
  return table(
    ['', 'of', 'promised', 'measured'],
    verdicts.map((verdict) => [markOf(verdict), verdict.of, promiseOf(verdict), measuredOf(verdict)]),
    'left',
  );
}

/** @param align how the columns behind the first one stand: numbers to the right */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const separator = `|---|${(align === 'right' ? '--:|' : '---|').repeat(head.length - 1)}`;
  return [line(head), separator, ...rows.map(line)].join('\n');
}
