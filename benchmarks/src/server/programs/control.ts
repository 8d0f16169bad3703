import process from 'node:process';

/** What a program is asked to do; its one argument, as JSON. */
export interface Assignment {
  /** `echo` sends each message back; `broadcast` sends it to everybody; `client` sends and waits for the answers */
  readonly job: 'echo' | 'broadcast' | 'client';
  readonly deflate: boolean;
  readonly kernel: 'wasm' | 'script';
  /** clients only */
  readonly client?: {
    readonly port: number;
    readonly connections: number;
    readonly depth: number;
    readonly length: number;
  };
}

/** What a program says when it has started. */
export interface Started {
  /** where it listens; 0 for a client */
  readonly port: number;
  /** modules of native code that are in use */
  readonly natives: readonly string[];
}

/** What a program has used until now, by its own accounting. */
export interface Usage {
  /** of all its threads, in user and in kernel mode */
  readonly cpuMicros: number;
  /** resident memory in bytes */
  readonly resident: number;
  /** clients only: messages that came back */
  readonly messages: number;
}

/** What this program was started to do. */
export const assignment: Assignment = JSON.parse(process.argv.at(-1) ?? '');

declare const Bun: { gc(force: boolean): void } | undefined;

/**
 * Tells who started this program that it is ready, and answers what is asked on its standard input from then on: `usage`,
 * or `settle`, which collects garbage first. Ends the program when that input ends. The same for Node, Bun and Deno.
 */
export function ready(port: number, natives: readonly string[] = [], messages: () => number = () => 0): void {
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (asked: string) => {
    if (asked.includes('settle')) collectGarbage();
    const { user, system } = process.cpuUsage();
    const { rss } = process.memoryUsage();
    say({ cpuMicros: user + system, resident: rss, messages: messages() } satisfies Usage);
  });
  process.stdin.on('end', () => process.exit());
  say({ port, natives } satisfies Started);
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function collectGarbage(): void {
  for (let round = 0; round < 3; round++) {
    if (typeof Bun === 'undefined') (globalThis as { gc?: () => void }).gc?.();
    else Bun.gc(true);
  }
}

/** What a listening server says of its port. */
export function portOf(address: unknown): number {
  if (typeof address === 'object' && address !== null && 'port' in address) return Number(address.port);
  throw new TypeError('the server does not listen on a port');
}
