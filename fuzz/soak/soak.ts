import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './calls.js';
import { HealthyClient, type HealthyFigures } from './healthy.js';
import type { PhaseFigures, RoundFigures, SoakFigures } from './judge.js';
import type { LoadCalls } from './load.js';
import { phaseOf } from './phases.js';
import type { ServerCalls, ServerEnd, ServerFigures } from './serving.js';
import type { SoakSettings } from './settings.js';

const LOAD_MODULE = new URL(
  import.meta.url.includes('/dist/') ? './load.js' : '../dist/soak/load.js',
  import.meta.url,
);
const LOOK_MS = 100;
/** Connections that were made are accepted within this. */
const ARRIVE_MS = 2000;
/** The backlog of a flood is dealt with within this. */
const QUIET_MS = 10_000;
/** Connections that were reset are gone within this. */
const SETTLE_MS = 10_000;

/** A phase whose peers stall and are still there. */
interface Held {
  readonly name: string;
  readonly since: number;
}

/** Who is told how a soak goes on. */
export interface Told {
  phase(figures: PhaseFigures): void;
  /** @param number counts from 1 */
  round(figures: RoundFigures, number: number): void;
}

/** A server, hostile peers, and a healthy client, each in a process of its own; this one is the client's. */
export class Soak {
  readonly #settings: SoakSettings;
  readonly #server: Child<ServerCalls>;
  readonly #load: Child<LoadCalls>;
  readonly #told: Told;
  #client!: HealthyClient;
  #port = 0;
  #stopped = false;

  constructor(settings: SoakSettings, told: Told) {
    this.#settings = settings;
    this.#told = told;
    this.#server = new Child<ServerCalls>('server', settings.server, settings.serverArguments);
    this.#load = new Child<LoadCalls>('load', LOAD_MODULE);
  }

  /** Skips the phases that have not begun. */
  stop(): void {
    this.#stopped = true;
  }

