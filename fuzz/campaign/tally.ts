import { VIOLATIONS } from '@x/frame-codec';
import { VIOLATIONS as HANDSHAKE_VIOLATIONS } from '@x/handshake';
import type { JobResult } from './job.js';
import { propertyNamed } from './job.js';

/** All that a campaign has done so far. */
export class Tally {
  readonly #start = performance.now();
  readonly #cpuStart = process.cpuUsage();
  readonly #rows = new Map<
    string,
    { executions: number; frames: number; streams: number; programs: number; elapsedMs: number }
  >();
  readonly #violations = new Map<string, number>();
  executions = 0;
  frames = 0;
  /** time that threads spent in properties that decode frames */
  #codecMs = 0;
  #allMs = 0;

  add({ job, counts, elapsedMs }: JobResult): void {
    this.executions += counts.executions;
    this.frames += counts.frames;
    this.#allMs += elapsedMs;
    const { part } = propertyNamed(job.property);
    if (part === 'codec' || part === 'kernels') this.#codecMs += elapsedMs;
    const row = this.#rows.get(job.property) ?? {
      executions: 0,
      frames: 0,
      streams: 0,
      programs: 0,
      elapsedMs: 0,
    };
    this.#rows.set(job.property, row);
    row.executions += counts.executions;
    row.frames += counts.frames;
    row.streams += counts.streams;
    row.programs += counts.programs;
    row.elapsedMs += elapsedMs;
    for (const [name, count] of Object.entries(counts.violations))
      this.#violations.set(name, (this.#violations.get(name) ?? 0) + count);
  }

  /** Frames in a second of one core: by the time the processor spent, so that a busy machine does not show. */
  get frameRate(): number {
    if (this.#codecMs === 0) return 0;
    const { user, system } = process.cpuUsage(this.#cpuStart);
    return this.frames / (((user + system) / 1e6) * (this.#codecMs / this.#allMs));
  }

  /** Names of the codec's table, or the handshake's, that no input has provoked. */
  missing(table: 'codec' | 'handshake'): string[] {
    if (table === 'codec') return Object.keys(VIOLATIONS).filter((name) => !this.#violations.has(name));
    return Object.keys(HANDSHAKE_VIOLATIONS).filter((name) => !this.#violations.has(`handshake:${name}`));
  }

  line(): string {
    const seconds = Math.round((performance.now() - this.#start) / 1000);
    const all = Object.keys(VIOLATIONS).length;
    const allOfHandshake = Object.keys(HANDSHAKE_VIOLATIONS).length;
    return (
      `${seconds} s: ${number(this.executions)} executions, ${number(this.frames)} frames, ` +
      `${number(this.frameRate)} frames/s a core; violations seen: codec ${all - this.missing('codec').length} of ${all}, ` +
      `handshake ${allOfHandshake - this.missing('handshake').length} of ${allOfHandshake}`
    );
  }

  summary(): string {
    const rows = [...this.#rows].map(([name, { executions, frames, streams, programs, elapsedMs }]) => {
      const rate = frames === 0 ? '' : `${number((frames / elapsedMs) * 1000).padStart(12)} frames/s`;
      const sent = streams === 0 ? '' : `${number(streams).padStart(12)} hostile streams`;
      const run = programs === 0 ? '' : `${number(programs).padStart(12)} programs`;
      return `  ${name.padEnd(22)} ${number(executions).padStart(12)} executions${rate}${sent}${run}`;
    });
    const unseen = this.missing('codec');
    return [...rows, this.line(), ...(unseen.length > 0 ? [`never seen: ${unseen.join(', ')}`] : [])].join(
      '\n',
    );
  }
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
