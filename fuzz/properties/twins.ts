import type { KernelKind } from '@x/frame-codec';
import { compare } from '../twins/compare.js';
import { factsOf } from '../twins/facts.js';
import { judge } from '../twins/judge.js';
import { oursOn, THEIRS } from '../twins/library.js';
import { isOfWs, uncaughtOf } from '../twins/planned.js';
import { Run } from '../twins/run.js';
import { scriptOf } from '../twins/script.js';
import { Stage } from '../twins/stage.js';
import { type TwinsInput, twinsInputs } from '../twins/write-program.js';
import { counts } from './meter.js';
import type { Property } from './property.js';

let staging: Promise<Stage> | undefined;

async function check({ programs }: TwinsInput, kernel: KernelKind): Promise<void> {
  staging ??= Stage.open();
  const stage = await staging;
  const faults: string[] = [];
  counts.programs += programs.length;
  const uncaught = await uncaughtOf(async () => {
    await Promise.all(
      programs.map(async (program) => {
        const ours = new Run(oursOn(kernel), program, stage);
        const theirs = new Run(THEIRS, program, stage);
        const [record, other] = await Promise.all([ours.run(), theirs.run()]);
        const facts = factsOf(program, record);
        const found = [...judge(facts), ...compare(facts, factsOf(program, other))];
        const unsurfaced = ours.app.planned.find(({ surfaced }) => surfaced !== 1);
        if (unsurfaced !== undefined)
          found.push(`thrown: ${unsurfaced.message} surfaced ${unsurfaced.surfaced} times`);
        if (found.length > 0) faults.push(`${found.join('\n')}\n\n${scriptOf(program)}`);
      }),
    );
  });
  for (const error of uncaught) {
    if (!isOfWs(error)) faults.push(`uncaught: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n\n'));
}

export const twins: Property<TwinsInput> = {
  name: 'twins',
  claim:
    'what an application sends arrives in order or is told to have failed, once, and every connection ends (§5.4, §5.5.1, §7)',
  part: 'adapter',
  alone: true,
  arbitrary: twinsInputs,
  check,
};
