/**
 * Random numbers for one value, begun from a seed that fast-check gives: a stream of a hundred frames takes thousands of
 * them, and a campaign must not spend its time there (xorshift by Marsaglia, 2003).
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 0x9e3779b9;
  }

  /** 32 bits, without a sign. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** 0 … `count` − 1. */
  below(count: number): number {
    return this.next() % count;
  }

  /** `low` … `high`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True once in `count` times. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }
}
