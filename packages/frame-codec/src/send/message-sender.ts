/* Fourth in the chain of classes that `connection.ts` draws: it extends LaneSender, and Closer extends it. */

import { encodeText, Utf8Checker } from '../kernel/text.js';
import { FIN, OPCODE_BITS } from '../rules/first-byte.js';
import { OPCODES } from '../rules/opcode.js';
import { isBytes } from '../runtime/bytes.js';
import { checkControlLength } from './frame-encoder.js';
import type { Done, Lane, OpenMessage, PartEntry } from './lane.js';
import { LaneSender } from './lane-sender.js';
import type { MessageSlot } from './message-slot.js';
import { MessageWriter } from './message-writer.js';
import type { PreparedMessage } from './prepared-message.js';

/** How a message is sent. */
export interface SendOptions {
  /** whether extensions may compress it; default true */
  compress?: boolean | undefined;
  /** text as bytes: known to be UTF-8, and not checked again; default false */
  trusted?: boolean | undefined;
  /**
   * called right before the last frame of the message is written, or gathered while corked, or with an error when the
   * connection ended before; also with an error, behind that, where the frame could not be made. Not where the call
   * returns `false`
   */
  done?: Done | undefined;
}

/** The messages that a connection sends (RFC 6455 §5.6). */
export abstract class MessageSender extends LaneSender {
  /** Whether messages can be sent: no close frame has passed yet, in either direction, and nothing has failed. */
  abstract get isOpen(): boolean;

  /**
   * Sends a text message; a lone surrogate becomes U+FFFD. Behind a message that is not complete yet it waits for its
   * turn. Returns `false`, and sends nothing, when the connection is not open any more.
   *
   * @throws {TypeError} when `text` is no string
   */
  sendText(text: string, options?: SendOptions): boolean {
    if (typeof text !== 'string') throw new TypeError('text must be a string');
    if (!this.isOpen) return false;
    if (this.extensions.length === 0 && this.lane === undefined) {
      this.tell(options?.done);
      this.sendTextFrame(FIN | OPCODES.text, text);
    } else this.sendWhole(OPCODES.text, encodeText(text), options);
    return true;
  }

  /**
   * Sends a binary message; otherwise as {@link sendText}. The payload may be borrowed. Below 32 KiB it is copied, and
   * by a client whenever it leaves at once; a longer one is handed to the transport as it is, or waits as it is: it must
   * not be changed until it has left.
   *
   * @throws {TypeError} when `payload` is no `Uint8Array`
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
   * Sends a message that was framed, and compressed, before; otherwise as {@link sendText}.
   *
   * @throws {TypeError} on a client, whose frames are masked each with a key of its own (§5.3)
   */
  sendPrepared(message: PreparedMessage, done?: Done): boolean {
    if (this.endpoint.masks) throw new TypeError('a client cannot send prepared messages');
    if (!this.isOpen) return false;
    if (this.lane === undefined) {
      this.tell(done);
      this.putPrepared(message);
    } else this.enqueue({ kind: 'prepared', message, length: message.length, done, next: undefined });
    return true;
  }

  /**
   * Starts a message that is sent in parts, of a length that need not be known. Other messages that are sent before it
   * ends wait for that; where the connection closes first, they are dropped. Where something waits to be sent already, its
   * place is that of its first part.
   *
   * @throws {TypeError} when one is being sent already
   */
  startMessage(kind: 'text' | 'binary', options?: SendOptions): MessageWriter {
    const opcode = opcodeOf(kind);
    if (this.isOpen && this.lane?.open !== undefined) {
      throw new TypeError('a message is being sent in parts, and must end first');
    }
    const compress = options?.compress ?? true;
    const message: OpenMessage = {
      opcode,
      compress,
      lastPart: undefined,
      hasBegun: false,
      isAbandoned: false,
    };
    if (this.isOpen) {
      const lane = this.makeLane();
      lane.open = message;
      if (lane.isEmpty) lane.current ??= message;
    }
    return new MessageWriter(
      kind,
      this.endpoint.codec,
      (payload, last, done) => this.sendOpenPart(message, payload, last, done),
      () => this.discardMessage(message),
      options?.trusted ?? false,
    );
  }

  /**
   * Keeps a place for a message, a ping or a pong whose bytes must be read first: what is sent behind it waits until they
   * are there. `undefined` when the connection is not open any more.
   *
   * @param length as many bytes as are expected, which count as waiting
   * @throws {RangeError} when a ping or pong is to have more than 125 bytes (§5.5)
   */
  sendLater(
    kind: 'text' | 'binary' | 'ping' | 'pong',
    length: number,
    options?: SendOptions,
  ): MessageSlot | undefined {
    if (!this.isOpen) return undefined;
    const waiting = { length, payload: undefined, done: options?.done, next: undefined };
    if (kind === 'ping' || kind === 'pong') {
      checkControlLength(length);
      return this.enqueueSlot({ kind: 'control', opcode: OPCODES[kind], ...waiting });
    }
    const compress = options?.compress ?? true;
    return this.enqueueSlot({ kind: 'message', opcode: opcodeOf(kind), compress, sent: 0, ...waiting });
  }

