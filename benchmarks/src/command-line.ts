import { parseArgs } from 'node:util';
import { SECONDS } from './budget.js';
import type { Effort } from './measure.js';
import { CONTESTANTS } from './server/contestants.js';
import type { ServerEffort } from './server/effort.js';

export const COMMANDS = ['all', 'micro', 'handshake', 'server', 'check', 'publish'] as const;

export type Command = (typeof COMMANDS)[number];

/** What somebody asked for. */
export interface Asked {
  readonly command: Command;
  readonly quick: boolean;
  /** part of the title of what is measured */
  readonly filter: string;
  /** names of contestants; none for all that take part */
  readonly only: readonly string[];
  /** folder of the report */
  readonly output: string;
  readonly micro: Effort;
  readonly server: ServerEffort;
  /** for pieces of work, and for whole servers */
  readonly seconds: { readonly micro: number; readonly servers: number };
}

const MICRO = { full: { rounds: 5, time: 40 }, quick: { rounds: 3, time: 15 } } as const;
const SERVER = {
  full: { rounds: 5, warmUp: 300, measure: 300, idle: 10_000 },
  quick: { rounds: 3, warmUp: 150, measure: 120, idle: 3000 },
} as const;

/**
 * Reads the command line.
 *
 * @throws {TypeError} when there is no such command or option
 */
export function readCommandLine(args: readonly string[], folder: string): Asked {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      filter: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      output: { type: 'string', default: folder },
      rounds: { type: 'string' },
      'cpu-prof': { type: 'string' },
    },
  });
  const name = positionals[0] ?? 'all';
  const command = COMMANDS.find((each) => each === name);
  if (command === undefined || positionals.length > 1)
    throw new TypeError(`there is no command ${positionals.join(' ')}`);
  const extent = values.quick ? 'quick' : 'full';
  const profiles = values['cpu-prof'];
  const usual = SERVER[extent].rounds;
  const rounds = values.rounds === undefined ? usual : roundsOf(values.rounds);
  const { micro, servers } = SECONDS[extent];
  return {
    command,
    quick: values.quick,
    filter: values.filter,
    only: values.only === '' ? [] : contestantsOf(values.only),
    output: values.output,
    // Who asks for more rounds gives them time.
    seconds: { micro, servers: servers * Math.max(1, rounds / usual) },
    micro: MICRO[extent],
    server: {
      ...SERVER[extent],
      rounds,
      flags: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
    },
  };
}

function contestantsOf(text: string): string[] {
  const names = text.split(',');
  const known = CONTESTANTS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new TypeError(`--only takes some of ${known.join(', ')}; not ${unknown.join(', ')}`);
}

function roundsOf(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new TypeError('--rounds takes a number from 1 to 100');
  return rounds;
}
