/** Ends the process with 2, as for every command line that means nothing. */
export function misunderstood(command: string, why: string): never {
  console.error(`${why} (pnpm ${command} --help tells what may be asked for)`);
  process.exit(2);
}

/** What `read` makes of the command line; ends the process where that throws. */
export function understood<Read>(command: string, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Node goes on about positional arguments, which no command here takes.
    misunderstood(command, message.replace(/\. To specify a positional argument .*/s, ''));
  }
}

/**
 * The value of an option that is a number; `undefined` where it was not given.
 *
 * @throws {RangeError} when it is no number of 0 or above
 */
export function numberOf(name: string, text: string | undefined, whole = false): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || (whole && !Number.isSafeInteger(value)))
    throw new RangeError(`--${name} is not a ${whole ? 'whole ' : ''}number: ${text}`);
  return value;
}
