/*
 * A connection is one object, whose classes extend each other instead of each holding the next: as objects of their own
 * they would cost an idle connection half as much again. Each knows those above it in this drawing, and calls those below
 * through its abstract methods.
 *
 *   Scanner                    receive/scanner.ts         bytes of the peer into records; keeps what is not wanted yet
 *   ├─ FrameDecoder            receive/frame-decoder.ts   records into frames: no connection, a decoder by itself
 *   └─ Sender                  send/sender.ts             frames into the outbox, and out in few writes
 *      └─ LaneSender           send/lane-sender.ts        frames of messages, through extensions; what waits for its turn
 *         └─ MessageSender     send/message-sender.ts     what callers send: text, bytes, parts, prepared messages
 *            └─ Closer         closing/closer.ts          the end (§7)
 *               └─ Connection  here                       messages and control frames of the peer; the handler
 */

import { type CloseStatus, decodeClose } from './closing/close-frame.js';
import { Closer } from './closing/closer.js';
import { Endpoint } from './endpoint/endpoint.js';
import type { Extension } from './extension/extension.js';
import type { HandlerOf } from './handler.js';
import { RECORD_ASCII, RECORD_FIRST, RECORD_LAST } from './kernel/memory-map.js';
import { decodeText } from './kernel/text.js';
import { type Borrowed, lend, type Memory } from './memory/borrowed.js';
import { MessageReceiver } from './receive/message-receiver.js';
import { FLOW, TAKEN } from './receive/scanner.js';
import { CLOSE_CODES } from './rules/close-code.js';
import { CONTROL, FIN } from './rules/first-byte.js';
import { OPCODES } from './rules/opcode.js';
import { ProtocolError } from './rules/violation.js';
import { isBytes } from './runtime/bytes.js';
import { checkControlLength } from './send/frame-encoder.js';
import type { Done } from './send/lane.js';

const WHOLE = FIN | RECORD_FIRST | RECORD_LAST;
const WHOLE_TEXT = WHOLE | OPCODES.text;
const WHOLE_BINARY = WHOLE | OPCODES.binary;
const WHOLE_CLOSE = WHOLE | OPCODES.close;
const WHOLE_PONG = WHOLE | OPCODES.pong;
const NO_EXTENSIONS: readonly Extension[] = [];

/**
 * What a {@link Connection} tells and asks. One object may serve any number of connections: each method is given the
 * connection it speaks of, whose `context` holds what the caller keeps for it.
 *
 * A method may send, close and feed other connections. What it throws comes out of the call that fed the connection,
 * which goes on from there with the next call. At the end there is none: there all is handed out, and the first of
 * several errors comes out.
 */
export interface ConnectionHandler<Context = unknown> extends HandlerOf<Connection<Context>> {}

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
export class Connection<Context = unknown> extends Closer {
  /** What the caller keeps for this connection. */
  context: Context;
  readonly handler: ConnectionHandler<Context>;
  /** whether a message that comes in one record needs nothing but handing out */
  readonly #direct: boolean;
  #receiver: MessageReceiver | undefined;

  /**
   * @param extensions what the handshake agreed on, in its order; the connection closes them when it is over
   * @throws {TypeError} when two extensions claim the same RSV bit, or there is no endpoint, or no handler that can write
   */
  constructor(
    endpoint: Endpoint,
    handler: ConnectionHandler<Context>,
    context: Context,
    extensions: readonly Extension[] = NO_EXTENSIONS,
  ) {
    if (!(endpoint instanceof Endpoint)) throw new TypeError('endpoint must be an Endpoint');
    if (typeof handler?.write !== 'function') throw new TypeError('handler must have a method write');
    const plain = !extensions.some(({ decodes }) => decodes === 'all');
    super(endpoint, extensions, plain);
    this.handler = handler;
    this.context = context;
    this.#direct = plain && !this.inParts;
  }

  /** Whether {@link pause} holds back what arrives. */
  get isPaused(): boolean {
    return (this.flow & FLOW.pause) !== 0;
  }

  /** Whether it waits for {@link proceed}, because of all that was decoded. */
  get isYielding(): boolean {
    return (this.flow & FLOW.yield) !== 0;
  }

  /** Inside a handler: whether the message at hand was decoded by an extension. */
  get isDecoded(): boolean {
    return this.#receiver?.isDecoded ?? false;
  }

