const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/**
 * How long to wait before a new attempt, in milliseconds, when `failures` attempts (1 or more) have failed in a row:
 * twice as long each time up to half a minute. The upper half of each wait is drawn at random, so that
 * the clients of a server that restarts do not all come back in the same moment (RFC 6455 §7.2.3).
 */
export function reconnectWaitMs(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(longest / 2 + (random() * longest) / 2);
}
