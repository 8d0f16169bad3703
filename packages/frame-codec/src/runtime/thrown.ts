/** What was thrown, as an error: itself where it is one, of whatever realm. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown), { cause: thrown });
}

function isError(thrown: unknown): thrown is Error {
  // The first holds also for what other classes build on errors of this realm, with a tag of their own.
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}
