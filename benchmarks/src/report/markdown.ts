import { COLUMNS, cell } from '../server/table.js';
import { titleOf } from '../server/workloads.js';
import { time } from '../table.js';
import type { MicroResult, Report } from './report.js';

/** The report as tables. */
export function markdownOf({ command, machine, micro, servers, verdicts }: Report): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    '# Benchmarks',
    `\`${command}\`, ${machine.date}; ${machine.processor}, ${machine.cores} cores, ${machine.memory}, ${machine.system}; ${machine.pinned ? 'processes pinned to cores' : 'processes not pinned'}.`,
    `${versions.join(', ')}.`,
    'Medians of the rounds; ± is half the way between the quartiles.',
  ];
  if (verdicts.length > 0) {
    parts.push(
      '## Promises',
      table(
        ['', 'of', 'promised', 'measured'],
        verdicts.map(({ kept, of, promise, ratio }) => [kept ? '✓' : '✗', of, promise, ratio.toFixed(2)]),
      ),
    );
  }
  if (servers.length > 0) parts.push('## Whole servers and clients');
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
    const rows = works.map(({ name, unit, figures }) => [
      `${name}, a ${unit}`,
      ...contestants.map((each) => {
        const figure = figures.find(({ contestant }) => contestant === each);
        return figure === undefined
          ? ''
          : `${time(figure.ns)} ±${((figure.spread / figure.ns) * 50).toFixed(0)}%`;
      }),
    ]);
    parts.push(`### ${group}`, table(['', ...contestants], rows));
  }
  return `${parts.join('\n\n')}\n`;
}

/** By group, in the order in which the groups came. */
export function grouped(micro: readonly MicroResult[]): Map<string, MicroResult[]> {
  const groups = new Map<string, MicroResult[]>();
  for (const result of micro) {
    const group = groups.get(result.group) ?? [];
    group.push(result);
    groups.set(result.group, group);
  }
  return groups;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)].join('\n');
}
