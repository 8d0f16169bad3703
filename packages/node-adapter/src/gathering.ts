/** What gathers until the end of a tick. */
interface Gatherer {
  release(): void;
}

/**
 * So many gather at a time; the first is released when one more comes. Who sends to thousands in one tick needs thousands
 * of buffers otherwise, each of them cold.
 */
const MOST = 16;

let gatherers: Gatherer[] = [];
let scheduled = false;

/** Has `gatherer` released when the current tick ends, or before: one task for all of them. */
export function releaseLater(gatherer: Gatherer): void {
  if (!scheduled) {
    scheduled = true;
    process.nextTick(releaseAll);
  }
  if (gatherers.push(gatherer) > MOST) gatherers.shift()?.release();
}

function releaseAll(): void {
  const released = gatherers;
  gatherers = [];
  scheduled = false;
  runAll(released, releaseOne);
}

function releaseOne(gatherer: Gatherer): void {
  gatherer.release();
}

/** Calls `run` for each; where it throws, which surfaces, the rest follows in the next tick. */
export function runAll<Item>(items: readonly Item[], run: (item: Item) => void): void {
  let at = 0;
  try {
    while (at < items.length) run(items[at++] as Item);
  } finally {
    if (at < items.length) process.nextTick(runAll, items.slice(at), run);
  }
}

/** Has what was thrown surface in the next tick, where it would keep Node from what it does next. */
export function throwLater(thrown: unknown): void {
  process.nextTick(() => {
    throw thrown;
  });
}
