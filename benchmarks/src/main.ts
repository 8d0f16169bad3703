import { fileURLToPath } from 'node:url';
import { checkAll, summary } from './check.js';
import { type Asked, readCommandLine } from './command-line.js';
import { gather } from './gather.js';
import { worksOf } from './pieces.js';
import { promisedOf } from './promises.js';
import { publish } from './publish/publish.js';
import { describeMachine, type Machine } from './report/machine.js';
import { shortfallOf } from './report/report.js';
import { writeReport } from './report/write.js';
import type { Contestant } from './server/contestants.js';
import { WORKLOADS, type Workload } from './server/workloads.js';
import { matches, titleOf } from './title.js';
import { judge } from './verdict.js';
import { loadPeers } from './ws.js';

const REPORT = fileURLToPath(new URL('../report', import.meta.url));

const say = (text: string): void => console.log(text);

function introduce({ missing, pinned, processor }: Machine): void {
  say(
    `Node ${process.version}, ${processor}; ${pinned ? 'processes keep to cores of their own' : 'processes cannot be kept to cores here'}`,
  );
  for (const { contestant, why } of missing) say(`${contestant} is left out: ${why}`);
}

/** The command as others may repeat it: without names of folders. */
function commandOf({ command, filter, only, quick }: Asked): string {
  return [
    'pnpm bench',
    ...(command === 'all' ? [] : [command]),
    ...(quick ? ['--quick'] : []),
    ...(filter === '' ? [] : [`--filter ${JSON.stringify(filter)}`]),
    ...(only.length === 0 ? [] : [`--only ${JSON.stringify(only.join())}`]),
  ].join(' ');
}

/** Nothing was wrong; something was; the command line means nothing; ended by Ctrl-C, as shells tell it. */
const [GOOD, FAILED, MISUNDERSTOOD, STOPPED] = [0, 1, 2, 130];

/** Returns the exit code. */
async function run(asked: Asked): Promise<number> {
  const { command, filter, only, output, quick } = asked;
  if (command === 'publish') {
    try {
      for (const file of await publish(output)) say(file);
      return GOOD;
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      return FAILED;
    }
  }
  const peers = loadPeers();
  const works = worksOf(command, filter, peers);
  const promised = promisedOf(WORKLOADS.map(titleOf));
  const workloads =
    command === 'micro' || command === 'handshake'
      ? []
      : WORKLOADS.filter(
          (each) => matches(each, filter) && (!quick || filter !== '' || promised.has(titleOf(each))),
        );
  if (works.length + workloads.length === 0) {
    return misunderstood(`nothing has ${JSON.stringify(filter)} in its title`);
  }
  const machine = describeMachine();
  introduce(machine);
  for (const { contestant, why } of peers.leftOut) say(`${contestant} is left out of pieces of work: ${why}`);
  const active = Object.keys(peers.addOns).join(' and ') || 'none';
  say(
    `Native add-ons that are active: ${active}. ws takes bufferutil; text it validates with isUtf8 of Node.`,
  );
  const stop = new AbortController();
  const { signal } = stop;
  process.once('SIGINT', () => {
    say('stopping');
    stop.abort();
    // The second time nothing is waited for.
    process.once('SIGINT', () => process.exit(STOPPED));
  });
  if (command === 'check') {
    const kept = await checkAll(asked, { works, workloads }, say, signal);
    return signal.aborted ? STOPPED : kept ? GOOD : FAILED;
  }
  const takesPart = ({ always, name }: Contestant, { everybody }: Workload): boolean =>
    only.length > 0 ? only.includes(name) : always === true || (everybody === true && !quick);
  const evidence = await gather({ works, workloads, takesPart }, asked, say, signal);
  const verdicts = judge(evidence);
  const planned = works.length + workloads.length;
  const report = { command: commandOf(asked), machine, ...evidence, verdicts, planned };
  const files = await writeReport(report, output);
  say(['', shortfallOf(report) ?? [], summary(verdicts), '', ...files].flat().join('\n'));
  return signal.aborted ? STOPPED : GOOD;
}

function misunderstood(why: string): number {
  console.error(`${why} (pnpm bench --help tells what may be asked for)`);
  return MISUNDERSTOOD;
}

let asked: Asked | undefined;
try {
  asked = readCommandLine(process.argv.slice(2), REPORT);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // Node goes on about arguments that begin with a dash.
  process.exitCode = misunderstood(message.replace(/\. To specify a positional argument .*/s, ''));
}
// What was given up ends with this process.
if (asked !== undefined) process.exit(await run(asked));
