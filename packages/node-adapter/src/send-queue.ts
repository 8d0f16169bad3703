import type { Payload } from './payload.js';
import type { Sent } from './socket-connection.js';

/** Something to send that waits for its turn. */
interface Job {
  readonly length: number;
  readonly read: () => Payload | Promise<Payload>;
  readonly send: (data: Payload) => unknown;
  readonly sent: Sent | undefined;
}

/** What takes a while to be sent, as a `Blob` that must be read, and all that is sent behind it, in order. */
export class SendQueue {
  readonly #jobs: Job[] = [];
  readonly #emptied: () => void;
  readonly #failed: (error: Error) => void;
  #running = false;

  /**
   * @param emptied called when the last job is done
   * @param failed called when one could not be read; what is behind it is given up
   */
  constructor(emptied: () => void, failed: (error: Error) => void) {
    this.#emptied = emptied;
    this.#failed = failed;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#jobs.reduce((sum, job) => sum + job.length, 0);
  }

  push(length: number, read: Job['read'], send: Job['send'] = () => undefined, sent?: Sent): void {
    this.#jobs.push({ length, read, send, sent });
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const job = this.#jobs[0];
      if (job === undefined) break;
      try {
        const data = await job.read();
        await job.send(data);
        this.#jobs.shift();
      } catch (error) {
        // Outside of this promise, so that what listeners throw surfaces as ever.
        process.nextTick(() => this.#fail(error instanceof Error ? error : new Error(String(error))));
        return;
      }
    }
    this.#emptied();
  }

  #fail(error: Error): void {
    this.#emptied();
    for (const { sent } of this.#jobs) sent?.(error);
    this.#failed(error);
  }
}
