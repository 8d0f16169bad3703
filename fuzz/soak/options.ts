import { parseArgs } from 'node:util';
import { PHASES, phaseNames } from './phases.js';
import { BOUNDS, type SoakSettings, settingsFor } from './settings.js';

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

export const USAGE = `pnpm soak [--quick] [--connections <n>] [--minutes <n>] [--phase <name or its beginning>]… [--output <file>]

A server, ${CONNECTIONS.toLocaleString('en-US')} hostile connections, and a healthy client that must notice nothing: each of its messages comes back,
99.9 % within ${BOUNDS.p999Ms} ms and all within ${BOUNDS.maxMs} ms. --quick has ${QUICK.toLocaleString('en-US')} connections; with --minutes it goes on round by round.

Phases:
${Object.entries(PHASES)
  .map(([name, { kind, what }]) => `  ${name.padEnd(16)} ${kind}: ${what}`)
  .join('\n')}
`;

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new RangeError(`--${name} is not a number: ${text}`);
  return value;
}

/**
 * Reads the command line; `undefined` where help is wanted.
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
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const connections =
    values.connections === undefined
      ? values.quick
        ? QUICK
        : CONNECTIONS
      : numberOf('connections', values.connections);
  if (!Number.isSafeInteger(connections) || connections < 1)
    throw new RangeError(`--connections is not a whole number above 0: ${values.connections}`);
  if (connections + OTHER_FILES > mostFiles)
    throw new RangeError(
      `${connections} connections take ${connections + OTHER_FILES} open files in a process, and ${mostFiles} are allowed: ` +
        'raise the limit (ulimit -n), or ask for less with --connections',
    );
  for (const name of values.phase) {
    if (!phaseNames().some((each) => each.startsWith(name)))
      throw new RangeError(`there is no phase ${name}`);
  }
  const phases = phaseNames().filter((name) => values.phase.some((begin) => name.startsWith(begin)));
  const settings = settingsFor(connections, phases);
  return { settings: { ...settings, minutes: numberOf('minutes', values.minutes) }, output: values.output };
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
