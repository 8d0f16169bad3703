/** What a promise compares, and how it is called. */
export const MEASURES = {
  speed: { called: 'speed', higherIsBetter: true },
  perSecond: { called: 'messages/s', higherIsBetter: true },
  cpuMicros: { called: 'CPU a message', higherIsBetter: false },
  bytes: { called: 'memory', higherIsBetter: false },
  ns: { called: 'time', higherIsBetter: false },
} as const;

export type PromisedMeasure = keyof typeof MEASURES;

/**
 * What the project promises of everything with such a title. The floor is what `pnpm bench check` guards; where the goal
 * is beyond it, the reports tell whether it was reached, and nothing fails.
 */
export interface Promised {
  /** the beginning of a title, and of no other, or a pattern */
  readonly of: string | RegExp;
  /** a contestant */
  readonly by: string;
  readonly measure: PromisedMeasure;
  /** the contestant that it is a multiple of; without one, floor and goal are nanoseconds or bytes */
  readonly than?: string;
  /** the title that the other one is taken from; default the same one */
  readonly thanIn?: string;
  /** at least so much, or at most where less is better */
  readonly floor: number;
  /** default the floor */
  readonly goal?: number;
}

const MILLISECOND = 1e6;

/** Whole servers and clients; `adapter` and `transport` are this project. */
const SERVERS: readonly Promised[] = [
  { of: 'echo: 16 B text', by: 'adapter', measure: 'perSecond', than: 'ws', floor: 8, goal: 10 },
  { of: 'echo: 16 B text', by: 'transport', measure: 'perSecond', than: 'ws', floor: 10 },
  { of: 'echo: 16 B text', by: 'adapter', measure: 'perSecond', than: 'Bun', floor: 0.5, goal: 1 },
  { of: 'echo: 16 B text', by: 'transport', measure: 'perSecond', than: 'Bun', floor: 0.9, goal: 1 },
  { of: 'echo: 125 B binary', by: 'adapter', measure: 'perSecond', than: 'ws', floor: 5, goal: 6 },
  { of: 'echo: 125 B binary', by: 'transport', measure: 'perSecond', than: 'ws', floor: 6 },
  { of: 'echo: 1 KiB text', by: 'adapter', measure: 'perSecond', than: 'ws', floor: 2.5, goal: 3 },
  { of: 'echo: 1 KiB text', by: 'transport', measure: 'perSecond', than: 'ws', floor: 3 },
  {
    of: 'echo: 128 B, 1 in flight',
    by: 'adapter',
    measure: 'cpuMicros',
    than: 'ws',
    floor: 0.95,
    goal: 0.85,
  },
  { of: 'echo: 128 B, 1 in flight', by: 'adapter', measure: 'cpuMicros', than: 'net', floor: 1.15, goal: 1 },
  { of: 'echo: 128 B, 1 in flight', by: 'transport', measure: 'cpuMicros', than: 'ws', floor: 0.85 },
  { of: 'echo: 128 B, 1 in flight', by: 'transport', measure: 'cpuMicros', than: 'net', floor: 1.1, goal: 1 },
  {
    of: 'echo: 1 KiB, 1 in flight',
    by: 'adapter',
    measure: 'cpuMicros',
    than: 'ws',
    floor: 0.95,
    goal: 0.85,
  },
  { of: 'echo: 1 KiB, 1 in flight', by: 'adapter', measure: 'cpuMicros', than: 'net', floor: 1.15, goal: 1 },
  { of: 'echo: 1 KiB, 1 in flight', by: 'transport', measure: 'cpuMicros', than: 'ws', floor: 0.85 },
  { of: 'echo: 1 KiB, 1 in flight', by: 'transport', measure: 'cpuMicros', than: 'net', floor: 1.1, goal: 1 },
  { of: 'echo: 64 KiB', by: 'adapter', measure: 'cpuMicros', than: 'ws', floor: 1, goal: 0.8 },
  { of: 'echo: 64 KiB', by: 'transport', measure: 'cpuMicros', than: 'ws', floor: 0.9, goal: 0.8 },
  { of: 'echo: 1 MiB', by: 'adapter', measure: 'cpuMicros', than: 'ws', floor: 1, goal: 0.8 },
  { of: 'echo: 1 MiB', by: 'transport', measure: 'cpuMicros', than: 'ws', floor: 0.9, goal: 0.8 },
  {
    of: 'echo: 1 KiB JSON with permessage-deflate',
    by: 'adapter',
    measure: 'perSecond',
    than: 'ws',
    floor: 2.5,
    goal: 5,
  },
  { of: 'broadcast: 1 KiB', by: 'adapter', measure: 'perSecond', than: 'ws', floor: 1.1, goal: 2 },
  { of: 'broadcast: 1 KiB', by: 'transport', measure: 'perSecond', than: 'ws', floor: 1.1, goal: 2 },
  { of: 'client: 1 KiB', by: 'adapter', measure: 'perSecond', than: 'ws', floor: 1.5 },
  {
    of: /^idle: memory of a connection$/,
    by: 'adapter',
    measure: 'bytes',
    than: 'ws',
    floor: 1,
    goal: 0.8,
  },
  {
    of: 'idle: memory of a connection with permessage-deflate',
    by: 'adapter',
    measure: 'bytes',
    than: 'adapter',
    thanIn: 'idle: memory of a connection',
    floor: 1.2,
    goal: 1.1,
  },
];

