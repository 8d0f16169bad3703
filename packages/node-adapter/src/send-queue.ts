import type { Sent } from './socket-connection.js';

/** Something to send that waits for its turn. */
interface Job {
  readonly length: number;
  readonly run: () => void | Promise<void>;
  readonly sent: Sent | undefined;
}

/** What takes a while to be sent, as a `Blob` that must be read, and all that is sent behind it, in order. */
export class SendQueue {
  readonly #jobs: Job[] = [];
  readonly #emptied: () => void;
  readonly #failed: (error: Error) => void;
  #length = 0;
  #running = false;

  /**
   * @param emptied called when the last job is done
   * @param failed called when one could not be done; what is behind it is given up
   */
  constructor(emptied: () => void, failed: (error: Error) => void) {
    this.#emptied = emptied;
    this.#failed = failed;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Adds a job of so many bytes; `sent` is called by the job, or with an error when it is given up. */
  push(length: number, run: Job['run'], sent?: Sent): void {
    this.#jobs.push({ length, run, sent });
    this.#length += length;
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        await job.run();
      } catch (error) {
        // Outside of this promise, so that what listeners throw surfaces as ever.
        process.nextTick(() => this.#fail(error instanceof Error ? error : new Error(String(error))));
        return;
      }
      this.#jobs.shift();
      this.#length -= job.length;
    }
    this.#emptied();
  }

  #fail(error: Error): void {
    this.#emptied();
    for (const { sent } of this.#jobs) sent?.(error);
    this.#failed(error);
  }
}
