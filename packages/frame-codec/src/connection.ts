import { type Borrowed, lend, type Memory } from './borrowed.js';
import { CLOSE_CODES } from './close-code.js';
import { type CloseStatus, decodeClose, encodeClose } from './close-frame.js';
import type { Endpoint } from './endpoint.js';
import { type Extension, joinClaims } from './extension.js';
import { CONTROL, FIN } from './first-byte.js';
import { checkControlLength } from './frame-encoder.js';
import type { ConnectionHandler } from './handler.js';
import { RECORD_ASCII, RECORD_FIRST, RECORD_LAST } from './memory-map.js';
import { MessageReceiver } from './message-receiver.js';
import { MessageSender, type SendOptions } from './message-sender.js';
import type { MessageWriter } from './message-writer.js';
import { OPCODES } from './opcode.js';
import type { PreparedMessage } from './prepared-message.js';
import { FLOW, type Flow, Scanner } from './scanner.js';
import { Sender } from './sender.js';
import { decodeText } from './text.js';
import { ProtocolError } from './violation.js';

const WHOLE = FIN | RECORD_FIRST | RECORD_LAST;
const WHOLE_TEXT = WHOLE | OPCODES.text;
const WHOLE_BINARY = WHOLE | OPCODES.binary;
const WHOLE_CLOSE = WHOLE | OPCODES.close;
const WHOLE_PONG = WHOLE | OPCODES.pong;
const NO_EXTENSIONS: readonly Extension[] = [];

/**
 * A WebSocket connection behind its opening handshake, without I/O (RFC 6455 §5–§8): bytes in through {@link receive},
 * messages and control frames out to a handler, bytes out through its `write`.
 *
 * What is sent while bytes are received leaves in one write when they have been; {@link cork} gathers elsewhere.
 *
 * @example
 * const endpoint = new Endpoint({ role: 'server' });
 * const echo = {
 *   write: (connection, bytes) => {
 *     const { context: socket } = connection;
 *     socket.write(bytes, () => socket.writableLength === 0 && connection.drained());
 *     return socket.writableLength === 0;
 *   },
 *   end: ({ context: socket }) => socket.end(),
 *   text: (connection, text) => connection.sendText(text),
 * };
 * const connection = new Connection(endpoint, echo, socket);
 * socket.on('data', (chunk) => connection.receive(chunk));
 * socket.on('close', () => connection.receiveEnd());
 */
export class Connection<Context = unknown> {
  /** What the caller keeps for this connection. */
  context: Context;
  readonly endpoint: Endpoint;
  readonly handler: ConnectionHandler<Context>;
  /** What the handshake agreed on, in its order. */
  readonly extensions: readonly Extension[];
  /** @internal whether more records are wanted */
  flow: Flow = FLOW.go;
  readonly #scanner: Scanner;
  readonly #sender: Sender;
  readonly #messages: MessageSender;
  /** whether a message that comes in one record needs nothing but handing out */
  readonly #direct: boolean;
  #receiver: MessageReceiver | undefined;
  #closeSent = false;
  #received: CloseStatus | undefined;
  #ended = false;
  #transportEnded = false;
  #over = false;

  /**
   * @param extensions what the handshake agreed on, in its order; the connection closes them when it is over
   * @throws {TypeError} when two extensions claim the same RSV bit
   */
  constructor(
    endpoint: Endpoint,
    handler: ConnectionHandler<Context>,
    context: Context,
    extensions: readonly Extension[] = NO_EXTENSIONS,
  ) {
    this.endpoint = endpoint;
    this.handler = handler;
    this.context = context;
    this.extensions = extensions;
    const all = extensions.some(({ decodes }) => decodes === 'all');
    this.#direct = !all && !this.inParts;
    this.#scanner = new Scanner(endpoint, endpoint.configFor(joinClaims(extensions), !all));
    this.#sender = new Sender(endpoint, this);
    this.#messages = new MessageSender(this, this.#sender);
  }

