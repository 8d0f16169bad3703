// Bundles each package into dist/: one file loads in a fraction of the time of fifty. CommonJS is what Node runs,
// whether a program requires or imports the package, so that each class and the kernel exist once. ES modules are for
// other runtimes, and for bundlers, which cannot turn every require() into an import.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const PACKAGES = ['handshake', 'frame-codec', 'node-adapter'];
const FORMATS = { cjs: 'index.cjs', esm: 'index.js' };
/** Half of what a runtime would have to read; source maps lead to all of them. */
const COMMENTS = { legal: true, annotation: true, jsdoc: false };

/** The nearest folder with a package's manifest, from a module up. */
async function packageOf(module) {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
    const { name, version, license } = JSON.parse(manifest);
    if (name !== undefined && version !== undefined) return { folder, name, version, license };
  }
}

/** The licences of the dependencies that are part of a bundle, which their authors want to go with it. */
async function licencesOf(modules) {
  const texts = new Map();
  for (const module of modules.filter((path) => path.includes('/node_modules/'))) {
    const { folder, name, version, license } = await packageOf(module);
    for (const file of ['LICENSE', 'LICENSE.md']) {
      const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
      if (text !== undefined) texts.set(`${name} ${version} (${license})`, text.trim());
    }
  }
  return [...texts].map(([title, text]) => `# ${title}\n\n${text}\n`).join('\n');
}

for (const name of PACKAGES) {
  const folder = fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));
  // The declarations are read as those of CommonJS by `require`; ES modules may import these too.
  await mkdir(join(folder, 'dist/types'), { recursive: true });
  await writeFile(join(folder, 'dist/types/package.json'), '{ "type": "commonjs" }\n');
  const bundle = await rolldown({
    input: join(folder, 'src/index.ts'),
    external: [/^@x\//, /^node:/],
    platform: name === 'node-adapter' ? 'node' : 'neutral',
  });
  const licences = join(folder, 'dist/LICENSES.md');
  await rm(licences, { force: true });
  for (const [format, fileName] of Object.entries(FORMATS)) {
    const file = join(folder, 'dist', fileName);
    const { output } = await bundle.write({
      file,
      format,
      exports: 'named',
      sourcemap: true,
      comments: COMMENTS,
    });
    const text = await licencesOf(output.flatMap(({ moduleIds = [] }) => moduleIds));
    if (text !== '') await writeFile(licences, text);
  }
  await bundle.close();
}
