import { phaseNames } from './phases.js';

/** What a soak does. */
export interface SoakSettings {
  /** hostile connections that are held at once, over all states in which they stall */
  readonly connections: number;
  /** connections of a flood */
  readonly flooders: number;
  readonly floodMs: number;
  /** the waits of the server: how long a peer may take for its request, its pong, its close frame */
  readonly patienceMs: number;
  /** measured rounds go on for so long; at least one is run */
  readonly minutes: number;
  /** names of {@link PHASES} */
  readonly phases: readonly string[];
  /** the module of the server's process, and what it is told */
  readonly server: URL;
  readonly serverArguments: readonly string[];
  readonly bounds: Bounds;
}

const SERVER_MODULE = new URL(
  import.meta.url.includes('/dist/') ? './server.js' : '../dist/soak/server.js',
  import.meta.url,
);

/**
 * What follows from a number of connections. A peer that stalls must not be dropped before all of them have come, so that
 * they are there at once: the server is as patient as that takes on a slow machine.
 */
export function settingsFor(connections: number, phases: readonly string[] = phaseNames()): SoakSettings {
  return {
    connections,
    flooders: Math.max(1, Math.min(10, Math.round(connections / 100))),
    floodMs: connections > 2000 ? 5000 : 1000,
    patienceMs: Math.round(6000 + 1.5 * connections),
    minutes: 0,
    phases,
    server: SERVER_MODULE,
    serverArguments: [],
    bounds: BOUNDS,
  };
}

/** What the server is made with beside its waits; the defaults of the adapter are larger, and no other limit is changed. */
export const SERVER_LIMITS = {
  /** bytes of a message */
  maxPayload: 1_048_576,
  /** frames of a message */
  maxFragments: 10_000,
  /** bytes that wait for a peer that does not read */
  maxBufferedAmount: 262_144,
} as const;

/** What a soak must keep to: milliseconds and bytes. */
export interface Bounds {
  /** from a message of the healthy client to its echo: for 99.9 % of them, and for all */
  readonly p999Ms: number;
  readonly maxMs: number;
  /** from the start of a fresh connection to its first echo */
  readonly freshMs: number;
  /** what the server may take beyond its patience to drop who stalls */
  readonly dropMs: number;
  /** what a phase may make the server hold beside what it holds for each connection: memory that is used again */
  readonly shared: number;
  /** what is left behind from the first round to the last, after garbage collection */
  readonly heapGrowth: number;
  readonly externalGrowth: number;
  readonly rssGrowth: number;
  /** until the process of the server has ended when it is closed: nothing keeps it */
  readonly endMs: number;
}

/**
 * Latencies are judged here and nowhere else in the project. The longest echo seen was 0.4 s, where two cores had fourteen
 * processes to run; a machine of its own is far below.
 */
export const BOUNDS: Bounds = {
  p999Ms: 1000,
  maxMs: 3000,
  freshMs: 5000,
  dropMs: 5000,
  shared: 4_194_304,
  heapGrowth: 4_194_304,
  externalGrowth: 8_388_608,
  rssGrowth: 67_108_864,
  endMs: 5000,
};
