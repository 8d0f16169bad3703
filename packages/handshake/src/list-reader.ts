import { endOfToken, isTokenCode, skipWhitespace } from './token.js';
import { HandshakeError, type Violation } from './violations.js';

const COMMA = 0x2c;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Walks a header value that is a list of tokens, with the implied whitespace of RFC 2616 §2.1 (§4.3) and within a limit.
 * It only ever goes forward: the time is linear in the length of the value, whatever it holds.
 */
export class ListReader {
  readonly #text: string;
  readonly #field: string;
  readonly #violation: Violation;
  /** How many more elements and parameters may come. */
  #left: number;
  #at: number;

  /** `violation` is what is thrown where the value does not conform to its grammar. */
  constructor(text: string, field: string, violation: Violation, maxElements: number) {
    this.#text = text;
    this.#field = field;
    this.#violation = violation;
    this.#left = maxElements;
    this.#at = skipWhitespace(text, 0);
  }

  /**
   * Reads the list: elements between commas. Empty ones are passed over and do not count, as RFC 2616 §2.1 has it, but one
   * there must be.
   *
   * @throws HandshakeError the violation given, `list-too-long`, or what `readElement` throws
   */
  readList<Element>(readElement: (reader: ListReader) => Element): Element[] {
    const elements: Element[] = [];
    do {
      if (this.#at < this.#text.length && !this.isNext(COMMA)) elements.push(readElement(this));
    } while (this.pass(COMMA));
    if (this.#at < this.#text.length) throw this.#malformed(this.#at);
    if (elements.length === 0) throw new HandshakeError(this.#violation, 'the list is empty');
    return elements;
  }

  /** Whether the character is next. */
  isNext(code: number): boolean {
    return this.#text.charCodeAt(this.#at) === code;
  }

  /** Passes the character, and whitespace after it, if it is next. */
  pass(code: number): boolean {
    if (!this.isNext(code)) return false;
    this.#at = skipWhitespace(this.#text, this.#at + 1);
    return true;
  }

  /** Reads a token that counts against the limit: an element or a parameter. */
  countedToken(): string {
    if (this.#left === 0) throw new HandshakeError('list-too-long', this.#field);
    this.#left--;
    return this.token();
  }

  token(): string {
    const from = this.#at;
    const end = endOfToken(this.#text, from);
    if (end === from) throw this.#malformed(from);
    this.#at = skipWhitespace(this.#text, end);
    return this.#text.slice(from, end);
  }

  /**
   * Reads a token, or a quoted string.
   * §9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF", so nothing else is let in.
   */
  tokenOrQuotedString(): string {
    if (!this.isNext(QUOTE)) return this.token();
    const text = this.#text;
    const from = this.#at + 1;
    let isEscaped = false;
    let end = from;
    while (text.charCodeAt(end) !== QUOTE) {
      if (text.charCodeAt(end) === BACKSLASH) {
        isEscaped = true;
        end++;
      }
      if (!isTokenCode(text.charCodeAt(end))) throw this.#malformed(end);
      end++;
    }
    if (end === from) throw this.#malformed(end);
    this.#at = skipWhitespace(text, end + 1);
    const inner = text.slice(from, end);
    // A backslash is no token character, so each one here begins an escape.
    return isEscaped ? inner.replaceAll('\\', '') : inner;
  }

  #malformed(index: number): HandshakeError {
    return new HandshakeError(this.#violation, `at index ${index}`);
  }
}
