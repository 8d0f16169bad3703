import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A program that runs beside the test, and says things line by line. */
export interface Process {
  readonly child: ChildProcess;
  /** The next line that it prints. Fails when it ends without one, with what it complained about. */
  line(): Promise<string>;
  /** Ends its standard input, waits for it to end, and tells its status. */
  finish(): Promise<number | null>;
  /** Ends it, whatever it does. */
  stop(): Promise<void>;
}

export function start(command: string, args: readonly string[]): Process {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (status) => {
      process.off('exit', kill);
      resolve(status);
    });
    child.on('error', (error) => {
      complaints += error.message;
      resolve(null);
    });
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ended with ${await ended}: ${complaints}`);
      return value;
    },
    finish: () => {
      child.stdin.end();
      return ended;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      kill();
      await once(child, 'exit');
    },
  };
}
