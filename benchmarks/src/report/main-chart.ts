import * as Plot from '@observablehq/plot';
import type { Comparison } from '../server/compare.js';
import { titleOf } from '../title.js';
import { type Bar, BOTTOM, barMarks, barsOf, nOf, svg } from './charts.js';

/** A bar of the main chart: messages a second as a multiple of `ws`. */
export interface MainRow extends Bar {
  readonly workload: string;
}

/** The page that a chart is for: a light one, a dark one, or either, which the reader's settings tell. */
export type Theme = 'light' | 'dark' | 'either';

/** A bare socket would be so far ahead in places that nothing else could be told apart. */
const SHOWN = ['adapter', 'transport', 'ws', 'Bun'];
const GROUPS = ['echo', 'broadcast', 'client'];
const LIGHT = '#1f2328';
const DARK = '#e6edf3';
const COLORS: Readonly<Record<Theme, string>> = {
  light: `svg{color:${LIGHT}}`,
  dark: `svg{color:${DARK}}`,
  either: `svg{color:${LIGHT}}@media(prefers-color-scheme:dark){svg{color:${DARK}}}`,
};

/** What the main chart shows of these: all that a number of messages was counted of, where `ws` took part. */
export function mainRows(comparisons: readonly Comparison[]): MainRow[] {
  return comparisons
    .filter(({ workload: { group, sweep } }) => !sweep && GROUPS.includes(group))
    .flatMap(({ figures, workload }) => {
      const ws = figures.find(({ contestant }) => contestant === 'ws')?.perSecond?.median;
      if (ws === undefined) return [];
      return barsOf(figures, 'perSecond')
        .filter(({ contestant }) => SHOWN.includes(contestant))
        .map(({ high, low, median, contestant, single }) => ({
          workload: titleOf(workload),
          contestant,
          ...(single && { single }),
          median: median / ws,
          low: low / ws,
          high: high / ws,
        }));
    });
}

const LABEL = 'messages a second, ws = 1';

/** Room for the names of contestants, and above each group for that of its workload. */
const LEFT = 68;
const ABOVE = 22;

/** How many messages a second, as multiples of `ws`; an SVG that stands by itself. */
export function mainChart(rows: readonly MainRow[], theme: Theme): string {
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  const names = SHOWN.filter((name) => rows.some(({ contestant }) => contestant === name));
  const chart = svg({
    width: 640,
    height: workloads.length * (names.length * 15 + ABOVE + 12) + BOTTOM + 24,
    marginLeft: LEFT,
    marginRight: rows.some(({ single }) => single) ? 80 : 50,
    marginTop: 24,
    marginBottom: BOTTOM,
    x: { label: `${LABEL} →`, labelOffset: BOTTOM - 4, grid: true, zero: true },
    y: { label: null, domain: names, tickSize: 0 },
    fy: { axis: null, paddingInner: 0.32, domain: workloads },
    marks: [
      Plot.text(workloads, {
        fy: (workload: string) => workload,
        text: (workload: string) => workload,
        frameAnchor: 'top-left',
        dx: 6 - LEFT,
        dy: -ABOVE / 2 - 4,
        fontWeight: 'bold',
        fill: 'currentColor',
      }),
      ...barMarks(rows, { fy: 'workload', x: 'median', y: 'contestant' }),
      Plot.ruleY(rows, { fy: 'workload', x1: 'low', x2: 'high', y: 'contestant', strokeWidth: 1.5 }),
      Plot.text(rows, {
        fy: 'workload',
        x: 'high',
        y: 'contestant',
        text: (bar: Bar) => `${bar.median.toPrecision(2)} ×${nOf(bar)}`,
        textAnchor: 'start',
        dx: 4,
        fill: 'currentColor',
      }),
    ],
  });
  return chart
    .replace(/^<svg /, `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${LABEL}" `)
    .replace('>', `><style>${COLORS[theme]}</style>`)
    .replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}
