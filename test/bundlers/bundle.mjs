// Bundles programs in both formats into out/: node bundle.mjs BUNDLER PROGRAM...
import { basename, dirname, resolve } from 'node:path';

const ESM = 'esm';
const BUNDLERS = {
  async esbuild(program, format, output) {
    const { build } = await import('esbuild');
    await build({ entryPoints: [program], bundle: true, platform: 'node', format, outfile: output });
  },
  async rollup(program, format, output) {
    const { rollup } = await import('rollup');
    const { default: nodeResolve } = await import('@rollup/plugin-node-resolve');
    const { default: commonjs } = await import('@rollup/plugin-commonjs');
    const plugins = [nodeResolve({ preferBuiltins: true }), commonjs()];
    await (await rollup({ input: program, plugins })).write({ file: output, format });
  },
  async rolldown(program, format, output) {
    const { rolldown } = await import('rolldown');
    await (await rolldown({ input: program, platform: 'node' })).write({ file: output, format });
  },
  async webpack(program, format, output) {
    const { default: webpack } = await import('webpack');
    const library = format === ESM ? { module: true, library: { type: 'module' } } : {};
    const options = {
      // What is made smaller is no different, and takes ten times as long.
      mode: 'production',
      optimization: { minimize: false },
      target: 'node',
      entry: program,
      experiments: { outputModule: format === ESM },
      output: { path: dirname(output), filename: basename(output), ...library },
    };
    const stats = await new Promise((done, fail) => {
      webpack(options, (error, result) => (error ? fail(error) : done(result)));
    });
    if (stats.hasErrors()) throw new Error(stats.toString());
  },
};

const [bundler, ...programs] = process.argv.slice(2);
for (const program of programs) {
  for (const [format, extension] of Object.entries({ cjs: 'cjs', esm: 'mjs' })) {
    await BUNDLERS[bundler](resolve(program), format, resolve(`out/${bundler}/${program}.${extension}`));
  }
}
