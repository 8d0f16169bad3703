import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/*
 * The code blocks of a page, run as files of a program on the packages as they are built.
 */

/** Has a program end also where the tests were killed, and cannot end it: the pipe to it ends with them. */
const END_WITH_US =
  'data:text/javascript,process.stdin.on("end",()=>process.exit()).resume();process.stdin.unref()';

/** What a program that listens prints, so that its port is known. */
const LISTENS = /^listens on 127\.0\.0\.1:(\d+)\.$/m;

/** A page, and its code blocks by name: of a block that begins with "```js server.js" the name is `server.js`. */
export class Page {
  readonly text: string;
  readonly blocks: ReadonlyMap<string, string>;
  /** What stands behind the backticks of each block, in order. */
  readonly fences: readonly string[];

  constructor(url: URL) {
    this.text = readFileSync(url, 'utf8');
    const named = this.text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm);
    this.blocks = new Map(Array.from(named, ([, name = '', code = '']) => [name, code]));
    this.fences = Array.from(this.text.matchAll(/^```(\S.*)$/gm), ([, info = '']) => info);
  }

  /**
   * A block, with some places of it changed.
   *
   * @throws {Error} when there is no such block, or a place is not in it exactly once
   */
  block(name: string, changes: Readonly<Record<string, string>> = {}): string {
    let code = this.blocks.get(name);
    if (code === undefined) throw new Error(`there is no block ${name}`);
    for (const [from, to] of Object.entries(changes)) {
      if (code.split(from).length !== 2) throw new Error(`${from} is not once in ${name}`);
      code = code.replace(from, () => to);
    }
    return code;
  }

  /** The rows of the table below a heading, each as its cells, without the head of the table. */
  table(heading: string): string[][] {
    const [, below = ''] = this.text.split(new RegExp(`^#+ ${heading}$`, 'm'));
    const [section = ''] = below.split(/^#+ /m);
    const rows = section.match(/^\|.*\|$/gm) ?? [];
    return rows.slice(2).map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
  }
}

export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  /** All that it has printed. */
  output(): string;
}

export interface Listening extends Program {
  readonly port: number;
}

export interface Run {
  /** Places of the block, each with what stands there instead. */
  readonly changes?: Readonly<Record<string, string>>;
  /** Code behind the block. */
  readonly behind?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Runs blocks of one page, in a folder of their own that has the packages they import. */
export class Programs {
  readonly folder: string;
  readonly #page: Page;
  readonly #children: ChildProcessWithoutNullStreams[] = [];

  /** @param packages the folders of the packages, by the names that they are imported by */
  constructor(page: Page, packages: Readonly<Record<string, URL>>) {
    this.#page = page;
    this.folder = mkdtempSync(join(tmpdir(), 'page-'));
    this.write('package.json', '{ "type": "module" }');
    for (const [name, url] of Object.entries(packages)) {
      const link = join(this.folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(fileURLToPath(url), link, 'junction');
    }
  }

  /** Writes a file that the programs read or import; returns its path. */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Starts a block as a program. */
  start(name: string, { changes, behind = '', env = {}, args = [] }: Run = {}): Program {
    const code = this.#page.block(name, changes);
    const file = this.write(`${this.#children.length}-${name}`, `${code}\n${behind}`);
    // What reads its input ends with that anyway.
    const watch = code.includes('process.stdin') ? [] : ['--import', END_WITH_US];
    const child = spawn(process.execPath, [...watch, file, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
    });
    this.#children.push(child);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    return { child, output: () => Buffer.concat(chunks).toString() };
  }

  /** Starts a block that has a server in `variable` listen at a port; here it listens at a free one. */
  async listen(
    name: string,
    variable: string,
    { port = '8080', changes = {}, behind = '', ...rest }: Run & { readonly port?: string } = {},
  ): Promise<Listening> {
    const tell = `${variable}.on('listening', () => {
      const { address, port } = ${variable}.address();
      console.log(\`listens on \${address}:\${port}.\`);
    });`;
    const run = { changes: { [port]: '0', ...changes }, behind: `${tell}\n${behind}`, ...rest };
    const program = this.start(name, run);
    const settled = (): boolean => LISTENS.test(program.output()) || program.child.exitCode !== null;
    await expect.poll(settled, { timeout: 10_000 }).toBe(true);
    expect(program.output()).toMatch(LISTENS);
    return { ...program, port: Number(LISTENS.exec(program.output())?.[1]) };
  }

  /** Runs a block to its end: what it printed, and its status. */
  async end(name: string, run: Run = {}): Promise<{ output: string; status: number | null }> {
    const { child, output } = this.start(name, run);
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { output: output(), status };
  }

  /** Ends all programs, and removes their folder. */
  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}
