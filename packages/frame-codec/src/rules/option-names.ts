/**
 * Holds what a caller gives as options against the names that there are.
 *
 * @throws {TypeError} when `options` is no object, or has another name: misspelt, it would leave a default in its place
 */
export function checkOptionNames(options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, not ${options === null ? 'null' : typeof options}`);
  }
  for (const name in options) {
    if (!names.includes(name)) {
      throw new TypeError(`there is no option ${name}; there are ${names.join(', ')}`);
    }
  }
}
