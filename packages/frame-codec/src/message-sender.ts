import type { Connection } from './connection.js';
import { framePart } from './extension.js';
import { FIN, RSV_BITS } from './first-byte.js';
import { MessageWriter } from './message-writer.js';
import { OPCODES } from './opcode.js';
import type { PreparedMessage } from './prepared-message.js';
import type { Sender } from './sender.js';
import { encodeText, Utf8Checker } from './text.js';

/** How a message is sent. */
export interface SendOptions {
  /** whether extensions may compress it; default true */
  compress?: boolean;
  /** text as bytes: known to be UTF-8, and not checked again; default false */
  trusted?: boolean;
}

/** The messages that a connection sends, encoded by its extensions (RFC 6455 §5.6, §5.8); see `Connection` for each. */
export class MessageSender {
  readonly #connection: Pick<Connection, 'endpoint' | 'extensions' | 'isOpen'>;
  readonly #sender: Sender;
  /** whether a message is being sent in parts */
  #writing = false;

  constructor(connection: Pick<Connection, 'endpoint' | 'extensions' | 'isOpen'>, sender: Sender) {
    this.#connection = connection;
    this.#sender = sender;
  }

  text(text: string, options: SendOptions | undefined): boolean {
    if (typeof text !== 'string') throw new TypeError('text must be a string');
    this.#checkOrder();
    if (!this.#connection.isOpen) return false;
    if (this.#connection.extensions.length === 0) this.#sender.text(FIN | OPCODES.text, text);
    else this.#whole(OPCODES.text, encodeText(text), options);
    return true;
  }

  bytes(kind: number, payload: Uint8Array, options: SendOptions | undefined): boolean {
    if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array');
    if (kind === OPCODES.text && options?.trusted !== true) {
      const utf8 = new Utf8Checker(this.#connection.endpoint.codec.kernel);
      if (!utf8.check(payload) || !utf8.complete) throw new TypeError('the text is not UTF-8');
    }
    this.#checkOrder();
    if (!this.#connection.isOpen) return false;
    this.#whole(kind, payload, options);
    return true;
  }

  prepared(message: PreparedMessage): boolean {
    const { endpoint, extensions } = this.#connection;
    if (endpoint.masks) throw new TypeError('a client cannot send prepared messages');
    this.#checkOrder();
    if (!this.#connection.isOpen) return false;
    const [extension] = extensions;
    if (extensions.length > 1 || (extension !== undefined && extension.variant === undefined)) {
      this.#whole(message.opcode, message.payload, message);
      return true;
    }
    const frame = message.frame(endpoint, extension);
    this.#sender.frames(frame);
    if (((frame[0] ?? 0) & RSV_BITS) !== 0) extension?.bypassed?.();
    return true;
  }

  start(kind: 'text' | 'binary', options: SendOptions | undefined): MessageWriter {
    const opcode = kind === 'text' ? OPCODES.text : OPCODES.binary;
    if (opcode !== OPCODES[kind]) throw new TypeError(`a message is text or binary, not ${kind}`);
    this.#checkOrder();
    this.#writing = true;
    const compress = options?.compress ?? true;
    return new MessageWriter(kind, this.#connection.endpoint.codec, (payload, first, last) => {
      const { isOpen } = this.#connection;
      if (isOpen) this.#frame(opcode, payload, first, last, compress);
      if (last) this.#writing = false;
      return isOpen;
    });
  }

  #whole(kind: number, payload: Uint8Array, options: SendOptions | undefined): void {
    this.#frame(kind, payload, true, true, options?.compress ?? true);
  }

  /** Sends a frame of a message that is `kind`, text or binary. */
  #frame(kind: number, payload: Uint8Array, first: boolean, last: boolean, compress: boolean): void {
    const { extensions } = this.#connection;
    let bytes = payload;
    let rsv = 0;
    if (extensions.length > 0) {
      const part = framePart(kind === OPCODES.text, first, last);
      for (const extension of extensions) bytes = extension.encode(bytes, part, compress);
      rsv = part.rsv;
    }
    this.#sender.frame((last ? FIN : 0) | rsv | (first ? kind : OPCODES.continuation), bytes);
  }

  /** §5.4: the frames of one message must not be mixed with those of another. */
  #checkOrder(): void {
    if (this.#writing) throw new TypeError('a message is being sent in parts, and must end first');
  }
}
