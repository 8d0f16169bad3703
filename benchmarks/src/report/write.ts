import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mainChart, mainRows } from './main-chart.js';
import { markdownOf } from './markdown.js';
import { pageOf } from './page.js';
import type { Report } from './report.js';

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
