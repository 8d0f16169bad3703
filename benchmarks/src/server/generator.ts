import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Order, Sample } from '../load/scenario.js';
import { pinned } from './pinned.js';

const PATIENCE = 60_000;

/** The load generator, in a process of its own. */
export class Generator {
  readonly #child: ChildProcess;

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

  /** @throws {Error} when the scenario failed */
  async #ask(order: Order): Promise<Exclude<Answer, { failed: string }>> {
    this.#child.send(order);
    const [answer] = (await once(this.#child, 'message', { signal: AbortSignal.timeout(PATIENCE) })) as [
      Answer,
    ];
    if ('failed' in answer) throw new Error(answer.failed);
    return answer;
  }
}
