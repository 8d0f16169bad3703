import { expect, it } from 'vitest';
import { Budget, hasTime } from '../src/budget.js';
import { type Effort, measure, type Work } from '../src/measure.js';

it('gives each its share by cost, and what one leaves to all behind it', () => {
  let now = 1000;
  const budget = new Budget(600, [1, 2, 3], () => now);
  expect(budget.next()).toBe(100);
  now += 50;
  expect(budget.next()).toBe(220);
  now += 400;
  expect(budget.next()).toBe(150);
  expect(() => budget.next()).toThrow(RangeError);
});

it('has nothing left when the time is over', () => {
  let now = 0;
  const budget = new Budget(100, [1, 1], () => now);
  now = 500;
  expect(budget.next()).toBe(0);
});

const effort: Effort = { rounds: 5, time: 1 };

/** Counts its rounds. */
function counted(): { work: Work; rounds: boolean[] } {
  const rounds: boolean[] = [];
  const round = async (_: number, first: boolean): Promise<Map<string, number>> => {
    rounds.push(first);
    return new Map([['one', rounds.length]]);
  };
  const work = {
    group: 'g',
    name: 'n',
    unit: 'u',
    measured: 'ns',
    contestants: ['one'],
    leftOut: [],
    warmUp: 0,
    round,
  } as const;
  return { work, rounds };
}

it('measures the rounds it was asked for, warmed up in the first, where there is time', async () => {
  const { work, rounds } = counted();
  const { figures } = await measure(work, effort, 10_000);
  expect(rounds).toEqual([true, false, false, false, false]);
  expect(figures).toEqual([{ contestant: 'one', median: 3, low: 2, high: 4, rounds: [1, 2, 3, 4, 5] }]);
});

it('measures one round where there is no time', async () => {
  const { work, rounds } = counted();
  await measure(work, effort, 0);
  expect(rounds).toHaveLength(1);
});

it.each([
  // done, elapsed, allotted
  [0, 0, 0, true],
  [1, 50, 100, true],
  [1, 100, 100, true],
  [1, 101, 100, false],
  [2, 66, 100, true],
  [2, 67, 100, false],
  [4, 80, 100, true],
  [4, 81, 100, false],
])('after %i rounds in %i ms of %i, has time for another: %s', (done, elapsed, allotted, answer) => {
  expect(hasTime(done, elapsed, allotted)).toBe(answer);
});
