// Compiles the frame kernel into packages/frame-codec/src/generated/, as a module and as the plain .wasm file; where
// both are newer than what they are made of, there is nothing to do, which saves each command four seconds.
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const output = new URL('../packages/frame-codec/src/generated/', import.meta.url);
/** Where the package has the plain file, for runtimes that take only compiled modules. */
const shipped = new URL('../packages/frame-codec/dist/generated/', import.meta.url);

/** When a file was last written. */
async function written(file) {
  return (await stat(file)).mtimeMs;
}

const here = new URL('.', import.meta.url);
const sources = (await readdir(here)).map((name) => new URL(name, here));
sources.push(new URL('../packages/frame-codec/src/kernel/memory-map.ts', here));
// A compiler of another version writes another kernel.
sources.push(new URL('../pnpm-lock.yaml', here));
const newest = Math.max(...(await Promise.all(sources.map(written))));
const outputs = [new URL('kernel-wasm.ts', output), new URL('kernel.wasm', shipped)];
const oldest = Math.min(...(await Promise.all(outputs.map((file) => written(file).catch(() => 0)))));
if (oldest <= newest) await compile();

async function compile() {
  // Loading it takes a second.
  const { default: asc } = await import('assemblyscript/asc');
  let wasm = new Uint8Array();
  const { error, stderr } = await asc.main(
    [
      'index.ts',
      '--baseDir',
      fileURLToPath(new URL('.', import.meta.url)),
      '--config',
      'asconfig.json',
      '--outFile',
      'kernel.wasm',
    ],
    {
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) wasm = contents;
      },
    },
  );
  if (error) {
    process.stderr.write(`${stderr}\n${error.message}\n`);
    process.exit(1);
  }
  await mkdir(output, { recursive: true });
  await mkdir(shipped, { recursive: true });
  await writeFile(new URL('kernel.wasm', shipped), wasm);
  await writeFile(
    new URL('kernel-wasm.ts', output),
    `/** The frame kernel of assembly/, compiled: ${wasm.length} bytes, as base64. */\nexport const KERNEL_WASM = '${Buffer.from(wasm).toString('base64')}';\n`,
  );
  console.log(`kernel.wasm: ${wasm.length} bytes`);
}
