import { describe, expect, it } from 'vitest';
import { PROMISES } from '../src/promises.js';
import { spreadOf } from '../src/statistics.js';
import { judge, measuredOf, promiseOf, type Verdict, verdictLine } from '../src/verdict.js';
import { comparisonOf, resultOf } from './evidence.js';

const TITLE = 'echo: 16 B text';
const promise = PROMISES.find(({ by, of, than }) => of === TITLE && by === 'adapter' && than === 'ws');
const { floor = Number.NaN, goal = floor } = promise ?? {};

/** One round is none to judge by. */
function twice(value: number): number[] {
  return [value, value];
}

/** The verdict on messages/s of `adapter` beside `ws`, which has 1000. */
function verdictAt(perSecond: number): Verdict | undefined {
  const servers = [comparisonOf(TITLE, { adapter: [perSecond, perSecond], ws: [1000, 1000] })];
  return judge({ micro: [], servers }).find(({ by, than }) => by === 'adapter' && than === 'ws');
}

describe('a promise', () => {
  it('is kept from its floor on, and its goal is another matter', () => {
    expect(verdictAt(1000 * floor)).toMatchObject({
      kept: true,
      reached: floor >= goal,
      measured: floor,
      broken: [],
    });
    expect(verdictAt(1000 * goal)).toMatchObject({ kept: true, reached: true, measured: goal });
  });

  it('is broken below its floor, by the title that was measured', () => {
    const verdict = verdictAt(1000 * floor - 1);
    expect(verdict).toMatchObject({ kept: false, reached: false });
    expect(verdict?.broken).toEqual(['echo: 16 B text, 100 in flight on each of 8 connections']);
  });

  it('may be kept by CPU time where a server had to wait, but its goal may not be reached so', () => {
    const waiting = (busy: number): Verdict | undefined => {
      const comparison = comparisonOf(TITLE, { adapter: [1000, 1000], ws: [1000, 1000] });
      const figures = comparison.figures.map((figure) => ({
        ...figure,
        busy: spreadOf(twice(figure.contestant === 'adapter' ? busy : 0.99)),
        cpuMicros: spreadOf(twice(figure.contestant === 'adapter' ? 1 : goal)),
      }));
      const servers = [{ ...comparison, figures }];
      return judge({ micro: [], servers }).find(({ by, than }) => by === 'adapter' && than === 'ws');
    };
    expect(waiting(0.5)).toMatchObject({ kept: true, reached: false, measured: 1, byCpu: goal, broken: [] });
    expect(waiting(0.95)).toMatchObject({ kept: false, reached: false, measured: 1 });
  });

  it('is broken by who should have been there and failed', () => {
    const failed = {
      ...comparisonOf(TITLE, { ws: [1000, 1000] }),
      leftOut: [{ contestant: 'adapter', why: 'it ended with 1' }],
    };
    const [verdict] = judge({ micro: [], servers: [failed] });
    expect(verdict).toMatchObject({ kept: false, reached: false, measured: Number.NaN });
  });

  it('is not judged where somebody is not installed, or was not asked', () => {
    const missing = {
      ...comparisonOf(TITLE, { adapter: [1000, 1000] }),
      leftOut: [{ contestant: 'ws', why: 'npm ws is not installed', missing: true }],
    };
    expect(judge({ micro: [], servers: [missing] })).toEqual([]);
    expect(judge({ micro: [], servers: [comparisonOf(TITLE, { adapter: [1000, 1000] })] })).toEqual([]);
  });

  it('has no verdict where one round only would tell, whatever that says', () => {
    const servers = [comparisonOf(TITLE, { adapter: [1], ws: [1000, 1000] })];
    const [verdict] = judge({ micro: [], servers });
    expect(verdict).toMatchObject({ kept: undefined, reached: undefined, broken: [] });
    expect(verdict?.single).toEqual(['echo: 16 B text, 100 in flight on each of 8 connections']);
    expect(verdict && verdictLine(verdict)).toMatch(/^· echo: 16 B text.*; measured 0, n = 1$/);
  });

  it('of several is broken by what is broken, and open where one round only tells of the others', () => {
    const works = (slow: readonly number[]) => [
      resultOf('encode, client', '16 B', { wasm: [10], ws: [1000] }),
      resultOf('encode, client', '125 B', { wasm: slow, ws: [1000, 1000] }),
    ];
    const of = (slow: readonly number[]): Verdict | undefined =>
      judge({ micro: works(slow), servers: [] }).find(({ by }) => by === 'wasm');
    expect(of([1000, 1000])).toMatchObject({ kept: false, broken: ['encode, client: 125 B'] });
    expect(of([1, 1])).toMatchObject({ kept: undefined, broken: [], single: ['encode, client: 16 B'] });
  });

  it('of several is as good as the worst of them', () => {
    const micro = [
      resultOf('encode, client', '16 B', { wasm: [10, 10], ws: [1000, 1000] }),
      resultOf('encode, client', '125 B', { wasm: [1000, 1000], ws: [1000, 1000] }),
      resultOf('encode, client', '1 KiB', { wasm: [10, 10], ws: [2000, 2000] }),
    ];
    const verdict = judge({ micro, servers: [] }).find(({ by }) => by === 'wasm');
    expect(verdict).toMatchObject({
      of: 'encode, client: 125 B',
      among: 3,
      measured: 1,
      kept: false,
      broken: ['encode, client: 125 B'],
    });
  });

  it('of a speed is one of times turned round', () => {
    const micro = [resultOf('decode', '16 B text', { wasm: [100, 50], ws: [700, 350] })];
    expect(judge({ micro, servers: [] })[0]).toMatchObject({ measured: 7, measure: 'speed' });
  });

  it('of a time needs nobody to compare with', () => {
    const slow = resultOf('hostile patterns', 'request, Host', {
      '16 KiB': [5e6, 5e6],
      '64 KiB': [6e6, 6e6],
    });
    const [time, growth] = judge({ micro: [slow], servers: [] });
    expect(time).toMatchObject({ measured: 6e6, kept: false });
    expect(growth).toMatchObject({ measured: 1.2, kept: true });
  });
});

describe('what people read of it', () => {
  const verdict: Verdict = {
    of: 'echo: x',
    among: 1,
    by: 'adapter',
    measure: 'perSecond',
    than: 'ws',
    measured: 9.456,
    floor: 8,
    goal: 10,
    kept: true,
    reached: false,
    broken: [],
  };

  it('says what is promised, what was measured, and that the goal was not reached', () => {
    expect(promiseOf(verdict)).toBe('messages/s of adapter at least 8 × ws');
    expect(measuredOf(verdict)).toBe('9.46, goal 10 not reached');
    expect(verdictLine(verdict)).toMatch(/^✓ echo: x: /);
    expect(verdictLine({ ...verdict, kept: false })).toMatch(/^✗ /);
  });

  it('says that a server waited for somebody else', () => {
    expect(measuredOf({ ...verdict, busy: 0.5, byCpu: 12 })).toBe(
      '9.46, goal 10 not reached, 12 by CPU time, as a server was busy for 50% of it only',
    );
    expect(measuredOf({ ...verdict, busy: 0.95 })).not.toContain('busy');
  });

  it('gives times and bytes their units', () => {
    const { than: _, ...alone } = verdict;
    const time: Verdict = { ...alone, measure: 'ns', floor: 5e6, goal: 5e6, measured: 7.5e5 };
    expect(promiseOf(time)).toBe('time of adapter at most 5.00 ms');
    expect(measuredOf(time)).toBe('750 µs');
    expect(measuredOf({ ...verdict, measured: Number.NaN })).toContain('nothing');
  });
});