  /** Bytes held: of a message that is arriving, and of what waits for {@link resume}. */
  get retainedLength(): number {
    return this.parkedLength + (this.#receiver?.retainedLength ?? 0);
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
    this.beginGathering();
    try {
      this.scan(chunk);
    } finally {
      this.settle();
    }
  }

  /**
   * As {@link receive}, for the first `length` bytes of the codec's `inbox`: nothing is copied.
   *
   * @throws {TypeError} also inside any handler, where the inbox is in use
   */
  receiveInbox(length: number): void {
    if (this.flow === FLOW.discard) return;
    this.beginGathering();
    try {
      this.scanInbox(length);
    } finally {
      this.settle();
    }
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
    this.goOn();
  }

  /**
   * Goes on behind `yield` of the handler: others have had their turn. What is handed out, and thrown, is as with
   * {@link resume}; a connection that is paused stays so. Where nothing waits, it does nothing.
   */
  proceed(): void {
    this.#receiver?.proceed();
    if (!this.isYielding) return;
    this.flow &= ~FLOW.yield;
    this.goOn();
  }

  /**
   * Lets others have their turn before more is handed out, from inside a handler: what is left waits for {@link proceed},
   * as behind `yield` of the handler, which is asked for it.
   */
  override giveTurn(): void {
    if (this.handler.yield === undefined || this.flow === FLOW.discard) return;
    this.flow |= FLOW.yield;
    this.handler.yield(this);
  }

  private goOn(): void {
    if (this.isTransportEnded) {
      this.receiveEnd();
      return;
    }
    this.beginGathering();
    try {
      this.scanParked();
    } finally {
      this.settle();
    }
  }

  /**
   * Sends a ping (§5.5.2): between the frames of the message that is being sent, behind whatever else waits.
   *
   * @param done as `done` of `SendOptions`
   * @throws {RangeError} when the payload has more than 125 bytes (§5.5)
   */
  ping(payload: Uint8Array, done?: Done): boolean {
    return this.sendControl(OPCODES.ping, payload, done);
  }

  /** Sends a pong that no ping asked for, as a heartbeat (§5.5.3); otherwise as {@link ping}. */
  pong(payload: Uint8Array, done?: Done): boolean {
    return this.sendControl(OPCODES.pong, payload, done);
  }

  /**
   * Sends a ping past whatever waits, to see whether the peer lives: only for the frame that is being written does it
   * wait. Otherwise as {@link ping}.
   *
   * @throws {RangeError} when the payload has more than 125 bytes (§5.5)
   */
  probe(payload: Uint8Array): boolean {
    checkControlPayload(payload);
    if (!this.isOpen) return false;
    this.sendPast(OPCODES.ping, payload);
    return true;
  }

  /** @internal */
  override write(bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean {
    return this.handler.write(this, bytes, more);
  }

  /** @internal */
  protected override get givesTurns(): boolean {
    return this.handler.yieldSending !== undefined;
  }

  /** @internal */
  protected override yieldSending(): void {
    this.handler.yieldSending?.(this);
  }

  /** @internal */
  protected override sendingFailed(error: Error): void {
    this.giveUp(CLOSE_CODES.internalError, '', error);
  }

  /** For classes that extend this: more waits, here and elsewhere, than there is memory for; the connection ends with 1013. */
  protected override overdrawn(): void {
    const error = this.endpoint.exhausted();
    this.giveUp(error.closeCode, error.summary, error);
  }

  private giveUp(code: number, reason: string, error: Error): void {
    try {
      this.abandon(code, reason, error);
    } finally {
      this.handler.sendingFailed?.(this, error);
    }
  }

  /** @internal */
  override violation(error: ProtocolError): void {
    this.fail(error);
  }

  /** @internal */
  override get left(): number {
    return this.#receiver?.left ?? TAKEN;
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
  override record(memory: Memory, head: number, start: number, length: number): void {
    const kind = head & ~RECORD_ASCII;
    if (kind === WHOLE_TEXT && this.#direct) {
      this.text(memory, start, length, kind !== head);
    } else if (kind === WHOLE_BINARY && this.#direct) {
      this.binary(memory, start, length);
    } else if ((head & CONTROL) === 0) {
      this.receivePart(memory, head, start, length);
    } else if (kind === WHOLE_CLOSE) {
      this.receiveClosePayload(memory, start, length);
    } else {
      const payload = lend(memory, start, length);
      if (kind === WHOLE_PONG) {
        this.handler.pong?.(this, payload);
        return;
      }
      // §5.5.2: also behind this side's close frame, which forbids data frames only (§5.5.1).
      if (this.endpoint.autoPong && !this.isTransportEnded) this.answerPing(payload);
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

  /** @internal */
  protected override failed(error: ProtocolError): void {
    this.handler.error?.(this, error);
  }

  /** @internal */
  protected override closing({ code, reason }: CloseStatus): void {
    this.handler.closing?.(this, code, reason);
  }

  /** @internal */
  protected override ended(): void {
    this.handler.end(this);
  }

  /** @internal */
  protected override closed({ code, reason }: CloseStatus, clean: boolean): void {
    this.handler.close?.(this, code, reason, clean);
  }

  /** @internal */
  protected override discard(): void {
    this.#receiver?.clear();
    super.discard();
  }

  private receivePart(memory: Memory, head: number, start: number, length: number): void {
    this.#receiver ??= new MessageReceiver(this.endpoint, this.extensions, this);
    this.#receiver.receive(memory, head, start, length, this.messageLength);
  }

  private receiveClosePayload({ bytes }: Memory, start: number, length: number): void {
    const status = decodeClose(this.endpoint.codec.kernel, bytes, start, length);
    if (status instanceof ProtocolError) this.fail(status);
    else this.receiveClose(status);
  }

  private sendControl(opcode: number, payload: Uint8Array, done: Done | undefined): boolean {
    checkControlPayload(payload);
    if (!this.isOpen) return false;
    this.sendControlFrame(opcode, payload, done);
    return true;
  }
}

function checkControlPayload(payload: Uint8Array): void {
  if (!isBytes(payload)) throw new TypeError('payload must be a Uint8Array');
  checkControlLength(payload.length);
}
