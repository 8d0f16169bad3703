import type { KernelKind } from '@x/frame-codec';
import type { Job, JobResult } from './job.js';
import type { CampaignOptions } from './options.js';

/** Properties that decode little for their time have a turn in each so many rounds. */
const RARELY = 4;
/** How long a job shall take: short enough to stop soon, long enough for its start not to count. */
const SLICE_MS = 250;

/** One property on one kernel. */
interface Lane {
  readonly property: string;
  readonly kernel: KernelKind;
  /** jobs handed out */
  jobs: number;
  /** inputs handed out */
  runs: number;
  /** inputs a job takes, from how long the last took */
  slice: number;
  /** has a turn in each so many rounds */
  readonly every: number;
}

/** Deals out the jobs of a campaign: properties get the same time, or a part of it. Seeds hang on the campaign's seed alone. */
export class Plan {
  readonly #options: CampaignOptions;
  readonly #lanes: Lane[];
  #next = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#lanes = options.properties.flatMap(({ name, part, slow }) => {
      const kernels = part === 'codec' ? options.kernels : options.kernels.slice(0, 1);
      const every = slow === true ? RARELY : 1;
      return kernels.map((kernel) => ({ property: name, kernel, jobs: 0, runs: 0, slice: 50, every }));
    });
  }

  /** The next job; nothing when all runs are handed out. */
  next(): Job | undefined {
    const most = this.#options.runs ?? Number.POSITIVE_INFINITY;
    for (let tried = 0; tried < this.#lanes.length * RARELY; tried++) {
      const round = Math.floor(this.#next / this.#lanes.length);
      const lane = this.#lanes[this.#next++ % this.#lanes.length];
      if (lane === undefined || lane.runs >= most || round % lane.every !== 0) continue;
      const runs = Math.min(lane.slice, most - lane.runs);
      const seed = mix(this.#options.seed, `${lane.property} ${lane.kernel} ${lane.jobs}`);
      lane.jobs++;
      lane.runs += runs;
      return { property: lane.property, kernel: lane.kernel, seed, runs };
    }
    return undefined;
  }

  /** Learns from how long a job took. */
  learn({ job, elapsedMs }: JobResult): void {
    const lane = this.#lanes.find(
      ({ property, kernel }) => property === job.property && kernel === job.kernel,
    );
    if (lane === undefined) return;
    const factor = Math.min(4, Math.max(0.25, SLICE_MS / Math.max(1, elapsedMs)));
    lane.slice = Math.max(10, Math.round(job.runs * factor));
  }
}

/** A seed of 31 bits for each text (FNV-1a). */
function mix(seed: number, text: string): number {
  let hash = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) & 0x7fffffff;
}
