import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'commands', 'main.js');
const NAMES = ['start', 'conformance', 'fuzz', 'fuzz:coverage', 'fuzz:mutants', 'soak', 'bench'];

interface Outcome {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it with no compiler in reach, so that it fails where it wants to build. */
function run(args: readonly string[], file = MAIN): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { env: { PATH: '' } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

/** The scripts of `package.json`. */
async function scripts(): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).scripts;
}

describe('help', () => {
  it.each(NAMES)('of %s needs nothing built, wherever it stands, and ends with 0', async (name) => {
    for (const args of [['--help'], ['-h'], ['--', '--help'], ['--quick', '--help']]) {
      const { code, stdout, stderr } = await run([name, ...args]);
      expect(stdout).toMatch(new RegExp(`^pnpm ${name}[ \n]`));
      expect(stdout).toContain('Ends with 0 when all is well');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  });

  it.each(NAMES)('of %s is what its script gives', async (name) => {
    expect((await scripts())[name]).toBe(`node commands/main.js ${name}`);
  });

  it('keeps to 120 letters a line', async () => {
    for (const name of NAMES) {
      const { stdout } = await run([name, '--help']);
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
    }
  });
});

describe('a command', () => {
  it('that is none ends with 2, and the others are named', async () => {
    const { code, stderr } = await run(['nothing']);
    expect(code).toBe(2);
    expect(stderr).toBe(`there is no command nothing; there are ${NAMES.join(', ')}\n`);
  });

  it('that cannot be built ends with 1', async () => {
    const { code } = await run(['fuzz', '--list']);
    expect(code).toBe(1);
  });
});

/** Built programs, without the build before them. */
const FILES = {
  conformance: 'fuzz/dist/conformance/main.js',
  fuzz: 'fuzz/dist/campaign/main.js',
  'fuzz:coverage': 'fuzz/dist/campaign/coverage.js',
  'fuzz:mutants': 'fuzz/dist/mutants/main.js',
  soak: 'fuzz/dist/soak/main.js',
  bench: 'benchmarks/dist/main.js',
} as const;
const file = (name: keyof typeof FILES): string => join(ROOT, FILES[name]);

describe('what means nothing', () => {
  it.each([
    ['conformance', ['--filter', 'no such case'], 'no case has no such case in its id'],
    ['conformance', ['--quik'], "Unknown option '--quik'"],
    ['fuzz', ['--property', 'nothing'], 'there is no property nothing; --list names them'],
    ['fuzz', ['--minutes', 'many'], '--minutes is not a number: many'],
    ['fuzz', ['--quik'], "Unknown option '--quik'"],
    ['fuzz:coverage', ['--runs', '1.5'], '--runs is not a whole number: 1.5'],
    ['fuzz:mutants', ['--jobs', 'two'], '--jobs is not a whole number: two'],
    ['fuzz:mutants', ['--only', 'no such fault'], 'no fault has "no such fault" in its file or its words'],
    ['soak', ['--phase', 'nothing'], 'there is no phase nothing; --list names them'],
    ['bench', ['nothing'], 'there is no command nothing'],
    ['bench', ['--quik'], "Unknown option '--quik'"],
    ['bench', ['micro', '--filter', 'no such thing'], 'nothing has "no such thing" in its title'],
  ] as const)('to %s, such as %j, is said last, in one line, and ends with 2', async (name, args, why) => {
    const { code, stderr } = await run(args, file(name));
    expect(stderr).toBe(`${why} (pnpm ${name} --help tells what may be asked for)\n`);
    expect(code).toBe(2);
  });
});

describe('a list', () => {
  it.each([
    ['conformance', /^framing\/ +\S.*, \d+ cases$/m],
    ['fuzz', /^lane +\S/m],
    ['soak', /^half-request +\S/m],
  ] as const)('of what %s has names it, and ends with 0', async (name, line) => {
    const { code, stdout } = await run(['--list'], file(name));
    expect(stdout).toMatch(line);
    expect(code).toBe(0);
  });
});

describe('Ctrl-C', () => {
  /** Interrupts a program when it prints what matches. */
  async function interrupt(
    name: keyof typeof FILES,
    args: readonly string[],
    when: RegExp,
  ): Promise<Outcome> {
    return await new Promise((resolve) => {
      const child = execFile(process.execPath, [file(name), ...args], (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
      let output = '';
      child.stdout?.on('data', (text: string) => {
        const before = when.test(output);
        output += text;
        if (!before && when.test(output)) child.kill('SIGINT');
      });
    });
  }

  it('leaves what conformance has until then, and says that it is not whole', {
    timeout: 60_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
    try {
      const { code, stdout } = await interrupt(
        'conformance',
        ['--output', folder],
        /^[1-9]\d* of \d+ runs, 0 wrong/m,
      );
      expect(stdout).toMatch(/^Not whole: \d+ of \d+ runs\.$/m);
      expect(code).toBe(130);
      const { done, planned } = JSON.parse(await readFile(join(folder, 'conformance.json'), 'utf8'));
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(planned);
      expect(await readFile(join(folder, 'conformance.html'), 'utf8')).toContain('Not whole: ');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('leaves what the benchmarks have until then, and says that it is not whole', {
    timeout: 60_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const args = ['micro', '--quick', '--filter', 'decode: ', '--output', folder];
      const { code, stdout } = await interrupt('bench', args, /\[1 of [2-9]/);
      expect(stdout).toMatch(/^Not whole: \d+ of \d+ were measured\.$/m);
      expect(code).toBe(130);
      const { micro } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
      expect(micro.length).toBeGreaterThan(0);
      for (const name of ['report.md', 'index.html']) {
        expect(await readFile(join(folder, name), 'utf8')).toContain('Not whole: ');
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
