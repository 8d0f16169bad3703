import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Comparison, ServerFigure } from '../server/compare.js';
import { CONTESTANTS } from '../server/contestants.js';
import { size } from '../size.js';
import type { Spread } from '../statistics.js';
import type { MicroResult } from './report.js';

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
};
const OTHER = '#8d8d99';

export function colorOf(contestant: string): string {
  return MICRO_COLORS[contestant] ?? OTHER;
}

type Measure = Exclude<keyof ServerFigure, 'contestant'>;

interface Bar extends Pick<Spread, 'median' | 'low' | 'high'> {
  readonly contestant: string;
}

function barsOf(figures: readonly ServerFigure[], measure: Measure): Bar[] {
  return figures.flatMap(({ contestant, [measure]: spread }) => (spread ? [{ contestant, ...spread }] : []));
}

const ORDER = CONTESTANTS.map(({ name }) => name);
const WIDTH = 720;
/** Room for the numbers of an axis and, below them, its label. */
const BOTTOM = 46;
const STYLE = { background: 'none', fontSize: '12px' };

/** A bar for each contestant, with its quartiles. */
export function barChart({ figures }: Comparison, measure: Measure, label: string): string {
  const bars = barsOf(figures, measure);
  return svg({
    width: WIDTH,
    marginLeft: 170,
    marginRight: 70,
    marginBottom: BOTTOM,
    x: { label, grid: true, zero: true, tickFormat: tick, labelOffset: BOTTOM - 4 },
    y: { label: null, domain: ORDER.filter((name) => bars.some(({ contestant }) => contestant === name)) },
    marks: [
      Plot.barX(bars, { x: 'median', y: 'contestant', fill: ({ contestant }: Bar) => colorOf(contestant) }),
      Plot.ruleY(bars, { x1: 'low', x2: 'high', y: 'contestant', strokeWidth: 2 }),
      Plot.text(bars, {
        x: 'high',
        y: 'contestant',
        text: ({ median }: Bar) => short(median),
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
    y: { type: 'log', label, grid: true, tickFormat: tick },
    marks: [
      Plot.line(points, { x: 'x', y: 'median', z: 'contestant', stroke, strokeWidth: 2 }),
      Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke, strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'x', y: 'median', fill: stroke, r: 3 }),
    ],
  });
}

/** Times of pieces of work: a row for each, a dot for each contestant. */
export function dotChart(works: readonly MicroResult[]): string {
  const rows = works.flatMap(({ name, figures }) =>
    figures.map(({ contestant, ns, spread }) => ({
      name,
      contestant,
      ns,
      low: ns - spread / 2,
      high: ns + spread / 2,
    })),
  );
  const color = ({ contestant }: { contestant: string }): string => colorOf(contestant);
  return svg({
    width: WIDTH,
    marginLeft: 250,
    marginRight: 30,
    marginBottom: BOTTOM,
    x: { type: 'log', label: 'nanoseconds →', grid: true, tickFormat: tick, labelOffset: BOTTOM - 4 },
    y: { label: null, domain: [...new Set(rows.map(({ name }) => name))] },
    marks: [
      Plot.ruleY(rows, { x1: 'low', x2: 'high', y: 'name', stroke: color }),
      Plot.dot(rows, { x: 'ns', y: 'name', fill: color, r: 4.5 }),
    ],
  });
}

/** How many messages a second, as multiples of `ws`; an SVG of its own that follows the theme of its reader. */
export function mainChart(comparisons: readonly Comparison[]): string | undefined {
  const shown = ['adapter', 'transport', 'ws', 'Bun', 'net'];
  const rows = comparisons
    .filter(({ workload: { group, sweep } }) => !sweep && ['echo', 'broadcast', 'client'].includes(group))
    .flatMap(({ workload: { group, name }, figures }) => {
      const ws = figures.find(({ contestant }) => contestant === 'ws')?.perSecond?.median;
      if (ws === undefined) return [];
      return barsOf(figures, 'perSecond')
        .filter(({ contestant }) => shown.includes(contestant))
        .map(({ contestant, median, low, high }) => ({
          workload: wrapped(`${group}: ${name}`),
          contestant,
          median: median / ws,
          low: low / ws,
          high: high / ws,
        }));
    });
  if (rows.length === 0) return undefined;
  const chart = svg({
    width: 860,
    marginLeft: 70,
    marginRight: 240,
    marginBottom: BOTTOM,
    x: {
      label: 'messages a second, ws = 1; on a scale of square roots →',
      labelAnchor: 'left',
      labelOffset: BOTTOM - 4,
      grid: true,
      type: 'sqrt',
    },
    y: { label: null, domain: shown },
    fy: { label: null, padding: 0.2, domain: [...new Set(rows.map(({ workload }) => workload))] },
    marks: [
      Plot.barX(rows, {
        fy: 'workload',
        x: 'median',
        y: 'contestant',
        fill: (row: Bar) => colorOf(row.contestant),
      }),
      Plot.ruleY(rows, { fy: 'workload', x1: 'low', x2: 'high', y: 'contestant', strokeWidth: 1.5 }),
      Plot.text(rows, {
        fy: 'workload',
        x: 'high',
        y: 'contestant',
        text: ({ median }: Bar) => `${median.toPrecision(2)} ×`,
        textAnchor: 'start',
        dx: 4,
        fill: 'currentColor',
      }),
    ],
  });
  const theme = '<style>svg{color:#1f2328}@media(prefers-color-scheme:dark){svg{color:#e6edf3}}</style>';
  return chart.replace(/^<svg /, '<svg xmlns="http://www.w3.org/2000/svg" ').replace('>', `>${theme}`);
}

/** In lines of at most 36 letters, where the words allow it. */
function wrapped(text: string): string {
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

function svg(options: Plot.PlotOptions): string {
  return Plot.plot({ document, style: STYLE, ...options }).outerHTML;
}
