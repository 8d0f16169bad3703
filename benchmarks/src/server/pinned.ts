import { spawnSync } from 'node:child_process';

/** Which core a process keeps to. */
export type Core = 'measured' | 'load';

const CORES: Record<Core, string> = { measured: '0', load: '1' };

/** Whether processes can be kept on cores of their own here. */
export const canPin: boolean =
  process.platform === 'linux' &&
  Object.values(CORES).every((core) => spawnSync('taskset', ['-c', core, 'true']).status === 0);

/** The command, kept to a core where the system can do that. */
export function pinned(core: Core, command: readonly string[]): [string, ...string[]] {
  const [program = '', ...rest] = command;
  return canPin ? ['taskset', '-c', CORES[core], program, ...rest] : [program, ...rest];
}
