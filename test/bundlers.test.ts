import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackedPackages, run } from './packing.js';

const TOOLS = {
  esbuild: '0.28.2',
  rolldown: '1.2.19',
  rollup: '4',
  '@rollup/plugin-commonjs': '29',
  '@rollup/plugin-node-resolve': '16',
  webpack: '5.113.0',
};
const BUNDLERS = ['esbuild', 'rollup', 'rolldown', 'webpack'];
const EXTENSIONS = ['cjs', 'mjs'];
const ECHOED = 'hello wasm s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n';
const PROGRAMS = { 'required.cjs': ECHOED, 'imported.mjs': ECHOED, 'both.mjs': 'one copy\n' };

let packed: PackedPackages;
let project: string;

beforeAll(async () => {
  packed = await PackedPackages.make();
  project = await packed.install('bundlers', TOOLS);
});

afterAll(() => packed.remove());

it.each(Object.entries(PROGRAMS))('%s runs as it is', async (program, printed) => {
  expect(await run(project, process.execPath, program)).toBe(printed);
});

describe.each(BUNDLERS)('bundled by %s', (bundler) => {
  beforeAll(async () => {
    await run(project, process.execPath, 'bundle.mjs', bundler, ...Object.keys(PROGRAMS));
  });

  const cases = Object.entries(PROGRAMS).flatMap(([program, printed]) =>
    EXTENSIONS.map((extension) => ({ program, printed, extension })),
  );
  it.each(cases)('$program runs as $extension', async ({ program, printed, extension }) => {
    expect(await run(project, process.execPath, `out/${bundler}/${program}.${extension}`)).toBe(printed);
  });
});
