import { type ChildProcess, spawn } from 'node:child_process';
import { on } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Answered, Order, Sample } from '../load/scenario.js';
import { pinned } from './pinned.js';

const PATIENCE = 60_000;

/** The load generator, in a process of its own. */
export class Generator {
  readonly #child: ChildProcess;
  #next = 0;

  constructor() {
    const file = fileURLToPath(new URL('../load/main.js', import.meta.url));
    const [program, ...rest] = pinned('load', [process.execPath, file]);
    this.#child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** Starts a scenario; the port that it listens on, if it does. */
  async start(order: Omit<Order & { do: 'start' }, 'do'>): Promise<number> {
    const answer = await this.#ask({ do: 'start', ...order });
    return answer.port ?? 0;
  }

  async grow(connections: number): Promise<void> {
    await this.#ask({ do: 'grow', connections });
  }

  async sample(): Promise<Sample> {
    const { sample } = await this.#ask({ do: 'sample' });
    if (sample === undefined) throw new Error('the load generator has nothing to tell');
    return sample;
  }

  async stop(): Promise<void> {
    await this.#ask({ do: 'stop' });
  }

  /** Ends the process. */
  end(): void {
    this.#child.disconnect();
  }

  /** @throws {Error} when the scenario failed, or nothing is answered in time */
  async #ask(order: Order): Promise<Exclude<Answer, { failed: string }>> {
    const id = this.#next++;
    const messages = on(this.#child, 'message', { signal: AbortSignal.timeout(PATIENCE), close: ['exit'] });
    this.#child.send({ id, order });
    for await (const [message] of messages) {
      const answered: Answered = message;
      // What was asked before may be answered too late.
      if (answered.id !== id) continue;
      if ('failed' in answered.answer) throw new Error(answered.answer.failed);
      return answered.answer;
    }
    throw new Error('the load generator has ended');
  }
}
