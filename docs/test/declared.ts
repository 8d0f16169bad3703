import { readdirSync, readFileSync } from 'node:fs';

/*
 * The options that the adapter declares, read from its sources: types are gone where tests run.
 */

const FOLDER = new URL('../../packages/node-adapter/src/', import.meta.url);

/** All that is declared, wherever it stands. */
const sources: string = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(new URL(name, FOLDER), 'utf8'))
  .join('\n');

export interface Declared {
  readonly name: string;
  /** What its docstring says. */
  readonly comment: string;
  readonly type: string;
}

interface Interface {
  /** What stands before its body: also what it extends. */
  readonly head: string;
  readonly body: string;
}

function interfaceOf(name: string): Interface | undefined {
  const pattern = new RegExp(`^export interface ${name}\\b([^{]*)\\{(?:\\}|\\n([\\s\\S]*?)^\\})`, 'm');
  const [, head, body = ''] = pattern.exec(sources) ?? [];
  return head === undefined ? undefined : { head, body };
}

/** The options of an interface of the adapter, also those that it inherits from another one of the adapter. */
export function optionsOf(name: string): Declared[] {
  const found = interfaceOf(name);
  if (found === undefined) throw new Error(`there is no interface ${name}`);
  const parents = found.head.match(/\b\w*Options\w*/g) ?? [];
  const inherited = parents.filter((parent) => interfaceOf(parent) !== undefined).flatMap(optionsOf);
  const own = found.body.matchAll(/(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ {2}(\w+)\??:([\s\S]*?);$/gm);
  return [
    ...inherited,
    ...Array.from(own, ([, comment = '', member = '', type = '']) => ({ name: member, comment, type })),
  ];
}
