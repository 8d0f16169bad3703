import { DEFAULT_LIMITS } from './limits.js';
import { ListReader } from './list-reader.js';
import { isToken } from './token.js';
import { HandshakeError, quoted } from './violations.js';

/** How a server chooses: its own names, best first, or a function that returns one of the offered or nothing. */
export type SubprotocolChoice = readonly string[] | ((offered: readonly string[]) => string | undefined);

/**
 * Characters of a list up to which its names are compared with one another: that is quicker than a set, as long as they are
 * few and short (`subprotocols` in the benchmarks). A longer list gets a set, so that the time stays linear.
 */
const SHORT = 100;

/**
 * Parses the value of `Sec-WebSocket-Protocol` as a request carries it: `1#token`, each once (§4.1, §4.3, §11.3.4).
 * Repeated fields are joined with commas first. Linear in its length.
 *
 * @throws HandshakeError `subprotocols-malformed`, `subprotocol-offered-twice`, `list-too-long`
 */
export function parseSubprotocols(
  value: string,
  maxElements: number = DEFAULT_LIMITS.listElements,
): string[] {
  const reader = new ListReader(value, 'Sec-WebSocket-Protocol', 'subprotocols-malformed', maxElements);
  const names = reader.readList(readName);
  const twice = value.length > SHORT ? repeatedOfMany(names) : repeatedOfFew(names);
  if (twice !== undefined) throw new HandshakeError('subprotocol-offered-twice', quoted(twice));
  return names;
}

function readName(reader: ListReader): string {
  return reader.countedToken();
}

function repeatedOfFew(names: readonly string[]): string | undefined {
  for (let i = 1; i < names.length; i++) {
    for (let j = 0; j < i; j++) if (names[i] === names[j]) return names[i];
  }
  return undefined;
}

function repeatedOfMany(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/**
 * Checks subprotocols that our own caller offers and formats them as one field value (§4.1).
 *
 * @throws TypeError when one is not a token or stands twice
 */
export function formatSubprotocols(subprotocols: readonly string[]): string {
  for (const name of subprotocols) {
    if (!isToken(name)) throw new TypeError(`subprotocol ${quoted(name)} is not a token`);
  }
  if (new Set(subprotocols).size !== subprotocols.length) throw new TypeError('a subprotocol stands twice');
  return subprotocols.join(', ');
}

/**
 * The subprotocol that the server uses, or `undefined` when none fits (§4.2.2).
 *
 * @throws TypeError when the caller's function returns what was not offered: §4.2.2 forbids to send it
 */
export function chooseSubprotocol(
  offered: readonly string[],
  choice: SubprotocolChoice | undefined,
): string | undefined {
  if (choice === undefined || offered.length === 0) return undefined;
  if (typeof choice !== 'function') return choice.find((name) => offered.includes(name));
  const chosen = choice(offered);
  if (chosen !== undefined && !offered.includes(chosen)) {
    throw new TypeError(`subprotocol ${quoted(chosen)} was not offered`);
  }
  return chosen;
}
