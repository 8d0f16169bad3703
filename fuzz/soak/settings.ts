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
    flooders: Math.max(1, Math.min(100, Math.round(connections / 20))),
    floodMs: connections > 2000 ? 5000 : 1000,
    patienceMs: Math.max(2000, 4000 + 1.6 * connections),
    minutes: 0,
    phases,
    server: SERVER_MODULE,
    serverArguments: [],
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

/**
 * What a soak must keep to. Latencies are judged here and nowhere else in the project: on two cores, one of them the
 * server's, they were … below this, and a machine may be several times slower or busy with something else.
 */
export const BOUNDS = {
  /** milliseconds from a message of the healthy client to its echo */
  p999Ms: 500,
  maxMs: 2000,
  /** milliseconds from the start of a fresh connection to its first echo */
  freshMs: 3000,
  /** milliseconds that the server may take beyond its patience to drop who stalls */
  dropMs: 5000,
  /** bytes that are left behind from the first round to the last, after garbage collection */
  heapGrowth: 4_194_304,
  externalGrowth: 4_194_304,
  rssGrowth: 67_108_864,
  /** milliseconds until the process of the server has ended when it is closed: nothing keeps it */
  endMs: 5000,
} as const;
