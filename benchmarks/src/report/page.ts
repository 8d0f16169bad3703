import type { Comparison, ServerFigure } from '../server/compare.js';
import { titleOf } from '../title.js';
import { markOf, measuredOf, promiseOf } from '../verdict.js';
import { barChart, colorOf, dotChart, lineChart } from './charts.js';
import { mainChart, mainRows } from './main-chart.js';
import { absentOf, grouped, nativesOf } from './markdown.js';
import { type Report, shortfallOf } from './report.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --ink: #1f2328; --page: #fff; --line: #d8dee4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --page: #0d1117; --line: #30363d; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink); background: var(--page); }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 .5rem; font-size: 1rem; }
figure, .wide { overflow-x: auto; } figure { margin: 0 0 1rem; } svg { max-width: 100%; min-width: 34rem; height: auto; }
.wide { font-size: .9rem; } .wide table { min-width: 34rem; }
/* They are moved sideways on a screen that is narrower: a line says so, and stays where it is meanwhile. */
@media (max-width: 36rem) { figure::before, .wide::before { content: "goes on to the right →"; position: sticky; left: 0; display: block; width: fit-content; font-size: .8rem; opacity: .75; } }
figure:focus-visible, .wide:focus-visible { outline: 2px solid #3b82f6; }
table { border-collapse: collapse; } td, th { padding: .15rem .75rem; border-bottom: 1px solid var(--line); text-align: left; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; font-size: .85rem; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
.missed { color: #e0574f; font-weight: bold; } small { opacity: .75; }
`;

type Measure = Exclude<keyof ServerFigure, 'contestant'>;

/** What is shown of a workload, where it was measured. */
const BARS: readonly (readonly [measure: Measure, label: string])[] = [
  ['perSecond', 'messages a second →'],
  ['cpuMicros', 'CPU time, µs a message →'],
  ['p99', 'p99 of the latency of a burst, µs →'],
  ['bytes', 'bytes a connection →'],
];

const GROWTH: Readonly<Record<string, string>> = {
  'echo by size': 'bytes of a message →',
  'echo by depth': 'messages in flight on each of 16 connections →',
  'echo by connections': 'connections →',
  'broadcast by connections': 'connections →',
};

/** The report as a page: no script, nothing from elsewhere, dark where its reader is. */
export function pageOf(report: Report): string {
  const { command, machine, micro, servers, verdicts } = report;
  const main = mainRows(servers);
  const shortfall = shortfallOf(report);
  const natives = nativesOf(servers);
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    '<h1>Benchmarks</h1>',
    `<p><code>${escaped(command)}</code>, ${machine.date}<br>${escaped(`${machine.processor}, ${machine.cores} cores, ${machine.memory}, ${machine.system}`)}; ${machine.pinned ? 'processes pinned to cores' : 'processes not pinned'}<br>${escaped(versions.join(', '))}</p>`,
    ...(shortfall === undefined ? [] : [`<p class="missed">${shortfall}</p>`]),
    '<p>Medians of the rounds; the thin lines reach from one quartile to the other. What is pale with a dashed edge, or hollow, is of one round (n = 1): it may be anything.</p>',
    ...(natives.length > 0 ? [`<p>Native add-ons that were loaded: ${escaped(natives.join('; '))}</p>`] : []),
    section('Messages a second, beside ws', main.length > 0 ? figure(mainChart(main, 'either')) : ''),
  ];
  if (verdicts.length > 0) {
    const rows = verdicts.map(
      (verdict) =>
        `<tr><td>${verdict.kept === false ? '<span class="missed">✗</span>' : markOf(verdict)}</td><td>${escaped(verdict.of)}</td><td>${escaped(promiseOf(verdict))}</td><td>${escaped(measuredOf(verdict))}</td></tr>`,
    );
    parts.push(
      section(
        'Promises',
        `<div class="wide" tabindex="0"><table><tr><th></th><th>of</th><th>promised</th><th>measured</th></tr>\n${rows.join('\n')}</table></div>`,
      ),
    );
  }
  for (const [group, comparisons] of serverGroups(servers)) {
    const xLabel = GROWTH[group];
    parts.push(
      section(
        capital(group),
        xLabel === undefined ? comparisons.map(barsOf).join('') : growth(comparisons, xLabel),
      ),
    );
  }
  for (const [group, works] of grouped(micro)) {
    const names = works.flatMap(({ figures }) => figures.map(({ contestant }) => contestant));
    const notes = works.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
    const below = small(absentOf(works)) + folded(notes);
    parts.push(section(capital(group), legend(names) + figure(dotChart(works)) + below));
  }
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Benchmarks</title><style>${STYLE}</style></head>\n<body>\n${parts.join('\n')}\n</body></html>\n`;
}

function barsOf(comparison: Comparison): string {
  const { figures, workload } = comparison;
  const charts = BARS.filter(([measure]) => figures.some((figure) => figure[measure] !== undefined)).map(
    ([measure, label]) => figure(barChart(comparison, measure, label)),
  );
  return `<h3>${escaped(titleOf(workload))}</h3>${charts.join('')}${small(absentOf([comparison]))}`;
}

/** A chart that keeps its letters legible where the screen is narrow, and is moved sideways instead, also by keys. */
function figure(chart: string): string {
  return `<figure tabindex="0">${chart}</figure>`;
}

/** Many lines that few will read. */
function folded(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<details><summary>Notes</summary>${small(lines)}</details>`;
}

function small(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<p><small>${lines.map(escaped).join('<br>')}</small></p>`;
}

function growth(comparisons: readonly Comparison[], xLabel: string): string {
  const names = comparisons.flatMap(({ figures }) => figures.map(({ contestant }) => contestant));
  return [
    legend(names),
    figure(lineChart(comparisons, 'cpuMicros', '↑ CPU time, µs a message', xLabel)),
    figure(lineChart(comparisons, 'perSecond', '↑ messages a second', xLabel)),
    small(absentOf(comparisons)),
  ].join('');
}

function serverGroups(servers: readonly Comparison[]): Map<string, Comparison[]> {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of servers) {
    const { group } = comparison.workload;
    groups.set(group, [...(groups.get(group) ?? []), comparison]);
  }
  return groups;
}

function legend(names: readonly string[]): string {
  const items = [...new Set(names)].map(
    (name) => `<li><i style="background:${colorOf(name)}"></i>${escaped(name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function section(title: string, content: string): string {
  return content === '' ? '' : `<h2>${escaped(title)}</h2>\n${content}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
