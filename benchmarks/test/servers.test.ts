/** These start the servers themselves, which are run as they were built. */
import { afterAll, describe, expect, it } from 'vitest';
import { compare } from '../dist/server/compare.js';
import { CONTESTANTS, type Contestant, whyMissing } from '../dist/server/contestants.js';
import type { ServerEffort } from '../dist/server/effort.js';
import { Generator } from '../dist/server/generator.js';
import { Program } from '../dist/server/program.js';
import { describeComparison } from '../dist/server/table.js';
import { WORKLOADS } from '../dist/server/workloads.js';

const PATIENCE = 30_000;
const QUICK: ServerEffort = { rounds: 2, warmUp: 10, measure: 20, idle: 100 };

function named(name: string): Contestant {
  const contestant = CONTESTANTS.find((each) => each.name === name);
  if (contestant === undefined) throw new TypeError(`nobody is called ${name}`);
  return contestant;
}

const small = WORKLOADS.find(({ name }) => name.startsWith('16 B text'));

describe('a comparison of servers', () => {
  const generator = new Generator();
  afterAll(() => generator.end());

  it('measures who is there, and leaves out with a line who is not, or fails', {
    timeout: PATIENCE,
  }, async () => {
    if (small === undefined) throw new TypeError('no such workload');
    const absent: Contestant = { ...named('ws'), name: 'absent', needs: 'a-package-that-nobody-has' };
    const failing: Contestant = { ...named('ws'), name: 'failing', server: 'no-such-program' };
    const contestants = [named('adapter'), named('ws'), absent, failing];
    const comparison = await compare(small, contestants, generator, QUICK, PATIENCE);
    expect(comparison.figures.map(({ contestant }) => contestant)).toEqual(['adapter', 'ws']);
    for (const { cpuMicros, p50, p99, p999, perSecond } of comparison.figures) {
      expect(perSecond?.rounds).toHaveLength(2);
      expect(perSecond?.median).toBeGreaterThan(1000);
      expect(cpuMicros?.median).toBeGreaterThan(0);
      expect(p50?.median).toBeGreaterThan(0);
      expect(p99?.median).toBeGreaterThanOrEqual(p50?.median ?? Number.NaN);
      expect(p999?.median).toBeGreaterThanOrEqual(p99?.median ?? Number.NaN);
    }
    expect(comparison.natives).toEqual({ ws: ['bufferutil'] });
    const told = describeComparison(comparison);
    expect(told).toContain('absent is left out: npm a-package-that-nobody-has is not installed');
    expect(told).toContain('failing is left out: ');
    expect(comparison.leftOut.map(({ missing }) => missing)).toEqual([true, undefined]);
  });
});

it('is not fooled by add-ons that are active where they should not be', { timeout: PATIENCE }, async () => {
  const fraud: Contestant = { ...named('ws'), name: 'fraud', natives: [] };
  await expect(Program.start(fraud, { job: 'echo', deflate: false })).rejects.toThrow(
    'fraud runs with native parts [bufferutil], not with []',
  );
});

it('says why a runtime is missing', () => {
  expect(whyMissing(named('adapter'))).toBeUndefined();
  expect(whyMissing({ name: 'none', runtime: 'node', needs: 'a-package-that-nobody-has' })).toBe(
    'npm a-package-that-nobody-has is not installed',
  );
});
