import { isBytes } from './bytes.js';
import { DEFAULT_LIMITS, type HandshakeLimits, resolveLimits } from './limits.js';
import { endOfToken, isToken, skipWhitespace, trimWhitespace } from './token.js';
import { HandshakeError, quoted, type Violation } from './violations.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

const EMPTY = new Uint8Array(0);

/**
 * Reads a head line by line as its bytes arrive: RFC 9112 §2.2, §5. Nothing is looked at twice, so the time is linear even
 * byte by byte, and the bytes held are those of the unfinished line. How the bytes are split changes nothing.
 *
 * Stricter than RFC 9112 §2.2: a line ends in CRLF only, and no empty line stands before the start line.
 * Stricter than RFC 9112 §5.2: folded lines are refused, not unfolded.
 */
class HeadLines<Start extends object> {
  readonly #readStart: (line: string) => Start;
  readonly #limits: HandshakeLimits;
  readonly #fields: string[] = [];
  #start: Start | undefined;
  /** The bytes of the unfinished line, and how many. */
  #carry: Uint8Array = EMPTY;
  #carried = 0;
  /** Bytes of all finished lines. */
  #finished = 0;
  #error: HandshakeError | undefined;
  #done = false;

  constructor(readStart: (line: string) => Start, limits: Partial<HandshakeLimits> | undefined) {
    this.#readStart = readStart;
    this.#limits = limits === undefined ? DEFAULT_LIMITS : resolveLimits(limits);
  }

