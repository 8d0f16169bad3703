import { afterAll, beforeAll, expect, it } from 'vitest';
import { PackedPackages, run } from './packing.js';

let packed: PackedPackages;
let project: string;

beforeAll(async () => {
  packed = await PackedPackages.make();
  project = await packed.install('jest', { jest: '30', 'jest-environment-jsdom': '30' });
});

afterAll(() => packed.remove());

const JEST = 'node_modules/jest/bin/jest.js';

it.each(['node', 'jsdom'])(
  'Jest requires the packages in its environment %s, without flags',
  async (name) => {
    const printed = await run(project, process.execPath, JEST, '--testMatch', '**/*.test.js', '--env', name);
    expect(printed).toMatch(/Tests: +3 passed/);
  },
);

it('Jest imports them as ES modules', async () => {
  const options = ['--experimental-vm-modules', JEST, '--testMatch', '**/*.test.mjs'];
  expect(await run(project, process.execPath, ...options)).toMatch(/Tests: +1 passed/);
});
