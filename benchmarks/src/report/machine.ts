import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { LeftOut } from '../measure.js';
import { CONTESTANTS, whyMissing } from '../server/contestants.js';
import { canPin } from '../server/pinned.js';

/** Where, when and with what something was measured. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
  readonly pinned: boolean;
  readonly versions: Readonly<Record<string, string>>;
  /** who cannot take part here, and why */
  readonly missing: readonly LeftOut[];
}

const load = createRequire(import.meta.url);

export function describeMachine(): Machine {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of [
    'ws',
    'bufferutil',
    'utf-8-validate',
    'websocket',
    'faye-websocket',
    'undici',
    'bun',
    'deno',
  ]) {
    versions[name] = versionOf(name);
  }
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    system: `${process.platform} ${release()}, ${process.arch}`,
    pinned: canPin,
    versions,
    missing: CONTESTANTS.flatMap((contestant) => {
      const why = whyMissing(contestant);
      return why === undefined ? [] : [{ contestant: contestant.name, why, missing: true }];
    }),
  };
}

function versionOf(name: string): string {
  try {
    const { version }: { version: string } = load(`${name}/package.json`);
    return version;
  } catch {
    return 'not installed';
  }
}
