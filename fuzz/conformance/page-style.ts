/** Of the page of the report. */
export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --page: #fff; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --sunken: #f6f8fa; --link: #0860ca; --pass: #1a7f37; --fail: #cf222e; --timed: #6f42c1; --wrong: #fff1f0; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --sunken: #161b22; --link: #6cb0ff; --pass: #4ac26b; --fail: #ff7b72; --timed: #b490ff; --wrong: #2a1517; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 6rem; max-width: 70rem; color: var(--ink); background: var(--page); }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; }
h2 { margin: 3rem 0 .75rem; font-size: 1.35rem; } h2 small { color: var(--soft); font-weight: 400; }
h3 { margin: 1rem 0 .25rem; font-size: .95rem; } h3 small { color: var(--soft); font-weight: 400; }
h4 { margin: .75rem 0 .25rem; color: var(--soft); font-size: .8rem; font-weight: 600; }
a { color: var(--link); text-underline-offset: .15em; }
.verdict { margin: .5rem 0 0; font-size: 1.25rem; font-weight: 600; } .about, .legend { margin: .25rem 0; color: var(--soft); font-size: .9rem; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .informational { color: var(--timed); }
.scrolls { margin: 1.5rem 0 .5rem; overflow-x: auto; }
.overview { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
.overview th, .overview td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; vertical-align: bottom; }
.overview thead { color: var(--soft); font-size: .85rem; } .overview th { font-weight: 500; } .overview th small { display: block; font-weight: 400; }
.overview td span + span { margin-left: .5rem; } .legend span { margin-right: .75rem; white-space: nowrap; } .legend i { font-style: normal; }
.tools { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 1.5rem 0 0; padding: .75rem 0; background: var(--page); border-bottom: 1px solid var(--line); }
.tools[hidden] { display: none; }
.tools input[type=search] { flex: 1 1 16rem; min-width: 0; padding: .45rem .75rem; border: 1px solid var(--line); border-radius: .5rem; color: inherit; background: var(--sunken); font: inherit; }
.tools label, .tools output { color: var(--soft); font-size: .9rem; } .tools input[type=checkbox] { accent-color: var(--link); }
section { scroll-margin-top: 7rem; }
details { border-bottom: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 2.3rem; }
details.wrong { background: var(--wrong); }
details[hidden], section[hidden] { display: none; }
summary { display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; padding: .35rem .25rem; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "▸"; width: .7em; color: var(--soft); } details[open] > summary::before { content: "▾"; }
summary:hover { background: var(--sunken); }
summary:focus-visible, a:focus-visible, input:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
.id { flex: 1 1 16rem; min-width: 0; overflow-wrap: anywhere; font: .875rem/1.6 ui-monospace, monospace; } .id i { color: var(--soft); font-style: normal; }
.chips { display: flex; flex-wrap: wrap; gap: .1rem .6rem; font-size: .875rem; font-variant-numeric: tabular-nums; }
details > :not(summary) { margin-left: 1.2rem; margin-right: .25rem; } details p { margin-top: .25rem; margin-bottom: .5rem; max-width: 46rem; } details article:last-child { margin-bottom: 1.25rem; }
.section { white-space: nowrap; font-size: .9rem; } .why { color: var(--fail); font-weight: 600; }
ol { margin: .25rem 0; padding: 0; list-style: none; font-size: .875rem; overflow-wrap: anywhere; }
ol li { display: flex; } ol b { flex: 0 0 3.75rem; color: var(--soft); font-weight: 400; }
pre { margin: 0; padding: .6rem .75rem; overflow-x: auto; border-radius: .5rem; background: var(--sunken); font: .78rem/1.5 ui-monospace, monospace; tab-size: 2; } pre i { color: var(--soft); font-style: normal; } pre b { color: var(--link); font-weight: 400; }
@media (max-width: 40rem) { body { padding: 1.25rem .875rem 4rem; } details > :not(summary) { margin-left: .25rem; } .tools label { flex: 1 1 auto; } .id { flex-basis: 9rem; } pre { font-size: .72rem; } .overview { font-size: .8rem; } .overview th, .overview td { padding-right: .4rem; } .overview tbody th, .overview td { white-space: normal; } .overview td span { white-space: nowrap; } .overview td span + span { margin-left: 0; } .overview .cases, .overview thead th:nth-child(2) { display: none; } }
@media print { .tools { display: none; } details { content-visibility: visible; } }
`;

/** Finds cases; without it all of them are shown. */
export const SCRIPT = `
const tools = document.querySelector('.tools');
const [search, onlyWrong] = tools.querySelectorAll('input');
const all = [...document.querySelectorAll('details')].map((node) => ({ node, text: (node.querySelector('.id').textContent + ' ' + node.querySelector('p').textContent).toLowerCase() }));
function show() {
  const words = search.value.toLowerCase().split(/\\s+/);
  let shown = 0;
  for (const { node, text } of all) {
    node.hidden = !words.every((word) => text.includes(word)) || (onlyWrong.checked && !node.classList.contains('wrong'));
    if (!node.hidden) shown++;
  }
  for (const section of document.querySelectorAll('section')) section.hidden = !section.querySelector('details:not([hidden])');
  tools.querySelector('output').textContent = shown === all.length ? '' : shown + ' of ' + all.length;
}
tools.hidden = false;
tools.addEventListener('input', show);
tools.addEventListener('submit', (event) => event.preventDefault());
show();
`;
