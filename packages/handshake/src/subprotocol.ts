import { DEFAULT_LIMITS } from './limits.js';
import { endOfToken, isToken, skipWhitespace } from './token.js';
import { HandshakeError, quoted } from './violations.js';

/** How a server chooses: its own names, best first, or a function that returns one of the offered or nothing. */
export type SubprotocolChoice = readonly string[] | ((offered: readonly string[]) => string | undefined);

/** Up to here a list is searched; a longer one gets a set, so that the time stays linear. */
const FEW = 8;

/**
 * Parses the value of `Sec-WebSocket-Protocol` as a request carries it: `1#token`, each once (§4.1, §4.3, §11.3.4).
 * Repeated fields are joined with commas first. Empty elements are skipped, as the `#` rule of RFC 2616 §2.1 demands.
 *
 * @throws HandshakeError `subprotocols-malformed`, `subprotocol-offered-twice`, `list-too-long`
 */
export function parseSubprotocols(
  value: string,
  maxElements: number = DEFAULT_LIMITS.listElements,
): string[] {
  const offered: string[] = [];
  let seen: Set<string> | undefined;
  let i = 0;
  for (;;) {
    i = skipWhitespace(value, i);
    const end = endOfToken(value, i);
    if (end > i) {
      if (offered.length === maxElements) throw new HandshakeError('list-too-long', 'Sec-WebSocket-Protocol');
      const name = value.slice(i, end);
      if (offered.length === FEW) seen = new Set(offered);
      const twice = seen === undefined ? offered.includes(name) : seen.has(name);
      if (twice) throw new HandshakeError('subprotocol-offered-twice', quoted(name));
      offered.push(name);
      seen?.add(name);
      i = skipWhitespace(value, end);
    }
    if (i === value.length) break;
    if (value.charCodeAt(i) !== 0x2c) throw new HandshakeError('subprotocols-malformed', `at index ${i}`);
    i++;
  }
  if (offered.length === 0) throw new HandshakeError('subprotocols-malformed', 'the list is empty');
  return offered;
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
