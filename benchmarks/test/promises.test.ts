import { describe, expect, it } from 'vitest';
import { worksOf } from '../src/pieces.js';
import { MEASURES, meant, PROMISES, promisedContestants, promisedOf } from '../src/promises.js';
import { CONTESTANTS } from '../src/server/contestants.js';
import { WORKLOADS } from '../src/server/workloads.js';
import { titleOf } from '../src/title.js';
import { loadPeers } from '../src/ws.js';

const works = worksOf('all', '', loadPeers());
const contestants = new Map<string, readonly string[]>([
  ...works.map((work) => [titleOf(work), work.contestants] as const),
  ...WORKLOADS.map((workload) => {
    const able = CONTESTANTS.filter(
      ({ client, server }) => (workload.clients ? client : server) !== undefined,
    );
    return [titleOf(workload), able.map(({ name }) => name)] as const;
  }),
]);

describe('the table of promises', () => {
  it.each(PROMISES)('speaks of something that is measured: $of, $by', ({ by, of, than, thanIn }) => {
    const titles = meant(of, contestants.keys());
    expect(titles).not.toEqual([]);
    for (const title of titles) {
      expect(contestants.get(title), title).toContain(by);
      if (than !== undefined) expect(contestants.get(thanIn ?? title), title).toContain(than);
    }
  });

  it.each(PROMISES)(
    'has no goal that is easier than its floor: $of, $by',
    ({ floor, goal = floor, measure }) => {
      expect(MEASURES[measure].higherIsBetter ? goal - floor : floor - goal).toBeGreaterThanOrEqual(0);
    },
  );

  it('means one workload where it gives the beginning of a title', () => {
    for (const { of } of PROMISES) {
      if (typeof of === 'string') expect(meant(of, contestants.keys()), of).toHaveLength(1);
    }
  });

  it('says nothing twice', () => {
    const rows = PROMISES.map(({ by, measure, of, than }) => [of, by, measure, than].join());
    expect(new Set(rows).size).toBe(rows.length);
  });
});

it('has titles that differ from each other', () => {
  expect(contestants.size).toBe(works.length + WORKLOADS.length);
});

it('measures what a promise compares with, under whatever title that stands', () => {
  const idle = 'idle: memory of a connection';
  const deflate = `${idle} with permessage-deflate`;
  expect(promisedOf([deflate])).toEqual(new Set([deflate, idle]));
  expect(promisedContestants(deflate)).toEqual(new Set(['adapter']));
  expect(promisedContestants(idle)).toEqual(new Set(['adapter', 'ws']));
  expect(promisedContestants('connects: opening handshakes, 32 at a time')).toEqual(new Set());
});
