import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Published, parted, publication, publish } from '../src/publish/publish.js';
import { COLUMNS, ROWS } from '../src/publish/rows.js';
import { comparisonOf, resultOf } from './evidence.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string, root = REPOSITORY): Promise<string> => readFile(join(root, name), 'utf8');

describe('what is published', async () => {
  const published: Published = JSON.parse(await read('benchmarks/charts/figures.json'));
  const { files, parts } = publication(published);

  it.each(parts)('stands in $file as it was measured: $name', async ({ file, name, text }) => {
    expect(parted(await read(file), name)[1]).toBe(text);
  });

  it.each([...files])('is in %s as it was measured', async (name, text) => {
    expect(await read(name)).toBe(text);
  });

  it('has a figure for every row, and one of this project and of ws in each', () => {
    expect(published.figures.map(({ what }) => what)).toEqual(ROWS.map(({ what }) => what));
    for (const { values, what } of published.figures) {
      expect(values, what).toHaveLength(COLUMNS.length);
      expect(values[0] ?? values[1], what).toBeGreaterThan(0);
      expect(values[2], what).toBeGreaterThan(0);
    }
  });

  it('tells every promise that is not kept, and every goal that is not reached', () => {
    const rows = (name: string): string[] =>
      parts.flatMap((part) =>
        part.name === name ? part.text.split('\n').filter((line) => /^\| [✓✗]/.test(line)) : [],
      );
    const { verdicts } = published;
    expect(rows('promises')).toHaveLength(verdicts.length);
    expect(rows('promises').filter((row) => row.startsWith('| ✗'))).toHaveLength(
      verdicts.filter(({ kept }) => !kept).length,
    );
    expect(rows('missed')).toHaveLength(verdicts.filter(({ reached }) => !reached).length);
    for (const row of rows('missed')) expect(row).toMatch(/not reached|^\| ✗/);
  });
});

describe('publishing', () => {
  const servers = ROWS.filter(({ measure }) => measure !== undefined).map(({ title }, index) => {
    const comparison = comparisonOf(title, {
      adapter: [90_000 + index, 100_000 + index, 110_000 + index],
      ws: [10_000, 10_000],
    });
    const figures = comparison.figures.map((figure) => ({
      ...figure,
      bytes: figure.cpuMicros ?? figure.perSecond,
    }));
    return { ...comparison, figures };
  });
  const machine = {
    date: '2000-01-02T03:04:05.678Z',
    processor: 'A processor',
    cores: 2,
    memory: '4 GiB',
    system: 'none',
    pinned: true,
    versions: { node: '20.0.0', ws: '8.0.0', bufferutil: '4.0.0', bun: '1.0.0' },
    missing: [],
  };
  const micro = [resultOf('decode', '16 B text', { wasm: [50, 50], ws: [600, 600] })];
  const report = { command: 'pnpm bench', machine, servers, micro, verdicts: [] };

  /** Publishes this in a repository of its own. */
  async function publishing(what: object): Promise<{ root: string; files: string[] }> {
    const root = await mkdtemp(join(tmpdir(), 'publish-'));
    await mkdir(join(root, 'benchmarks'));
    const part = (name: string): string => `<!-- published: ${name} -->\nold\n<!-- end: ${name} -->`;
    await writeFile(join(root, 'README.md'), `Before.\n\n${part('figures')}\n\nBehind.\n`);
    await writeFile(join(root, 'benchmarks/README.md'), `${part('missed')}\nBetween.\n${part('promises')}\n`);
    await writeFile(join(root, 'report.json'), JSON.stringify(what));
    return { root, files: await publish(root, root) };
  }

  it('writes figures between the marks, and leaves the rest', async () => {
    const { files, root } = await publishing(report);
    try {
      const readme = await read('README.md', root);
      expect(readme).toMatch(/^Before\.\n\n<!--/);
      expect(readme).toMatch(/-->\n\nBehind\.\n$/);
      expect(readme).not.toContain('old');
      expect(readme).toContain('| 100,000 |  | 10,000 |  | `pnpm bench server --filter "echo: 16 B text"` |');
      expect(readme).toContain('|  | 50 | 600 |  | `pnpm bench micro --filter "decode: 16 B text"` |');
      expect(readme).toContain('`pnpm bench` on 2000-01-02: A processor, 2 cores, processes pinned');
      const method = await read('benchmarks/README.md', root);
      expect(method).toMatch(/-->\nBetween\.\n<!--/);
      expect(parted(method, 'promises')[1]).toContain('messages/s of adapter at least');
      expect(files).toHaveLength(5);
      for (const theme of ['light', 'dark']) {
        const chart = await read(`benchmarks/charts/${theme}.svg`, root);
        expect(chart).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
        expect(chart).not.toMatch(/prefers-color-scheme|NaN/);
      }
      // The same again changes nothing.
      await publish(root, root);
      expect(await read('README.md', root)).toBe(readme);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it('refuses a report that lacks something', async () => {
    await expect(publishing({ ...report, micro: [] })).rejects.toThrow(
      'the report says nothing of "decode: 16 B text"; publish one of everything',
    );
    await expect(publishing({ ...report, servers: servers.slice(1) })).rejects.toThrow(TypeError);
  });
});
