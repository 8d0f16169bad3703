import { parseArgs } from 'node:util';
import type { KernelKind } from '@x/frame-codec';
import { type Case, isFor, type Role } from './case.js';
import { FAMILIES, TABLE } from './families/index.js';

/** What is run, and where the report goes. */
export interface ConformanceOptions {
  readonly cases: readonly Case[];
  readonly roles: readonly Role[];
  readonly kernels: readonly KernelKind[];
  /** a folder */
  readonly output: string;
}

export const USAGE = `pnpm conformance [--filter <part of an id>]… [--role server|client] [--kernel wasm|script] [--output <folder>]

Runs the cases whose ids have one of the filters in them, all without one, against both roles of the adapter with both
kernels, and writes conformance.html and conformance.json (to fuzz/report, unless told otherwise).

Families, by how their ids begin:
${FAMILIES.map(({ name, title, cases }) => `  ${`${name}/`.padEnd(16)} ${title}, ${cases.length} cases`).join('\n')}
`;

const ROLES: readonly Role[] = ['server', 'client'];
const KERNELS: readonly KernelKind[] = ['wasm', 'script'];

/**
 * Reads the command line; `undefined` where help is wanted.
 *
 * @param folder where the report goes if nothing is said about it
 * @throws {TypeError} {RangeError} for what cannot be meant
 */
export function readOptions(args: readonly string[], folder: string): ConformanceOptions | undefined {
  const { values } = parseArgs({
    // pnpm hands on the -- that separates its own options.
    args: args.filter((arg) => arg !== '--'),
    options: {
      filter: { type: 'string', multiple: true },
      role: { type: 'string' },
      kernel: { type: 'string' },
      output: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const roles = ROLES.filter((role) => values.role === undefined || values.role === role);
  if (roles.length === 0) throw new RangeError(`there is no role ${values.role}`);
  const kernels = KERNELS.filter((kernel) => values.kernel === undefined || values.kernel === kernel);
  if (kernels.length === 0) throw new RangeError(`there is no kernel ${values.kernel}`);
  const wanted = values.filter ?? [''];
  for (const filter of wanted) {
    if (!TABLE.some(({ id }) => id.includes(filter))) throw new RangeError(`no case has ${filter} in its id`);
  }
  if (values.output === '') throw new RangeError('--output is no folder');
  const cases = TABLE.filter(
    (each) => wanted.some((filter) => each.id.includes(filter)) && roles.some((role) => isFor(each, role)),
  );
  if (cases.length === 0) throw new RangeError(`none of these cases is for a ${roles.join(' or a ')}`);
  return {
    cases,
    roles,
    kernels,
    output: values.output ?? folder,
  };
}
