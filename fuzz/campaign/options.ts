import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { KernelKind } from '@x/frame-codec';
import { PROPERTIES } from '../properties/index.js';
import type { AnyProperty } from '../properties/property.js';
import { numberOf } from './command-line.js';

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

/** What `--list` prints. */
export const LIST: string = PROPERTIES.map(({ name, claim }) => `${name.padEnd(22)} ${claim}`).join('\n');

const KERNELS: readonly KernelKind[] = ['wasm', 'script'];

/**
 * Reads the command line; `undefined` where the list is wanted.
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
      list: { type: 'boolean' },
    },
  });
  if (values.list === true) return undefined;
  const wanted = values.property ?? [''];
  for (const name of wanted) {
    if (!PROPERTIES.some((property) => property.name.startsWith(name)))
      throw new RangeError(`there is no property ${name}; --list names them`);
  }
  const kernels = KERNELS.filter((kernel) => values.kernel === undefined || values.kernel === kernel);
  if (kernels.length === 0) throw new RangeError(`there is no kernel ${values.kernel}`);
  const runs = numberOf('runs', values.runs, true);
  return {
    minutes: numberOf('minutes', values.minutes) ?? (runs === undefined ? 1 : Number.POSITIVE_INFINITY),
    runs,
    seed: numberOf('seed', values.seed, true) ?? Math.floor(Math.random() * 2 ** 31),
    properties: PROPERTIES.filter(({ name, alone }) =>
      wanted.some((begin) => (alone === true ? name === begin : name.startsWith(begin))),
    ),
    kernels,
    threads: Math.max(1, numberOf('threads', values.threads, true) ?? availableParallelism()),
  };
}
