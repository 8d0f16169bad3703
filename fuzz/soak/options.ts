import { parseArgs } from 'node:util';
import { numberOf } from '../campaign/command-line.js';
import { PHASES, phaseNames } from './phases.js';
import { type SoakSettings, settingsFor } from './settings.js';

/** What the command is asked for. */
export interface SoakOptions {
  readonly settings: SoakSettings;
  /** where figures and verdicts go as JSON */
  readonly output: string | undefined;
}

const CONNECTIONS = 10_000;
const QUICK = 1000;
/** Files that a process has open beside its connections. */
const OTHER_FILES = 200;

/** What `--list` prints. */
export const LIST: string = Object.entries(PHASES)
  .map(([name, { kind, what }]) => `${name.padEnd(16)} ${kind}: ${what}`)
  .join('\n');

/**
 * Reads the command line; `undefined` where the list is wanted.
 *
 * @throws {TypeError} {RangeError} for what cannot be meant, and for more connections than the system allows
 */
export function readOptions(args: readonly string[], mostFiles = openFilesLimit()): SoakOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      connections: { type: 'string' },
      minutes: { type: 'string', default: '0' },
      phase: { type: 'string', multiple: true, default: [''] },
      output: { type: 'string' },
      list: { type: 'boolean' },
    },
  });
  if (values.list === true) return undefined;
  const connections = numberOf('connections', values.connections) ?? (values.quick ? QUICK : CONNECTIONS);
  if (!Number.isSafeInteger(connections) || connections < 1)
    throw new RangeError(`--connections is not a whole number above 0: ${values.connections}`);
  if (connections + OTHER_FILES > mostFiles)
    throw new RangeError(
      `${connections} connections take ${connections + OTHER_FILES} open files in a process, and ${mostFiles} are allowed: ` +
        'raise the limit (ulimit -n), or ask for less with --connections',
    );
  for (const name of values.phase) {
    if (!phaseNames().some((each) => each.startsWith(name)))
      throw new RangeError(`there is no phase ${name}; --list names them`);
  }
  const phases = phaseNames().filter((name) => values.phase.some((begin) => name.startsWith(begin)));
  const settings = settingsFor(connections, phases);
  return {
    settings: { ...settings, minutes: numberOf('minutes', values.minutes) ?? 0 },
    output: values.output,
  };
}

/** Files that a process may have open; Node raises its own limit to the hard one. */
function openFilesLimit(): number {
  const report: unknown = process.report?.getReport();
  if (typeof report !== 'object' || report === null || !('userLimits' in report))
    return Number.POSITIVE_INFINITY;
  const { userLimits } = report;
  if (typeof userLimits !== 'object' || userLimits === null || !('open_files' in userLimits))
    return Number.POSITIVE_INFINITY;
  const { open_files: files } = userLimits;
  if (typeof files !== 'object' || files === null || !('hard' in files)) return Number.POSITIVE_INFINITY;
  return typeof files.hard === 'number' ? files.hard : Number.POSITIVE_INFINITY;
}
