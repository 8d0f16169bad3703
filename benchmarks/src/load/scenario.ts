/** What the load generator does to a server. */
export type Scenario =
  | EchoScenario
  | BroadcastScenario
  /** opens connections, and keeps them silent */
  | { readonly kind: 'idle'; readonly deflate: boolean; readonly greet: boolean }
  /** opens connections and drops them, so many at a time */
  | { readonly kind: 'connect'; readonly concurrency: number }
  /** serves clients that are measured, by counting their bytes */
  | { readonly kind: 'answer'; readonly length: number };

/** Bursts of `depth` messages on each connection; the next one goes out when all of the last are back. */
export interface EchoScenario {
  readonly kind: 'echo';
  readonly connections: number;
  readonly depth: number;
  /** of a payload, in bytes */
  readonly length: number;
  readonly opcode: 1 | 2;
  readonly deflate: boolean;
  /** JSON texts, as compression has them, instead of the same letters again and again */
  readonly json?: boolean;
}

/** One connection sends `depth` messages, everybody gets them; the next ones go out when all have all of them. */
export interface BroadcastScenario {
  readonly kind: 'broadcast';
  readonly connections: number;
  readonly depth: number;
  readonly length: number;
  readonly opcode: 1 | 2;
}

/** What the load generator is asked, over IPC. */
export type Order =
  | { readonly do: 'start'; readonly scenario: Scenario; readonly port: number; readonly raw: boolean }
  /** idle connections only: opens more, up to so many */
  | { readonly do: 'grow'; readonly connections: number }
  | { readonly do: 'sample' }
  | { readonly do: 'stop' };

/** What happened since the start; latencies since the last sample. */
export interface Sample {
  /** messages that came back, in parts where one is under way; connections where those are counted */
  readonly messages: number;
  /** a clock of the load generator */
  readonly nanos: number;
  readonly cpuMicros: number;
  /** from the writing of a burst to the last byte of its last answer, in nanoseconds */
  readonly latency: { readonly p50: number; readonly p99: number; readonly p999: number };
}

/** Its answer to an {@link Order}; `port` where it listens itself. */
export type Answer = { readonly sample?: Sample; readonly port?: number } | { readonly failed: string };

/** How both go over IPC. */
export interface Asked {
  readonly id: number;
  readonly order: Order;
}

export interface Answered {
  readonly id: number;
  readonly answer: Answer;
}
