/** What gathers until the end of a tick. */
interface Gatherer {
  release(): void;
}

let gatherers: Gatherer[] = [];

/** Has `gatherer` released when the current tick ends: one task for all of them. */
export function releaseLater(gatherer: Gatherer): void {
  if (gatherers.push(gatherer) === 1) process.nextTick(releaseAll);
}

function releaseAll(): void {
  const released = gatherers;
  gatherers = [];
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
