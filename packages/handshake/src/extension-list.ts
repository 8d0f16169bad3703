import { DEFAULT_LIMITS } from './limits.js';
import { endOfToken, isToken, isTokenCode, skipWhitespace } from './token.js';
import { HandshakeError, quoted } from './violations.js';

/** One parameter: its name, and its value or `true` where it stands without one. Pairs, so that no name is special. */
export type ExtensionParameter = readonly [name: string, value: string | true];

/** One element of `Sec-WebSocket-Extensions`: an extension and its parameters, in order, repetitions kept. */
export interface ExtensionElement {
  readonly name: string;
  readonly params: readonly ExtensionParameter[];
}

/**
 * Parses the value of `Sec-WebSocket-Extensions` (§9.1). Repeated fields are joined with commas first.
 * The grammar has the implied whitespace of RFC 2616 §2.1 (§4.3), and lists may have empty elements, which do not count.
 * Linear in the length of the value, whatever it holds.
 *
 * @throws HandshakeError `extensions-malformed`, `list-too-long`
 */
export function parseExtensions(
  value: string,
  maxElements: number = DEFAULT_LIMITS.listElements,
): ExtensionElement[] {
  const elements: ExtensionElement[] = [];
  let count = 0;
  let i = 0;
  for (;;) {
    i = skipWhitespace(value, i);
    let end = endOfToken(value, i);
    if (end > i) {
      if (++count > maxElements) throw new HandshakeError('list-too-long', 'Sec-WebSocket-Extensions');
      const params: ExtensionParameter[] = [];
      elements.push({ name: value.slice(i, end), params });
      i = skipWhitespace(value, end);
      while (i < value.length && value.charCodeAt(i) === 0x3b) {
        if (++count > maxElements) throw new HandshakeError('list-too-long', 'Sec-WebSocket-Extensions');
        i = skipWhitespace(value, i + 1);
        end = endOfToken(value, i);
        if (end === i) throw malformed(i);
        const name = value.slice(i, end);
        i = skipWhitespace(value, end);
        if (i === value.length || value.charCodeAt(i) !== 0x3d) {
          params.push([name, true]);
          continue;
        }
        i = skipWhitespace(value, i + 1);
        if (i < value.length && value.charCodeAt(i) === 0x22) {
          end = endOfQuotedString(value, i);
          params.push([name, unquote(value, i, end)]);
        } else {
          end = endOfToken(value, i);
          if (end === i) throw malformed(i);
          params.push([name, value.slice(i, end)]);
        }
        i = skipWhitespace(value, end);
      }
    }
    if (i === value.length) break;
    if (value.charCodeAt(i) !== 0x2c) throw malformed(i);
    i++;
  }
  if (elements.length === 0) throw new HandshakeError('extensions-malformed', 'the list is empty');
  return elements;
}

/**
 * The index after the quoted string that begins at `from`.
 * §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF", so nothing else is let in.
 */
function endOfQuotedString(value: string, from: number): number {
  let i = from + 1;
  while (i < value.length) {
    const code = value.charCodeAt(i);
    if (code === 0x22) {
      if (i === from + 1) throw malformed(i);
      return i + 1;
    }
    if (code === 0x5c) i++;
    if (i === value.length || !isTokenCode(value.charCodeAt(i))) throw malformed(i);
    i++;
  }
  throw malformed(i);
}

/** The text of a quoted string that {@link endOfQuotedString} has passed; a backslash is no token character, so each is an escape. */
function unquote(value: string, from: number, end: number): string {
  const inner = value.slice(from + 1, end - 1);
  return inner.includes('\\') ? inner.replaceAll('\\', '') : inner;
}

function malformed(index: number): HandshakeError {
  return new HandshakeError('extensions-malformed', `at index ${index}`);
}

/**
 * Formats elements as one field value (§9.1).
 *
 * @throws TypeError when a name or a value is not a token
 */
export function formatExtensions(elements: readonly ExtensionElement[]): string {
  let text = '';
  for (const { name, params } of elements) {
    text += text === '' ? checkedToken(name) : `, ${checkedToken(name)}`;
    for (const [parameter, value] of params) {
      text += `; ${checkedToken(parameter)}`;
      if (value !== true) text += `=${checkedToken(value)}`;
    }
  }
  return text;
}

function checkedToken(text: string): string {
  if (!isToken(text)) throw new TypeError(`${quoted(text)} is not a token`);
  return text;
}
