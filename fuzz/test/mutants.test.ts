import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { plant } from '../mutants/mutant.js';
import { MUTANTS } from '../mutants/table.js';

const ROOT = new URL('../../', import.meta.url);

describe('the planted faults', () => {
  it.each([...new Set(MUTANTS.map(({ file }) => file))])('have their places in %s', async (file) => {
    const source = await readFile(new URL(file, ROOT), 'utf8');
    for (const mutant of MUTANTS.filter((each) => each.file === file)) {
      expect(plant(mutant, source)).not.toBe(source);
    }
  });

  it('are each named once', () => {
    const names = MUTANTS.map(({ file, fault }) => `${file}: ${fault}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
