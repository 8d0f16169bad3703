// Compiles the frame kernel into packages/frame-codec/src/generated/, as a module and as the plain .wasm file.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const output = new URL('../packages/frame-codec/src/generated/', import.meta.url);
/** Where the package has the plain file, for runtimes that take only compiled modules. */
const shipped = new URL('../packages/frame-codec/dist/generated/', import.meta.url);

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
