import type { Scenario } from '../load/scenario.js';
import { size } from '../size.js';

/** Something that servers, or clients, are measured at. */
export interface Workload {
  /** one chart */
  readonly group: string;
  readonly name: string;
  readonly scenario: Scenario;
  /** has everybody take part, not only those who always do */
  readonly everybody?: boolean;
  /** where it stands in a chart of cost against something */
  readonly x?: number;
  /** is left out when time is short */
  readonly sweep?: boolean;
  /** clients, that the load generator serves */
  readonly clients?: { readonly connections: number; readonly depth: number };
  /** idle connections: memory is told for each of those between these two numbers */
  readonly connections?: readonly [from: number, to: number];
}

interface Echo {
  readonly connections: number;
  readonly depth: number;
  readonly length: number;
  readonly opcode?: 1 | 2;
  readonly deflate?: boolean;
  readonly json?: boolean;
}

function echo({ opcode = 2, deflate = false, ...rest }: Echo): Scenario {
  return { kind: 'echo', opcode, deflate, ...rest };
}

const KIB = 1024;
const MIB = 1024 * KIB;

const ECHOES: readonly Workload[] = [
  {
    group: 'echo',
    name: '16 B text, 100 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 100, length: 16, opcode: 1 }),
    everybody: true,
  },
  {
    group: 'echo',
    name: '125 B binary, 100 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 100, length: 125 }),
    everybody: true,
  },
  {
    group: 'echo',
    name: '1 KiB text, 50 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 50, length: KIB, opcode: 1 }),
    everybody: true,
  },
  {
    group: 'echo',
    name: '128 B, 1 in flight on each of 64 connections',
    scenario: echo({ connections: 64, depth: 1, length: 128 }),
    everybody: true,
  },
  {
    group: 'echo',
    name: '1 KiB, 1 in flight on each of 64 connections',
    scenario: echo({ connections: 64, depth: 1, length: KIB }),
  },
  {
    group: 'echo',
    name: '64 KiB, 1 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 1, length: 64 * KIB }),
  },
  {
    group: 'echo',
    name: '1 MiB, 1 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 1, length: MIB }),
  },
  {
    group: 'echo',
    name: '1 KiB JSON without compression, 10 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 10, length: KIB, opcode: 1, json: true }),
  },
  {
    group: 'echo',
    name: '1 KiB JSON with permessage-deflate, 10 in flight on each of 8 connections',
    scenario: echo({ connections: 8, depth: 10, length: KIB, opcode: 1, deflate: true }),
  },
];

const MAIN: readonly Workload[] = [
  ...ECHOES,
  {
    group: 'broadcast',
    name: '1 KiB text to 1000 connections',
    scenario: { kind: 'broadcast', connections: 1000, depth: 1, length: KIB, opcode: 1 },
    everybody: true,
  },
  {
    group: 'broadcast',
    name: '10 at a time of 1 KiB text to 1000 connections',
    scenario: { kind: 'broadcast', connections: 1000, depth: 10, length: KIB, opcode: 1 },
  },
  {
    group: 'idle',
    name: 'memory of a connection',
    scenario: { kind: 'idle', deflate: false, greet: false },
    connections: [1000, 10_000],
    everybody: true,
  },
  {
    group: 'idle',
    name: 'memory of a connection with permessage-deflate',
    scenario: { kind: 'idle', deflate: true, greet: false },
    connections: [1000, 10_000],
  },
  {
    group: 'client',
    name: '1 KiB, 50 in flight on each of 8 connections',
    scenario: { kind: 'answer', length: KIB },
    clients: { connections: 8, depth: 50 },
    everybody: true,
  },
  {
    group: 'connects',
    name: 'opening handshakes, 32 at a time',
    scenario: { kind: 'connect', concurrency: 32 },
    everybody: true,
  },
];

/** Length of a payload, connections, and messages in flight on each: few of the long ones, so that memory does not count. */
const SIZES: readonly (readonly [length: number, connections: number, depth: number])[] = [
  [16, 8, 16],
  [128, 8, 16],
  [KIB, 8, 16],
  [8 * KIB, 8, 4],
  [64 * KIB, 8, 1],
  [MIB, 4, 1],
  [16 * MIB, 2, 1],
];

const SWEEPS: readonly Workload[] = [
  ...SIZES.map(
    ([length, connections, depth]): Workload => ({
      group: 'echo by size',
      name: size(length),
      x: length,
      scenario: echo({ connections, depth, length }),
      sweep: true,
    }),
  ),
  ...[1, 4, 16, 64, 256].map(
    (depth): Workload => ({
      group: 'echo by depth',
      name: `128 B, ${depth} in flight on each of 16 connections`,
      x: depth,
      scenario: echo({ connections: 16, depth, length: 128 }),
      sweep: true,
    }),
  ),
  ...[1, 10, 100, 1000, 10_000].map(
    (connections): Workload => ({
      group: 'echo by connections',
      name: `128 B, 1 in flight on each of ${connections}`,
      x: connections,
      scenario: echo({ connections, depth: 1, length: 128 }),
      sweep: true,
    }),
  ),
  ...[10, 100, 1000, 5000].map(
    (connections): Workload => ({
      group: 'broadcast by connections',
      name: `1 KiB text to ${connections}`,
      x: connections,
      scenario: { kind: 'broadcast', connections, depth: 1, length: KIB, opcode: 1 },
      sweep: true,
    }),
  ),
];

export const WORKLOADS: readonly Workload[] = [...MAIN, ...SWEEPS];
