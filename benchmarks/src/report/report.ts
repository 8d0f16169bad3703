import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Figure, Result } from '../measure.js';
import type { Verdict } from '../promises.js';
import type { Comparison } from '../server/compare.js';
import { mainChart } from './charts.js';
import type { Machine } from './machine.js';
import { markdownOf } from './markdown.js';
import { pageOf } from './page.js';

/** A piece of work as it is reported. */
export interface MicroResult {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly figures: readonly Figure[];
}

/** All that was measured. */
export interface Report {
  readonly command: string;
  readonly machine: Machine;
  readonly micro: readonly MicroResult[];
  readonly servers: readonly Comparison[];
  readonly verdicts: readonly Verdict[];
}

export function reported({ work: { group, name, unit }, figures }: Result): MicroResult {
  return { group, name, unit, figures };
}

/** Writes `report.json`, `report.md`, `index.html` and, where servers were compared, `main.svg`; tells their names. */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const main = mainChart(report.servers);
  const files: [name: string, text: string][] = [
    ['report.json', `${JSON.stringify(report, null, 1)}\n`],
    ['report.md', markdownOf(report)],
    ['index.html', pageOf(report)],
  ];
  if (main !== undefined) files.push(['main.svg', main]);
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return files.map(([name]) => join(folder, name));
}
