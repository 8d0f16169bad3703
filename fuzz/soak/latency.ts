/** What is made of latencies, in milliseconds. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p999: number;
  readonly max: number;
}

/** Samples of how long something took. */
export class Samples {
  readonly #values: number[] = [];

  add(milliseconds: number): void {
    this.#values.push(milliseconds);
  }

  /** Takes them, and begins anew. */
  take(): Latencies {
    const values = Float64Array.from(this.#values).sort();
    this.#values.length = 0;
    const at = (share: number): number =>
      values[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)] ?? 0;
    return { count: values.length, p50: at(0.5), p999: at(0.999), max: at(1) };
  }
}
