import { writeFile } from 'node:fs/promises';
import { understood } from '../campaign/command-line.js';
import { judge } from './judge.js';
import { LIST, readOptions, type SoakOptions } from './options.js';
import { phaseLine, roundLine, verdictTable } from './report.js';
import { Soak } from './soak.js';

const options = understood('soak', () => readOptions(process.argv.slice(2)));
if (options === undefined) console.log(LIST);
else process.exitCode = await run(options);

/** Returns the exit code. */
async function run({ settings, output }: SoakOptions): Promise<number> {
  const { connections, flooders, floodMs, patienceMs, phases } = settings;
  console.log(
    `${connections} connections that stall, floods of ${flooders} for ${floodMs} ms, ` +
      `a server with ${Math.round(patienceMs)} ms of patience; ${phases.length} phases, warming up`,
  );
  const soak = new Soak(settings, {
    phase: (phase) => console.log(phaseLine(phase)),
    round: (round, number) => console.log(roundLine(round, number)),
  });
  process.on('SIGINT', () => {
    console.log('stopping');
    soak.stop();
    // The second time nothing is waited for: the other processes end with this one.
    process.once('SIGINT', () => process.exit(130));
  });
  const figures = await soak.run();
  const verdicts = judge(figures, settings);
  console.log(`\n${verdictTable(verdicts, true)}`);
  const ok = verdicts.every((verdict) => verdict.ok);
  if (output !== undefined)
    await writeFile(output, `${JSON.stringify({ settings, figures, verdicts, ok }, undefined, 2)}\n`);
  return ok ? 0 : 1;
}
