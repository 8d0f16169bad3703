import { spawn } from 'node:child_process';
import type { Copy } from './copy.js';

/** What a command printed and how it ended; `undefined` where it took too long or was stopped. */
interface Outcome {
  readonly output: string;
  readonly code: number | undefined;
}

/** Runs a command of the copy until it ends, the time is over, or it prints what matches `enough`. */
function watch({ folder }: Copy, args: readonly string[], seconds: number, enough: RegExp): Promise<Outcome> {
  return new Promise((resolve) => {
    // A group of its own, so that the processes which a test started end with it.
    const child = spawn(process.execPath, args, {
      cwd: folder,
      detached: true,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    let output = '';
    const stop = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(stop, seconds * 1000);
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (enough.test(output)) stop();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ output, code: code ?? undefined });
    });
  });
}

const BROKEN = /^(\S+) does not hold \(/m;

/** Runs a campaign; returns the property that does not hold. */
export async function campaign(copy: Copy, seconds: number, seed: string): Promise<string | undefined> {
  const args = ['fuzz/dist/campaign/main.js', '--minutes', String(seconds / 60), '--seed', seed];
  // Shrinking, and saying so, is not what is measured.
  const { output, code } = await watch(copy, args, seconds + 60, BROKEN);
  const property = BROKEN.exec(output)?.[1];
  if (property !== undefined) return property;
  return code === 0 ? undefined : `a campaign that ${code === undefined ? 'hung' : `ended with ${code}`}`;
}

const FAILED = /FAIL .*?(\S+\.test\.ts)/;

/** Runs tests by their files or folders; returns the first file that fails. */
export async function tests(
  copy: Copy,
  which: readonly string[],
  seconds: number,
): Promise<string | undefined> {
  // On a busy machine a test may take its time.
  const patience = ['--testTimeout', '20000', '--hookTimeout', '20000'];
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'pure',
    '--project',
    'unit',
    '--bail',
    '1',
    ...patience,
    ...which,
  ];
  const { output, code } = await watch(copy, args, seconds, FAILED);
  const file = FAILED.exec(output)?.[1];
  if (file !== undefined) return file.slice(file.lastIndexOf('/') + 1);
  // Time that ran out proves nothing.
  return code === 0 || code === undefined ? undefined : `tests that ended with ${code}`;
}
