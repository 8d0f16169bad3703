import { type ChildProcess, fork } from 'node:child_process';

/*
 * The processes of a soak ask each other by messages: a name and an argument go, a result or an error comes back.
 */

/** What a process may be asked, by name: from an argument to a result. */
export type Calls = { readonly [name: string]: (argument: never) => unknown };

type Argument<All extends Calls, Name extends keyof All> = Parameters<All[Name]>[0];
type Result<All extends Calls, Name extends keyof All> = Awaited<ReturnType<All[Name]>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** How long a process may take to answer. */
const PATIENCE_MS = 120_000;
/** Lines of what a process wrote to its standard error that are shown when it ends too soon. */
const LINES = 20;

/** A process of the soak: it ends with this one, however this one ends. */
export class Child<All extends Calls> {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #ended: Promise<number | null>;
  #id = 0;
  #errors = '';
  #over: string | undefined;

  constructor(name: string, module: URL, args: readonly string[] = []) {
    this.name = name;
    this.#process = fork(module, [...args], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk}`.split('\n').slice(-LINES).join('\n');
    });
    this.#process.on('message', (answer: Answer) => this.#settle(answer));
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => this.#fail(`${name} did not start: ${error.message}`));
      this.#process.on('exit', (code, signal) => {
        this.#fail(`the ${name} ended by itself (${signal ?? code})\n${this.#errors}`);
        resolve(code);
      });
    });
  }

  /** @throws {Error} when it fails, has ended, or does not answer */
  call<Name extends keyof All & string>(
    name: Name,
    argument: Argument<All, Name>,
  ): Promise<Result<All, Name>> {
    if (this.#over !== undefined) return Promise.reject(new Error(this.#over));
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`the ${this.name} does not answer to ${name} within ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
      this.#waiting.set(id, {
        // Both ends are compiled with the same `Calls`.
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value as Result<All, Name>);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      const question: Question = { id, name, argument };
      this.#process.send(question);
    });
  }

  /** Lets go of it; returns whether it then ended by itself within so many milliseconds. It is ended otherwise. */
  async end(waitMs: number): Promise<boolean> {
    if (this.#process.connected) this.#process.disconnect();
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.#process.kill('SIGKILL');
    }, waitMs);
    const code = await this.#ended;
    clearTimeout(timer);
    return !killed && code === 0;
  }

  #settle({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`the ${this.name}: ${error}`));
  }

  #fail(reason: string): void {
    this.#over ??= reason;
    for (const { reject } of this.#waiting.values()) reject(new Error(this.#over));
    this.#waiting.clear();
  }
}

/** Answers what the process that started this one asks; when that has gone, `gone` is called. */
export function answer<All extends Calls>(
  calls: { readonly [Name in keyof All]: (argument: Argument<All, Name>) => unknown },
  gone: () => void,
): void {
  process.on('message', async ({ id, name, argument }: Question) => {
    let reply: Answer;
    try {
      reply = { id, result: await calls[name as keyof All]?.(argument as Argument<All, keyof All>) };
    } catch (error) {
      reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    if (process.connected) process.send?.(reply);
  });
  process.on('disconnect', gone);
  // Ctrl-C reaches every process of a terminal; the one that started this one decides when it ends.
  process.on('SIGINT', () => undefined);
}
