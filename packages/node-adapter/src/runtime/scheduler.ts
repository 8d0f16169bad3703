import { AsyncResource } from 'node:async_hooks';
import { nextTick, now, setImmediate } from './clock.js';

/*
 * All that is put off to a later tick or turn of the event loop: writes that gather, and connections that give others their
 * turn. What the process sent before it exits goes out with it.
 */

/** What gathers writes until the end of a tick. */
interface Gatherer {
  /** Writes what was gathered, and gathers no more. */
  release(): void;
}

/** What sends and receives in turns. */
interface TurnTaker {
  /** Goes on for a while; what is left asks for another turn. */
  takeTurn(): void;
  /** Sends all that it can, however long it takes. */
  sendAll(): void;
}

/**
 * So many gather at a time; the first is released when one more comes. Who sends to thousands in one tick needs thousands
 * of buffers otherwise, each of them cold.
 */
const MOST_GATHERERS = 16;
/** How long those that wait may take together in one turn of the event loop, in milliseconds; one of them always goes. */
const TURN_MS = 2;
/** How long calls may take together in one turn, in milliseconds, and how many are made before the clock is looked at. */
const CALLS_MS = 1;
const CALLS_A_LOOK = 32;
/** Ticks are told apart by a number that begins anew behind this. */
const LAST_TICK = 0x3_ffff;

let tick = 1;
let isTickEnding = false;
let gathered: Gathered[] = [];

/** Who gathers, in the async context in which that began: what comes of a write belongs to it. */
class Gathered extends AsyncResource {
  readonly #gatherer: Gatherer;

  constructor(gatherer: Gatherer) {
    super('WebSocketWrites');
    this.#gatherer = gatherer;
  }

  release(): void {
    this.runInAsyncScope(this.#gatherer.release, this.#gatherer);
  }
}

/** A number for the current tick, never 0. */
export function currentTick(): number {
  if (!isTickEnding) {
    isTickEnding = true;
    nextTick(endTick);
  }
  return tick;
}

/** Has `gatherer` released when the current tick ends, or before. */
export function releaseAtEndOfTick(gatherer: Gatherer): void {
  currentTick();
  // What another connection's listeners throw is no matter of the one that sends.
  if (gathered.push(new Gathered(gatherer)) > MOST_GATHERERS) surfaceLater(() => gathered.shift()?.release());
}

function endTick(): void {
  isTickEnding = false;
  tick = tick === LAST_TICK ? 1 : tick + 1;
  const released = gathered;
  if (released.length === 0) return;
  gathered = [];
  runAll(released, (each) => each.release());
}

/** Who waits for a turn, in the order in which they go on, each in the async context in which it asked. */
const waiting: Map<TurnTaker, AsyncResource> = new Map();
let areTurnsComing = false;

/** Gives `taker` a turn in a later task, behind those that wait already. */
export function takeTurnLater(taker: TurnTaker): void {
  if (!waiting.has(taker)) waiting.set(taker, new AsyncResource('WebSocketTurn'));
  scheduleTurns();
}

function scheduleTurns(): void {
  if (areTurnsComing || waiting.size === 0) return;
  areTurnsComing = true;
  setImmediate(takeTurns);
}

/** Lets everyone go on once, as far as the time allows; who asks again waits behind the others. */
function takeTurns(): void {
  const end = now() + TURN_MS;
  let count = waiting.size;
  areTurnsComing = false;
  try {
    for (const [taker, context] of waiting) {
      waiting.delete(taker);
      context.runInAsyncScope(taker.takeTurn, taker);
      if (--count === 0 || now() > end) break;
    }
  } finally {
    // What a handler throws surfaces; the others have their turn all the same.
    scheduleTurns();
  }
}

/** What is to be called soon, in order, and what of it was called. */
let calls: (() => void)[] = [];
let called = 0;

/**
 * Calls `call` soon, not from inside the call at hand: in the next tick, or behind many others in a later turn. What it
 * throws surfaces, and keeps the others for the next tick.
 */
export function callSoon(call: () => void): void {
  if (calls.push(call) === 1) nextTick(makeCalls);
}

function makeCalls(): void {
  const end = now() + CALLS_MS;
  let isLate = false;
  try {
    while (called < calls.length && !isLate) {
      calls[called++]?.();
      isLate = called % CALLS_A_LOOK === 0 && now() > end;
    }
  } finally {
    if (called === calls.length) {
      calls = [];
      called = 0;
    } else if (isLate) setImmediate(makeCalls);
    else nextTick(makeCalls);
  }
}

/** Connections that are receiving, the innermost last: what they send leaves when they are done. */
const receiving: { uncork(): void }[] = [];

export function beginReceiving(connection: { uncork(): void }): void {
  receiving.push(connection);
}

export function endReceiving(): void {
  receiving.pop();
}

let isExitWatched = false;
let hasExited = false;

/** Whether the process exits: no tick will come in which something could leave. */
export function isExiting(): boolean {
  return hasExited;
}

/** Has what connections sent go out before the process exits: to be called before there are any. */
export function watchExit(): void {
  if (isExitWatched) return;
  isExitWatched = true;
  // Uncaught exceptions end in it too.
  process.once('exit', () => {
    hasExited = true;
    const released = gathered;
    gathered = [];
    for (const each of released) ignoreThrown(() => each.release());
    for (const taker of waiting.keys()) ignoreThrown(() => taker.sendAll());
    for (const connection of receiving) ignoreThrown(() => connection.uncork());
  });
}

/** At the exit of the process nobody is left to be told. */
function ignoreThrown(run: () => void): void {
  try {
    run();
  } catch {
    // The others are flushed all the same.
  }
}

/** Calls `run` for each; where it throws, which surfaces, the rest follows in the next tick. */
export function runAll<Item>(items: readonly Item[], run: (item: Item) => void): void {
  let at = 0;
  try {
    while (at < items.length) run(items[at++] as Item);
  } finally {
    if (at < items.length) nextTick(runAll, items.slice(at), run);
  }
}

/** Runs what may throw, which surfaces in the next tick: what follows is done all the same. */
export function surfaceLater(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    throwLater(thrown);
  }
}

/** Has what was thrown surface in the next tick, where it would keep Node from what it does next. */
export function throwLater(thrown: unknown): void {
  nextTick(() => {
    throw thrown;
  });
}
