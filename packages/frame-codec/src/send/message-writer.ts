import type { Codec } from '../endpoint/codec.js';
import { encodeText, Utf8Checker } from '../kernel/text.js';
import { isBytes } from '../runtime/bytes.js';
import type { Done } from './lane.js';
import type { MessageSlot } from './message-slot.js';

/**
 * Where a {@link MessageWriter} sends its frames; `false` when the connection is not open any more. For a number of bytes
 * instead of the bytes it gives the place where they go.
 */
type WriteFragment = (
  payload: Uint8Array | number,
  last: boolean,
  done: Done | undefined,
) => MessageSlot | boolean;

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * A message that is sent in parts, each a frame of its own, while its length is not known (RFC 6455 §5.4). Control
 * frames may go in between; other messages wait until it ends.
 *
 * @example
 * const message = connection.startMessage('binary');
 * for await (const chunk of file) message.write(chunk);
 * message.end();
 */
export class MessageWriter {
  readonly #fragment: WriteFragment;
  readonly #discard: () => boolean;
  readonly #isText: boolean;
  /** Checks text that comes as bytes; absent for binary messages, and where the text is trusted. */
  #utf8: Utf8Checker | undefined;
  /** The first half of a surrogate pair whose second half may come with the next part. */
  #half = '';
  #ended = false;

  /** @internal see {@link Connection.startMessage} */
  constructor(
    kind: 'text' | 'binary',
    codec: Codec,
    fragment: WriteFragment,
    discard: () => boolean,
    trusted: boolean,
  ) {
    this.#fragment = fragment;
    this.#discard = discard;
    this.#isText = kind === 'text';
    this.#utf8 = this.#isText && !trusted ? new Utf8Checker(codec.kernel) : undefined;
  }

  /**
   * Sends the next part, cut anywhere: text as string, also between the halves of a surrogate pair, or as UTF-8, also
   * inside a character. Returns `false`, and sends nothing, when the connection is not open any more.
   *
   * @param done as `done` of `SendOptions`, for this part
   * @throws {TypeError} when the part is of the wrong type or not UTF-8, or the message has ended
   */
  write(part: string | Uint8Array, done?: Done): boolean {
    const payload = this.#payload(part, false);
    // A part that ends before anything of it can be sent waits for the next.
    if (payload.length > 0 || done !== undefined) return this.#fragment(payload, false, done) !== false;
    return true;
  }

  /**
   * Ends the message, with a last part or without. Returns what {@link write} does.
   *
   * @param done as `done` of `SendOptions`
   * @throws {TypeError} as {@link write}, and when the text ends inside a character
   */
  end(part: string | Uint8Array = NOTHING, done?: Done): boolean {
    const payload = this.#payload(part, true);
    this.#ended = true;
    try {
      return this.#fragment(payload, true, done) !== false;
    } catch (error) {
      // Only what has been sent counts: an extension may have thrown.
      this.#ended = false;
      throw error;
    }
  }

  /**
   * Keeps a place for a part whose bytes must be read first, the last one or not; they are not checked. `undefined` when
   * the connection is not open any more.
   *
   * @param length as many bytes as are expected, which count as waiting
   * @param done as `done` of `SendOptions`, for this part
   * @throws {TypeError} when the message has ended
   */
  writeLater(length: number, last: boolean, done?: Done): MessageSlot | undefined {
    if (this.#ended) throw new TypeError('the message has ended');
    const slot = this.#fragment(length, last, done);
    if (last) this.#ended = true;
    return typeof slot === 'boolean' ? undefined : slot;
  }

  /** Gives the message up as long as nothing of it was sent, or waits; one that has begun must end. Returns whether it was given up. */
  discard(): boolean {
    if (!this.#discard()) return false;
    this.#ended = true;
    return true;
  }

  #payload(part: string | Uint8Array, last: boolean): Uint8Array {
    if (this.#ended) throw new TypeError('the message has ended');
    if (typeof part === 'string') {
      if (!this.#isText) throw new TypeError('a part of a binary message must be a Uint8Array');
      if (this.#utf8?.complete === false)
        throw new TypeError('the text before this part ends inside a character');
      const text = this.#half + part;
      const cut = !last && isHighSurrogate(text.charCodeAt(text.length - 1));
      this.#half = cut ? text.slice(-1) : '';
      return encodeText(cut ? text.slice(0, -1) : text);
    }
    if (!isBytes(part)) throw new TypeError('a part must be a string or a Uint8Array');
    if (this.#utf8 !== undefined) {
      // A part that is refused leaves the message as it was.
      const utf8 = this.#utf8.fork();
      if (!utf8.check(part)) throw new TypeError('the text is not UTF-8');
      if (last && !utf8.complete) throw new TypeError('the text ends inside a character');
      this.#utf8 = utf8;
    }
    if (this.#half === '') return part;
    // A lone half before bytes: it can find no other half any more.
    const half = encodeText(this.#half);
    this.#half = '';
    const payload = new Uint8Array(half.length + part.length);
    payload.set(half);
    payload.set(part, half.length);
    return payload;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
