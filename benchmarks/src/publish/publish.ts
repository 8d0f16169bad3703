import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MainRow, mainChart, mainRows } from '../report/main-chart.js';
import { promiseTable, table } from '../report/markdown.js';
import type { Report } from '../report/report.js';
import { judge, type Verdict } from '../verdict.js';
import { CHARTED, COLUMNS, ROWS, valuesOf } from './rows.js';

/** What the READMEs show, beside its charts; all of it is made from this. */
export interface Published {
  /** what measured it, and where */
  readonly source: string;
  /** in the order of {@link ROWS} and {@link COLUMNS} */
  readonly figures: readonly { readonly what: string; readonly values: readonly (number | null)[] }[];
  readonly chart: readonly MainRow[];
  readonly verdicts: readonly Verdict[];
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const CHARTS = join('benchmarks', 'charts');
const METHOD = join('benchmarks', 'README.md');

export function publishedOf(report: Report): Published {
  const { command, machine } = report;
  const verdicts = judge(report);
  const failed = verdicts.filter(({ measured }) => Number.isNaN(measured));
  if (failed.length > 0) throw new TypeError(`somebody failed: ${failed.map(({ of }) => of).join('; ')}`);
  const { cores, date, pinned, processor, system, versions } = machine;
  return {
    source: `\`${command}\` on ${date.slice(0, 10)}: ${processor}, ${cores} cores${pinned ? ', processes pinned' : ''}, ${system}; Node ${versions.node}, ws ${versions.ws} with bufferutil ${versions.bufferutil}, Bun ${versions.bun}`,
    figures: ROWS.map((row) => ({ what: row.what, values: valuesOf(row, report).map(rounded) })),
    chart: mainRows(report.servers).flatMap(({ high, low, median, ...row }) =>
      CHARTED.some((title) => row.workload.startsWith(title))
        ? [{ ...row, low: cut(low), median: cut(median), high: cut(high) }]
        : [],
    ),
    // Judged anew: floors may have been set since.
    verdicts: verdicts.map((verdict) => ({ ...verdict, measured: Number(verdict.measured.toPrecision(4)) })),
  };
}

/** The decimals that a chart shows. */
function cut(value: number): number {
  return Number(value.toFixed(2));
}

/** Three digits say all that the spread allows. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(3));
}

/** A part of a README that is made from what was measured. */
export interface Part {
  readonly file: string;
  /** of its marks */
  readonly name: string;
  readonly text: string;
}

/** What stands in each file, by its name from the root of the repository, and in the parts of READMEs. */
export function publication(published: Published): { files: Map<string, string>; parts: Part[] } {
  const { chart, figures, source, verdicts } = published;
  const rows = ROWS.map(({ command, unit, what }, index) => [
    `${what}, ${unit}`,
    ...COLUMNS.map((_, column) => figures[index]?.values[column]?.toLocaleString('en') ?? ''),
    `\`${command}\``,
  ]);
  const missed = verdicts.filter(({ reached }) => reached === false);
  const head = ['', ...COLUMNS.map(({ title }) => title), 'printed by'];
  const picture = [
    '<picture>',
    '  <source media="(prefers-color-scheme: dark)" srcset="benchmarks/charts/dark.svg">',
    '  <img src="benchmarks/charts/light.svg" alt="Messages a second as multiples of ws">',
    '</picture>',
  ].join('\n');
  return {
    files: new Map([
      [join(CHARTS, 'figures.json'), jsonOf(published)],
      [join(CHARTS, 'light.svg'), `${mainChart(chart, 'light')}\n`],
      [join(CHARTS, 'dark.svg'), `${mainChart(chart, 'dark')}\n`],
    ]),
    parts: [
      {
        file: 'README.md',
        name: 'figures',
        text: `${picture}\n\n${table(head, rows)}\n\nMedians of ${source}.`,
      },
      {
        file: METHOD,
        name: 'missed',
        text:
          missed.length === 0
            ? 'Every goal of the table below was reached.'
            : `Of the goals in the table below, these were not reached; ✓ where the floor was:\n\n${promiseTable(missed)}`,
      },
      { file: METHOD, name: 'promises', text: `${promiseTable(verdicts)}\n\nMeasured by ${source}.` },
    ],
  };
}

/** A line for each row, so that a difference can be read. */
function jsonOf(published: Published): string {
  const parts = Object.entries(published).map(([name, value]: [string, unknown]) => {
    if (!Array.isArray(value)) return `"${name}": ${JSON.stringify(value)}`;
    return `"${name}": [\n${value.map((row) => JSON.stringify(row)).join(',\n')}\n]`;
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}

/** A text in three: what stands between the marks of a name, what before, and what behind. */
export function parted(text: string, name: string): [before: string, between: string, behind: string] {
  const [begin, end] = [`<!-- published: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from) throw new TypeError(`no ${begin} … ${end}`);
  return [text.slice(0, from), text.slice(from, to).trim(), text.slice(to)];
}

/**
 * Writes the published figures and charts from the report in a folder; tells the names of the files.
 *
 * @throws {TypeError} when the report lacks something
 */
export async function publish(folder: string, repository: string = REPOSITORY): Promise<string[]> {
  const report: Report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  const { files, parts } = publication(publishedOf(report));
  await mkdir(join(repository, CHARTS), { recursive: true });
  for (const [name, text] of files) await writeFile(join(repository, name), text);
  for (const { file, name, text } of parts) {
    const path = join(repository, file);
    const [before, , behind] = parted(await readFile(path, 'utf8'), name);
    await writeFile(path, `${before}\n${text}\n${behind}`);
  }
  return [...files.keys(), ...new Set(parts.map(({ file }) => file))];
}
