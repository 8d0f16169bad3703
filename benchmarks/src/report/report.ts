import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evidence, Verdict } from '../verdict.js';
import type { Machine } from './machine.js';
import { mainChart, mainRows } from './main-chart.js';
import { markdownOf } from './markdown.js';
import { pageOf } from './page.js';

/** All that was measured, where, and what it says of the promises. */
export interface Report extends Evidence {
  readonly command: string;
  readonly machine: Machine;
  readonly verdicts: readonly Verdict[];
  /** what there was to measure: more than was, where somebody has stopped it */
  readonly planned: number;
}

/** Where not all of it was measured: how much was. */
export function shortfallOf({ micro, planned, servers }: Report): string | undefined {
  const done = micro.length + servers.length;
  return done < planned ? `Not whole: ${done} of ${planned} were measured.` : undefined;
}

/** Writes `report.json`, `report.md`, `index.html` and, where servers were compared, `main.svg`; tells their names. */
export async function writeReport(report: Report, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const rows = mainRows(report.servers);
  const files: [name: string, text: string][] = [
    ['report.json', `${JSON.stringify(report, null, 1)}\n`],
    ['report.md', markdownOf(report)],
    ['index.html', pageOf(report)],
  ];
  if (rows.length > 0) files.push(['main.svg', mainChart(rows, 'either')]);
  for (const [name, text] of files) await writeFile(join(folder, name), text);
  return files.map(([name]) => join(folder, name));
}
