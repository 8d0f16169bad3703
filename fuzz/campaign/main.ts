import { Worker } from 'node:worker_threads';
import { annotate } from './annotate.js';
import { understood } from './command-line.js';
import { store } from './corpus.js';
import { type Job, type JobResult, runJob } from './job.js';
import { type CampaignOptions, LIST, readOptions } from './options.js';
import { Plan } from './plan.js';
import { Tally } from './tally.js';

/** A job that takes longer than this hangs: none is planned for more than a second, and shrinking is bounded. */
const HANG_MS = 120_000;
const PROGRESS_MS = 5000;

/** Threads that take jobs until the plan, the time or the user ends it, or a property fails. */
class Campaign {
  readonly #options: CampaignOptions;
  readonly #plan: Plan;
  readonly #tally = new Tally();
  #stopped = false;
  #failures = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#plan = new Plan(options);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Returns the exit code. */
  async run(): Promise<number> {
    const { minutes, seed, properties, kernels, threads } = this.#options;
    console.log(
      `seed ${seed}: ${properties.length} properties, ${kernels.join(' and ')}, ${threads} threads`,
    );
    const timer = Number.isFinite(minutes) ? setTimeout(() => this.stop(), minutes * 60_000) : undefined;
    const progress = setInterval(() => console.log(this.#tally.line()), PROGRESS_MS);
    try {
      const alone = properties.some((property) => property.alone);
      await Promise.all(Array.from({ length: alone ? 1 : threads }, () => this.#thread()));
    } finally {
      clearTimeout(timer);
      clearInterval(progress);
    }
    const verdict = this.#failures === 0 ? 'all that was tried held' : 'something did not hold';
    console.log(`${this.#tally.summary()}\nseed ${seed}: ${verdict}`);
    return this.#failures === 0 ? 0 : 1;
  }

  async #thread(): Promise<void> {
    if (this.#options.properties.some(({ alone }) => alone)) await this.#here();
    else await this.#elsewhere();
  }

  /** Takes jobs on this thread. */
  async #here(): Promise<void> {
    for (;;) {
      const job = this.#stopped ? undefined : this.#plan.next();
      if (job === undefined) return;
      const result = await runJob(job);
      this.#plan.learn(result);
      this.#tally.add(result);
      if (result.counterexample !== undefined) await this.#report(job, result.counterexample);
    }
  }

  /** Takes jobs on a thread of its own. */
  async #elsewhere(): Promise<void> {
    const worker = new Worker(new URL('worker.js', import.meta.url));
    try {
      for (;;) {
        const job = this.#stopped ? undefined : this.#plan.next();
        if (job === undefined) return;
        const result = await runIn(worker, job);
        if (typeof result === 'string') {
          await this.#report(job, { input: undefined, error: result, shrinks: 0 });
          return;
        }
        this.#plan.learn(result);
        this.#tally.add(result);
        if (result.counterexample !== undefined) await this.#report(job, result.counterexample);
      }
    } finally {
      await worker.terminate();
    }
  }

  async #report(
    job: Job,
    { input, error, shrinks }: NonNullable<JobResult['counterexample']>,
  ): Promise<void> {
    this.#stopped = true;
    this.#failures++;
    const { property, kernel, seed, runs } = job;
    console.log(
      `\n${property} does not hold (${kernel} kernel, seed ${seed}, ${runs} runs, made smaller ${shrinks} times)\n${error}\n`,
    );
    if (input === undefined) return;
    const name = await store({ property, kernel, seed, error: error.split('\n    at ', 1)[0] ?? '', input });
    console.log(`${annotate(input)}\n\nstored as fuzz/corpus/${name}: pnpm test replays it\n`);
  }
}

/** Runs a job in a thread; a text tells that it hung or broke. */
function runIn(worker: Worker, job: Job): Promise<JobResult | string> {
  return new Promise((resolve) => {
    const settle = (result: JobResult | string): void => {
      clearTimeout(timer);
      worker.off('message', settle);
      worker.off('error', broke);
      resolve(result);
    };
    const broke = (error: Error): void => settle(`the thread broke: ${error.stack}`);
    const timer = setTimeout(() => settle(`no answer within ${HANG_MS / 1000} s`), HANG_MS);
    worker.on('message', settle);
    worker.on('error', broke);
    worker.postMessage(job);
  });
}

const options = understood('fuzz', () => readOptions(process.argv.slice(2)));
if (options === undefined) {
  console.log(LIST);
} else {
  const campaign = new Campaign(options);
  process.on('SIGINT', () => {
    console.log('stopping');
    campaign.stop();
    // The second time nothing is waited for.
    process.once('SIGINT', () => process.exit(130));
  });
  // What a property has left open on this thread keeps nothing alive.
  process.exit(await campaign.run());
}
