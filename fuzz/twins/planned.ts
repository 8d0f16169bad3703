/** What a listener or a callback of a program throws. It must surface, once. */
export class Planned extends Error {
  surfaced = 0;
}

/** Everything that nobody caught while `run` ran, but for what programs threw themselves. Nobody else is told of it. */
export async function uncaughtOf(run: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => {
    if (error instanceof Planned) error.surfaced++;
    else uncaught.push(error);
  };
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  // A test runner listens as well, and takes what programs throw for failures.
  const others = events.map((event) => ({ event, listeners: process.rawListeners(event) }));
  for (const event of events) process.removeAllListeners(event);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  try {
    await run();
  } finally {
    process.off('uncaughtException', note).off('unhandledRejection', note);
    for (const { event, listeners } of others) {
      // As they were, with whatever they take.
      for (const listener of listeners) Reflect.apply(process.on, process, [event, listener]);
    }
  }
  return uncaught;
}

/** Its own files, and what Node does with the signal that it alone hands on. */
const LIBRARY = /[\\/]ws[\\/]lib[\\/]|add-abort-signal/;

/** Whether an error comes from npm `ws`, which is not what is judged. */
export function isOfWs(error: unknown): boolean {
  return error instanceof Error && LIBRARY.test(error.stack ?? '');
}
