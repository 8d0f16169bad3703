import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGES, PackedPackages, ROOT, run, runTool } from './packing.js';

/** What watches `net` and `http` of a process. */
const AGENTS = {
  '@opentelemetry/instrumentation': '0.223.0',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/instrumentation-net': '0.67.0',
  '@opentelemetry/sdk-node': '0.223.0',
  'dd-trace': '5.132.0',
};

/** What asks for `ws`, and is given the adapter. */
const FASTIFY = { '@fastify/websocket': '11.3.7', fastify: '5.12.8' };

let packed: PackedPackages;
let consumer: string;

beforeAll(async () => {
  packed = await PackedPackages.make();
  const types: unknown = JSON.parse(
    await readFile(join(ROOT, 'node_modules/@types/node/package.json'), 'utf8'),
  );
  consumer = await packed.install('consumer', { '@types/node': (types as { version: string }).version });
});

afterAll(() => packed.remove());

describe.each(PACKAGES)('the tarball of @x/%s', (name) => {
  it('holds its licence, its code and its types, and nothing else', async () => {
    const listed = (await run(packed.folder, 'tar', '-tzf', packed.tarballOf(name))).trim().split('\n');
    expect(listed).toEqual(
      expect.arrayContaining([
        'package/package.json',
        'package/LICENSE',
        'package/dist/index.cjs',
        'package/dist/index.js',
        'package/dist/types/index.d.ts',
        'package/entry/import.js',
        'package/src/index.ts',
      ]),
    );
    const allowed = [
      /^package\/(package\.json|LICENSE|README\.md|(entry|src)\/.+\.(ts|js|cjs|cts))$/,
      /^package\/dist\/(index\.c?js(\.map)?|LICENSES\.md|types\/.+\.d\.ts(\.map)?|types\/package\.json|.+\.wasm)$/,
    ];
    expect(listed.filter((path) => !allowed.some((each) => each.test(path)))).toEqual([]);
  });

  it('asks for published versions only', async () => {
    const manifest = await run(packed.folder, 'tar', '-xzOf', packed.tarballOf(name), 'package/package.json');
    expect(manifest).not.toMatch(/"(workspace|catalog|link|file):/);
  });

  it('passes publint', async () => {
    await runTool(packed.folder, 'publint', 'run', '--strict', packed.tarballOf(name));
  });

  it('resolves with its types in every mode of TypeScript', async () => {
    const options = ['--no-definitely-typed', '--no-color', '--no-emoji'];
    // A file of WebAssembly has no types.
    options.push('--exclude-entrypoints', './kernel.wasm');
    await runTool(packed.folder, 'attw', packed.tarballOf(name), ...options);
  });
});

describe('a program that an agent watches', () => {
  let agents: string;

  beforeAll(async () => {
    agents = await packed.install('agents', AGENTS);
  });

  it("echoes under OpenTelemetry's instrumentations of net and http", async () => {
    const hook = '--experimental-loader=@opentelemetry/instrumentation/hook.mjs';
    const options = ['--no-warnings', hook, '--require', './opentelemetry.cjs'];
    expect(await run(agents, process.execPath, ...options, 'echo.mjs', 'opentelemetry')).toBe('echo works\n');
  });

  it('echoes under dd-trace', async () => {
    const options = ['--no-warnings', '--import', 'dd-trace/initialize.mjs'];
    expect(await run(agents, process.execPath, ...options, 'echo.mjs', 'dd-trace')).toContain('echo works\n');
  });
});

describe('a program whose plugin asks for ws', () => {
  it('has @fastify/websocket serve over sockets and by injectWS, where npm overrides ws with the tarball', async () => {
    const project = await packed.install('fastify', FASTIFY, 'ws');
    expect(await run(project, process.execPath, 'round-trip.cjs')).toBe('fastify works\n');
  });
});

describe('a project that installs the tarballs', () => {
  it('imports them and exchanges messages', async () => {
    expect(await run(consumer, process.execPath, 'import.mjs')).toBe('import works\n');
  });

  it('requires them, and gets the very modules that import gives', async () => {
    expect(await run(consumer, process.execPath, 'require.cjs')).toContain('require works\n');
  });

  // Each brought by npm.
  it.each(['20.19', '22', '24', '26'])('requires them in the same way on Node %s', async (version) => {
    const printed = await run(consumer, 'npx', '--yes', `node@${version}`, 'require.cjs');
    expect(printed).toContain('require works\n');
  });

  it('compiles against the lower packages without the types of Node or of a browser', async () => {
    await runTool(consumer, 'tsc', '-p', 'tsconfig.portable.json');
  });

  it('compiles against the adapter as against npm ws, and sees a mistake', async () => {
    await runTool(consumer, 'tsc', '-p', 'tsconfig.node.json');
  });
});
