import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../../.github/workflows/', import.meta.url);

describe.each(await readdir(fileURLToPath(FOLDER)))('the workflow %s', async (name) => {
  const text = await readFile(new URL(name, FOLDER), 'utf8');

  it('names each action by a digest, which nobody can move, and its version', () => {
    const actions = text.split('\n').filter((line) => line.includes('uses:'));
    expect(actions.length).toBeGreaterThan(0);
    for (const line of actions) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('may read, and nothing else by default', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m);
  });

  it('says which of its runs exclude each other', () => {
    expect(text).toMatch(/^concurrency:\n/m);
  });

  it('leaves no token behind for what it runs', () => {
    const checkouts = text.match(/actions\/checkout@.*\n(.*\n.*)/g) ?? [];
    for (const each of checkouts) expect(each).toContain('persist-credentials: false');
  });
});
