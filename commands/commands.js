// What `--help` says, which needs nothing built; and where each command is when it is.

const HELP = '  --help             this text';
const EXIT =
  'Ends with 0 when all is well, with 1 when something failed, with 2 when the command line means nothing.';
const STOP = `${EXIT}
Ctrl-C ends it early, and tells what was found until then; the second one ends it at once.`;

export const COMMANDS = {
  start: {
    main: 'examples/chat/dist/main.js',
    projects: 'examples/chat/src examples/chat/src/page',
    usage: `pnpm start

A chat: a page on http://127.0.0.1:8080, its WebSocket at /ws. Ctrl-C ends it.

  PORT=8080          environment variable: the port; 0 takes one that is free
  HOST=127.0.0.1     environment variable: the address to listen on; 0.0.0.0 or :: for all
${HELP}

${EXIT}`,
  },
  conformance: {
    main: 'fuzz/dist/conformance/main.js',
    usage: `pnpm conformance [options]

Runs cases of RFC 6455 and RFC 7692 against both roles of the adapter with both kernels, over sockets, and writes
conformance.html and conformance.json.

  --filter text      cases that have this in their id; more than once for more of them
  --role name        server, or client; both without it
  --kernel name      wasm, or script; both without it
  --output folder    where the report goes (fuzz/report)
  --list             names the families of cases
${HELP}

${STOP} The report says then that it
is not whole, and the command ends with 130.`,
  },
  fuzz: {
    main: 'fuzz/dist/campaign/main.js',
    usage: `pnpm fuzz [options]

Tries what the properties claim with random input, and stores what breaks one in fuzz/corpus: pnpm test replays it.

  --minutes n        how long (1)
  --runs n           so many inputs for each property on each kernel, however long that takes
  --seed n           the same inputs each time
  --property name    or how names begin; more than once for more of them
  --kernel name      wasm, or script; both without it
  --threads n        as many at a time (one a core)
  --list             names the properties, and what each claims
${HELP}

${STOP}`,
  },
  'fuzz:coverage': {
    main: 'fuzz/dist/campaign/coverage.js',
    usage: `pnpm fuzz:coverage [options]

What of codec and handshake the properties reach, by lines and branches.

  --runs n           of each property (1500)
  --lines            names what was missed
${HELP}

${EXIT}`,
  },
  'fuzz:mutants': {
    main: 'fuzz/dist/mutants/main.js',
    usage: `pnpm fuzz:mutants [options]

Plants each fault of a table in a copy of the project, and tells how soon a campaign or the tests see it.

  --only text        faults that have this in their file or their words
  --seconds n        how long a campaign, and then the tests, may take for one (60)
  --seed n           of the campaigns (1)
  --jobs n           so many copies of the project to plant in at a time (1)
  --table file       where to write what was found, as Markdown
${HELP}

${STOP}`,
  },
  soak: {
    main: 'fuzz/dist/soak/main.js',
    usage: `pnpm soak [options]

A server, 10,000 hostile connections, and a healthy client that must notice nothing.

  --quick            a thousand connections
  --connections n    so many
  --minutes n        goes on round by round for so long; one round without it
  --phase name       or how names begin; more than once for more of them
  --output file      where figures and verdicts go as JSON
  --list             names the phases, and what each does
${HELP}

${STOP}`,
  },
  bench: {
    main: 'benchmarks/dist/main.js',
    usage: `pnpm bench [all | micro | handshake | server | check | publish] [options]

  all         everything, in about ten minutes; writes a report
  micro       pieces of work: decode, encode, unmask, UTF-8, the opening handshake, memory of a frame,
              what a new process pays
  handshake   the opening handshake alone
  server      whole servers and clients, in processes of their own
  check       what the project promises; ends with 1 where a floor is not reached in three attempts
  publish     takes the figures of the READMEs, and their chart, from a report of everything

  --quick            less of it, for a shorter time: under two minutes
  --filter text      what has this in its title
  --only a,b         these contestants of the servers
  --output folder    where the report goes (benchmarks/report); for publish, where it is
  --rounds n         so many rounds for each contestant of the servers, and time for them; one gives no verdict
  --cpu-prof folder  has servers on Node write a profile there
${HELP}

${STOP} The report says then that it
is not whole, and the command ends with 130.`,
  },
};
