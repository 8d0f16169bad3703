import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs the benchmark of the opening handshake, which prints what it finds; whether its promises are kept. */
export function benchHandshake(quick: boolean): boolean {
  const file = fileURLToPath(new URL('../handshake/main.js', import.meta.url));
  const { status } = spawnSync(process.execPath, [file, quick ? '60' : '500'], { stdio: 'inherit' });
  return status === 0;
}
