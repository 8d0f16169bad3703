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

/** The same fields as pairs. */
export function pairFields(flat: readonly string[]): HeaderField[] {
  const pairs: HeaderField[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return pairs;
}

/** The fields that the handshake reads, in lower case, each with its bit in {@link HandshakeFields.repeated}. */
const READ = {
  host: 1,
  origin: 2,
  upgrade: 4,
  connection: 8,
  'sec-websocket-key': 16,
  'sec-websocket-accept': 32,
  'sec-websocket-version': 64,
  'sec-websocket-protocol': 128,
  'sec-websocket-extensions': 256,
  'content-length': 512,
  'transfer-encoding': 1024,
} as const;

/** A field that the handshake reads. */
export type HandshakeField = keyof typeof READ;

const NAMES = Object.keys(READ).filter((name): name is HandshakeField => name in READ);

/** By length, so that a name is compared with two others at most. */
const NAMES_BY_LENGTH: readonly (readonly HandshakeField[])[] = Array.from({ length: 25 }, (_, length) =>
  NAMES.filter((name) => name.length === length),
);

/** The fields of one head that the handshake reads; a repeated field's values are joined with `, ` (RFC 9110 §5.3). */
export class HandshakeFields {
  readonly #values = new Map<HandshakeField, string>();
  #repeated = 0;

  constructor(source: HeaderSource | undefined) {
    const flat = flattenFields(source);
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = flat[i] ?? '';
      const field = NAMES_BY_LENGTH[name.length]?.find((candidate) => equalsIgnoringCase(name, candidate));
      if (field === undefined) continue;
      const value = flat[i + 1] ?? '';
      const before = this.#values.get(field);
      if (before !== undefined) this.#repeated |= READ[field];
      this.#values.set(field, before === undefined ? value : `${before}, ${value}`);
    }
  }

  get(field: HandshakeField): string | undefined {
    return this.#values.get(field);
  }

  isRepeated(field: HandshakeField): boolean {
    return (this.#repeated & READ[field]) !== 0;
  }
}

/** Text of one character a byte (latin1) that may stand in a field value: RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Checks fields that our own caller wants to send along.
 *
 * @throws TypeError when a name is not a token or the handshake's own, or a value holds CR, LF, NUL, another control
 *   character or one above U+00FF
 */
export function checkOwnFields(
  source: HeaderSource | undefined,
  reserved: ReadonlySet<string>,
): readonly string[] {
  const flat = flattenFields(source);
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] ?? '';
    const value = flat[i + 1];
    if (!isToken(name)) throw new TypeError(`header name ${quoted(name)} is not a token`);
    if (reserved.has(name.toLowerCase())) throw new TypeError(`header ${name} belongs to the handshake`);
    if (typeof value !== 'string' || !FIELD_VALUE.test(value)) {
      throw new TypeError(`the value of header ${name} holds a character that no field may`);
    }
  }
  return flat;
}

/** A head as text, one character a byte: start line, fields, empty line. */
export function formatHead(startLine: string, flat: readonly string[]): string {
  let head = `${startLine}\r\n`;
  for (let i = 0; i + 1 < flat.length; i += 2) head += `${flat[i]}: ${flat[i + 1]}\r\n`;
  return `${head}\r\n`;
}
