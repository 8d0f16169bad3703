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

/** What `--list` prints. */
export const LIST: string = FAMILIES.map(
  ({ name, title, cases }) => `${`${name}/`.padEnd(16)} ${title}, ${cases.length} cases`,
).join('\n');

const ROLES: readonly Role[] = ['server', 'client'];
const KERNELS: readonly KernelKind[] = ['wasm', 'script'];

/**
 * Reads the command line; `undefined` where the list is wanted.
 *
 * @param folder where the report goes if nothing is said about it
 * @throws {TypeError} {RangeError} for what cannot be meant
 */
export function readOptions(args: readonly string[], folder: string): ConformanceOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      filter: { type: 'string', multiple: true },
      role: { type: 'string' },
      kernel: { type: 'string' },
      output: { type: 'string' },
      list: { type: 'boolean' },
    },
  });
  if (values.list === true) return undefined;
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
