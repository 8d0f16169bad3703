import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Assignment } from './programs/control.js';

/** Who is measured. */
export interface Contestant {
  readonly name: string;
  readonly runtime: 'node' | 'bun' | 'deno';
  /** an npm package that must be installed */
  readonly needs?: string;
  /** files beside `programs/control.ts` */
  readonly server?: string;
  readonly client?: string;
  readonly kernel?: Assignment['kernel'];
  readonly environment?: Readonly<Record<string, string>>;
  /** packages whose native part must be in use, and no others */
  readonly natives?: readonly string[];
  /** echoes bytes, and knows nothing of WebSocket */
  readonly raw?: boolean;
  /** why it has no permessage-deflate */
  readonly withoutDeflate?: string;
  /** takes part in every workload; the others only in the main ones */
  readonly always?: boolean;
}

const NO_ADD_ONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };

export const CONTESTANTS: readonly Contestant[] = [
  { name: 'adapter', runtime: 'node', server: 'adapter', client: 'client-adapter', always: true },
  {
    name: 'adapter, script kernel',
    runtime: 'node',
    server: 'adapter',
    client: 'client-adapter',
    kernel: 'script',
  },
  {
    name: 'transport',
    runtime: 'node',
    server: 'transport',
    withoutDeflate: 'the same as that of the adapter',
    always: true,
  },
  {
    name: 'transport, script kernel',
    runtime: 'node',
    server: 'transport',
    kernel: 'script',
    withoutDeflate: 'the same as that of the adapter',
  },
  {
    name: 'ws',
    runtime: 'node',
    needs: 'ws',
    server: 'ws',
    client: 'client-ws',
    // Text it validates with isUtf8 of node:buffer where there is one, with or without utf-8-validate.
    natives: ['bufferutil'],
    always: true,
  },
  {
    name: 'ws without add-ons',
    runtime: 'node',
    needs: 'ws',
    server: 'ws',
    client: 'client-ws',
    environment: NO_ADD_ONS,
    natives: [],
  },
  {
    name: 'websocket',
    runtime: 'node',
    needs: 'websocket',
    server: 'websocket',
    withoutDeflate: 'it has none',
  },
  {
    name: 'faye-websocket',
    runtime: 'node',
    needs: 'faye-websocket',
    server: 'faye-websocket',
    withoutDeflate: 'it has none of its own',
  },
  { name: 'undici', runtime: 'node', needs: 'undici', client: 'client-web' },
  { name: 'Bun', runtime: 'bun', server: 'bun', client: 'client-web', always: true },
  {
    name: 'Deno',
    runtime: 'deno',
    server: 'deno',
    client: 'client-web',
    withoutDeflate: 'its server has none',
  },
  {
    name: 'net',
    runtime: 'node',
    server: 'net',
    raw: true,
    withoutDeflate: 'it knows nothing of WebSocket',
    always: true,
  },
];

const load = createRequire(import.meta.url);

/** Where the npm packages of the runtimes keep the binary: in another one for each system. */
const BINARIES = {
  bun: ['bin/bun', 'bin/bun.exe'],
  deno: ['deno', 'deno.exe'],
} as const;

/** Why somebody cannot take part in anything on this machine; nothing where it can. */
export function whyMissing({ needs, runtime }: Contestant): string | undefined {
  if (needs !== undefined && !isInstalled(needs)) return `npm ${needs} is not installed`;
  if (runtime === 'node') return undefined;
  const binary = binaryOf(runtime);
  if (binary === undefined) return `npm ${runtime} is not installed for this system`;
  return runs(binary) ? undefined : `the binary of npm ${runtime} does not run here`;
}

function isInstalled(name: string): boolean {
  try {
    load.resolve(name);
    return true;
  } catch {
    return false;
  }
}

const known = new Map<string, boolean>();

/** That a binary is there does not mean that it runs: it may be for another processor, or need another C library. */
function runs(binary: string): boolean {
  const fine = known.get(binary) ?? spawnSync(binary, ['--version'], { timeout: 10_000 }).status === 0;
  known.set(binary, fine);
  return fine;
}

/** The command that starts a runtime, without the program; nothing where it is not installed. */
export function commandOf(
  runtime: Contestant['runtime'],
  flags: readonly string[] = [],
): string[] | undefined {
  if (runtime === 'node') return [process.execPath, '--expose-gc', ...flags];
  const binary = binaryOf(runtime);
  if (binary === undefined) return undefined;
  return runtime === 'bun'
    ? [binary, '--expose-gc']
    : [binary, 'run', '--allow-all', '--v8-flags=--expose-gc'];
}

function binaryOf(runtime: 'bun' | 'deno'): string | undefined {
  try {
    const manifest = load.resolve(`${runtime}/package.json`);
    const { optionalDependencies = {} }: { optionalDependencies?: Record<string, string> } = load(manifest);
    const beside = createRequire(manifest);
    for (const name of Object.keys(optionalDependencies)) {
      for (const file of BINARIES[runtime]) {
        try {
          return beside.resolve(`${name}/${file}`);
        } catch {
          // That one is for another system.
        }
      }
    }
  } catch {
    // The package itself is not installed.
  }
  return undefined;
}
