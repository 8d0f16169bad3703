import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** No sandbox, because a container's root may not have one; no service of the browser that calls out. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Node itself loads what is built, so that there is one copy of it: packages require each other. */
const server = { deps: { external: [/\/packages\/[\w-]+\/(dist|entry)\//] } };

/** Tests of what tests and measures the packages: they start processes, and wait for them. */
const TOOLS = [
  'benchmarks/test/{command-line,servers}.test.ts',
  'commands/test/commands.test.ts',
  'fuzz/test/{conformance,conformance-report,properties,soak,twins}.test.ts',
];

export default defineConfig({
  test: {
    // Many tests wait for sockets and processes: half as many workers more than cores keep these busy.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    projects: [
      {
        // Codec and handshake hold nothing but memory: their files share a process, which takes half the time.
        test: {
          name: 'pure',
          server,
          include: ['packages/{frame-codec,handshake}/test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'packages/*/test/browser/**'],
          isolate: false,
          // The programs of a README are processes, which take their time to start on a busy machine.
          expect: { poll: { timeout: 5000 } },
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'unit',
          server,
          include: [
            'packages/*/test/**/*.test.ts',
            'examples/*/test/*.test.ts',
            'fuzz/test/**/*.test.ts',
            'benchmarks/test/*.test.ts',
            'commands/test/*.test.ts',
            'docs/test/*.test.ts',
          ],
          exclude: [
            ...configDefaults.exclude,
            'packages/*/test/{browser,system}/**',
            'packages/{frame-codec,handshake}/**',
            ...TOOLS,
          ],
          expect: { poll: { timeout: 5000 } },
          // For what hangs: on a busy machine the properties take their time.
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'tools',
          server,
          include: TOOLS,
          expect: { poll: { timeout: 5000 } },
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        // Needs Chromium.
        test: {
          name: 'browser',
          env: {
            CHROMIUM: process.env.CHROMIUM || '/usr/bin/chromium',
            CHROMIUM_FLAGS: CHROMIUM_FLAGS.join(' '),
          },
          include: ['packages/*/test/browser/*.test.ts', 'examples/*/test/browser/*.test.ts'],
          expect: { poll: { timeout: 10_000 } },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // Needs nginx, and Python with its websockets.
        test: {
          name: 'system',
          include: ['packages/*/test/system/*.test.ts', 'docs/test/system/*.test.ts'],
          expect: { poll: { timeout: 5000 } },
          testTimeout: 15_000,
          hookTimeout: 15_000,
        },
      },
      {
        // Packs every package and asks the registry for what they depend on.
        test: {
          name: 'packed',
          include: ['test/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