  /** Takes the next bytes; when the head ends in them, gives it and the bytes after it, a view of `chunk`. */
  push(chunk: Uint8Array): { start: Start; fields: string[]; rest: Uint8Array } | undefined {
    if (!isBytes(chunk)) throw new TypeError('a chunk of a head is a Uint8Array');
    if (this.#error !== undefined) throw this.#error;
    if (this.#done) throw new TypeError('the head has ended already');
    try {
      return this.#read(chunk);
    } catch (error) {
      if (error instanceof HandshakeError) this.#error = error;
      this.#carry = EMPTY;
      throw error;
    }
  }

  #read(chunk: Uint8Array): { start: Start; fields: string[]; rest: Uint8Array } | undefined {
    const limit = this.#limits.headLength;
    let from = 0;
    for (;;) {
      const end = endOfLine(chunk, from);
      const isWhole = end > from && chunk[end - 1] === LF;
      if (this.#finished + this.#carried + (end - from) > limit) {
        throw new HandshakeError('head-too-long', `limit ${limit} bytes`);
      }
      if (!isWhole || this.#carried > 0) this.#keep(chunk, from, end);
      if (!isWhole) return undefined;
      const start =
        this.#carried > 0 ? this.#readLine(this.#carry, 0, this.#carried) : this.#readLine(chunk, from, end);
      this.#finished += this.#carried > 0 ? this.#carried : end - from;
      this.#carried = 0;
      from = end;
      if (start !== undefined) {
        this.#done = true;
        this.#carry = EMPTY;
        return { start, fields: this.#fields, rest: chunk.subarray(end) };
      }
    }
  }

  /** Appends bytes to the unfinished line. */
  #keep(chunk: Uint8Array, from: number, end: number): void {
    const length = this.#carried + end - from;
    if (length > this.#carry.length) {
      const grown = new Uint8Array(Math.min(Math.max(256, length * 2), this.#limits.headLength));
      grown.set(this.#carry);
      this.#carry = grown;
    }
    for (let i = from; i < end; i++) this.#carry[this.#carried++] = chunk[i] ?? 0;
  }

  /** Reads one line, its line end included; gives the start line when this one is empty and ends the head. */
  #readLine(bytes: Uint8Array, from: number, end: number): Start | undefined {
    const to = end - 2;
    if (to < from || bytes[to] !== CR) throw new HandshakeError('head-bare-lf');
    const line = decodeText(bytes, from, to);
    if (this.#start === undefined) {
      this.#start = this.#readStart(line);
      return undefined;
    }
    if (line === '') return this.#start;
    if (this.#fields.length === 2 * this.#limits.fieldCount) {
      throw new HandshakeError('head-too-many-fields', `limit ${this.#limits.fieldCount}`);
    }
    // RFC 9112 §5: `field-name ":" OWS field-value OWS`.
    const colon = endOfToken(line, 0);
    if (colon === 0 || line.charCodeAt(colon) !== COLON) throw new HandshakeError(nameFault(line, colon));
    this.#fields.push(line.slice(0, colon), trimWhitespace(line.slice(colon + 1)));
    return undefined;
  }
}

/** The index after the first LF from `from` on, or the length when there is none. */
function endOfLine(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  let i = from;
  while (i < length && bytes[i] !== LF) i++;
  return i < length ? i + 1 : length;
}

/** What is wrong where a field name should have ended in a colon. */
function nameFault(line: string, end: number): Violation {
  const next = skipWhitespace(line, end);
  if (end === 0) return next > 0 ? 'head-line-folded' : 'head-field-name';
  return next > end && line.charCodeAt(next) === COLON ? 'head-space-before-colon' : 'head-field-name';
}

/**
 * The bytes as text, one character each (latin1).
 *
 * @throws HandshakeError for control characters: RFC 9110 §5.5
 */
function decodeText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  // In pieces: each byte becomes an argument, and engines bound their number.
  for (let start = from; start < to; start += 4096) {
    const codes = new Array<number>(Math.min(4096, to - start));
    for (let i = 0; i < codes.length; i++) {
      const byte = bytes[start + i] ?? 0;
      if (byte === CR) throw new HandshakeError('head-bare-cr');
      if ((byte < SPACE && byte !== TAB) || byte === 0x7f) throw new HandshakeError('head-control-character');
      codes[i] = byte;
    }
    text += String.fromCharCode.apply(null, codes);
  }
  return text;
}

/** A request head: RFC 9112 §3, §5. Goes straight into `readRequest` and `acceptRequest`. */
export interface RequestHead {
  readonly method: string;
  /** The request target. */
  readonly url: string;
  /** `1.1` */
  readonly httpVersion: string;
  /** Name, value, name, value, …: as received, one character a byte. */
  readonly rawHeaders: readonly string[];
}

/** A response head: RFC 9112 §4, §5. Goes straight into `verifyResponse`. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** `1.1` */
  readonly httpVersion: string;
  /** Name, value, name, value, …: as received, one character a byte. */
  readonly rawHeaders: readonly string[];
}

/** A head and what came after it. */
export interface ParsedHead<Head> {
  readonly head: Head;
  /** The bytes after the head, borrowed: a view of the chunk that was pushed last. */
  readonly rest: Uint8Array;
}

type RequestLine = Omit<RequestHead, 'rawHeaders'>;
type StatusLine = Omit<ResponseHead, 'rawHeaders'>;

/** RFC 9112 §3: `method SP request-target SP HTTP-version`. */
function readRequestLine(line: string): RequestLine {
  const [method = '', url = '', version = '', ...more] = line.split(' ', 4);
  const httpVersion = /^HTTP\/([0-9]\.[0-9])$/.exec(version)?.[1];
  if (httpVersion === undefined || more.length > 0 || !isToken(method) || !/^[\x21-\x7e]+$/.test(url)) {
    throw new HandshakeError('request-line', quoted(line));
  }
  return { method, url, httpVersion };
}

/**
 * RFC 9112 §4: `HTTP-version SP status-code SP [ reason-phrase ]`.
 * Looser than RFC 9112 §4: the second space may be missing where the reason is; servers are known to leave it out.
 */
function readStatusLine(line: string): StatusLine {
  const [, httpVersion, statusCode, statusMessage = ''] =
    /^HTTP\/([0-9]\.[0-9]) ([1-9][0-9]{2})(?: (.*))?$/.exec(line) ?? [];
  if (httpVersion === undefined) throw new HandshakeError('status-line', quoted(line));
  return { httpVersion, statusCode: Number(statusCode), statusMessage };
}

/**
 * Parses a request head from bytes in any split, within limits.
 *
 * @example
 * ```ts
 * const parser = new RequestHeadParser();
 * socket.on('data', (chunk) => {
 *   const parsed = parser.push(chunk); // throws HandshakeError
 *   if (parsed) upgrade(parsed.head, parsed.rest);
 * });
 * ```
 */
export class RequestHeadParser {
  readonly #lines: HeadLines<RequestLine>;

  /** @throws RangeError when a limit is not a positive integer */
  constructor(limits?: Partial<HandshakeLimits>) {
    this.#lines = new HeadLines(readRequestLine, limits);
  }

  /**
   * Takes the next bytes; gives the head once it is whole, after which the parser is done.
   *
   * @throws HandshakeError when the bytes are no request head or pass a limit, again on each further call; TypeError when
   *   the head has ended already, or `chunk` is no Uint8Array
   */
  push(chunk: Uint8Array): ParsedHead<RequestHead> | undefined {
    const parsed = this.#lines.push(chunk);
    return parsed && { head: { ...parsed.start, rawHeaders: parsed.fields }, rest: parsed.rest };
  }
}

/** Parses a response head from bytes in any split, within limits. */
export class ResponseHeadParser {
  readonly #lines: HeadLines<StatusLine>;

  /** @throws RangeError when a limit is not a positive integer */
  constructor(limits?: Partial<HandshakeLimits>) {
    this.#lines = new HeadLines(readStatusLine, limits);
  }

  /**
   * Takes the next bytes; gives the head once it is whole, after which the parser is done.
   *
   * @throws HandshakeError when the bytes are no response head or pass a limit, again on each further call; TypeError when
   *   the head has ended already, or `chunk` is no Uint8Array
   */
  push(chunk: Uint8Array): ParsedHead<ResponseHead> | undefined {
    const parsed = this.#lines.push(chunk);
    return parsed && { head: { ...parsed.start, rawHeaders: parsed.fields }, rest: parsed.rest };
  }
}
