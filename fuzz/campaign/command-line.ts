/** Ends the process with 2, as for every command line that means nothing. */
export function misunderstood(usage: string, why: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}

/** Reads a command line; ends the process where help is asked for, or where it means nothing. */
export function commandLine<Read extends { values: { help?: boolean | undefined } }>(
  usage: string,
  read: () => Read,
): Read {
  try {
    const line = read();
    if (line.values.help !== true) return line;
  } catch (error) {
    misunderstood(usage, error instanceof Error ? error.message : String(error));
  }
  console.log(usage);
  process.exit(0);
}
