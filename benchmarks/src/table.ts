import type { Result } from './measure.js';
import { tellSpread } from './statistics.js';
import { titleOf } from './title.js';

/** A time as people read it. */
export function time(ns: number): string {
  if (ns < 1000) return `${ns.toPrecision(3)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toPrecision(3)} µs` : `${(ns / 1e6).toPrecision(3)} ms`;
}

/** What a piece of work took, as people read it. */
export function amount(value: number, measured: Result['measured']): string {
  return measured === 'ns' ? time(value) : `${value.toFixed(1)} B`;
}

/** One line a contestant. */
export function describe(result: Result): string {
  const { figures, leftOut, measured, note, unit } = result;
  const lines = figures.map(
    (figure) =>
      `${figure.contestant.padEnd(28)} ${amount(figure.median, measured).padStart(9)} a ${unit}  ${tellSpread(figure)}`,
  );
  const absent = leftOut.map(({ contestant, why }) => `${contestant} is left out: ${why}`);
  const all = [...lines, ...absent, ...(note === undefined ? [] : [note])];
  return [`  ${titleOf(result)}`, ...all.map((line) => `    ${line}`)].join('\n');
}