  /** Whether messages can be sent: no close frame has passed yet, in either direction, and nothing has failed. */
  get isOpen(): boolean {
    return !this.#closeSent && this.#received === undefined && !this.#ended && !this.#sender.isDropped;
  }

  /** Whether {@link pause} holds back what arrives. */
  get isPaused(): boolean {
    return (this.flow & FLOW.pause) !== 0;
  }

  /** Whether it waits for {@link proceed}, because of all that was decoded. */
  get isYielding(): boolean {
    return (this.flow & FLOW.yield) !== 0;
  }

  /** Bytes gathered by {@link cork} and not yet written. */
  get corkedLength(): number {
    return this.#sender.length;
  }

  /** Bytes held: of a message that is arriving, and of what waits for {@link resume}. */
  get retainedLength(): number {
    return this.#scanner.parkedLength + (this.#receiver?.retainedLength ?? 0);
  }

  /** @internal whether the handler takes messages in parts */
  get inParts(): boolean {
    return this.handler.textPart !== undefined || this.handler.binaryPart !== undefined;
  }

  /**
   * Takes bytes of the peer, cut anywhere. They are copied once, and not changed.
   *
   * @throws what a handler threw; the connection goes on with the next call
   * @throws {TypeError} when called for a connection from inside its own handler
   */
  receive(chunk: Uint8Array): void {
    if (this.flow === FLOW.discard) return;
    this.#sender.cork(true);
    try {
      this.#scanner.receive(chunk, this);
    } finally {
      this.#settle();
    }
  }

  /**
   * As {@link receive}, for the first `length` bytes of the codec's `inbox`: nothing is copied.
   *
   * @throws {TypeError} also inside any handler, where the inbox is in use
   */
  receiveInbox(length: number): void {
    if (this.flow === FLOW.discard) return;
    this.#sender.cork(true);
    try {
      this.#scanner.receiveInbox(length, this);
    } finally {
      this.#settle();
    }
  }

  /**
   * The transport has ended, with or without a closing handshake. The last event, `close`, follows at once; behind what
   * {@link pause} holds back it waits for {@link resume}, and behind what is still to be decoded for {@link proceed}.
   */
  receiveEnd(): void {
    this.#transportEnded = true;
    this.#sender.drop();
    let thrown: { readonly error: unknown } | undefined;
    // There is no next call that could hand out what a handler which throws has not seen.
    while (this.flow === FLOW.go && this.#scanner.isParked && !this.#scanner.isBusy) {
      try {
        this.#scanner.resume(this);
      } catch (error) {
        thrown ??= { error };
      }
    }
    this.#finish();
    if (thrown !== undefined) throw thrown.error;
  }

  /**
   * Holds back whatever is not handed out yet, in the middle of a chunk too, until {@link resume}. Only parts that an
   * extension cannot keep for later still come.
   */
  pause(): void {
    if (this.flow !== FLOW.discard) this.flow |= FLOW.pause;
  }

  /** Ends {@link pause}: what was held back is handed out at once, or after the handler that calls this. */
  resume(): void {
    this.flow &= ~FLOW.pause;
    this.#goOn();
  }

