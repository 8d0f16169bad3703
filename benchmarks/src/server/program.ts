import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Contestant, commandOf } from './contestants.js';
import { pinned } from './pinned.js';
import type { Assignment, Started, Usage } from './programs/control.js';

/** Nobody takes longer than this to answer, or something is wrong; in milliseconds. */
const PATIENCE = 20_000;
const GRACE = 2000;

/** A contestant in a process of its own. */
export class Program {
  readonly started: Started;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: Interface;

  private constructor(
    child: ChildProcessByStdio<Writable, Readable, Readable>,
    lines: Interface,
    started: Started,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.started = started;
  }

  /**
   * Starts it, on the core of what is measured.
   *
   * @param flags more arguments for Node
   * @throws {Error} when it is not installed, ends at once, or runs with other native parts than it should
   */
  static async start(
    contestant: Contestant,
    assignment: Omit<Assignment, 'kernel'>,
    flags: readonly string[] = [],
  ): Promise<Program> {
    const file = assignment.job === 'client' ? contestant.client : contestant.server;
    const command = commandOf(contestant.runtime, flags);
    if (command === undefined) throw new Error(`npm ${contestant.runtime} is not installed for this system`);
    const task: Assignment = { ...assignment, kernel: contestant.kernel ?? 'wasm' };
    const [program, ...rest] = pinned('measured', [
      ...command,
      fileURLToPath(new URL(`./programs/${file}.js`, import.meta.url)),
      JSON.stringify(task),
    ]);
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...contestant.environment },
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-500);
    });
    child.stdin.on('error', () => {});
    const lines = createInterface(child.stdout);
    try {
      const started = (await next(lines, child)) as Started;
      checkNatives(contestant, started);
      return new Program(child, lines, started);
    } catch (error) {
      child.kill('SIGKILL');
      throw complaint === ''
        ? error
        : new Error(complaint.trim().split('\n').slice(0, 3).join(' '), { cause: error });
    }
  }

  /** What it has used until now. */
  async usage(): Promise<Usage> {
    return this.#ask('usage');
  }

  /** The same, after it has collected its garbage. */
  async settle(): Promise<Usage> {
    return this.#ask('settle');
  }

  /** Lets it end by itself, and sees to it that it does. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE);
    this.#child.stdin.end();
    await once(this.#child, 'exit');
    clearTimeout(timer);
  }

  async #ask(what: string): Promise<Usage> {
    this.#child.stdin.write(`${what}\n`);
    return (await next(this.#lines, this.#child)) as Usage;
  }
}

/** The next line, as JSON. */
async function next(
  lines: Interface,
  child: ChildProcessByStdio<Writable, Readable, Readable>,
): Promise<unknown> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const timer = setTimeout(() => waiting.abort(new Error('it does not answer')), PATIENCE);
  try {
    const line = await Promise.race([
      once(lines, 'line', { signal }).then(([text]) => String(text)),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`it ended with ${code}`);
      }),
    ]);
    return JSON.parse(line);
  } finally {
    clearTimeout(timer);
    waiting.abort();
  }
}

function checkNatives({ natives, name }: Contestant, started: Started): void {
  if (natives === undefined) return;
  if (natives.join() !== [...started.natives].sort().join()) {
    throw new Error(`${name} runs with native parts [${started.natives}], not with [${natives}]`);
  }
}
