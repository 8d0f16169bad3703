/**
 * Runs tests on the runtimes that the packages are meant for, each brought by npm:
 *
 *     node test/runtimes.js [--whole] [name…]
 *
 * Names choose some of them: `node`, `bun`, `'node 24'`. Without any, all run but the major version of Node that runs this,
 * which `pnpm test` is for. Bun and Deno run the tests of the packages that are free of Node. Node also runs those of the
 * adapter and the examples; with `--whole` everything that `pnpm test` runs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FREE_OF_NODE = ['packages/frame-codec/test', 'packages/handshake/test'];
/** Without fuzzing and benchmarks: tools of this project, which are not meant for every version. */
const OF_NODE = [
  ...FREE_OF_NODE,
  'packages/node-adapter/test',
  ...readdirSync('examples').map((name) => `examples/${name}/test`),
];

/** Each with what it is to call itself in the tests, the folders of its tests, and the files there that it does not run. */
const RUNTIMES = [
  ...['20.19', '22', '24', '26'].map((version) => ({
    name: `node ${version}`,
    command: [`node@${version}`],
    suites: OF_NODE,
    // Holds all texts of up to three bytes against the kernels. That takes a tenth of the time, and nothing of Node.
    without: ['packages/frame-codec/test/kernel/utf8.test.ts'],
  })),
  {
    name: 'bun 1',
    command: ['bun@1', '--bun'],
    suites: FREE_OF_NODE,
    // Bun puts a module of its own in the place of npm's ws; it has no Sender and no Receiver to be held against.
    without: ['packages/frame-codec/test/extension/permessage-deflate-ws.test.ts'],
  },
  { name: 'deno 2', command: ['deno@2', 'run', '-A'], suites: FREE_OF_NODE, without: [] },
];

/** Folders of tests that ask for more than a runtime: a browser, servers of the system. */
const ASKS_FOR_MORE = /\/test\/(browser|system)\//;

function filesOf({ suites, without }) {
  return suites
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith('.test.ts') && !ASKS_FOR_MORE.test(file) && !without.includes(file));
}

const isNode = (name) => name.startsWith('node ');

function isThisNode(name) {
  const major = (version) => version.split('.')[0];
  return isNode(name) && major(name) === major(`node ${process.versions.node}`);
}

function isAsked({ name }) {
  if (names.length === 0) return !isThisNode(name);
  return names.includes(name) || names.includes(name.split(' ')[0]);
}

function run(runtime, report) {
  const { name, command } = runtime;
  process.stdout.write(`\n== ${name}\n`);
  const start = performance.now();
  const { status } = spawnSync(
    'npx',
    [
      '--yes',
      ...command,
      'node_modules/vitest/vitest.mjs',
      'run',
      ...['--project', 'pure', '--project', 'unit'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      // They share the machine, and some of them take their time to warm up.
      '--testTimeout=60000',
      ...(isNode(name) && isWhole ? [] : filesOf(runtime)),
    ],
    { stdio: 'inherit', env: { ...process.env, EXPECTED_RUNTIME: name } },
  );
  const seconds = Math.round((performance.now() - start) / 1000);
  return { name, ok: status === 0, ...countsOf(report), seconds };
}

/** None where it did not come so far as to write any. */
function countsOf(report) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function row(name, passed, failed, seconds, verdict = '') {
  return `${name.padEnd(12)}${[passed, failed, seconds].map((each) => String(each).padStart(9)).join('')}  ${verdict}`.trimEnd();
}

const asked = process.argv.slice(2);
const isWhole = asked.includes('--whole');
const names = asked.filter((each) => each !== '--whole' && each !== '--');
const chosen = RUNTIMES.filter(isAsked);
for (const each of names) {
  if (!RUNTIMES.some(({ name }) => name === each || name.split(' ')[0] === each)) {
    process.stderr.write(`no runtime is called ${each}: ${RUNTIMES.map(({ name }) => name).join(', ')}\n`);
    process.exit(2);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'runtimes-'));
try {
  const results = chosen.map((runtime, index) => run(runtime, join(folder, `${index}.json`)));
  const rows = results.map(({ name, passed, failed, seconds, ok }) =>
    row(name, passed, failed, seconds, ok ? '' : 'FAILED'),
  );
  process.stdout.write(`\n${[row('runtime', 'passed', 'failed', 'seconds'), ...rows].join('\n')}\n`);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
