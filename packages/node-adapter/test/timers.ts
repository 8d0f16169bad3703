import { createHook } from 'node:async_hooks';
import { afterEach } from 'vitest';

/** Whether a timer will still run, and keeps the process alive. */
export interface TimerState {
  readonly live: boolean;
  readonly hasRef: boolean;
}

const disables: (() => void)[] = [];

afterEach(() => {
  for (const disable of disables.splice(0)) disable();
});

/** Watches the timers that are made from now on; what it returns tells of those with so many milliseconds. */
export function timers(): (milliseconds: number) => TimerState[] {
  const made = new Map<NodeJS.Timeout, unknown>();
  const hook = createHook({
    init(_id, type, _trigger, timer) {
      // A timer that was cleared has forgotten its time.
      if (type === 'Timeout') made.set(timer as NodeJS.Timeout, Reflect.get(timer, '_idleTimeout'));
    },
  }).enable();
  disables.push(() => hook.disable());
  return (milliseconds) =>
    [...made]
      .filter(([, time]) => time === milliseconds)
      .map(([timer]) => ({ live: Reflect.get(timer, '_destroyed') !== true, hasRef: timer.hasRef() }));
}
