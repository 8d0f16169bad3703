import type { Endpoint } from './endpoint.js';
import type { DataPart, Extension } from './extension.js';
import { encodeFrame } from './frame-encoder.js';
import { OPCODES } from './opcode.js';
import { encodeText } from './text.js';

const FIN = 0x80;

/**
 * A message that is framed, and compressed, once and sent to many connections of a server with
 * {@link Connection.sendPrepared}.
 *
 * @example
 * const message = new PreparedMessage('to all of you');
 * for (const connection of connections) connection.sendPrepared(message);
 */
export class PreparedMessage {
  readonly #opcode: number;
  readonly #payload: Uint8Array<ArrayBuffer>;
  readonly #frames: Map<string, Uint8Array<ArrayBuffer>> = new Map();

  /**
   * @param message text, or binary, which is copied
   * @throws {TypeError} when it is neither a string nor a `Uint8Array`
   */
  constructor(message: string | Uint8Array) {
    if (typeof message === 'string') {
      this.#opcode = OPCODES.text;
      this.#payload = encodeText(message);
    } else if (message instanceof Uint8Array) {
      this.#opcode = OPCODES.binary;
      this.#payload = new Uint8Array(message);
    } else {
      throw new TypeError('message must be a string or a Uint8Array');
    }
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
      const part: DataPart = {
        text: this.#opcode === OPCODES.text,
        rsv: 0,
        firstOfMessage: true,
        firstOfFrame: true,
        lastOfFrame: true,
        lastOfMessage: true,
      };
      const payload = extension?.encodeAlone?.(this.#payload, part) ?? this.#payload;
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