  /** Runs a round that is not judged, and others until the time is over; leaves no process behind. */
  async run(): Promise<SoakFigures> {
    const { patienceMs, minutes, bounds } = this.#settings;
    const rounds: RoundFigures[] = [];
    let before: ServerFigures | undefined;
    let closed: ServerFigures | undefined;
    let end: ServerEnd | undefined;
    let broken: string | undefined;
    try {
      this.#port = await this.#server.call('listen', { patienceMs });
      this.#client = new HealthyClient(this.#port);
      await this.#client.open();
      await this.#warmUp();
      before = await this.#measure();
      const start = performance.now();
      while (!this.#stopped) {
        const round = await this.#round();
        rounds.push(round);
        this.#told.round(round, rounds.length);
        if (performance.now() - start >= minutes * 60_000) break;
      }
      await this.#client.close();
      await this.#settle(0);
      closed = await this.#measure();
      end = await this.#server.call('close', undefined);
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error);
    }
    await this.#load.end(bounds.endMs);
    const ended = await this.#server.end(bounds.endMs);
    return { before, rounds, closed, end, ended: end === undefined ? undefined : ended, broken };
  }

  /** As many peers as in the rounds that are judged, who do not stay. */
  async #warmUp(): Promise<void> {
    for (const name of this.#settings.phases) {
      if (this.#stopped) break;
      await this.#begin(name, 0.3);
    }
    await this.#load.call('reset', undefined);
    await this.#settle();
  }

  async #round(): Promise<RoundFigures> {
    const phases: PhaseFigures[] = [];
    const held: Held[] = [];
    const { phases: names } = this.#settings;
    let before = await this.#measure();
    for (const name of names.filter((each) => phaseOf(each).kind === 'stall')) {
      if (this.#stopped) break;
      const since = performance.now();
      const { figures, after } = await this.#phase(name, before);
      before = after;
      phases.push(figures);
      held.push({ name, since });
    }
    const waiting = held.length === 0 ? undefined : await this.#waitOut(held, phases);
    let left = await this.#settle();
    for (const phase of phases) this.#told.phase(phase);
    for (const name of names.filter((each) => phaseOf(each).kind === 'flood')) {
      if (this.#stopped) break;
      const { figures } = await this.#phase(name, await this.#measure());
      phases.push(figures);
      this.#told.phase(figures);
      await this.#load.call('reset', undefined);
      left += await this.#settle();
    }
    return { phases, waiting, left, server: await this.#measure() };
  }

  #begin(name: string, share = 1): ReturnType<LoadCalls['begin']> {
    const { floodMs } = this.#settings;
    return this.#load.call('begin', {
      phase: name,
      port: this.#port,
      count: this.#countOf(name),
      floodMs: floodMs * share,
    });
  }

  /** Those who stall share the connections; a flood has its own. */
  #countOf(name: string): number {
    const { connections, flooders, phases } = this.#settings;
    if (phaseOf(name).kind === 'flood') return flooders;
    return Math.ceil(connections / phases.filter((each) => phaseOf(each).kind === 'stall').length);
  }

  async #phase(
    name: string,
    before: ServerFigures,
  ): Promise<{ readonly figures: PhaseFigures; readonly after: ServerFigures }> {
    this.#client.go();
    const load = await this.#begin(name);
    const count = this.#countOf(name);
    if (phaseOf(name).kind === 'stall') await this.#arrive(before.connections + count);
    // Measuring halts the server: nobody waits for it then.
    await this.#client.rest();
    const healthy = this.#client.take();
    await this.#quiet();
    const after = await this.#measure();
    const grown = after.heap + after.external - before.heap - before.external;
    const held = after.connections - before.connections;
    const heldBytes = grown / count;
    const residentBytes = (after.rss - before.rss) / count;
    const figures = { name, load, count, held, heldBytes, residentBytes, healthy, droppedMs: undefined };
    return { figures, after };
  }

  /** Waits until the server has taken so many connections: they were made by its system before it heard of them. */
  async #arrive(count: number): Promise<void> {
    const deadline = performance.now() + ARRIVE_MS;
    for (;;) {
      const { connections } = await this.#server.call('count', undefined);
      if (connections >= count || performance.now() > deadline) return;
      await sleep(10);
    }
  }

  /** Waits until the server has dealt with the backlog of a flood. */
  async #quiet(): Promise<void> {
    const deadline = performance.now() + QUIET_MS;
    for (let before = -1; performance.now() < deadline; ) {
      const { handled } = await this.#server.call('count', undefined);
      if (handled === before) return;
      before = handled;
      await sleep(LOOK_MS);
    }
  }

  #measure(): Promise<ServerFigures> {
    return this.#server.call('measure', undefined);
  }

  /** Waits until the server has dropped all who stall, and notes for each state how long that took. */
  async #waitOut(held: readonly Held[], phases: PhaseFigures[]): Promise<HealthyFigures> {
    this.#client.go();
    const { bounds, patienceMs } = this.#settings;
    const note = (name: string, droppedMs: number | 'never'): void => {
      const index = phases.findIndex((each) => each.name === name);
      const figures = phases[index];
      if (figures !== undefined) phases[index] = { ...figures, droppedMs };
    };
    const waiting = new Map(held.map((each) => [each.name, each.since]));
    const deadline = performance.now() + 1.5 * patienceMs + bounds.dropMs;
    while (waiting.size > 0 && performance.now() < deadline && !this.#stopped) {
      await sleep(LOOK_MS);
      const { connections, clients } = await this.#server.call('count', undefined);
      const upgraded = Object.values(clients).reduce((sum, count) => sum + count, 0);
      for (const [name, since] of waiting) {
        const phase = phaseOf(name);
        const early = phase.kind === 'stall' && (phase.before ?? phase.trickle) !== undefined;
        // A fresh connection of the healthy client may be on its way.
        const there = early ? connections - upgraded > 1 : (clients[`/${name}`] ?? 0) > 0;
        if (there) continue;
        waiting.delete(name);
        note(name, performance.now() - since);
      }
    }
    if (!this.#stopped) for (const name of waiting.keys()) note(name, 'never');
    await this.#client.rest();
    const healthy = this.#client.take();
    await this.#load.call('reset', undefined);
    return healthy;
  }

  /** Waits until the server has the connections of the healthy client alone; returns how many more are left. */
  async #settle(own = HealthyClient.connections): Promise<number> {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const { connections } = await this.#server.call('count', undefined);
      if (connections <= own || performance.now() > deadline) return Math.max(0, connections - own);
      await sleep(LOOK_MS);
    }
  }
}
