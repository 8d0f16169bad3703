import { equalsIgnoringCase, isToken } from './token.js';
import { quoted } from './violations.js';

/** One header field: its name in any case, and its value. */
export type HeaderField = readonly [name: string, value: string];

/**
 * Header fields in any of the shapes they come in: Node's `rawHeaders` (name, value, name, value, …), any iterable of
 * pairs (a web `Headers`, a `Map`, an array), or an object of names to a value or several (Node's `headers`).
 *
 * The first tells most: web `Headers` and Node's `headers` have already joined or dropped what was repeated.
 */
export type HeaderSource =
  | readonly string[]
  | Iterable<HeaderField>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** The fields as Node's `rawHeaders` has them: name, value, name, value, … */
export function flattenFields(source: HeaderSource | undefined): readonly string[] {
  if (source === undefined) return [];
  if (isFlat(source)) return source;
  const flat: string[] = [];
  if (isIterable(source)) {
    for (const [name, value] of source) flat.push(name, value);
    return flat;
  }
  for (const name of Object.keys(source)) {
    const value = source[name];
    if (typeof value === 'string') flat.push(name, value);
    else if (value !== undefined) for (const each of value) flat.push(name, each);
  }
  return flat;
}

function isFlat(source: HeaderSource): source is readonly string[] {
  return Array.isArray(source) && (source.length === 0 || typeof source[0] === 'string');
}

function isIterable(source: HeaderSource): source is Iterable<HeaderField> {
  return Symbol.iterator in source;
}

/** The fields as pairs: what a web `Headers` is made of. */
export function headerPairs(rawHeaders: readonly string[]): HeaderField[] {
  const pairs: HeaderField[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    pairs.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return pairs;
}

/** The value of the first field of that name, which is given in lower case. */
export function fieldValue(rawHeaders: readonly string[], lower: string): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (equalsIgnoringCase(rawHeaders[i] ?? '', lower)) return rawHeaders[i + 1];
  }
  return undefined;
}

/** The values of the fields that the handshake reads; a repeated field's are joined with `, ` (RFC 9110 §5.3). */
export class HandshakeFields {
  host: string | undefined;
  origin: string | undefined;
  upgrade: string | undefined;
  connection: string | undefined;
  key: string | undefined;
  accept: string | undefined;
  version: string | undefined;
  protocol: string | undefined;
  extensions: string | undefined;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  #repeated: HandshakeField[] | undefined;

  constructor(flat: readonly string[]) {
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const field = handshakeField(flat[i] ?? '');
      if (field === undefined) continue;
      const value = flat[i + 1] ?? '';
      const before = this[field];
      if (before === undefined) this[field] = value;
      else {
        this[field] = `${before}, ${value}`;
        this.#repeated ??= [];
        this.#repeated.push(field);
      }
    }
  }

  /** Whether the field came more than once. */
  isRepeated(field: HandshakeField): boolean {
    return this.#repeated?.includes(field) ?? false;
  }
}

/** A field that the handshake reads. */
export type HandshakeField = Exclude<keyof HandshakeFields, 'isRepeated'>;

/** Told apart by length first, so that a name is compared with two others at most. */
function handshakeField(name: string): HandshakeField | undefined {
  switch (name.length) {
    case 4:
      return isNamed(name, 'Host', 'host') ? 'host' : undefined;
    case 6:
      return isNamed(name, 'Origin', 'origin') ? 'origin' : undefined;
    case 7:
      return isNamed(name, 'Upgrade', 'upgrade') ? 'upgrade' : undefined;
    case 10:
      return isNamed(name, 'Connection', 'connection') ? 'connection' : undefined;
    case 14:
      return isNamed(name, 'Content-Length', 'content-length') ? 'contentLength' : undefined;
    case 17:
      if (isNamed(name, 'Sec-WebSocket-Key', 'sec-websocket-key')) return 'key';
      return isNamed(name, 'Transfer-Encoding', 'transfer-encoding') ? 'transferEncoding' : undefined;
    case 20:
      return isNamed(name, 'Sec-WebSocket-Accept', 'sec-websocket-accept') ? 'accept' : undefined;
    case 21:
      return isNamed(name, 'Sec-WebSocket-Version', 'sec-websocket-version') ? 'version' : undefined;
    case 22:
      return isNamed(name, 'Sec-WebSocket-Protocol', 'sec-websocket-protocol') ? 'protocol' : undefined;
    case 24:
      return isNamed(name, 'Sec-WebSocket-Extensions', 'sec-websocket-extensions') ? 'extensions' : undefined;
    default:
      return undefined;
  }
}

/** Most peers write the usual capitals, which saves the walk over the name. */
function isNamed(name: string, usual: string, lower: string): boolean {
  return name === usual || equalsIgnoringCase(name, lower);
}

/** Text of one character a byte (latin1) that may stand in a field value: RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Checks fields that our own caller wants to send along.
 *
 * @throws TypeError when a name is not a token or the handshake's own, or a value holds CR, LF, NUL, another control
 *   character or one above U+00FF
 */
export function checkOwnFields(flat: readonly string[], reserved: ReadonlySet<string>): void {
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] ?? '';
    const value = flat[i + 1];
    if (!isToken(name)) throw new TypeError(`header name ${quoted(name)} is not a token`);
    if (reserved.has(name.toLowerCase())) throw new TypeError(`header ${name} belongs to the handshake`);
    if (typeof value !== 'string' || !FIELD_VALUE.test(value)) {
      throw new TypeError(`the value of header ${name} holds a character that no field may`);
    }
  }
}

/** A head as text, one character a byte: start line, fields, empty line. */
export function formatHead(startLine: string, flat: readonly string[]): string {
  let head = `${startLine}\r\n`;
  for (let i = 0; i + 1 < flat.length; i += 2) head += `${flat[i]}: ${flat[i + 1]}\r\n`;
  return `${head}\r\n`;
}
