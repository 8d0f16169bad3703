import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SECONDS } from '../src/budget.js';
import { readCommandLine } from '../src/command-line.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

function run(...args: string[]): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
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

  it('reads commands and options, and the -- that pnpm hands on', () => {
    const args = [
      'server',
      '--',
      '--quick',
      '--filter',
      'broadcast',
      '--only',
      'ws,adapter',
      '--rounds',
      '7',
    ];
    expect(readCommandLine(args, 'report')).toMatchObject({
      command: 'server',
      quick: true,
      filter: 'broadcast',
      only: ['ws', 'adapter'],
      server: { rounds: 7 },
      seconds: SECONDS.quick,
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

  it('ends with 2 and says how it is used when it is wrong', async () => {
    const { code, stderr } = await run('--quik');
    expect(code).toBe(2);
    expect(stderr).toContain("'--quik'");
    expect(stderr).toContain('pnpm bench [all | micro');
  });

  it('keeps the quick form under two minutes, and the other near ten', () => {
    const [quick, full] = [SECONDS.quick, SECONDS.full].map(({ micro, servers }) => micro + servers);
    expect(quick).toBeLessThanOrEqual(100);
    expect(full).toBeLessThanOrEqual(600);
  });
});
