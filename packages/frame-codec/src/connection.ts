import { lend } from './borrowed.js';
import { CLOSE_CODES } from './close-code.js';
import { type CloseStatus, decodeClose, encodeClose } from './close-frame.js';
import type { Endpoint } from './endpoint.js';
import { checkControlLength } from './frame-encoder.js';
import { GrowingBytes } from './growing-bytes.js';
import type { ConnectionHandler } from './handler.js';
import { RECORD_ASCII, RECORD_FIRST, RECORD_LAST } from './memory-map.js';
import { OPCODES } from './opcode.js';
import { FLOW, type Flow, Scanner } from './scanner.js';
import { Sender } from './sender.js';
import { decodeText } from './text.js';
import { ProtocolError } from './violation.js';

const FIN = 0x80;
const OPCODE = 0x0f;
const WHOLE = FIN | RECORD_FIRST | RECORD_LAST;
const WHOLE_TEXT = WHOLE | OPCODES.text;
const WHOLE_BINARY = WHOLE | OPCODES.binary;

/** A message of which a part has arrived. */
interface Unfinished {
  readonly bytes: GrowingBytes;
  readonly text: boolean;
  ascii: boolean;
}

/**
 * A WebSocket connection behind its opening handshake, without I/O (RFC 6455 §5–§8): bytes in through {@link receive},
 * messages and control frames out to a handler, bytes out through its `write`.
 *
 * What is sent while bytes are received leaves in one write when they have been; {@link cork} gathers elsewhere.
 *
 * @example
 * const endpoint = new Endpoint({ role: 'server' });
 * const echo = {
 *   write: ({ context: socket }, bytes) => socket.write(bytes) && socket.writableLength === 0,
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
  /** @internal whether more records are wanted */
  flow: Flow = FLOW.go;
  readonly #scanner: Scanner;
  readonly #sender: Sender;
  #unfinished: Unfinished | undefined;
  #closeSent = false;
  #received: CloseStatus | undefined;
  #ended = false;
  #over = false;

  constructor(endpoint: Endpoint, handler: ConnectionHandler<Context>, context: Context) {
    this.endpoint = endpoint;
    this.handler = handler;
    this.context = context;
    this.#scanner = new Scanner(endpoint, endpoint.config);
    this.#sender = new Sender(endpoint, this);
  }

  /** Whether messages can be sent: no close frame has passed yet, in either direction, and nothing has failed. */
  get isOpen(): boolean {
    return !this.#closeSent && this.#received === undefined && !this.#ended && !this.#over;
  }

  /** Whether {@link pause} holds back what arrives. */
  get isPaused(): boolean {
    return this.flow === FLOW.pause;
  }

  /** Bytes gathered by {@link cork} and not yet written. */
  get corkedLength(): number {
    return this.#sender.length;
  }

  /**
   * Takes bytes of the peer, cut anywhere. They are copied once, and not changed.
   *
   * @throws what a handler threw; the connection goes on with the next call
   * @throws {Error} when called for a connection from inside its own handler
   */
  receive(chunk: Uint8Array): void {
    if (this.flow === FLOW.discard) return;
    this.#sender.cork(true);
    try {
      this.#scanner.receive(chunk, this);
    } finally {
      this.#sender.uncork();
    }
  }

  /** As {@link receive}, for the first `length` bytes of the codec's `inbox`: nothing is copied. */
  receiveInbox(length: number): void {
    if (this.flow === FLOW.discard) return;
    this.#sender.cork(true);
    try {
      this.#scanner.receiveInbox(length, this);
    } finally {
      this.#sender.uncork();
    }
  }

  /** The transport has ended, with or without a closing handshake: the last event, `close`, follows at once. */
  receiveEnd(): void {
    if (this.#over) return;
    this.#over = true;
    this.#discard();
    const { code, reason } = this.#received ?? { code: CLOSE_CODES.abnormal, reason: '' };
    this.handler.close?.(this, code, reason, this.#received !== undefined && this.#closeSent);
  }

  /** Holds back whatever is not handed out yet, in the middle of a chunk too, until {@link resume}. */
  pause(): void {
    if (this.flow === FLOW.go) this.flow = FLOW.pause;
  }

  /** Ends {@link pause}: what was held back is handed out at once, or after the handler that calls this. */
  resume(): void {
    if (this.flow === FLOW.pause) this.flow = FLOW.go;
    this.#sender.cork(true);
    try {
      this.#scanner.resume(this);
    } finally {
      this.#sender.uncork();
    }
  }

  /**
   * Sends a text message; a lone surrogate becomes U+FFFD. Returns `false`, and sends nothing, when the connection is
   * not open any more.
   *
   * @throws {TypeError} when `text` is no string
   */
  sendText(text: string): boolean {
    if (typeof text !== 'string') throw new TypeError('text must be a string');
    if (!this.isOpen) return false;
    this.#sender.text(FIN | OPCODES.text, text);
    return true;
  }

  /**
   * Sends a binary message. The payload may be borrowed. Below 32 KiB, and by a client, it is copied; a server hands a
   * longer one to the transport as it is: it must not be changed until it has left. Returns `false`, and sends nothing,
   * when the connection is not open any more.
   *
   * @throws {TypeError} when `payload` is no `Uint8Array`
   */
  sendBinary(payload: Uint8Array): boolean {
    return this.sendFrame(FIN | OPCODES.binary, payload);
  }

  /**
   * Sends a message whose text is UTF-8 already; otherwise as {@link sendBinary}. The bytes are not checked: a peer
   * fails the connection with 1007 when they are not UTF-8.
   */
  sendTextBytes(payload: Uint8Array): boolean {
    return this.sendFrame(FIN | OPCODES.text, payload);
  }

  /**
   * Sends a ping (§5.5.2).
   *
   * @throws {RangeError} when the payload has more than 125 bytes (§5.5)
   */
  ping(payload: Uint8Array): boolean {
    checkControlLength(payload.length);
    return this.sendFrame(FIN | OPCODES.ping, payload);
  }

  /** Sends a pong that no ping asked for, as a heartbeat (§5.5.3); otherwise as {@link ping}. */
  pong(payload: Uint8Array): boolean {
    checkControlLength(payload.length);
    return this.sendFrame(FIN | OPCODES.pong, payload);
  }

  /**
   * Sends a frame as it is: for fragments of a message, whose order is the caller's business (§5.4).
   *
   * @param first the first byte: FIN, RSV bits, opcode
   */
  sendFrame(first: number, payload: Uint8Array): boolean {
    if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array');
    if (!this.isOpen) return false;
    this.#sender.frame(first, payload);
    return true;
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
    if (!this.#closeSent && !this.#over) this.#sendClose(payload);
  }

  /**
   * Fails the connection (§7.1.7): sends a close frame with the error's code unless one was sent, tells the handler,
   * and takes no more from the peer.
   */
  fail(error: ProtocolError): void {
    if (this.#over || this.flow === FLOW.discard) return;
    this.#discard();
    this.#received = undefined;
    if (!this.#closeSent) this.#sendClose(encodeClose(error.closeCode, error.summary));
    this.handler.error?.(this, error);
    this.#end();
  }

  /** Gathers what is sent until the matching {@link uncork}, to leave in as few writes as can be. */
  cork(): void {
    this.#sender.cork(false);
  }

  uncork(): void {
    this.#sender.uncork();
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
  record(memory: Uint8Array<ArrayBuffer>, head: number, start: number, length: number): void {
    const { handler } = this;
    switch (head & ~RECORD_ASCII) {
      case WHOLE_TEXT:
        if (handler.textBytes !== undefined) handler.textBytes(this, lend(memory, start, length));
        else handler.text?.(this, decodeText(memory, start, start + length, (head & RECORD_ASCII) !== 0));
        break;
      case WHOLE_BINARY:
        handler.binary?.(this, lend(memory, start, length));
        break;
      case WHOLE | OPCODES.ping:
        if (this.endpoint.autoPong) this.pong(lend(memory, start, length));
        handler.ping?.(this, lend(memory, start, length));
        break;
      case WHOLE | OPCODES.pong:
        handler.pong?.(this, lend(memory, start, length));
        break;
      case WHOLE | OPCODES.close:
        this.#receiveClose(memory, start, length);
        break;
      default:
        this.#receivePart(memory, head, start, length);
    }
  }

  /** Part of a message that did not come whole: it is put together (§5.4). */
  #receivePart(memory: Uint8Array<ArrayBuffer>, head: number, start: number, length: number): void {
    const last = (head & FIN) !== 0;
    this.#unfinished ??= { bytes: new GrowingBytes(), text: (head & OPCODE) === OPCODES.text, ascii: true };
    const unfinished = this.#unfinished;
    const { bytes } = unfinished;
    // In the last frame the length of the whole message is known.
    bytes.append(memory, start, length, last ? this.#scanner.messageLength : undefined);
    if ((head & RECORD_ASCII) === 0) unfinished.ascii = false;
    if (!last || (head & RECORD_LAST) === 0) return;
    this.#unfinished = undefined;
    const { handler } = this;
    if (!unfinished.text) handler.binary?.(this, lend(bytes.memory, 0, bytes.length));
    else if (handler.textBytes !== undefined) handler.textBytes(this, lend(bytes.memory, 0, bytes.length));
    else handler.text?.(this, decodeText(bytes.memory, 0, bytes.length, unfinished.ascii));
  }

  #receiveClose(memory: Uint8Array<ArrayBuffer>, start: number, length: number): void {
    const status = decodeClose(this.endpoint.codec.kernel, memory, start, length);
    if (status instanceof ProtocolError) {
      this.fail(status);
      return;
    }
    this.#received = status;
    this.#discard();
    // §5.5.1: the answer carries the status that was received.
    if (!this.#closeSent) {
      this.#sendClose(
        status.code === CLOSE_CODES.noStatus ? new Uint8Array(0) : encodeClose(status.code, status.reason),
      );
    }
    this.handler.closing?.(this, status.code, status.reason);
    this.#end();
  }

  #sendClose(payload: Uint8Array): void {
    this.#closeSent = true;
    this.#sender.frame(FIN | OPCODES.close, payload);
  }

  #discard(): void {
    this.flow = FLOW.discard;
    this.#unfinished = undefined;
    this.#scanner.clear();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sender.flush();
    this.handler.end(this);
  }
}
