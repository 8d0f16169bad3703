import type { Result } from './measure.js';
import type { Verdict } from './promises.js';

/** A figure as people read it. */
export function time(ns: number): string {
  if (ns < 1000) return `${ns.toPrecision(3)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toPrecision(3)} µs` : `${(ns / 1e6).toPrecision(3)} ms`;
}

/** One line a contestant, and one a promise, with ✓ where it is kept. */
export function describe({ work, figures }: Result): string {
  const lines = figures.map(
    ({ contestant, ns, spread }) =>
      `    ${contestant.padEnd(20)} ${time(ns).padStart(9)} a ${work.unit}  ± ${((spread / ns) * 50).toFixed(0)} %`,
  );
  for (const { fast, slow, least, ratio, kept } of ratios({ work, figures })) {
    lines.push(`    ${kept ? '✓' : '✗'} ${fast} is ${ratio.toFixed(2)} × ${slow}; promised: ${least} ×`);
  }
  return [`  ${work.group}: ${work.name}`, ...lines].join('\n');
}

/** The promises of a work with what was measured. */
export function ratios({ work, figures }: Result): {
  fast: string;
  slow: string;
  least: number;
  ratio: number;
  kept: boolean;
}[] {
  const of = (name: string): number =>
    figures.find(({ contestant }) => contestant === name)?.ns ?? Number.NaN;
  return (work.promises ?? []).map(({ fast, slow, least }) => {
    const ratio = of(slow) / of(fast);
    return { fast, slow, least, ratio, kept: ratio >= least };
  });
}

/** The same, as the promises of servers are told. */
export function verdictsOf(result: Result): Verdict[] {
  const of = `${result.work.group}: ${result.work.name}`;
  return ratios(result).map(({ fast, slow, least, ratio, kept }) => ({
    of,
    promise: `speed of ${fast} at least ${least} × ${slow}`,
    ratio,
    kept,
  }));
}
