import type { Sample } from './scenario.js';

/** A {@link Scenario} under way. */
export interface Run {
  sample(): Sample;
  stop(): void;
  /** idle connections: opens more */
  grow?(connections: number): Promise<void>;
  /** where it listens, for clients */
  readonly port?: number;
}

/** Does `open` for each of `count`, at most so many at a time. */
export async function inTurn(count: number, atOnce: number, open: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await open();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

/** How many connections are opened at a time. */
export const AT_ONCE = 64;
