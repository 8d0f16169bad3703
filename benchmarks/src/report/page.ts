import type { Comparison, ServerFigure } from '../server/compare.js';
import { titleOf } from '../server/workloads.js';
import { barChart, colorOf, dotChart, lineChart, mainChart } from './charts.js';
import { grouped } from './markdown.js';
import type { Report } from './report.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --ink: #1f2328; --page: #fff; --line: #d8dee4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --page: #0d1117; --line: #30363d; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink); background: var(--page); }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 .5rem; font-size: 1rem; }
svg { max-width: 100%; height: auto; overflow: visible; }
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
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    '<h1>Benchmarks</h1>',
    `<p><code>${escaped(command)}</code>, ${machine.date}<br>${escaped(`${machine.processor}, ${machine.cores} cores, ${machine.memory}, ${machine.system}`)}; ${machine.pinned ? 'processes pinned to cores' : 'processes not pinned'}<br>${escaped(versions.join(', '))}</p>`,
    '<p>Medians of the rounds; the thin lines reach from one quartile to the other.</p>',
    section('Messages a second, beside ws', mainChart(servers) ?? ''),
  ];
  if (verdicts.length > 0) {
    const rows = verdicts.map(
      ({ kept, of, promise, ratio }) =>
        `<tr><td>${kept ? '✓' : '<span class="missed">✗</span>'}</td><td>${escaped(of)}</td><td>${escaped(promise)}</td><td>${ratio.toFixed(2)}</td></tr>`,
    );
    parts.push(section('Promises', `<table>${rows.join('\n')}</table>`));
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
    parts.push(section(capital(group), legend(names) + dotChart(works)));
  }
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Benchmarks</title><style>${STYLE}</style></head>\n<body>\n${parts.join('\n')}\n</body></html>\n`;
}

function barsOf(comparison: Comparison): string {
  const { figures, leftOut, workload } = comparison;
  const charts = BARS.filter(([measure]) => figures.some((figure) => figure[measure] !== undefined)).map(
    ([measure, label]) => barChart(comparison, measure, label),
  );
  const absent = leftOut.map(({ contestant, why }) => `${contestant} is left out: ${why}`).join('; ');
  return `<h3>${escaped(titleOf(workload))}</h3>${charts.join('')}<p><small>${escaped(absent)}</small></p>`;
}

function growth(comparisons: readonly Comparison[], xLabel: string): string {
  const names = comparisons.flatMap(({ figures }) => figures.map(({ contestant }) => contestant));
  return [
    legend(names),
    lineChart(comparisons, 'cpuMicros', '↑ CPU time, µs a message', xLabel),
    lineChart(comparisons, 'perSecond', '↑ messages a second', xLabel),
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
