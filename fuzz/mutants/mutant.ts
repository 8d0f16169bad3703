/** A fault planted in one place: `find`, which stands there once, becomes `replace`. */
export interface Mutant {
  readonly file: string;
  /** what goes wrong */
  readonly fault: string;
  readonly find: string;
  readonly replace: string;
  /** the files of tests that are asked instead of a campaign */
  readonly tests: readonly string[];
}

/** A fault, what stands there, and what comes to stand there. */
export type Row = readonly [fault: string, find: string, replace: string];

export function inFile(file: string, ...rows: readonly Row[]): Mutant[] {
  return inFileWith([], file, ...rows);
}

/** As {@link inFile}, with the tests that are asked. */
export function inFileWith(tests: readonly string[], file: string, ...rows: readonly Row[]): Mutant[] {
  return rows.map(([fault, find, replace]) => ({ file, fault, find, replace, tests }));
}

/** As {@link inFileWith}, for files of a package and tests beside it, by their names. */
export function inPackage(
  folder: string,
): (name: string, tests: readonly string[], ...rows: readonly Row[]) => Mutant[] {
  return (name, tests, ...rows) => {
    const files = tests.map((each) => `${folder}/test/${each}.test.ts`);
    return inFileWith(files, `${folder}/src/${name}.ts`, ...rows);
  };
}

/** The source with the fault in it; throws where the place is not there, or there twice. */
export function plant({ file, find, replace }: Mutant, source: string): string {
  if (source.split(find).length !== 2) throw new Error(`${file}: "${find}" does not stand there once`);
  return source.replace(find, () => replace);
}
