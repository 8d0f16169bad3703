import { annotate } from '../campaign/annotate.js';
import type { Case } from './case.js';
import type { Family } from './families/index.js';
import { SCRIPT, STYLE } from './page-style.js';
import {
  type Column,
  count,
  familiesOf,
  faultsOf,
  type Report,
  resultsOf,
  shortfallOf,
  titleOf,
} from './report.js';
import type { CaseResult, Happening } from './run-case.js';
import type { Flow } from './wire.js';

/** Lines of a dump, and happenings, that are shown of what was right, and of what was wrong. */
const SHOWN = {
  right: { lines: 14, happenings: 12 },
  wrong: { lines: 120, happenings: 100 },
} as const;
type Shown = (typeof SHOWN)[keyof typeof SHOWN];

const MARKS = { pass: '✓', fail: '✗', informational: '◷' } as const;

/** The report as a page: nothing from elsewhere, dark where its reader is, and whole without its script. */
export function pageOf(report: Report): string {
  const families = familiesOf(report);
  const faults = faultsOf(report);
  const shortfall = shortfallOf(report);
  const verdict =
    faults.length > 0
      ? `<p class="verdict fail">${faults.length} wrong. ${shortfall ?? ''}</p>`
      : shortfall === undefined
        ? '<p class="verdict pass">Everything is right.</p>'
        : `<p class="verdict">${shortfall} Nothing is wrong in these.</p>`;
  const troubles = report.columns.flatMap((column) =>
    column.trouble === undefined ? [] : [`<li>${escaped(`${titleOf(column)}: ${column.trouble}`)}</li>`],
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conformance</title><style>${STYLE}</style></head>
<body>
<header>
<h1>Conformance</h1>
${verdict}
<p class="about">${report.cases.length} cases from RFC 6455 and RFC 7692 against @x/node-adapter over loopback sockets, in ${(report.ms / 1000).toFixed(1)} s. ${escaped(process.version)}, ${report.date.toISOString().slice(0, 16).replace('T', ' ')} UTC.</p>
${troubles.length > 0 ? `<ul class="why">${troubles.join('')}</ul>` : ''}
</header>
${overview(report, families)}
<form class="tools" hidden><input type="search" placeholder="Part of an id or a sentence" aria-label="Part of an id or a sentence"><label><input type="checkbox"> only what is wrong</label><output></output></form>
${families.map((family) => sectionOf(report, family)).join('\n')}
<script>${SCRIPT}</script>
</body></html>
`;
}

function overview(report: Report, families: readonly Family[]): string {
  const heads = report.columns.map(
    ({ role, kernel }) => `<th scope="col">${role}<small>${kernel}</small></th>`,
  );
  const rows = families.map(({ name, title, cases }) => {
    const cells = report.columns.map((column) => `<td>${countsOf(column, cases)}</td>`);
    return `<tr><th scope="row"><a href="#${name}">${escaped(title)}</a></th><td class="cases">${cases.length}</td>${cells.join('')}</tr>`;
  });
  return `<div class="scrolls"><table class="overview"><thead><tr><th scope="col">Family</th><th scope="col">cases</th>${heads.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>
<p class="legend"><span><i class="pass">${MARKS.pass}</i> right</span> <span><i class="fail">${MARKS.fail}</i> wrong</span> <span><i class="informational">${MARKS.informational}</i> right, and timed</span> Each case has a mark for ${report.columns.map(titleOf).join('; ')}; none where it means nothing to a role.</p>`;
}

function countsOf(column: Column, cases: readonly Case[]): string {
  const counts = count(resultsOf(column, cases));
  const parts = (['pass', 'fail', 'informational'] as const).flatMap((outcome) =>
    counts[outcome] > 0 ? [`<span class="${outcome}">${MARKS[outcome]} ${counts[outcome]}</span>`] : [],
  );
  return parts.join(' ') || '–';
}

function sectionOf(report: Report, { name, title, cases }: Family): string {
  return `<section id="${name}"><h2>${escaped(title)} <small>${cases.length}</small></h2>
${cases.map((each) => caseOf(report.columns, each)).join('\n')}
</section>`;
}

function caseOf(columns: readonly Column[], { id, says, section }: Case): string {
  const ran = columns.flatMap((column) => {
    const result = column.results.get(id);
    return result === undefined ? [] : [{ column, result }];
  });
  const chips = ran.map(({ column, result }) => {
    const time = result.outcome === 'informational' ? ` ${tellMs(result.ms)}` : '';
    return `<span class="${result.outcome}" title="${titleOf(column)}">${MARKS[result.outcome]}${time}</span>`;
  });
  const isWrong = ran.some(({ result }) => result.outcome === 'fail');
  const [family = '', ...rest] = id.split('/');
  return `<details${isWrong ? ' class="wrong" open' : ''}><summary><span class="id"><i>${family}/</i>${escaped(rest.join('/'))}</span><span class="chips">${chips.join('')}</span></summary>
<p>${escaped(says)} ${linkTo(section)}</p>
${shown(ran)
  .map(({ column, result }) => runOf(column, result))
  .join('\n')}</details>`;
}

interface Ran {
  readonly column: Column;
  readonly result: CaseResult;
}

/** What was wrong, and of what was right one run for each role: the kernels differ in nothing that is seen here. */
function shown(ran: readonly Ran[]): Ran[] {
  return ran.filter(
    ({ column, result }) =>
      result.outcome === 'fail' ||
      ran.find((other) => other.result.outcome !== 'fail' && other.column.role === column.role)?.result ===
        result,
  );
}

function runOf(column: Column, result: CaseResult): string {
  const why = result.why === undefined ? '' : `<p class="why">${escaped(result.why)}</p>`;
  const much = result.outcome === 'fail' ? SHOWN.wrong : SHOWN.right;
  return `<article><h3>${column.role} <small>${column.kernel}, ${tellMs(result.ms)}</small></h3>${why}
<ol>${courseOf(result.course, much)}</ol>
${dumpOf('sent by the tester', result.sent, much)}
${dumpOf('received', { ...result.received, cuts: [] }, much)}</article>`;
}

function courseOf(course: readonly Happening[], { happenings }: Shown): string {
  const items = course
    .slice(0, happenings)
    .map(({ who, what }) => `<li class="${who}"><b>${who}</b><span>${escaped(what)}</span></li>`);
  if (course.length > happenings) items.push('<li>…</li>');
  return items.join('');
}

function dumpOf(title: string, flow: Flow, { lines: most }: Shown): string {
  if (flow.total === 0) return `<h4>nothing ${title}</h4>`;
  const all = annotate({ bytes: flow.bytes, cuts: flow.cuts })
    .split('\n')
    .filter((line) => !line.startsWith('cuts: '));
  const shown = all.slice(0, most).map((line) => DUMP.exec(line) ?? [line]);
  // As wide as its longest line of bytes, so that the fields stand close by.
  const width = Math.max(0, ...shown.map(([, , bytes = '']) => bytes.trimEnd().length));
  const lines = shown.map((line) => lineOf(line, width));
  if (all.length > most || flow.total > flow.bytes.length) lines.push('…');
  return `<h4>${title}, ${flow.total} bytes</h4><pre>${lines.join('\n')}</pre>`;
}

/** Of a dump: an offset, bytes, and what they are. */
const DUMP = /^([0-9a-f]{6}) {2}(.{48}) (.*)$/;

function lineOf([whole, offset, bytes, what]: readonly string[], width: number): string {
  if (offset === undefined || bytes === undefined || what === undefined) return escaped(whole ?? '');
  return `<i>${offset}</i>  ${bytes.slice(0, width)} <b>${escaped(what)}</b>`;
}

/** `§5.2`, or `RFC 7692 §7.1`. */
function linkTo(section: string): string {
  const [, rfc = '6455', number = ''] = /^(?:RFC (\d+) )?§([\d.]+)$/.exec(section) ?? [];
  return `<a class="section" href="https://www.rfc-editor.org/rfc/rfc${rfc}#section-${number}">RFC ${rfc} §${number}</a>`;
}

function tellMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
