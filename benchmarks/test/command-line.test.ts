import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SECONDS } from '../src/budget.js';
import { readCommandLine } from '../src/command-line.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

function run(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('the command line', () => {
  it('measures everything by default, and reports where it is told', () => {
    expect(readCommandLine([], 'report')).toMatchObject({
      command: 'all',
      quick: false,
      filter: '',
      only: [],
      output: 'report',
      seconds: SECONDS.full,
    });
  });

  it('reads commands and options', () => {
    const args = ['server', '--quick', '--filter', 'broadcast', '--only', 'ws,adapter', '--rounds', '6'];
    expect(readCommandLine(args, 'report')).toMatchObject({
      command: 'server',
      quick: true,
      filter: 'broadcast',
      only: ['ws', 'adapter'],
      server: { rounds: 6 },
      // Twice the usual rounds, twice the time.
      seconds: { micro: SECONDS.quick.micro, servers: 2 * SECONDS.quick.servers },
    });
  });

  it.each([
    [['serve']],
    [['micro', 'server']],
    [['--quik']],
    [['--rounds', '0']],
    [['--rounds', 'many']],
    [['--rounds', '1e9']],
    [['--filter']],
    [['--only', 'nobody']],
  ])('refuses %j', (args) => {
    expect(() => readCommandLine(args, 'report')).toThrow(TypeError);
  });

  it('checks what is promised, and ends with 0 where that is kept', { timeout: 30_000 }, async () => {
    const { code, stdout } = await run('check', '--quick', '--filter', 'memory: 125 B');
    expect(stdout).toContain('To measure: 1, in about 0:0');
    expect(stdout).toMatch(/decoded frame +\d+\.\d B a frame/);
    expect(stdout).toContain('Every promise is kept (1).');
    expect(code).toBe(0);
  });

  it('ends with 1 where nothing is promised, or nothing can be published', { timeout: 30_000 }, async () => {
    expect((await run('check', '--quick', '--filter', '10 fragments of 100 B')).code).toBe(1);
    const { code, stderr } = await run('publish', '--output', 'no-such-folder');
    expect(code).toBe(1);
    expect(stderr).toContain('no-such-folder');
  });

  it('keeps the quick form under two minutes, and the other near ten', () => {
    const [quick, full] = [SECONDS.quick, SECONDS.full].map(({ micro, servers }) => micro + servers);
    expect(quick).toBeLessThanOrEqual(100);
    expect(full).toBeLessThanOrEqual(600);
  });
});
