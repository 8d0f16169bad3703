import { afterEach, beforeEach } from 'vitest';

/** What is thrown out of the event loop in the tests of a file, each by itself. */
export function surfacing(): unknown[] {
  const surfaced: unknown[] = [];
  let others: NodeJS.UncaughtExceptionListener[] = [];

  beforeEach(() => {
    others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    surfaced.length = 0;
    process.on('uncaughtException', (error) => surfaced.push(error));
  });

  afterEach(() => {
    process.removeAllListeners('uncaughtException');
    for (const other of others) process.on('uncaughtException', other);
  });
  return surfaced;
}
