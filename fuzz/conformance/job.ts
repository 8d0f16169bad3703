import { Worker } from 'node:worker_threads';
import type { KernelKind } from '@x/frame-codec';
import type { Role } from './case.js';
import type { CaseResult } from './run-case.js';

/** One role with one kernel, in a thread of its own. */
export interface Job {
  readonly role: Role;
  readonly kernel: KernelKind;
  readonly ids: readonly string[];
}

/** What a thread tells: the result of a case, or at the end what was left behind. */
export type Told = { readonly result: CaseResult } | { readonly over: string | undefined };

/** A case is given up long before that: whoever says nothing for so long is stuck in a loop. */
const SILENCE_MS = 60_000;

/** Runs a job, until the end or the signal; returns what was wrong with it as a whole, if anything. */
export async function runJob(
  job: Job,
  onResult: (result: CaseResult) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: job });
  let timer: NodeJS.Timeout | undefined;
  const unfinished = new Set(job.ids);
  const over = new Promise<string | undefined>((resolve) => {
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const [...left] = unfinished;
        resolve(`nothing happened for ${SILENCE_MS / 1000} s; not finished: ${left.slice(0, 12).join(', ')}`);
      }, SILENCE_MS);
    };
    watch();
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    worker.on('message', (told: Told) => {
      watch();
      if ('over' in told) {
        resolve(told.over);
        return;
      }
      unfinished.delete(told.result.id);
      onResult(told.result);
    });
    worker.on('error', (error) =>
      resolve(`the thread broke: ${error instanceof Error ? error.stack : error}`),
    );
    worker.on('exit', (code) => resolve(`the thread ended with ${code}`));
  });
  try {
    return await over;
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
