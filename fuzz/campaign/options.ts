import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { KernelKind } from '@x/frame-codec';
import { PROPERTIES } from '../properties/index.js';
import type { AnyProperty } from '../properties/property.js';

/** What a campaign does. */
export interface CampaignOptions {
  /** when it ends, if it is not told how many runs it takes */
  readonly minutes: number;
  /** inputs for each property on each kernel; without it time alone ends the campaign */
  readonly runs: number | undefined;
  readonly seed: number;
  readonly properties: readonly AnyProperty[];
  readonly kernels: readonly KernelKind[];
  readonly threads: number;
}

export const USAGE = `pnpm fuzz [--minutes <n>] [--runs <n>] [--seed <n>] [--property <name or its beginning>]… [--kernel wasm|script] [--threads <n>]

Without --minutes and --runs a campaign takes a minute. A failure is stored in fuzz/corpus/.

Properties:
${PROPERTIES.map(({ name, claim }) => `  ${name.padEnd(22)} ${claim}`).join('\n')}
`;

const KERNELS: readonly KernelKind[] = ['wasm', 'script'];

function numberOf(name: string, text: string | undefined, whole: boolean): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || (whole && !Number.isSafeInteger(value)))
    throw new RangeError(`--${name} is not a ${whole ? 'whole ' : ''}number: ${text}`);
  return value;
}

/**
 * Reads the command line; `undefined` where help is wanted.
 *
 * @throws {TypeError} {RangeError} for what cannot be meant
 */
export function readOptions(args: readonly string[]): CampaignOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      runs: { type: 'string' },
      seed: { type: 'string' },
      property: { type: 'string', multiple: true },
      kernel: { type: 'string' },
      threads: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const wanted = values.property ?? [''];
  for (const name of wanted) {
    if (!PROPERTIES.some((property) => property.name.startsWith(name)))
      throw new RangeError(`there is no property ${name}`);
  }
  const kernels = KERNELS.filter((kernel) => values.kernel === undefined || values.kernel === kernel);
  if (kernels.length === 0) throw new RangeError(`there is no kernel ${values.kernel}`);
  const runs = numberOf('runs', values.runs, true);
  return {
    minutes:
      numberOf('minutes', values.minutes, false) ?? (runs === undefined ? 1 : Number.POSITIVE_INFINITY),
    runs,
    seed: numberOf('seed', values.seed, true) ?? Math.floor(Math.random() * 2 ** 31),
    properties: PROPERTIES.filter(({ name, alone }) =>
      wanted.some((begin) => (alone === true ? name === begin : name.startsWith(begin))),
    ),
    kernels,
    threads: Math.max(1, numberOf('threads', values.threads, true) ?? availableParallelism()),
  };
}
