/** What several rounds gave: their median, and the quartiles around it. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: readonly number[];
}

export function spreadOf(rounds: readonly number[]): Spread {
  const sorted = ascending(rounds);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    rounds,
  };
}

/** @param sorted in ascending order */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * One as a multiple of another: the median of the ratios of each round, because what the machine did in a round is in
 * both. Where one has fewer rounds, the rest is compared with its median.
 */
export function ratioOf(one: Spread, other: Spread): number {
  const { length } = one.rounds.length > other.rounds.length ? one.rounds : other.rounds;
  const ratios = Array.from(
    { length },
    (_, round) => (one.rounds[round] ?? one.median) / (other.rounds[round] ?? other.median),
  );
  return quantile(ascending(ratios), 0.5);
}

/** Whether there was one round only: its figure may be anything, and no spread tells so. */
export function isSingle({ rounds }: Pick<Spread, 'rounds'>): boolean {
  return rounds.length === 1;
}

/** Half the way between the quartiles in per cent of the median; of one round, that it is one. */
export function tellSpread(spread: Spread): string {
  const { high, low, median } = spread;
  return isSingle(spread) ? 'n = 1' : `±${Math.round(((high - low) / 2 / median) * 100)}%`;
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
