import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const HELP = 'pnpm start --help tells what may be asked for';

const running: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout = '';
  stderr = '';

  constructor(environment: Record<string, string>, args: readonly string[] = []) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, HOST: '127.0.0.1', ...environment },
    });
    running.push(this.child);
    this.child.stdout.on('data', (data: Buffer) => {
      this.stdout += data.toString();
    });
    this.child.stderr.on('data', (data: Buffer) => {
      this.stderr += data.toString();
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }
}

describe('the program', () => {
  it('says in one line that the port is taken, and exits with 1', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const program = new Program({ PORT: String(port) });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr).toBe(
      `cannot listen on 127.0.0.1 port ${port}: it is already in use; set PORT to another port\n`,
    );
    expect(program.stdout).toBe('');
    holder.close();
  });

  it.each(['65536', '-1', 'eighty'])(
    'says in one line that PORT=%s is none, and exits with 2',
    async (port) => {
      const program = new Program({ PORT: port });
      expect(await program.ended).toEqual({ code: 2, signal: null });
      expect(program.stderr).toBe(`PORT must be a whole number from 0 to 65535, not "${port}" (${HELP})\n`);
    },
  );

  it('says in one line that it has no such option, and exits with 2', async () => {
    const program = new Program({ PORT: '0' }, ['--port', '80']);
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.stderr).toBe(`there is no option --port (${HELP})\n`);
    expect(program.stdout).toBe('');
  });

  it('says in one line that the address is not of this machine, and exits with 1', async () => {
    // 192.0.2.0/24 is kept for documentation (RFC 5737): no machine has it.
    const program = new Program({ HOST: '192.0.2.1', PORT: '0' });
    expect(await program.ended).toEqual({ code: 1, signal: null });
    expect(program.stderr).toBe(
      'cannot listen on 192.0.2.1 port 0: this machine has no such address; set HOST to one of its own\n',
    );
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'closes its clients with 1001 and exits with 0 on %s',
    async (signal) => {
      const program = new Program({ PORT: '0' });
      await expect.poll(() => program.stdout, { timeout: 10_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
      const url = program.stdout.match(/http:\S+/)?.[0] ?? '';
      const client = new WebSocket(`${url}/ws`);
      await once(client, 'open');
      const closed = once(client, 'close');
      program.child.kill(signal);
      program.child.kill(signal);
      expect((await closed)[0]).toBe(1001);
      expect(await program.ended).toEqual({ code: 0, signal: null });
      expect(program.stderr).toBe('');
    },
  );
});
