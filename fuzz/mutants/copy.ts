import { execFile, execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Mutant, plant } from './mutant.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROJECTS = ['packages/frame-codec', 'packages/handshake', 'packages/node-adapter', 'fuzz'];
const run = promisify(execFile);

/** What a file that is not there makes of an operation: nothing. */
function unlessMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

/** A copy of the project, for faults to be planted in. */
export class Copy {
  readonly folder: string;
  /** Whether a fault is compiled into the kernel. */
  #kernelSpoilt = true;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies what git knows and does not ignore; what is installed is linked. */
  static async make(): Promise<Copy> {
    const folder = await mkdtemp(join(tmpdir(), 'mutants-'));
    const known = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    for (const file of execFileSync('git', known, { cwd: ROOT }).toString().split('\0').filter(Boolean)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      // Deleted, and not yet told to git.
      await cp(join(ROOT, file), join(folder, file)).catch(unlessMissing);
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const each of PROJECTS) {
      const installed = join(each, 'node_modules');
      await cp(join(ROOT, installed), join(folder, installed), {
        recursive: true,
        verbatimSymlinks: true,
      }).catch(unlessMissing);
    }
    const copy = new Copy(folder);
    try {
      await copy.build();
    } catch (error) {
      await copy.remove();
      throw error;
    }
    return copy;
  }

  /** Builds what the last change needs; throws where it does not compile. */
  async build(file = ''): Promise<void> {
    const isKernel = file.startsWith('assembly/') || file.endsWith('/memory-map.ts');
    // What a fault left in the kernel is compiled away before one of another file.
    if (isKernel || this.#kernelSpoilt) await this.node('assembly/build.js');
    this.#kernelSpoilt = isKernel;
    await this.node('scripts/bundle.js');
    await this.node('node_modules/typescript/bin/tsc', '-b', ...PROJECTS);
  }

  /** Runs `use` while the fault is in its place. */
  async with<Result>(mutant: Mutant, use: () => Promise<Result>): Promise<Result> {
    const path = join(this.folder, mutant.file);
    const source = await readFile(path, 'utf8');
    await writeFile(path, plant(mutant, source));
    try {
      return await use();
    } finally {
      await writeFile(path, source);
      // What a campaign stored.
      await rm(join(this.folder, 'fuzz/corpus'), { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async node(...args: readonly string[]): Promise<void> {
    await run(process.execPath, args, { cwd: this.folder });
  }
}
