import { types } from 'node:util';

/** What was thrown, as an error: itself where it is one, of whatever realm. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown), { cause: thrown });
}

/** Tells of an error that nobody else hears of. */
export function warn(error: Error): void {
  const { message } = error;
  // Node takes none of another realm.
  process.emitWarning(isOfThisRealm(error) ? error : new Error(message, { cause: error }));
}

function isError(thrown: unknown): thrown is Error {
  // A DOMException is no native error, and yet one by its prototype.
  return types.isNativeError(thrown) || isOfThisRealm(thrown);
}

function isOfThisRealm(thrown: unknown): thrown is Error {
  return thrown instanceof Error;
}
