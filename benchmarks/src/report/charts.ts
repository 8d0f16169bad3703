import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Result } from '../measure.js';
import type { Comparison, ServerFigure } from '../server/compare.js';
import { CONTESTANTS } from '../server/contestants.js';
import { size } from '../size.js';
import { isSingle, type Spread } from '../statistics.js';

const { document } = parseHTML('<html><body></body></html>');

/** Ours in blue, ws in orange; each is told from both a white and a black page. */
const COLORS: Readonly<Record<string, string>> = {
  adapter: '#3b82f6',
  'adapter, script kernel': '#93b8ec',
  transport: '#0e9f8e',
  'transport, script kernel': '#7cc7bd',
  ws: '#f08c2e',
  'ws without add-ons': '#e5b98c',
  websocket: '#c0569b',
  'faye-websocket': '#9a6fd0',
  undici: '#6aa84f',
  Bun: '#e0574f',
  Deno: '#8d8d99',
  net: '#b39a35',
};
/** Of contestants of micro-benchmarks. */
const MICRO_COLORS: Readonly<Record<string, string>> = {
  wasm: '#3b82f6',
  'wasm, copied': '#6f9fe8',
  'wasm, in parts': '#6f9fe8',
  script: '#0e9f8e',
  'script, copied': '#0e9f8e',
  ...COLORS,
  memcpy: '#b39a35',
  bufferutil: '#c0569b',
  'utf-8-validate': '#f08c2e',
  isUtf8: '#9a6fd0',
  'this project': '#3b82f6',
  'this project, portable SHA-1': '#93b8ec',
  '16 KiB': '#93b8ec',
  '64 KiB': '#3b82f6',
  'decoded frame': '#3b82f6',
  view: '#b39a35',
};
const OTHER = '#8d8d99';

export function colorOf(contestant: string): string {
  return MICRO_COLORS[contestant] ?? OTHER;
}

type Measure = Exclude<keyof ServerFigure, 'contestant'>;

export interface Bar extends Pick<Spread, 'median' | 'low' | 'high'> {
  readonly contestant: string;
  /** of one round: it has no quartiles, and must not look as if these were all the same */
  readonly single?: true;
}

export function barsOf(figures: readonly ServerFigure[], measure: Measure): Bar[] {
  return figures.flatMap(({ contestant, [measure]: spread }) =>
    spread ? [{ contestant, ...spread, ...singleOf(spread) }] : [],
  );
}

function singleOf(spread: Spread): Pick<Bar, 'single'> {
  return isSingle(spread) ? { single: true } : {};
}

/** How dots are filled: those of one round are hollow. */
const DOT = {
  fill: ({ contestant, single }: Bar): string => (single ? 'none' : colorOf(contestant)),
  stroke: ({ contestant }: Bar): string => colorOf(contestant),
};

/** Behind the number of a bar, where it is of one round. */
export function nOf({ single }: Bar): string {
  return single ? ', n = 1' : '';
}

const ORDER = CONTESTANTS.map(({ name }) => name);
const WIDTH = 720;
/** Room for the numbers of an axis and, below them, its label. */
export const BOTTOM = 46;
/** About the width of a letter of a label. */
const LETTER = 6.5;
const STYLE = { background: 'none', fontSize: '12px' };

/** A bar for each contestant, with its quartiles. */
export function barChart({ figures }: Comparison, measure: Measure, label: string): string {
  const bars = barsOf(figures, measure);
  return svg({
    width: WIDTH,
    marginLeft: 170,
    marginRight: bars.some(({ single }) => single) ? 110 : 70,
    marginBottom: BOTTOM,
    x: { label, grid: true, zero: true, tickFormat: tick, labelOffset: BOTTOM - 4 },
    y: { label: null, domain: ORDER.filter((name) => bars.some(({ contestant }) => contestant === name)) },
    marks: [
      ...barMarks(bars, { x: 'median', y: 'contestant' }),
      Plot.ruleY(bars, { x1: 'low', x2: 'high', y: 'contestant', strokeWidth: 2 }),
      Plot.text(bars, {
        x: 'high',
        y: 'contestant',
        text: (bar: Bar) => short(bar.median) + nOf(bar),
        textAnchor: 'start',
        dx: 6,
        fill: 'currentColor',
      }),
    ],
  });
}

