import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markdownOf } from '../src/report/markdown.js';
import { pageOf } from '../src/report/page.js';
import type { Report } from '../src/report/report.js';
import { writeReport } from '../src/report/write.js';
import { judge } from '../src/verdict.js';
import { comparisonOf, resultOf } from './evidence.js';

const evidence = {
  servers: [
    {
      ...comparisonOf('echo: 16 B text', { adapter: [8000, 9000, 10_000], ws: [900, 1000, 1100] }),
      leftOut: [{ contestant: 'Deno', why: 'npm deno <is> not installed', missing: true }],
    },
    ...[16, 128, 1024].map((length) =>
      comparisonOf(`echo by size: ${length < 1024 ? `${length} B` : '1 KiB'}`, {
        adapter: [length * 10, length * 20],
        ws: [length, length * 2],
      }),
    ),
  ],
  micro: [
    resultOf('decode', '16 B text', { wasm: [90, 100, 110], ws: [600, 700, 800] }),
    {
      ...resultOf('hostile patterns', 'a & b | c', { '16 KiB': [10], '64 KiB': [40] }),
      note: 'the slowest pattern is "|"',
    },
  ],
};
const report: Report = {
  command: 'pnpm bench --filter "a<b"',
  machine: {
    date: '2000-01-01T00:00:00.000Z',
    processor: 'One & only',
    cores: 2,
    memory: '4 GiB',
    system: 'none',
    pinned: true,
    versions: { node: '20.0.0', ws: '8.0.0' },
    missing: [],
  },
  ...evidence,
  verdicts: judge(evidence),
  planned: 6,
};

const VOID = new Set(['meta', 'br', 'img', 'input', 'hr', '!doctype']);

/** Fails where a tag is not closed in its turn; tells how many elements there are of each name. */
function elementsOf(markup: string): Map<string, number> {
  const open: string[] = [];
  const elements = new Map<string, number>();
  const rest = markup.replace(
    /<(\/?)([!\w-]+)((?:\s+[^\s=>/]+(?:="[^"<]*")?)*)\s*(\/?)>/g,
    (_, closing, tag: string, __, empty) => {
      const name = tag.toLowerCase();
      if (closing) expect(open.pop(), `</${name}>`).toBe(name);
      else {
        elements.set(name, (elements.get(name) ?? 0) + 1);
        if (!empty && !VOID.has(name)) open.push(name);
      }
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest.replace(/&(?:amp|lt|gt|quot|#\d+);/g, '')).not.toMatch(/[<&]/);
  return elements;
}

/** The lines from one quartile to the other: in each group of rules, from where to where. */
function errorBars(svg: string): number {
  const groups = svg.match(/<g [^>]*aria-label="rule".*?<\/g>/gs) ?? [];
  const lines = groups.flatMap((group) => group.match(/<line [^>]*>/g) ?? []);
  const at = (line: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(line)?.[1] ?? '';
  return lines.filter((line) => at(line, 'x1') !== at(line, 'x2') || at(line, 'y1') !== at(line, 'y2'))
    .length;
}

describe('the page', () => {
  const page = pageOf(report);
  const charts = page.match(/<svg .*?<\/svg>/gs) ?? [];

  it('is well formed, and says nothing of what it was given as markup', () => {
    const elements = elementsOf(page);
    expect(elements.get('html')).toBe(1);
    expect(elements.has('script')).toBe(false);
    expect(page).toContain('npm deno &lt;is> not installed');
    expect(page).toContain('One &amp; only');
  });

  it('has a chart for each measure of a workload, for what grows, and for pieces of work', () => {
    // The main one; messages/s, CPU and p99 of the echo; CPU and messages/s by size; two groups of pieces.
    expect(charts).toHaveLength(1 + 3 + 2 + 2);
  });

  it('draws the quartiles of every figure that has some', () => {
    expect(charts.map(errorBars)).toEqual([2, 2, 2, 2, 6, 6, 2, 0]);
  });

  it('shows what is of one round as that, and not as if it were exact', () => {
    const single = comparisonOf('echo: 16 B text', { adapter: [9000], ws: [900, 1000, 1100] });
    const one = pageOf({ ...report, servers: [single], micro: [] });
    const [main = '', bars = ''] = one.match(/<svg .*?<\/svg>/gs) ?? [];
    for (const chart of [main, bars]) {
      expect(chart.match(/n = 1/g)).toHaveLength(1);
      expect(chart.match(/fill-opacity="0.3"/g)).toHaveLength(1);
      expect(chart.match(/stroke-dasharray="3 3"/g)).toHaveLength(1);
    }
    expect(charts.join()).not.toMatch(/n = 1|stroke-dasharray/);
    // Hollow dots: of the two patterns that were measured once.
    expect(charts.at(-1)?.match(/<circle [^>]*fill="none"/g)).toHaveLength(2);
    expect(charts.at(-2)).not.toMatch(/<circle [^>]*fill="none"/);
  });

  it('says on a narrow screen that a chart goes on, and lets the keyboard move it', () => {
    expect(page).toMatch(/@media \(max-width: 36rem\) \{ figure::before[^}]*content: "goes on to the right/);
    expect(page.match(/<figure tabindex="0">/g)).toHaveLength(charts.length);
  });

  it('says that it is not whole where it was stopped', () => {
    expect(pageOf({ ...report, planned: 9 })).toContain('Not whole: 6 of 9 were measured.');
    expect(markdownOf({ ...report, planned: 9 })).toContain('Not whole: 6 of 9 were measured.');
    expect(page).not.toContain('Not whole');
  });

  it('follows the theme of its reader', () => {
    expect(page).toContain('color-scheme: light dark');
    expect(charts.filter((chart) => chart.includes('currentColor')).length).toBe(charts.length);
  });
});

describe('the tables', () => {
  const markdown = markdownOf(report);

  it('have as many cells in each row as in their head', () => {
    const tables = markdown.split('\n\n').filter((part) => part.startsWith('|'));
    expect(tables.length).toBeGreaterThan(4);
    for (const table of tables) {
      const cells = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(cells).size, table).toBe(1);
    }
  });

  it('tell medians with their spread, who was left out, and what became of the promises', () => {
    expect(markdown).toContain('| adapter | 9,000 ±6% | 111 ±6% |');
    expect(markdown).toContain('| 16 B text, a message | 100 ns ±5% | 700 ns ±7% |');
    expect(markdown).toContain('| 10.0 ns n = 1 | 40.0 ns n = 1 |');
    expect(markdown).toContain('Deno is left out: npm deno <is> not installed.');
    expect(markdown).toMatch(/\| . \| echo: 16 B text.* \| messages\/s of adapter at least .* × ws \| 9/);
    expect(markdown).toContain('ws: bufferutil');
  });
});

describe('the files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are four, and the raw figures are in one of them', async () => {
    const names = (await writeReport(report, folder)).map((file) => file.slice(folder.length + 1));
    expect(names).toEqual(['report.json', 'report.md', 'index.html', 'main.svg']);
    const raw: Report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    expect(raw.servers[0]?.figures[0]?.perSecond?.rounds).toEqual([8000, 9000, 10_000]);
    expect(raw.machine).toEqual(report.machine);
    elementsOf(await readFile(join(folder, 'main.svg'), 'utf8'));
  });
});
