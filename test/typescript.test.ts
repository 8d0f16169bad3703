import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PackedPackages, run } from './packing.js';

/** The last that has `node10`. */
const TOOLS = { typescript: '5.9', '@types/node': '20' };

/** Options of the compiler, the files, and whether their folder's manifest makes ES modules of them. */
const MODES = [
  { module: 'commonjs', resolution: 'node10', files: ['equals.ts'], others: [] },
  {
    module: 'commonjs',
    resolution: 'node10',
    files: ['equals.ts', 'names.ts'],
    others: ['--esModuleInterop'],
  },
  { module: 'node16', resolution: 'node16', files: ['equals.ts', 'names.ts'], others: [] },
  { module: 'node16', resolution: 'node16', files: ['module/equals.ts', 'module/names.ts'], others: [] },
  { module: 'nodenext', resolution: 'nodenext', files: ['equals.ts', 'names.ts'], others: [] },
  { module: 'nodenext', resolution: 'nodenext', files: ['module/equals.ts', 'module/names.ts'], others: [] },
  { module: 'esnext', resolution: 'bundler', files: ['names.ts'], others: [] },
  { module: 'preserve', resolution: 'bundler', files: ['equals.ts', 'names.ts'], others: [] },
];
/**
 * The declarations of other packages are not checked: that takes longer than all the rest. A wrong declaration of ours becomes
 * `any`, and then the mistakes that these files expect (`@ts-expect-error`) are no errors.
 */
const STRICT = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--skipLibCheck'];

let packed: PackedPackages;
let project: string;

beforeAll(async () => {
  packed = await PackedPackages.make();
  project = await packed.install('typescript', TOOLS);
  const modules = join(project, 'module');
  await mkdir(modules);
  await writeFile(join(modules, 'package.json'), '{ "type": "module" }');
  for (const file of ['equals.ts', 'names.ts']) await cp(join(project, file), join(modules, file));
});

afterAll(() => packed.remove());

it.each(MODES)('$files compile under module $module and moduleResolution $resolution', async (mode) => {
  const { module, resolution, files, others } = mode;
  const modes = ['--module', module, '--moduleResolution', resolution, ...others];
  const compiler = 'node_modules/typescript/bin/tsc';
  expect(await run(project, process.execPath, compiler, ...STRICT, ...modes, ...files)).toBe('');
});

it.each(['node10', 'nodenext', 'bundler'])(
  'the declarations are right under moduleResolution %s',
  async (resolution) => {
    const module = { node10: 'commonjs', nodenext: 'nodenext', bundler: 'preserve' }[resolution] ?? '';
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--module', module];
    const files = ['equals.ts'];
    const compiler = 'node_modules/typescript/bin/tsc';
    const parameters = [...options, '--moduleResolution', resolution, '--skipLibCheck', 'false', ...files];
    expect(await run(project, process.execPath, compiler, ...parameters)).toBe('');
  },
);