/** Cost against something that grows: a line for each contestant, with its quartiles. */
export function lineChart(
  comparisons: readonly Comparison[],
  measure: Measure,
  label: string,
  xLabel: string,
): string {
  const points = comparisons.flatMap(({ workload, figures }) =>
    barsOf(figures, measure).map((bar) => ({ ...bar, x: workload.x ?? 1 })),
  );
  const stroke = ({ contestant }: Bar): string => colorOf(contestant);
  return svg({
    width: WIDTH,
    height: 380,
    marginTop: 28,
    marginLeft: 60,
    marginBottom: BOTTOM,
    x: {
      type: 'log',
      label: xLabel,
      grid: true,
      // Labels stand at round numbers only; what is round depends on the base.
      base: points.some(({ x }) => x > 1 && x % 10 === 0) ? 10 : 2,
      ticks: [...new Set(points.map(({ x }) => x))],
      tickFormat: xLabel.startsWith('bytes') ? size : tick,
      labelOffset: BOTTOM - 4,
    },
    y: { type: 'log', label, grid: true, nice: true, tickFormat: tick },
    insetLeft: 6,
    insetRight: 6,
    marks: [
      Plot.line(points, { x: 'x', y: 'median', z: 'contestant', stroke, strokeWidth: 2 }),
      Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke, strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'x', y: 'median', ...DOT, r: 3 }),
    ],
  });
}

/** Times, or bytes, of pieces of work: a row for each, a dot for each contestant. */
export function dotChart(works: readonly Result[]): string {
  const rows = works.flatMap(({ name, figures }) =>
    figures.map((figure) => ({ name: lines(name), ...figure, ...singleOf(figure) })),
  );
  const color = ({ contestant }: { contestant: string }): string => colorOf(contestant);
  const names = [...new Set(rows.map(({ name }) => name))];
  const broken = names.flatMap((name) => name.split('\n'));
  const inBytes = works[0]?.measured === 'bytes';
  return svg({
    width: WIDTH,
    // As high as the labels need it, and as wide.
    height: BOTTOM + 30 + names.length * (broken.length > names.length ? 30 : 20),
    marginLeft: 30 + LETTER * Math.max(...broken.map(({ length }) => length)),
    marginRight: 30,
    marginBottom: BOTTOM,
    x: {
      ...(inBytes ? { zero: true } : { type: 'log' }),
      label: inBytes ? 'bytes →' : 'nanoseconds →',
      grid: true,
      inset: 8,
      tickFormat: tick,
      labelOffset: BOTTOM - 4,
    },
    y: { label: null, domain: names },
    marks: [
      Plot.ruleY(rows, { x1: 'low', x2: 'high', y: 'name', stroke: color }),
      Plot.dot(rows, { x: 'median', y: 'name', ...DOT, r: 4.5 }),
    ],
  });
}

/** The bars; those of one round are pale, with a dashed edge. */
export function barMarks<Row extends Bar>(bars: readonly Row[], where: Plot.BarXOptions): Plot.BarX[] {
  const color = ({ contestant }: Bar): string => colorOf(contestant);
  const several = bars.filter(({ single }) => !single);
  const single = bars.filter((bar) => bar.single);
  return [
    Plot.barX(several, { ...where, fill: color }),
    ...(single.length === 0
      ? []
      : [
          Plot.barX(single, {
            ...where,
            fill: color,
            fillOpacity: 0.3,
            stroke: color,
            strokeDasharray: '3 3',
          }),
        ]),
  ];
}

/** In lines of at most 36 letters, where the words allow it. */
function lines(text: string): string {
  return text.replace(/(.{1,36})(?: |$)/g, '$1\n').trimEnd();
}

/** A number on an axis. */
function tick(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1000 ? `${value / 1000} k` : String(Number(value.toPrecision(3)));
}

function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  return value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
}

export function svg(options: Plot.PlotOptions): string {
  return Plot.plot({ document, style: STYLE, ...options }).outerHTML;
}
