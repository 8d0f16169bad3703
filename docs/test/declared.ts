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

/** The members of an interface of the adapter. */
export function membersOf(name: string): Declared[] {
  const body = new RegExp(`^export interface ${name}\\b[\\s\\S]*?^\\}$`, 'm').exec(sources)?.[0];
  if (body === undefined) throw new Error(`there is no interface ${name}`);
  const members = body.matchAll(/(?:^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^ {2}(\w+)\??:([\s\S]*?);$/gm);
  return Array.from(members, ([, comment = '', member = '', type = '']) => ({ name: member, comment, type }));
}
