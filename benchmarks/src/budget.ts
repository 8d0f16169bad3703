/**
 * Seconds that each form of the benchmarks has for pieces of work, and for whole servers. The rounds give way to this, not
 * the other way round.
 */
export const SECONDS = {
  full: { micro: 105, servers: 480 },
  quick: { micro: 34, servers: 66 },
} as const;

/** Shares a stretch of time out among things that cost more and less, one after the other. */
export class Budget {
  readonly #costs: number[];
  readonly #end: number;
  readonly #now: () => number;

  /**
   * @param milliseconds for all of them
   * @param costs what each is thought to take; only their ratios count
   */
  constructor(milliseconds: number, costs: readonly number[], now: () => number = () => performance.now()) {
    this.#costs = [...costs];
    this.#now = now;
    this.#end = now() + milliseconds;
  }

  /** Milliseconds for the next one: its share of what the ones before it have left. */
  next(): number {
    const all = this.#costs.reduce((sum, cost) => sum + cost, 0);
    const cost = this.#costs.shift();
    if (cost === undefined) throw new RangeError('nothing is left to do');
    return Math.max(0, (this.#end - this.#now()) * (cost / all));
  }
}

/** Fewer rounds than this have no spread. */
const LEAST_ROUNDS = 2;

/**
 * Whether there is time for another round: it has to end within what was allotted, by what the ones before took; on a
 * slow machine the second may take as much again.
 */
export function hasTime(done: number, elapsed: number, allotted: number): boolean {
  if (done === 0) return true;
  return elapsed + elapsed / done <= (done < LEAST_ROUNDS ? 2 * allotted : allotted);
}
