import { DEFAULT_LIMITS } from './limits.js';
import { EQUALS, ListReader, SEMICOLON } from './list-reader.js';
import { isToken } from './token.js';
import { quoted } from './violations.js';

/** One parameter: its name, and its value or `true` where it stands without one. Pairs, so that no name is special. */
export type ExtensionParameter = readonly [name: string, value: string | true];

/** One element of `Sec-WebSocket-Extensions`: an extension and its parameters, in order, repetitions kept. */
export interface ExtensionElement {
  readonly name: string;
  readonly params: readonly ExtensionParameter[];
}

const NO_PARAMETERS: readonly ExtensionParameter[] = Object.freeze([]);

/**
 * Parses the value of `Sec-WebSocket-Extensions` (§9.1). Repeated fields are joined with commas first. Linear in its length.
 *
 * @throws HandshakeError `extensions-malformed`, `list-too-long`
 */
export function parseExtensions(
  value: string,
  maxElements: number = DEFAULT_LIMITS.listElements,
): ExtensionElement[] {
  const reader = new ListReader(value, 'Sec-WebSocket-Extensions', 'extensions-malformed', maxElements);
  return reader.readList(readElement);
}

/** `extension-token *( ";" extension-param )` with `extension-param = token [ "=" ( token | quoted-string ) ]` */
function readElement(reader: ListReader): ExtensionElement {
  const name = reader.countedToken();
  if (!reader.isNext(SEMICOLON)) return { name, params: NO_PARAMETERS };
  const params: ExtensionParameter[] = [];
  while (reader.pass(SEMICOLON)) {
    const parameter = reader.countedToken();
    params.push([parameter, reader.pass(EQUALS) ? reader.tokenOrQuotedString() : true]);
  }
  return { name, params };
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
