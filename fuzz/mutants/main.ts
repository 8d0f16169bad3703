import { execFile, execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { MUTANTS, type Mutant } from './table.js';

// Plants each fault of the table in a copy of the project, and tells how long a campaign takes to see it.

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

const { values } = parseArgs({
  options: {
    /** which mutants: a part of their file or fault; all without it */
    only: { type: 'string', default: '' },
    /** how long a campaign may take for one */
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});

/** What became of a mutant. */
interface Verdict {
  readonly mutant: Mutant;
  /** the property or test file that saw it, or nothing */
  readonly caughtBy: string | undefined;
  readonly seconds: number;
}

/** Copies what git knows and does not ignore; what is installed is linked. */
async function copyProject(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'mutants-'));
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  for (const file of list.toString().split('\0').filter(Boolean)) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(ROOT, file), join(copy, file)).catch((error: unknown) => {
      // Deleted, and not yet told to git.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const folder of ['fuzz', 'packages/frame-codec', 'packages/handshake']) {
    const installed = join(folder, 'node_modules');
    await cp(join(ROOT, installed), join(copy, installed), { recursive: true, verbatimSymlinks: true }).catch(
      (error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      },
    );
  }
  return copy;
}

/** Builds the copy; throws where it does not compile. */
async function build(copy: string, file: string): Promise<void> {
  if (file.startsWith('assembly/') || file.endsWith('memory-map.ts'))
    await run(process.execPath, ['assembly/build.js'], { cwd: copy });
  const tsc = join(copy, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-b', 'packages/frame-codec', 'packages/handshake', 'fuzz'], {
    cwd: copy,
  });
}

/** Runs a campaign; returns the property that failed. */
function campaign(copy: string, seconds: number, seed: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const minutes = String(seconds / 60);
    const child = spawn(
      process.execPath,
      ['fuzz/dist/campaign/main.js', '--minutes', minutes, '--seed', seed],
      {
        cwd: copy,
      },
    );
    let output = '';
    const hang = setTimeout(() => child.kill('SIGKILL'), (seconds + 60) * 1000);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      // Shrinking, and saying so, is not what is measured.
      if (output.includes(' does not hold (')) child.kill('SIGKILL');
    });
    child.on('close', (code) => {
      clearTimeout(hang);
      const failed = /^(\S+) does not hold \(/m.exec(output)?.[1];
      resolve(failed ?? (code === 0 ? undefined : `a campaign that ended with ${code}`));
    });
  });
}

/** Runs the tests of the package that was changed. */
async function tests(copy: string, file: string): Promise<string | undefined> {
  const folder = file.startsWith('packages/handshake/') ? 'packages/handshake' : 'packages/frame-codec';
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  try {
    await run(process.execPath, [vitest, 'run', '--project', 'unit', '--bail', '1', folder], {
      cwd: copy,
      timeout: 300_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return undefined;
  } catch {
    return `tests of ${folder}`;
  }
}

async function judge(copy: string, mutant: Mutant): Promise<Verdict> {
  const { file, find, replace } = mutant;
  const path = join(copy, file);
  const source = await readFile(path, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file}: "${find}" does not stand there once`);
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  let start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  try {
    try {
      await build(copy, file);
    } catch {
      return { mutant, caughtBy: 'the compiler', seconds: elapsed() };
    }
    start = performance.now();
    const caughtBy = (await campaign(copy, Number(values.seconds), values.seed)) ?? (await tests(copy, file));
    return { mutant, caughtBy, seconds: elapsed() };
  } finally {
    await writeFile(path, source);
    await rm(join(copy, 'fuzz/corpus'), { recursive: true, force: true });
  }
}

const wanted = MUTANTS.filter(({ file, fault }) => `${file}: ${fault}`.includes(values.only));
const copy = await copyProject();
const verdicts: Verdict[] = [];
try {
  await build(copy, 'assembly/');
  const sound = await campaign(copy, 3, values.seed);
  if (sound !== undefined) throw new Error(`without a mutant ${sound} does not hold`);
  let last = '';
  for (const mutant of wanted) {
    // What a mutant left in the kernel is compiled away before one of another file.
    if (last.startsWith('assembly/') && !mutant.file.startsWith('assembly/')) await build(copy, 'assembly/');
    last = mutant.file;
    const verdict = await judge(copy, mutant);
    verdicts.push(verdict);
    const { caughtBy, seconds } = verdict;
    const what = caughtBy === undefined ? 'SURVIVED' : `caught by ${caughtBy}`;
    console.log(`${seconds.toFixed(1).padStart(6)} s  ${what.padEnd(34)} ${mutant.file}: ${mutant.fault}`);
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
const survivors = verdicts.filter(({ caughtBy }) => caughtBy === undefined);
console.log(
  `${verdicts.length} planted, ${verdicts.length - survivors.length} caught, ${survivors.length} survived`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
