import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/*
 * Who imports whom within a folder of sources, for the tests that hold the wings of a package in their order. A wing is a
 * folder in there; what stands beside the folders is the wing ''. Imports of types count as well: who has to know a type
 * has to be read with it.
 */

/** Each file, with the files that it imports; all by their paths from the folder of the sources. */
export type Imports = Readonly<Record<string, readonly string[]>>;

const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

/** Reads the imports of all sources in a folder. */
export function importsOf(folder: URL): Imports {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'));
  return Object.fromEntries(
    files.map((file) => [file, importedBy(file, readFileSync(new URL(file, folder), 'utf8'))]),
  );
}

/** What a file of that name and text imports from beside it. */
export function importedBy(file: string, source: string): string[] {
  return Array.from(source.matchAll(IMPORT), ([, path = '']) =>
    posix.join(posix.dirname(file), path).replace(/\.js$/, '.ts'),
  );
}

export function wingOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

/** Wings that the files have and the table has not, or that the table has and the files have not. */
export function unknownWings(imports: Imports, wings: readonly string[]): string[] {
  const found = new Set(Object.keys(imports).map(wingOf));
  return [...[...found].filter((wing) => !wings.includes(wing)), ...wings.filter((wing) => !found.has(wing))];
}

/** Imports from a wing above: `file → file`. The wings stand from top to bottom. */
export function arrowsUp(imports: Imports, wings: readonly string[]): string[] {
  const level = (file: string): number => wings.indexOf(wingOf(file));
  return Object.entries(imports).flatMap(([file, imported]) =>
    imported.filter((each) => level(each) < level(file)).map((each) => `${file} → ${each}`),
  );
}

/** Circles of files, `file → … → file`: none where there is none, and else one or more. */
export function circles(imports: Imports): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const follow = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (path.includes(file) || done.has(file)) return;
    for (const each of imports[file] ?? []) follow(each, [...path, file]);
    done.add(file);
  };
  for (const file of Object.keys(imports)) follow(file, []);
  return found;
}
