import { describe, expect, it } from 'vitest';
import { ATTEMPTS, check, summary } from '../src/check.js';
import { PROMISES } from '../src/promises.js';
import type { Evidence } from '../src/verdict.js';
import { comparisonOf } from './evidence.js';

const SMALL = 'echo: 16 B text, 100 in flight on each of 8 connections';
const BINARY = 'echo: 125 B binary, 100 in flight on each of 8 connections';
const UNPROMISED = 'connects: opening handshakes, 32 at a time';

/** Enough for every floor of messages/s beside `ws`. */
const PLENTY = 1000 * Math.max(...PROMISES.map(({ floor, than }) => (than === 'ws' ? floor : 0)));

/** One round is none to judge by. */
function twice(value: number): number[] {
  return [value, value];
}

/** Measures by these messages/s of `adapter`, one for each attempt, where `ws` has 1000; says what it was asked. */
function measuring(attempts: Readonly<Record<string, readonly number[]>>): {
  asked: string[][];
  measure: (titles: ReadonlySet<string>, attempt: number) => Promise<Evidence>;
} {
  const asked: string[][] = [];
  return {
    asked,
    measure: async (titles, attempt) => {
      asked.push([...titles]);
      const servers = [...titles].map((title) =>
        comparisonOf(title, { adapter: twice(attempts[title]?.[attempt - 1] ?? 0), ws: twice(1000) }),
      );
      return { micro: [], servers };
    },
  };
}

describe('the guard', () => {
  it('measures once what keeps its promises, and nothing that has none', async () => {
    const { asked, measure } = measuring({ [SMALL]: [PLENTY], [BINARY]: [PLENTY] });
    const verdicts = await check(new Set([SMALL, BINARY, UNPROMISED]), measure);
    expect(asked).toEqual([[SMALL, BINARY]]);
    expect(verdicts.map(({ kept }) => kept)).toEqual([true, true]);
  });

  it('measures again what fell below its floor, and only that, and believes the last attempt', async () => {
    const { asked, measure } = measuring({ [SMALL]: [1, PLENTY], [BINARY]: [PLENTY] });
    const verdicts = await check(new Set([SMALL, BINARY]), measure);
    expect(asked).toEqual([[SMALL, BINARY], [SMALL]]);
    expect(verdicts.every(({ kept }) => kept)).toBe(true);
  });

  it('fails what stays below its floor in every attempt', async () => {
    const { asked, measure } = measuring({ [SMALL]: [1, 1, 1], [BINARY]: [PLENTY] });
    const verdicts = await check(new Set([SMALL, BINARY]), measure);
    expect(asked).toHaveLength(ATTEMPTS);
    expect(verdicts.map(({ kept, of }) => [of, kept])).toEqual([
      [SMALL, false],
      [BINARY, true],
    ]);
    expect(summary(verdicts)).toMatch(/^1 of 2 promises are broken:\n✗ echo: 16 B/);
  });
});

it('measures again what there was one round of, and says that there is no verdict where it stays so', async () => {
  const asked: string[][] = [];
  const verdicts = await check(new Set([SMALL]), async (titles) => {
    asked.push([...titles]);
    return { micro: [], servers: [comparisonOf(SMALL, { adapter: [1], ws: [1000] })] };
  });
  expect(asked).toHaveLength(ATTEMPTS);
  expect(verdicts.map(({ kept }) => kept)).toEqual([undefined]);
  expect(summary(verdicts)).toBe(
    'No promise is broken (1).\nWithout a verdict, as there was one round only (n = 1): 1.',
  );
});

it('measures nothing more when it is stopped', async () => {
  const stop = new AbortController();
  const { asked, measure } = measuring({ [SMALL]: [1, 1, 1] });
  const verdicts = await check(
    new Set([SMALL]),
    (titles, attempt) => {
      stop.abort();
      return measure(titles, attempt);
    },
    stop.signal,
  );
  expect(asked).toHaveLength(1);
  expect(verdicts.map(({ kept }) => kept)).toEqual([false]);
});

it('tells how many goals were not reached, though no promise is broken', async () => {
  const low = PROMISES.find(
    ({ by, goal, of, than }) => by === 'adapter' && than === 'ws' && goal && SMALL.startsWith(String(of)),
  );
  const { measure } = measuring({ [SMALL]: [1000 * (low?.floor ?? Number.NaN)] });
  const verdicts = await check(new Set([SMALL]), measure);
  expect(summary(verdicts)).toBe('Every promise is kept (1).\nGoals that are not reached: 1.');
});
