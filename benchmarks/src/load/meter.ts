import { createHistogram, performance } from 'node:perf_hooks';
import type { Sample } from './scenario.js';

/** Counts what comes back, and how long it took. */
export class Meter {
  messages = 0;
  readonly #latency = createHistogram();

  /** Takes the time since `startedAt`, a reading of {@link now}. */
  took(startedAt: number): void {
    this.#latency.record(Math.max(1, Math.round((performance.now() - startedAt) * 1e6)));
  }

  /** What was counted, with a part of a message where there is one; forgets the latencies. */
  sample(parts = 0): Sample {
    const { user, system } = process.cpuUsage();
    const latency = {
      p50: this.#latency.percentile(50),
      p99: this.#latency.percentile(99),
      p999: this.#latency.percentile(99.9),
    };
    this.#latency.reset();
    return {
      messages: this.messages + parts,
      nanos: performance.now() * 1e6,
      cpuMicros: user + system,
      latency,
    };
  }
}

/** Milliseconds on a clock that only goes forward. */
export function now(): number {
  return performance.now();
}
