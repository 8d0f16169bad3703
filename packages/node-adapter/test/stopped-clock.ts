import timers from 'node:timers';

const NAMES = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
] as const;

/**
 * Does what `@sinonjs/fake-timers`, and with it vitest and Jest, do by default when they install a clock: everything that
 * tells time or waits is replaced, `process.nextTick` too. This one never moves on, and what it was given is lost when it
 * is removed. Nothing else may run meanwhile, since the worker of a test waits like everything else.
 */
export function withStoppedClock<Result>(run: () => Result): Result {
  const places: readonly (readonly [object, readonly string[]])[] = [
    [globalThis, [...NAMES, 'queueMicrotask']],
    [timers, NAMES],
    [process, ['nextTick', 'hrtime']],
    [performance, ['now']],
  ];
  const before = places.map(([object, names]) =>
    names.map((name) => [object, name, Reflect.get(object, name)] as const),
  );
  const stopped = (): number => 0;
  for (const [object, name] of before.flat()) Reflect.set(object, name, stopped);
  try {
    return run();
  } finally {
    for (const [object, name, value] of before.flat()) Reflect.set(object, name, value);
  }
}
