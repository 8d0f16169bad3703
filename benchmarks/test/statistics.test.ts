import { expect, it } from 'vitest';
import { quantile, ratioOf, spreadOf, tellSpread } from '../src/statistics.js';

it('takes the median of the rounds, and the quartiles between which half of them lie', () => {
  expect(spreadOf([50, 10, 40, 20, 30])).toEqual({
    median: 30,
    low: 20,
    high: 40,
    rounds: [50, 10, 40, 20, 30],
  });
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7, rounds: [7] });
});

it('lies between two values where a quantile falls between them', () => {
  expect(quantile([10, 20], 0.5)).toBe(15);
  expect(quantile([0, 10, 20, 30], 0.25)).toBe(7.5);
  expect(quantile([], 0.5)).toBeNaN();
});

it('compares round by round, so that a busy machine is in both', () => {
  // In the second round all took ten times as long.
  expect(ratioOf(spreadOf([2, 20, 6]), spreadOf([1, 10, 2]))).toBe(2);
});

it('compares with the median where the other one has fewer rounds', () => {
  expect(ratioOf(spreadOf([3, 6, 9]), spreadOf([3]))).toBe(2);
  expect(ratioOf(spreadOf([6]), spreadOf([1, 2, 3]))).toBe(3);
});

it('tells the spread in per cent of the median, and of one round that it is one', () => {
  expect(tellSpread({ median: 100, low: 95, high: 105, rounds: [95, 100, 105] })).toBe('±5%');
  expect(tellSpread(spreadOf([7, 7]))).toBe('±0%');
  expect(tellSpread(spreadOf([7]))).toBe('n = 1');
});