  /**
   * Goes on behind `yield` of the handler: others have had their turn. What is handed out, and thrown, is as with
   * {@link resume}; a connection that is paused stays so. Where nothing waits, it does nothing.
   */
  proceed(): void {
    this.#receiver?.proceed();
    if (!this.isYielding) return;
    this.flow &= ~FLOW.yield;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#transportEnded) {
      this.receiveEnd();
      return;
    }
    this.#sender.cork(true);
    try {
      this.#scanner.resume(this);
    } finally {
      this.#settle();
    }
  }

  /** The transport has taken all that `write` left with it: pongs that waited for it are sent. */
  drained(): void {
    this.#sender.drained();
  }

  /**
   * Sends a text message; a lone surrogate becomes U+FFFD. Returns `false`, and sends nothing, when the connection is
   * not open any more.
   *
   * @throws {TypeError} when `text` is no string, or a message is being sent in parts
   */
  sendText(text: string, options?: SendOptions): boolean {
    return this.#messages.text(text, options);
  }

  /**
   * Sends a binary message. The payload may be borrowed. Below 32 KiB, and by a client, it is copied; a server hands a
   * longer one to the transport as it is: it must not be changed until it has left. Returns `false`, and sends nothing,
   * when the connection is not open any more.
   *
   * @throws {TypeError} when `payload` is no `Uint8Array`, or a message is being sent in parts
   */
  sendBinary(payload: Uint8Array, options?: SendOptions): boolean {
    return this.#messages.bytes(OPCODES.binary, payload, options);
  }

  /**
   * Sends a text message that is UTF-8 already; otherwise as {@link sendBinary}.
   *
   * @throws {TypeError} also when the payload is not UTF-8 (§8.1), unless it is `trusted`
   */
  sendTextBytes(payload: Uint8Array, options?: SendOptions): boolean {
    return this.#messages.bytes(OPCODES.text, payload, options);
  }

  /**
   * Sends a message that was framed, and compressed, before.
   *
   * @throws {TypeError} on a client, whose frames are masked each with a key of its own (§5.3)
   */
  sendPrepared(message: PreparedMessage): boolean {
    return this.#messages.prepared(message);
  }

  /**
   * Starts a message that is sent in parts, of a length that need not be known. Until it ends no other message can be
   * sent.
   *
   * @throws {TypeError} when one is being sent already
   */
  startMessage(kind: 'text' | 'binary', options?: SendOptions): MessageWriter {
    return this.#messages.start(kind, options);
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @throws {RangeError} when the payload has more than 125 bytes (§5.5)
   */
  ping(payload: Uint8Array): boolean {
    return this.#sendControl(OPCODES.ping, payload);
  }

  /** Sends a pong that no ping asked for, as a heartbeat (§5.5.3); otherwise as {@link ping}. */
  pong(payload: Uint8Array): boolean {
    return this.#sendControl(OPCODES.pong, payload);
  }

  /**
   * Starts the closing handshake (§7.1.2): sends a close frame. What the peer sent before it answers is still handed
   * out. Does nothing when a close frame was sent before.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999; without one the frame is empty and the peer sees 1005
   * @param reason at most 123 bytes of UTF-8
   * @throws {TypeError} when the code is no number, or a reason comes without a code
   * @throws {RangeError} when the code must not be sent (§7.4), or the reason is too long
   */
  close(code?: number, reason = ''): void {
    const payload = encodeClose(code, reason);
    if (!this.#closeSent && !this.#transportEnded) this.#sendClose(payload);
  }

  /**
   * Fails the connection (§7.1.7): sends a close frame with the error's code unless one was sent, tells the handler,
   * and takes no more from the peer.
   *
   * @throws {TypeError} when it is no `ProtocolError`
   */
  fail(error: ProtocolError): void {
    if (!(error instanceof ProtocolError)) throw new TypeError('a connection is failed with a ProtocolError');
    if (this.#over || this.flow === FLOW.discard) return;
    this.#discard();
    if (!this.#closeSent) this.#sendClose(encodeClose(error.closeCode, error.summary));
    try {
      this.handler.error?.(this, error);
    } finally {
      this.#end();
    }
  }

  /** Gathers what is sent until the matching {@link uncork}, to leave in as few writes as can be. */
  cork(): void {
    this.#sender.cork(false);
  }

  uncork(): void {
    this.#sender.uncork();
  }

  /** Writes what was gathered now, corked or not. */
  flush(): void {
    this.#sender.flush();
  }

  /** @internal */
  write(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    return this.handler.write(this, bytes, more);
  }

  /** @internal */
  violation(error: ProtocolError): void {
    this.fail(error);
  }

  /** @internal */
  get left(): number {
    return this.#receiver?.left ?? 0;
  }

  /** @internal */
  yield(): void {
    if (this.handler.yield === undefined) {
      this.#receiver?.proceed();
    } else {
      this.flow |= FLOW.yield;
      this.handler.yield(this);
    }
  }

  /** @internal */
  record(memory: Memory, head: number, start: number, length: number): void {
    const kind = head & ~RECORD_ASCII;
    if (kind === WHOLE_TEXT && this.#direct) {
      this.text(memory, start, length, kind !== head);
    } else if (kind === WHOLE_BINARY && this.#direct) {
      this.binary(memory, start, length);
    } else if ((head & CONTROL) === 0) {
      this.#receivePart(memory, head, start, length);
    } else if (kind === WHOLE_CLOSE) {
      this.#receiveClose(memory, start, length);
    } else {
      const payload = lend(memory, start, length);
      if (kind === WHOLE_PONG) {
        this.handler.pong?.(this, payload);
        return;
      }
      // §5.5.2: also behind this side's close frame, which forbids data frames only (§5.5.1).
      if (this.endpoint.autoPong && !this.#transportEnded) this.#sender.pong(payload);
      this.handler.ping?.(this, payload);
    }
  }

  /** @internal */
  text(memory: Memory, start: number, length: number, ascii: boolean): void {
    const { handler } = this;
    if (handler.message !== undefined) handler.message(this, memory, start, length, false);
    else if (handler.textBytes !== undefined) handler.textBytes(this, lend(memory, start, length));
    else handler.text?.(this, decodeText(memory.bytes, start, start + length, ascii));
  }

  /** @internal */
  binary(memory: Memory, start: number, length: number): void {
    const { handler } = this;
    if (handler.message !== undefined) handler.message(this, memory, start, length, true);
    else handler.binary?.(this, lend(memory, start, length));
  }

  /** @internal */
  textPart(text: string, last: boolean): void {
    this.handler.textPart?.(this, text, last);
  }

  /** @internal */
  binaryPart(payload: Borrowed, last: boolean): void {
    this.handler.binaryPart?.(this, payload, last);
  }

  #receivePart(memory: Memory, head: number, start: number, length: number): void {
    this.#receiver ??= new MessageReceiver(this.endpoint, this.extensions, this);
    this.#receiver.receive(memory, head, start, length, this.#scanner.messageLength);
  }

  #receiveClose(memory: Memory, start: number, length: number): void {
    const status = decodeClose(this.endpoint.codec.kernel, memory.bytes, start, length);
    if (status instanceof ProtocolError) {
      this.fail(status);
      return;
    }
    this.#received = status;
    this.#discard();
    // §5.5.1: the answer carries the status that was received.
    if (!this.#closeSent) {
      const { code, reason } = status;
      this.#sendClose(code === CLOSE_CODES.noStatus ? encodeClose(undefined, '') : encodeClose(code, reason));
    }
    try {
      this.handler.closing?.(this, status.code, status.reason);
    } finally {
      this.#end();
    }
  }

  #sendControl(opcode: number, payload: Uint8Array): boolean {
    if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array');
    checkControlLength(payload.length);
    if (!this.isOpen) return false;
    this.#sender.frame(FIN | opcode, payload);
    return true;
  }

  #sendClose(payload: Uint8Array): void {
    this.#closeSent = true;
    this.#sender.frame(FIN | OPCODES.close, payload);
  }

  /** Behind every call that hands out what was received. */
  #settle(): void {
    this.#sender.uncork();
    // A handler may have said that the transport has ended while there was more to hand out.
    if (this.#transportEnded && !this.#over) this.receiveEnd();
  }

  #finish(): void {
    if (this.#over || (this.#scanner.isParked && this.flow !== FLOW.discard)) return;
    this.#over = true;
    this.#discard();
    const { code, reason } = this.#received ?? { code: CLOSE_CODES.abnormal, reason: '' };
    this.handler.close?.(this, code, reason, this.#received !== undefined && this.#closeSent);
  }

  #discard(): void {
    this.flow = FLOW.discard;
    this.#receiver?.clear();
    this.#scanner.clear();
    for (const extension of this.extensions) extension.close();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#sender.close();
    } finally {
      this.handler.end(this);
    }
  }
}