  /**
   * Sends bytes that are whole frames already, in their turn; where the first begins a message, also behind a message
   * that is being sent in parts. What else they hold is the caller's matter. They must not be changed any more. Returns
   * `false`, and sends nothing, when the connection is not open any more.
   */
  sendRaw(bytes: Uint8Array<ArrayBuffer>, done?: Done): boolean {
    if (!this.isOpen) return false;
    const opcode = (bytes[0] ?? 0) & OPCODE_BITS;
    const isMessage = opcode === OPCODES.text || opcode === OPCODES.binary;
    const { lane } = this;
    if (
      lane === undefined ||
      (lane.isEmpty && !lane.isWriting && !(isMessage && lane.current !== undefined))
    ) {
      this.tell(done);
      this.sendFrames(bytes);
    } else this.enqueue({ kind: 'frames', bytes, isMessage, length: bytes.length, done, next: undefined });
    return true;
  }

  private sendBytes(kind: number, payload: Uint8Array, options: SendOptions | undefined): boolean {
    if (!isBytes(payload)) throw new TypeError('payload must be a Uint8Array');
    if (kind === OPCODES.text && options?.trusted !== true) {
      const utf8 = new Utf8Checker(this.endpoint.codec.kernel);
      if (!utf8.check(payload) || !utf8.complete) throw new TypeError('the text is not UTF-8');
    }
    if (!this.isOpen) return false;
    this.sendWhole(kind, payload, options);
    return true;
  }

  private sendWhole(opcode: number, payload: Uint8Array, options: SendOptions | undefined): void {
    const compress = options?.compress ?? true;
    const done = options?.done;
    if (this.lane === undefined && !this.takesSlices(payload.length, compress)) {
      this.tell(done);
      this.sendPart(opcode, payload, true, true, compress);
      return;
    }
    const kept = this.keepPayload(payload);
    const { length } = payload;
    this.enqueue({
      kind: 'message',
      opcode,
      payload: kept,
      compress,
      sent: 0,
      length,
      done,
      next: undefined,
    });
  }

  /** @internal */
  protected override sendControlFrame(opcode: number, payload: Uint8Array, done?: Done): void {
    if (this.lane === undefined || this.lane.letsControlPass) {
      this.tell(done);
      this.sendFrame(FIN | opcode, payload);
    } else {
      const { length } = payload;
      this.enqueue({ kind: 'control', opcode, payload: payload.slice(), length, done, next: undefined });
    }
  }

  /** @internal Sends the close frame behind all that was accepted; a message in parts that was not ended never is. */
  protected putClose(payload: Uint8Array): void {
    this.lane?.abandon();
    if (this.lane === undefined || (this.lane.isEmpty && !this.lane.isWriting)) {
      this.sendFrame(FIN | OPCODES.close, payload);
      this.closeSent();
    } else {
      const { length } = payload;
      const opcode = OPCODES.close;
      this.enqueue({ kind: 'control', opcode, payload, length, done: undefined, next: undefined });
    }
  }

  /** Forgets a message in parts, unless something of it was sent, or waits. */
  private discardMessage(message: OpenMessage): boolean {
    if (message.hasBegun || message.lastPart !== undefined) return false;
    const { lane } = this;
    if (lane?.open !== message) return true;
    lane.open = undefined;
    if (lane.current === message) lane.current = undefined;
    this.dropIfOver(lane);
    return true;
  }

  /** Sends a part of a message that its caller has not ended, or keeps a place for one of so many bytes. */
  private sendOpenPart(
    message: OpenMessage,
    payload: Uint8Array | number,
    last: boolean,
    done: Done | undefined,
  ): MessageSlot | boolean {
    const { lane } = this;
    if (!this.isOpen || lane?.open !== message) return false;
    // Before: what is called from inside `done` or the write finds it ended.
    if (last) lane.open = undefined;
    if (typeof payload === 'number')
      return this.enqueueSlot({
        kind: 'part',
        message,
        payload: undefined,
        last,
        length: payload,
        done,
        next: undefined,
      });
    if (lane.current === message && message.lastPart === undefined && lane.letsPartPass) {
      try {
        this.putPart(lane, message, payload, last, () => this.tell(done));
      } catch (error) {
        if (last) lane.open ??= message;
        throw error;
      }
    } else {
      const { length } = payload;
      const kept = this.keepPayload(payload);
      const part: PartEntry = { kind: 'part', message, payload: kept, last, length, done, next: undefined };
      lane.pushPart(part);
      this.accepted(part);
    }
    this.dropIfOver(lane);
    return true;
  }

  private dropIfOver(lane: Lane): void {
    if (this.lane === lane && lane.isOver) this.lane = undefined;
    else this.leaveUnlessCorked();
  }
}

function opcodeOf(kind: 'text' | 'binary'): number {
  const opcode = kind === 'text' ? OPCODES.text : OPCODES.binary;
  if (opcode !== OPCODES[kind]) throw new TypeError(`a message is text or binary, not ${kind}`);
  return opcode;
}
