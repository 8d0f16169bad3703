import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's own folder. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

export const PACKAGES = ['handshake', 'frame-codec', 'node-adapter'] as const;
export type PackageName = (typeof PACKAGES)[number];

/** The agent of Datadog reports to nobody here. */
const ENVIRONMENT = {
  ...process.env,
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
};

/** Runs a program to its end and gives all that it printed; when it fails, the error holds that too. */
export function run(directory: string, program: string, ...parameters: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, parameters, { cwd: directory, env: ENVIRONMENT }, (error, stdout, stderr) => {
      const printed = stdout + stderr;
      if (error) reject(new Error(`${program} ${parameters.join(' ')}\n${printed}`, { cause: error }));
      else resolve(printed);
    });
  });
}

/** Runs a program of the workspace's own `node_modules`. */
export function runTool(directory: string, tool: string, ...parameters: string[]): Promise<string> {
  return run(directory, join(ROOT, 'node_modules/.bin', tool), ...parameters);
}

/** A folder outside of the workspace with the packed packages, and projects of users that install them. */
export class PackedPackages {
  readonly folder: string;
  readonly tarballs: ReadonlyMap<PackageName, string>;

  private constructor(folder: string, tarballs: ReadonlyMap<PackageName, string>) {
    this.folder = folder;
    this.tarballs = tarballs;
  }

  static async make(): Promise<PackedPackages> {
    const folder = await mkdtemp(join(tmpdir(), 'packed-'));
    const tarballs = new Map<PackageName, string>();
    for (const name of PACKAGES) {
      const directory = join(folder, 'tarballs', name);
      await mkdir(directory, { recursive: true });
      await run(
        join(ROOT, 'packages', name),
        'npx',
        '--yes',
        'pnpm',
        'pack',
        '--pack-destination',
        directory,
      );
      const [tarball] = await readdir(directory);
      if (tarball !== undefined) tarballs.set(name, join(directory, tarball));
    }
    return new PackedPackages(folder, tarballs);
  }

  tarballOf(name: PackageName): string {
    const tarball = this.tarballs.get(name);
    if (tarball === undefined) throw new Error(`${name} was not packed`);
    return tarball;
  }

  /**
   * Copies `test/<name>/`, and installs the tarballs there with what else it needs.
   *
   * @param adapter the name that the adapter goes by: as `ws` it stands in for that package in all others
   * @returns the folder of the new project
   */
  async install(
    name: string,
    dependencies: Readonly<Record<string, string>>,
    adapter = '@x/node-adapter',
  ): Promise<string> {
    const project = join(this.folder, name);
    await cp(new URL(name, import.meta.url), project, { recursive: true });
    const names = PACKAGES.map((each) => (each === 'node-adapter' ? adapter : `@x/${each}`));
    const files = PACKAGES.map((each) => `file:${this.tarballOf(each)}`);
    const manifest = {
      name: `user-of-${name}`,
      private: true,
      dependencies: {
        ...Object.fromEntries(names.map((each, index) => [each, files[index]])),
        ...dependencies,
      },
      // What one package needs of another comes from its tarball as well, never from a registry.
      overrides: Object.fromEntries(names.map((each) => [each, `$${each}`])),
    };
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
    await run(project, 'npm', 'install', '--no-audit', '--no-fund');
    return project;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
