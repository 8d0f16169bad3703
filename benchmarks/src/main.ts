import { fileURLToPath } from 'node:url';
import { checkAll, summary } from './check.js';
import { type Asked, readCommandLine, USAGE } from './command-line.js';
import { gather } from './gather.js';
import { worksOf } from './pieces.js';
import { promisedOf } from './promises.js';
import { publish } from './publish/publish.js';
import { describeMachine, type Machine } from './report/machine.js';
import { writeReport } from './report/report.js';
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

async function run(asked: Asked): Promise<boolean> {
  const { command, filter, only, output, quick } = asked;
  if (command === 'publish') {
    try {
      for (const file of await publish(output)) say(file);
      return true;
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      return false;
    }
  }
  const machine = describeMachine();
  introduce(machine);
  const peers = loadPeers();
  for (const { contestant, why } of peers.leftOut) say(`${contestant} is left out of pieces of work: ${why}`);
  const active = Object.keys(peers.addOns).join(' and ') || 'none';
  say(
    `Native add-ons that are active: ${active}. ws takes bufferutil; text it validates with isUtf8 of Node.`,
  );
  const works = worksOf(command, filter, peers);
  const promised = promisedOf(WORKLOADS.map(titleOf));
  const workloads =
    command === 'micro' || command === 'handshake'
      ? []
      : WORKLOADS.filter(
          (each) => matches(each, filter) && (!quick || filter !== '' || promised.has(titleOf(each))),
        );
  if (works.length + workloads.length === 0) {
    console.error(`nothing has ${JSON.stringify(filter)} in its title`);
    return false;
  }
  if (command === 'check') return checkAll(asked, { works, workloads }, say);
  const takesPart = ({ always, name }: Contestant, { everybody }: Workload): boolean =>
    only.length > 0 ? only.includes(name) : always === true || (everybody === true && !quick);
  const evidence = await gather({ works, workloads, takesPart }, asked, say);
  const verdicts = judge(evidence);
  const files = await writeReport({ command: commandOf(asked), machine, ...evidence, verdicts }, output);
  say(`\n${summary(verdicts)}\n\n${files.join('\n')}`);
  return true;
}

let asked: Asked | undefined;
try {
  asked = readCommandLine(process.argv.slice(2), REPORT);
  if (asked === undefined) say(USAGE);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 2;
}
if (asked !== undefined && !(await run(asked))) process.exitCode = 1;
