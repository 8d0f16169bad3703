import { equalsIgnoringCase, isToken, trimWhitespace } from './token.js';
import { quoted } from './violations.js';

/** One header field: its name in any case, and its value. */
export type HeaderField = readonly [name: string, value: string];

/**
 * Header fields in any of the shapes they come in: Node's `rawHeaders` (name, value, name, value, …), any iterable of
 * pairs (a web `Headers`, a `Map`, an array), or an object of names to a value or several (Node's `headers`, whose `:status` is a number).
 *
 * The first tells most: web `Headers` and Node's `headers` have already joined or dropped what was repeated.
 */
export type HeaderSource =
  | readonly string[]
  | Iterable<HeaderField>
  | { readonly [name: string]: string | number | readonly string[] | undefined };

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
    else if (typeof value === 'number') flat.push(name, String(value));
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

/** The fields that the handshake reads, as places in {@link HandshakeFields}. */
export const FIELD = {
  host: 0,
  origin: 1,
  upgrade: 2,
  connection: 3,
  key: 4,
  accept: 5,
  version: 6,
  protocol: 7,
  extensions: 8,
  contentLength: 9,
  transferEncoding: 10,
  other: 11,
} as const;

type Field = (typeof FIELD)[keyof typeof FIELD];

/** The values of the fields that the handshake reads; a repeated field's are joined with `, ` (RFC 9110 §5.3). */
export class HandshakeFields {
  readonly #values: (string | undefined)[] = new Array(FIELD.other);
  /** Bit n: the field in place n came more than once. */
  #repeated = 0;

  constructor(flat: readonly string[]) {
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const field = fieldNamed(flat[i] ?? '');
      if (field === FIELD.other) continue;
      // RFC 9110 §5.5: whitespace around a value is no part of it; not every parser takes it off.
      const value = trimWhitespace(flat[i + 1] ?? '');
      const before = this.#values[field];
      if (before === undefined) this.#values[field] = value;
      else {
        this.#values[field] = `${before}, ${value}`;
        this.#repeated |= 1 << field;
      }
    }
  }

  get(field: Field): string | undefined {
    return this.#values[field];
  }

  /** Whether the field came more than once. */
  isRepeated(field: Field): boolean {
    return (this.#repeated & (1 << field)) !== 0;
  }
}

/** Told apart by length first, so that a name is compared with two others at most. */
function fieldNamed(name: string): Field {
  switch (name.length) {
    case 4:
      return isNamed(name, 'Host', 'host') ? FIELD.host : FIELD.other;
    case 6:
      return isNamed(name, 'Origin', 'origin') ? FIELD.origin : FIELD.other;
    case 7:
      return isNamed(name, 'Upgrade', 'upgrade') ? FIELD.upgrade : FIELD.other;
    case 10:
      return isNamed(name, 'Connection', 'connection') ? FIELD.connection : FIELD.other;
    case 14:
      return isNamed(name, 'Content-Length', 'content-length') ? FIELD.contentLength : FIELD.other;
    case 17:
      if (isNamed(name, 'Sec-WebSocket-Key', 'sec-websocket-key')) return FIELD.key;
      return isNamed(name, 'Transfer-Encoding', 'transfer-encoding') ? FIELD.transferEncoding : FIELD.other;
    case 20:
      return isNamed(name, 'Sec-WebSocket-Accept', 'sec-websocket-accept') ? FIELD.accept : FIELD.other;
    case 21:
      return isNamed(name, 'Sec-WebSocket-Version', 'sec-websocket-version') ? FIELD.version : FIELD.other;
    case 22:
      return isNamed(name, 'Sec-WebSocket-Protocol', 'sec-websocket-protocol') ? FIELD.protocol : FIELD.other;
    case 24:
      return isNamed(name, 'Sec-WebSocket-Extensions', 'sec-websocket-extensions')
        ? FIELD.extensions
        : FIELD.other;
    default:
      return FIELD.other;
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

/** A head as text, one character a byte: what it starts with, the fields from index `from` on, the empty line. */
export function formatHead(start: string, flat: readonly string[], from = 0): string {
  let head = `${start}\r\n`;
  for (let i = from; i + 1 < flat.length; i += 2) head += `${flat[i]}: ${flat[i + 1]}\r\n`;
  return `${head}\r\n`;
}
