/**
 * Runs the suites of the packages that are free of Node under the runtimes that they are meant for, each brought by npm.
 * Names given as arguments choose some of them: `node test/runtimes.js bun`.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const SUITES = ['packages/frame-codec/test', 'packages/handshake/test'];

/** Each with what it is to call itself in `runtime.test.ts`, and the test files that it cannot run. */
const RUNTIMES = [
  { name: 'node 24', command: ['node@24'], without: [] },
  { name: 'node 26', command: ['node@26'], without: [] },
  {
    name: 'bun 1',
    command: ['bun@1', '--bun'],
    // Bun puts a module of its own in the place of npm's ws; it has no Sender and no Receiver to be held against.
    without: ['packages/frame-codec/test/permessage-deflate-ws.test.ts'],
  },
  { name: 'deno 2', command: ['deno@2', 'run', '-A'], without: [] },
];

const files = SUITES.flatMap((suite) =>
  readdirSync(suite)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${suite}/${name}`),
);
const asked = process.argv.slice(2);
const failed = [];
for (const { name, command, without } of RUNTIMES) {
  if (asked.length > 0 && !asked.includes(name) && !asked.includes(name.split(' ')[0])) continue;
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(
    'npx',
    [
      '--yes',
      ...command,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'pure',
      '--project',
      'unit',
      // They share the machine, and some of them take their time to warm up.
      '--testTimeout=60000',
      ...files.filter((file) => !without.includes(file)),
    ],
    { stdio: 'inherit', env: { ...process.env, EXPECTED_RUNTIME: name } },
  );
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