/** Pieces of work; `wasm` and `script` are this project's two kernels. */
const PIECES: readonly Promised[] = [
  { of: 'decode: 16 B text', by: 'wasm', measure: 'speed', than: 'ws', floor: 5, goal: 6 },
  { of: 'decode: 125 B text', by: 'wasm', measure: 'speed', than: 'ws', floor: 3, goal: 6 },
  { of: 'decode: 125 B binary', by: 'wasm', measure: 'speed', than: 'ws', floor: 4, goal: 6 },
  { of: 'decode: 1 KiB text', by: 'wasm', measure: 'speed', than: 'ws', floor: 1.5, goal: 3.5 },
  { of: /^decode: 64 KiB binary$/, by: 'wasm', measure: 'speed', than: 'ws', floor: 2.5, goal: 3.5 },
  { of: /^decode: [^,]+$/, by: 'script', measure: 'speed', than: 'ws without add-ons', floor: 1 },
  { of: /^decode: .*, read into/, by: 'wasm', measure: 'speed', than: 'memcpy', floor: 0.4, goal: 0.6 },
  { of: /^encode, server: /, by: 'wasm', measure: 'speed', than: 'ws', floor: 4, goal: 5 },
  { of: /^encode, server: /, by: 'script, copied', measure: 'speed', than: 'ws without add-ons', floor: 1 },
  { of: /^encode, client: /, by: 'wasm', measure: 'speed', than: 'ws', floor: 1.3, goal: 3 },
  { of: /^encode, client: /, by: 'script', measure: 'speed', than: 'ws without add-ons', floor: 1 },
  { of: /^unmask .*: \d+ B$/, by: 'wasm', measure: 'speed', than: 'bufferutil', floor: 1 },
  { of: /^unmask .*: \d+ [KM]iB$/, by: 'wasm', measure: 'speed', than: 'bufferutil', floor: 0.9, goal: 1.5 },
  { of: /^UTF-8, .*: \d+ B$/, by: 'wasm', measure: 'speed', than: 'utf-8-validate', floor: 0.5, goal: 1 },
  { of: /^UTF-8, ASCII: /, by: 'wasm', measure: 'speed', than: 'isUtf8', floor: 0.3, goal: 0.4 },
  { of: /^UTF-8, (?!ASCII)/, by: 'wasm', measure: 'speed', than: 'isUtf8', floor: 0.15, goal: 0.25 },
  { of: /^memory: /, by: 'decoded frame', measure: 'bytes', than: 'view', floor: 1.05 },
  { of: /^handshake: .* node:http/, by: 'this project', measure: 'speed', than: 'ws', floor: 1.5, goal: 2 },
  { of: 'start: import', by: 'adapter', measure: 'ns', than: 'ws without add-ons', floor: 1.5 },
  {
    of: 'start: first message',
    by: 'adapter',
    measure: 'ns',
    than: 'ws without add-ons',
    floor: 3,
    goal: 1.5,
  },
  { of: /^hostile patterns/, by: '64 KiB', measure: 'ns', floor: 5 * MILLISECOND },
  { of: /^hostile patterns: /, by: '64 KiB', measure: 'ns', than: '16 KiB', floor: 5 },
];

/** The one table of promises. */
export const PROMISES: readonly Promised[] = [...SERVERS, ...PIECES];

/** Those of the titles that a promise means. */
export function meant(of: string | RegExp, titles: Iterable<string>): string[] {
  return [...titles].filter((title) => (typeof of === 'string' ? title.startsWith(of) : of.test(title)));
}

/** Those of the titles that something is promised of, or compared with. */
export function promisedOf(titles: Iterable<string>): Set<string> {
  const all = [...titles];
  return new Set(
    PROMISES.flatMap(({ of, thanIn }) => {
      const found = meant(of, all);
      return found.length > 0 && thanIn !== undefined ? [...found, thanIn] : found;
    }),
  );
}

/** The contestants that promises of this title speak of. */
export function promisedContestants(title: string): Set<string> {
  return new Set(
    PROMISES.flatMap(({ by, of, than, thanIn }) => [
      ...(meant(of, [title]).length > 0
        ? [by, ...(than !== undefined && thanIn === undefined ? [than] : [])]
        : []),
      ...(thanIn === title && than !== undefined ? [than] : []),
    ]),
  );
}
