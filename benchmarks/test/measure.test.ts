import { describe, expect, it } from 'vitest';
import { type Effort, measure, timed, type Work } from '../src/measure.js';

const MILLISECOND = 1e6;
const effort: Effort = { rounds: 2, time: 10 };

/** Has the core for so many milliseconds. */
function spin(milliseconds: number): void {
  const { user, system } = process.cpuUsage();
  for (let spent = 0; spent < milliseconds * 1000; ) {
    const now = process.cpuUsage();
    spent = now.user + now.system - user - system;
  }
}

/** Passes so many milliseconds without the core, as where somebody else has it. */
function wait(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function workOf(run: () => void, batch = 1): Work {
  return timed({ group: 'g', name: 'n', unit: 'run', batch, tasks: [{ contestant: 'one', run }] });
}

describe('the time of a piece of work', () => {
  it('is that of one of the things that a run does', async () => {
    const [one, ten] = [
      await measure(
        workOf(() => spin(2)),
        effort,
        1e6,
      ),
      await measure(
        workOf(() => spin(2), 10),
        effort,
        1e6,
      ),
    ];
    expect(one.figures[0]?.median).toBeGreaterThan(1.8 * MILLISECOND);
    expect(one.figures[0]?.median).toBeLessThan(3 * MILLISECOND);
    expect((one.figures[0]?.median ?? 0) / (ten.figures[0]?.median ?? 0)).toBeGreaterThan(7);
  });

  it('leaves out what it had to wait for a core', async () => {
    const busy = workOf(() => {
      spin(1);
      wait(4);
    });
    const { figures } = await measure(busy, effort, 1e6);
    expect(figures[0]?.median).toBeLessThan(2.5 * MILLISECOND);
  });

  it('fails with what a run throws', async () => {
    let runs = 0;
    const broken = workOf(() => {
      if (++runs > 1000) throw new Error('broken');
    });
    await expect(measure(broken, effort, 1e6)).rejects.toThrow('broken');
  });
});
