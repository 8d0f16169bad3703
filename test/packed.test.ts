import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = ['handshake', 'frame-codec', 'node-adapter'] as const;

/** The agent of Datadog reports to nobody here. */
const ENVIRONMENT = {
  ...process.env,
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
};

/** What watches `net` and `http` of a process. */
const AGENTS = {
  '@opentelemetry/instrumentation': '0.223.0',
  '@opentelemetry/instrumentation-http': '0.223.0',
  '@opentelemetry/instrumentation-net': '0.67.0',
  '@opentelemetry/sdk-node': '0.223.0',
  'dd-trace': '5.132.0',
};

/** Holds `tarballs/`, and projects of users, outside of the workspace: `consumer/`, and `agents/`. */
let work: string;
let consumer: string;
const tarballs = new Map<string, string>();

/** Runs a program to its end and gives all that it printed; when it fails, the error holds that too. */
function run(directory: string, program: string, ...parameters: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, parameters, { cwd: directory, env: ENVIRONMENT }, (error, stdout, stderr) => {
      const printed = stdout + stderr;
      if (error) reject(new Error(`${program} ${parameters.join(' ')}\n${printed}`, { cause: error }));
      else resolve(printed);
    });
  });
}

/** Runs a program of the workspace's own `node_modules`. */
function runTool(directory: string, tool: string, ...parameters: string[]): Promise<string> {
  return run(directory, join(ROOT, 'node_modules/.bin', tool), ...parameters);
}

function tarballOf(name: string): string {
  const tarball = tarballs.get(name);
  if (tarball === undefined) throw new Error(`${name} was not packed`);
  return tarball;
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'packed-'));
  for (const name of PACKAGES) {
    const directory = join(work, 'tarballs', name);
    await mkdir(directory, { recursive: true });
    await run(join(ROOT, 'packages', name), 'npx', '--yes', 'pnpm', 'pack', '--pack-destination', directory);
    const [tarball] = await readdir(directory);
    if (tarball !== undefined) tarballs.set(name, join(directory, tarball));
  }

  consumer = join(work, 'consumer');
  await cp(new URL('consumer', import.meta.url), consumer, { recursive: true });
  const types: unknown = JSON.parse(
    await readFile(join(ROOT, 'node_modules/@types/node/package.json'), 'utf8'),
  );
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [`@x/${name}`, `file:${tarballOf(name)}`]));
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies,
    devDependencies: { '@types/node': (types as { version: string }).version },
    // What one package needs of another comes from its tarball as well, never from a registry.
    overrides: Object.fromEntries(PACKAGES.map((name) => [`@x/${name}`, `$@x/${name}`])),
  };
  await writeFile(join(consumer, 'package.json'), JSON.stringify(manifest));
  await run(consumer, 'npm', 'install', '--no-audit', '--no-fund');
});

afterAll(() => rm(work, { recursive: true, force: true }));

describe.each(PACKAGES)('the tarball of @x/%s', (name) => {
  it('holds its licence, its code and its types, and nothing else', async () => {
    const listed = (await run(work, 'tar', '-tzf', tarballOf(name))).trim().split('\n');
    expect(listed).toEqual(
      expect.arrayContaining([
        'package/package.json',
        'package/LICENSE',
        'package/dist/index.js',
        'package/dist/index.d.ts',
      ]),
    );
    const allowed = /^package\/(package\.json|LICENSE|README\.md|dist\/.+\.(js|d\.ts|wasm))$/;
    expect(listed.filter((path) => !allowed.test(path))).toEqual([]);
  });

  it('asks for published versions only', async () => {
    const manifest = await run(work, 'tar', '-xzOf', tarballOf(name), 'package/package.json');
    expect(manifest).not.toMatch(/"(workspace|catalog|link|file):/);
  });

  it('passes publint', async () => {
    await runTool(work, 'publint', 'run', '--strict', tarballOf(name));
  });

  it('resolves with its types from ESM and from a bundler', async () => {
    const options = ['--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji'];
    // A file of WebAssembly has no types.
    options.push('--exclude-entrypoints', './kernel.wasm');
    await runTool(work, 'attw', tarballOf(name), ...options);
  });
});

describe('a program that an agent watches', () => {
  let agents: string;

  beforeAll(async () => {
    agents = join(work, 'agents');
    await cp(new URL('agents', import.meta.url), agents, { recursive: true });
    const dependencies = Object.fromEntries(
      PACKAGES.map((name) => [`@x/${name}`, `file:${tarballOf(name)}`]),
    );
    const manifest = {
      name: 'agents',
      private: true,
      dependencies: { ...dependencies, ...AGENTS },
      overrides: Object.fromEntries(PACKAGES.map((name) => [`@x/${name}`, `$@x/${name}`])),
    };
    await writeFile(join(agents, 'package.json'), JSON.stringify(manifest));
    await run(agents, 'npm', 'install', '--no-audit', '--no-fund');
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

describe('a project that installs the tarballs', () => {
  it('imports them and exchanges messages', async () => {
    expect(await run(consumer, process.execPath, 'import.mjs')).toBe('import works\n');
  });

  it('requires them, and gets the very modules that import gives', async () => {
    expect(await run(consumer, process.execPath, 'require.cjs')).toContain('require works\n');
  });

  // Each brought by npm; 20.19 is the first with require() of ESM.
  it.each(['20.19', '22', '24', '26'])('requires them in the same way on Node %s', async (version) => {
    const printed = await run(consumer, 'npx', '--yes', `node@${version}`, 'require.cjs');
    expect(printed).toContain('require works\n');
  });

  it('compiles against the lower packages without the types of Node or of a browser', async () => {
    await runTool(consumer, 'tsc', '-p', 'tsconfig.portable.json');
  });

  it('compiles against the adapter as against npm ws, from ESM and from CommonJS, and sees a mistake', async () => {
    await runTool(consumer, 'tsc', '-p', 'tsconfig.node.json');
  });
});
