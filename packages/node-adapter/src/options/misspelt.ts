import process from 'node:process';

/** Options of `node:http` that resemble one of ours, and are meant. */
const MEANT: ReadonlySet<string> = new Set(['protocol']);

/** Each name is warned of once. */
const warned = new Set<string>();

/**
 * Warns of options that resemble one that there is. npm `ws` passes over what it does not know, and so does this package:
 * what `http.request` and `tls.connect` take may stand there too, and what frameworks add. But a server with a misspelt
 * `origin` is open to every page, and its author should know.
 *
 * @param names those that there are
 */
export function warnOfMisspelt(options: object, names: object): void {
  for (const name in options) {
    if (Object.hasOwn(names, name) || MEANT.has(name) || warned.has(name)) continue;
    const likely = Object.keys(names).find((each) => resembles(name, each));
    if (likely === undefined) continue;
    warned.add(name);
    process.emitWarning(`there is no option ${name}; ${likely} may be meant`, { code: 'WS_OPTION_MISSPELT' });
  }
}

/** Whether it is the same but for upper case, and for one letter more, less or changed, or two in the wrong order. */
function resembles(name: string, other: string): boolean {
  const [left, right] = [name.toLowerCase(), other.toLowerCase()];
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start++;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const ours = left.slice(start, left.length - end);
  const theirs = right.slice(start, right.length - end);
  if (ours.length <= 1 && theirs.length <= 1) return true;
  return ours.length === 2 && ours === [...theirs].reverse().join('');
}
