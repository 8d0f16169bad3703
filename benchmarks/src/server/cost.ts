import { SETTLING, type ServerEffort } from './effort.js';
import type { Workload } from './workloads.js';

const IDLE_ROUNDS = 2;

/** Rounds of a workload. A fresh server with thousands of connections takes its time, and tells nearly the same each time. */
export function roundsOf(workload: Workload, { rounds }: ServerEffort): number {
  return workload.connections ? Math.min(IDLE_ROUNDS, rounds) : rounds;
}

/** What a process takes to start, and what opening a connection and closing it takes, in milliseconds. */
const STARTING = 350;
const CONNECTING = 0.2;
/** What a round takes beside its measuring. */
const TURNING = 40;

/** About how many milliseconds a workload takes with so many contestants. */
export function costOf(workload: Workload, contestants: number, effort: ServerEffort): number {
  const { clients, connections, scenario } = workload;
  const rounds = roundsOf(workload, effort);
  const { measure, warmUp } = effort;
  if (connections) {
    const opened = Math.min(connections[1], effort.idle) * CONNECTING;
    return contestants * rounds * (STARTING + opened + 4 * SETTLING + TURNING);
  }
  if (clients) return contestants * rounds * (STARTING + warmUp + measure + TURNING);
  const opened = 'connections' in scenario ? scenario.connections * CONNECTING : 0;
  return contestants * (STARTING + 0.75 * warmUp + rounds * (opened + 0.25 * warmUp + measure + TURNING));
}
