/** The characters of HTTP: RFC 9110 §5.6.2 (token, tchar) and §5.6.3 (OWS), over code units of a string. */

const TCHAR = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TCHAR[char.charCodeAt(0)] = 1;
}

/** Whether the code unit may stand in a token. */
export function isTokenCode(code: number): boolean {
  return code < 256 && TCHAR[code] === 1;
}

/** Whether the text is a token: not empty, visible ASCII, no separator. */
export function isToken(text: string): boolean {
  return text.length > 0 && endOfToken(text, 0) === text.length;
}

/** The index after the run of token characters that begins at `from`. */
export function endOfToken(text: string, from: number): number {
  let i = from;
  while (i < text.length && isTokenCode(text.charCodeAt(i))) i++;
  return i;
}

/** The index after the spaces and tabs that begin at `from`. */
export function skipWhitespace(text: string, from: number): number {
  let i = from;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x09) break;
    i++;
  }
  return i;
}

/**
 * Whether two texts match ASCII case-insensitively; `lower` is given in lower case.
 * Not `toLowerCase`: that also folds U+212A (the Kelvin sign) into `k`, so that `websocket` would have two spellings.
 */
export function equalsIgnoringCase(text: string, lower: string): boolean {
  if (text === lower) return true;
  if (text.length !== lower.length) return false;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) code |= 0x20;
    if (code !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** The text without the spaces and tabs at its ends. Linear, unlike a pattern for the trailing ones. */
export function trimWhitespace(text: string): string {
  const start = skipWhitespace(text, 0);
  let end = text.length;
  while (end > start && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0x09)) end--;
  return text.slice(start, end);
}

/** Whether the comma-separated list holds the token, ASCII case-insensitively; `lower` is given in lower case. Linear. */
export function listHas(list: string, lower: string): boolean {
  // Most lists are one token.
  if (equalsIgnoringCase(list, lower)) return true;
  let from = 0;
  while (from <= list.length) {
    const comma = list.indexOf(',', from);
    const end = comma === -1 ? list.length : comma;
    if (equalsIgnoringCase(trimWhitespace(list.slice(from, end)), lower)) return true;
    from = end + 1;
  }
  return false;
}
