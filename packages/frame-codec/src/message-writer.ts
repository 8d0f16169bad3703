import type { Codec } from './codec.js';
import { encodeText, Utf8Checker } from './text.js';

/** Where a {@link MessageWriter} sends its frames; `false` when the connection is not open any more. */
type WriteFragment = (payload: Uint8Array, first: boolean, last: boolean) => boolean;

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * A message that is sent in parts, each a frame of its own, while its length is not known (RFC 6455 §5.4). Control
 * frames may go in between, other messages may not.
 *
 * @example
 * const message = connection.startMessage('binary');
 * for await (const chunk of file) message.write(chunk);
 * message.end();
 */
export class MessageWriter {
  readonly #fragment: WriteFragment;
  /** Checks text that comes as bytes; absent for binary messages. */
  #utf8: Utf8Checker | undefined;
  /** The first half of a surrogate pair whose second half may come with the next part. */
  #half = '';
  #first = true;
  #ended = false;

  /** @internal see {@link Connection.startMessage} */
  constructor(kind: 'text' | 'binary', codec: Codec, fragment: WriteFragment) {
    this.#fragment = fragment;
    this.#utf8 = kind === 'text' ? new Utf8Checker(codec.kernel) : undefined;
  }

  /**
   * Sends the next part, cut anywhere: text as string, also between the halves of a surrogate pair, or as UTF-8, also
   * inside a character. Returns `false`, and sends nothing, when the connection is not open any more.
   *
   * @throws {TypeError} when the part is of the wrong type or not UTF-8, or the message has ended
   */
  write(part: string | Uint8Array): boolean {
    const payload = this.#payload(part, false);
    // A part that ends before anything of it can be sent waits for the next.
    return payload.length === 0 || this.#send(payload, false);
  }

  /**
   * Ends the message, with a last part or without.
   *
   * @throws {TypeError} as {@link write}, and when the text ends inside a character
   */
  end(part: string | Uint8Array = NOTHING): boolean {
    const payload = this.#payload(part, true);
    const sent = this.#send(payload, true);
    this.#ended = true;
    return sent;
  }

  #send(payload: Uint8Array, last: boolean): boolean {
    // Only what has been sent counts: an extension may have thrown.
    const sent = this.#fragment(payload, this.#first, last);
    this.#first = false;
    return sent;
  }

  #payload(part: string | Uint8Array, last: boolean): Uint8Array {
    if (this.#ended) throw new TypeError('the message has ended');
    if (typeof part === 'string') {
      if (this.#utf8 === undefined) throw new TypeError('a part of a binary message must be a Uint8Array');
      if (!this.#utf8.complete) throw new TypeError('the text before this part ends inside a character');
      const text = this.#half + part;
      const cut = !last && isHighSurrogate(text.charCodeAt(text.length - 1));
      this.#half = cut ? text.slice(-1) : '';
      return encodeText(cut ? text.slice(0, -1) : text);
    }
    if (!(part instanceof Uint8Array)) throw new TypeError('a part must be a string or a Uint8Array');
    if (this.#utf8 === undefined) return part;
    // A part that is refused leaves the message as it was.
    const utf8 = this.#utf8.fork();
    if (!utf8.check(part)) throw new TypeError('the text is not UTF-8');
    if (last && !utf8.complete) throw new TypeError('the text ends inside a character');
    this.#utf8 = utf8;
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
