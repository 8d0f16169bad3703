import type { Endpoint } from './endpoint.js';
import { type Extension, framePart, joinClaims } from './extension.js';
import { FIN, RSV_BITS } from './first-byte.js';
import { MessageWriter } from './message-writer.js';
import { OPCODES } from './opcode.js';
import type { PreparedMessage } from './prepared-message.js';
import { Sender } from './sender.js';
import { encodeText, Utf8Checker } from './text.js';

/** How a message is sent. */
export interface SendOptions {
  /** whether extensions may compress it; default true */
  compress?: boolean;
  /** text as bytes: known to be UTF-8, and not checked again; default false */
  trusted?: boolean;
}

/** The messages that a connection sends, encoded by its extensions (RFC 6455 §5.6, §5.8). */
export abstract class MessageSender extends Sender {
  /** What the handshake agreed on, in its order. */
  readonly extensions: readonly Extension[];
  /** whether a message is being sent in parts */
  #writing = false;

  constructor(endpoint: Endpoint, extensions: readonly Extension[], plainText: boolean) {
    super(endpoint, endpoint.configFor(joinClaims(extensions), plainText));
    this.extensions = extensions;
  }

  /** Whether messages can be sent: no close frame has passed yet, in either direction, and nothing has failed. */
  abstract get isOpen(): boolean;

  /**
   * Sends a text message; a lone surrogate becomes U+FFFD. Returns `false`, and sends nothing, when the connection is
   * not open any more.
   *
   * @throws {TypeError} when `text` is no string, or a message is being sent in parts
   */
  sendText(text: string, options?: SendOptions): boolean {
    if (typeof text !== 'string') throw new TypeError('text must be a string');
    this.checkOrder();
    if (!this.isOpen) return false;
    if (this.extensions.length === 0) this.sendTextFrame(FIN | OPCODES.text, text);
    else this.sendWhole(OPCODES.text, encodeText(text), options);
    return true;
  }

  /**
   * Sends a binary message. The payload may be borrowed. Below 32 KiB, and by a client, it is copied; a server hands a
   * longer one to the transport as it is: it must not be changed until it has left. Returns `false`, and sends nothing,
   * when the connection is not open any more.
   *
   * @throws {TypeError} when `payload` is no `Uint8Array`, or a message is being sent in parts
   */
  sendBinary(payload: Uint8Array, options?: SendOptions): boolean {
    return this.sendBytes(OPCODES.binary, payload, options);
  }

  /**
   * Sends a text message that is UTF-8 already; otherwise as {@link sendBinary}.
   *
   * @throws {TypeError} also when the payload is not UTF-8 (§8.1), unless it is `trusted`
   */
  sendTextBytes(payload: Uint8Array, options?: SendOptions): boolean {
    return this.sendBytes(OPCODES.text, payload, options);
  }

  /**
   * Sends a message that was framed, and compressed, before.
   *
   * @throws {TypeError} on a client, whose frames are masked each with a key of its own (§5.3)
   */
  sendPrepared(message: PreparedMessage): boolean {
    const { endpoint, extensions } = this;
    if (endpoint.masks) throw new TypeError('a client cannot send prepared messages');
    this.checkOrder();
    if (!this.isOpen) return false;
    const [extension] = extensions;
    if (extensions.length > 1 || (extension !== undefined && extension.variant === undefined)) {
      this.sendWhole(message.opcode, message.payload, message);
      return true;
    }
    const frame = message.frame(endpoint, extension);
    this.sendFrames(frame);
    if (((frame[0] ?? 0) & RSV_BITS) !== 0) extension?.bypassed?.();
    return true;
  }

  /**
   * Starts a message that is sent in parts, of a length that need not be known. Until it ends no other message can be
   * sent.
   *
   * @throws {TypeError} when one is being sent already
   */
  startMessage(kind: 'text' | 'binary', options?: SendOptions): MessageWriter {
    const opcode = kind === 'text' ? OPCODES.text : OPCODES.binary;
    if (opcode !== OPCODES[kind]) throw new TypeError(`a message is text or binary, not ${kind}`);
    this.checkOrder();
    this.#writing = true;
    const compress = options?.compress ?? true;
    return new MessageWriter(kind, this.endpoint.codec, (payload, first, last) => {
      const { isOpen } = this;
      if (isOpen) this.sendPart(opcode, payload, first, last, compress);
      if (last) this.#writing = false;
      return isOpen;
    });
  }

  private sendBytes(kind: number, payload: Uint8Array, options: SendOptions | undefined): boolean {
    if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array');
    if (kind === OPCODES.text && options?.trusted !== true) {
      const utf8 = new Utf8Checker(this.endpoint.codec.kernel);
      if (!utf8.check(payload) || !utf8.complete) throw new TypeError('the text is not UTF-8');
    }
    this.checkOrder();
    if (!this.isOpen) return false;
    this.sendWhole(kind, payload, options);
    return true;
  }

  private sendWhole(kind: number, payload: Uint8Array, options: SendOptions | undefined): void {
    this.sendPart(kind, payload, true, true, options?.compress ?? true);
  }

  /** Sends a frame of a message that is `kind`, text or binary. */
  private sendPart(
    kind: number,
    payload: Uint8Array,
    first: boolean,
    last: boolean,
    compress: boolean,
  ): void {
    const { extensions } = this;
    let bytes = payload;
    let rsv = 0;
    if (extensions.length > 0) {
      const part = framePart(kind === OPCODES.text, first, last);
      for (const extension of extensions) bytes = extension.encode(bytes, part, compress);
      rsv = part.rsv;
    }
    this.sendFrame((last ? FIN : 0) | rsv | (first ? kind : OPCODES.continuation), bytes);
  }

  /** §5.4: the frames of one message must not be mixed with those of another. */
  private checkOrder(): void {
    if (this.#writing) throw new TypeError('a message is being sent in parts, and must end first');
  }
}
