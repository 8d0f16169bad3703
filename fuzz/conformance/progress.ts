/** What is told of a run that goes on. */
export interface Progress {
  readonly done: number;
  readonly planned: number;
  readonly wrong: number;
}

/** How often a line on a terminal is written anew; elsewhere a line is written after a second, and then every so often. */
const TERMINAL_MS = 200;
const FIRST_MS = 1000;
const LINE_MS = 5000;

/** Tells how far a run is, until `stop` is called: in one line that is written anew on a terminal, elsewhere in a line now and then. */
export class ProgressLine {
  readonly #output: NodeJS.WriteStream;
  readonly #progress: Progress;
  readonly #start = performance.now();
  #timer: NodeJS.Timeout;

  /** @param progress is read whenever a line is written */
  constructor(output: NodeJS.WriteStream, progress: Progress) {
    this.#output = output;
    this.#progress = progress;
    if (output.isTTY) {
      this.#timer = setInterval(() => this.#write(), TERMINAL_MS);
      this.#write();
    } else {
      this.#timer = setTimeout(() => {
        this.#write();
        this.#timer = setInterval(() => this.#write(), LINE_MS);
      }, FIRST_MS);
    }
  }

  /** Writes another line, which stays. */
  say(text: string): void {
    this.#output.write(`${this.#clear()}${text}\n`);
    if (this.#output.isTTY) this.#write();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#output.write(this.#clear());
  }

  #write(): void {
    const { done, planned, wrong } = this.#progress;
    const seconds = Math.round((performance.now() - this.#start) / 1000);
    const text = `${done} of ${planned} runs, ${wrong} wrong, ${seconds} s`;
    this.#output.write(this.#output.isTTY ? `${this.#clear()}${text}` : `${text}\n`);
  }

  /** What takes the line away that is written anew. */
  #clear(): string {
    return this.#output.isTTY ? '\r\u001b[K' : '';
  }
}
