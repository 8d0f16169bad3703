import { Budget } from './budget.js';
import type { Command } from './command-line.js';
import { type Effort, measure, type Result, type Work } from './measure.js';
import { codecWorks, handshakeWorks } from './micro/works.js';
import { startWorks } from './start/start.js';
import { matches } from './title.js';
import type { Peers } from './ws.js';

/** Pieces of work to measure, and for how long. */
export interface PiecePlan {
  readonly works: readonly Work[];
  readonly effort: Effort;
  /** for all of it, in milliseconds */
  readonly milliseconds: number;
}

/** tinybench takes a little more time than it is given. */
const OVERHEAD = 1.2;

/** The pieces of work of a command that have the text in their title. */
export function worksOf(command: Command, filter: string, peers: Peers): Work[] {
  const works = [
    ...(command === 'handshake' || command === 'server' ? [] : codecWorks(peers)),
    ...(command === 'server' ? [] : handshakeWorks()),
    ...(command === 'handshake' || command === 'server' ? [] : startWorks()),
  ];
  return works.filter((work) => matches(work, filter));
}

/** Measures one after the other, and hands each result over as it comes. */
export async function* measurePieces({ effort, milliseconds, works }: PiecePlan): AsyncGenerator<Result> {
  const budget = new Budget(
    milliseconds,
    works.map((work) => costOf(work, effort)),
  );
  for (const work of works) yield await measure(work, effort, budget.next());
}

/** About how many milliseconds it will take. */
export function estimatePieces({ effort, milliseconds, works }: PiecePlan): number {
  return Math.min(
    milliseconds,
    works.reduce((sum, work) => sum + costOf(work, effort), 0),
  );
}

function costOf({ contestants, warmUp }: Work, { rounds, time }: Effort): number {
  return contestants.length * (rounds * time + Math.max(time, warmUp)) * OVERHEAD;
}
