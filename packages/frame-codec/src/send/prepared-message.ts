import { sharedCodec } from '../endpoint/codec.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import { type Extension, framePart } from '../extension/extension.js';
import { encodeText, Utf8Checker } from '../kernel/text.js';
import { FIN } from '../rules/first-byte.js';
import { OPCODES } from '../rules/opcode.js';
import { checkOptionNames } from '../rules/option-names.js';
import { isBytes } from '../runtime/bytes.js';
import { encodeFrame } from './frame-encoder.js';

const OPTIONS = ['compress', 'text'];

/** How a {@link PreparedMessage} is made. */
export interface PreparedOptions {
  /** whether extensions may compress it; default true */
  compress?: boolean;
  /** bytes: whether they are the UTF-8 of a text; default false */
  text?: boolean;
}

/**
 * A message that is framed, and compressed, once and sent to many connections of a server by their
 * `sendPrepared`.
 *
 * @example
 * const message = new PreparedMessage('to all of you');
 * for (const connection of connections) connection.sendPrepared(message);
 */
export class PreparedMessage {
  readonly #opcode: number;
  readonly #payload: Uint8Array<ArrayBuffer>;
  readonly #frames: Map<string, Uint8Array<ArrayBuffer>> = new Map();
  /** Whether extensions may compress it. */
  readonly compress: boolean;

  /**
   * @param message text; or bytes, which are copied: binary, or with `text` the UTF-8 of a text
   * @throws {TypeError} when it is neither a string nor a `Uint8Array`, or text that is not UTF-8 (§8.1); when there is no
   *   option of a name
   */
  constructor(message: string | Uint8Array, options: PreparedOptions = {}) {
    checkOptionNames(options, OPTIONS);
    const { compress = true, text = false } = options;
    this.compress = compress;
    if (typeof message === 'string') {
      this.#opcode = OPCODES.text;
      this.#payload = encodeText(message);
      return;
    }
    if (!isBytes(message)) throw new TypeError('message must be a string or a Uint8Array');
    if (text) {
      const utf8 = new Utf8Checker(sharedCodec().kernel);
      if (!utf8.check(message) || !utf8.complete) throw new TypeError('the text is not UTF-8');
    }
    this.#opcode = text ? OPCODES.text : OPCODES.binary;
    this.#payload = new Uint8Array(message);
  }

  /** Bytes of payload, before any extension. */
  get length(): number {
    return this.#payload.length;
  }

  /**
   * @internal The frame for connections without extensions, or with `extension` alone, never to be changed. Frames of a
   * server carry no mask (§5.1), so that one fits them all.
   */
  frame(server: Endpoint, extension: Extension | undefined): Uint8Array<ArrayBuffer> {
    const variant = extension?.variant ?? '';
    let frame = this.#frames.get(variant);
    if (frame === undefined) {
      const part = framePart(this.#opcode === OPCODES.text, true, true);
      const encoded = this.compress ? extension?.encodeAlone?.(this.#payload, part) : undefined;
      const payload = encoded ?? this.#payload;
      frame = encodeFrame(server, FIN | part.rsv | this.#opcode, payload);
      this.#frames.set(variant, frame);
    }
    return frame;
  }

  /** @internal Text as UTF-8, or binary. */
  get payload(): Uint8Array<ArrayBuffer> {
    return this.#payload;
  }

  /** @internal */
  get opcode(): number {
    return this.#opcode;
  }
}
