import { CLOSE_CODES } from './close-code.js';
import { type CloseStatus, encodeClose } from './close-frame.js';
import { FIN } from './first-byte.js';
import { MessageSender } from './message-sender.js';
import { OPCODES } from './opcode.js';
import { FLOW } from './scanner.js';
import { ProtocolError } from './violation.js';

/** How far the end of a connection has come. */
interface Progress {
  /** whether a close frame was sent */
  sent: boolean;
  /** what the peer's close frame said */
  received: CloseStatus | undefined;
  /** whether nothing more will be written */
  ended: boolean;
  transportEnded: boolean;
  /** whether the last event was told */
  over: boolean;
}

/** What was received of a connection whose peer sent no close frame (§7.1.5). */
const NOTHING_RECEIVED: CloseStatus = { code: CLOSE_CODES.abnormal, reason: '' };

/** The end of a connection: the closing handshake, its failure, and the end of its transport (RFC 6455 §7). */
export abstract class Closer extends MessageSender {
  /** made when the end begins */
  #progress: Progress | undefined;

  /** @internal the connection has failed */
  protected abstract failed(error: ProtocolError): void;

  /** @internal the peer's close frame came */
  protected abstract closing(status: CloseStatus): void;

  /** @internal nothing more will be written */
  protected abstract ended(): void;

  /** @internal everything is over */
  protected abstract closed(status: CloseStatus, clean: boolean): void;

  get isOpen(): boolean {
    return this.#progress === undefined && !this.isGone;
  }

  /** @internal */
  protected get isTransportEnded(): boolean {
    return this.#progress?.transportEnded ?? false;
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
    if (!this.isTransportEnded) this.sendClose(payload);
  }

  /**
   * Fails the connection (§7.1.7): sends a close frame with the error's code unless one was sent, tells the handler,
   * and takes no more from the peer.
   *
   * @throws {TypeError} when it is no `ProtocolError`
   */
  fail(error: ProtocolError): void {
    if (!(error instanceof ProtocolError)) throw new TypeError('a connection is failed with a ProtocolError');
    if (this.flow === FLOW.discard) return;
    this.discard();
    this.sendClose(encodeClose(error.closeCode, error.summary));
    try {
      this.failed(error);
    } finally {
      this.end();
    }
  }

  /**
   * The transport has ended, with or without a closing handshake. The last event, `close`, follows at once; behind what
   * {@link pause} holds back it waits for {@link resume}, and behind what is still to be decoded for {@link proceed}.
   */
  receiveEnd(): void {
    this.progress().transportEnded = true;
    this.dropTransport();
    let thrown: { readonly error: unknown } | undefined;
    // There is no next call that could hand out what a handler which throws has not seen.
    while (this.flow === FLOW.go && this.isParked && !this.isBusy) {
      try {
        this.scanParked();
      } catch (error) {
        thrown ??= { error };
      }
    }
    this.conclude();
    if (thrown !== undefined) throw thrown.error;
  }

  /** @internal the peer's close frame */
  protected receiveClose(status: CloseStatus): void {
    this.progress().received = status;
    this.discard();
    // §5.5.1: the answer carries the status that was received.
    const { code, reason } = status;
    this.sendClose(code === CLOSE_CODES.noStatus ? encodeClose(undefined, '') : encodeClose(code, reason));
    try {
      this.closing(status);
    } finally {
      this.end();
    }
  }

  /** @internal Behind every call that hands out what was received. */
  protected settle(): void {
    this.uncork();
    // A handler may have said that the transport has ended while there was more to hand out.
    if (this.#progress?.transportEnded && !this.#progress.over) this.receiveEnd();
  }

  /** @internal Nothing more is taken from the peer. */
  protected discard(): void {
    this.flow = FLOW.discard;
    this.forget();
    for (const extension of this.extensions) extension.close();
  }

  private progress(): Progress {
    this.#progress ??= {
      sent: false,
      received: undefined,
      ended: false,
      transportEnded: false,
      over: false,
    };
    return this.#progress;
  }

  /** Sends the one close frame of this side. */
  private sendClose(payload: Uint8Array): void {
    const progress = this.progress();
    if (progress.sent) return;
    progress.sent = true;
    this.sendFrame(FIN | OPCODES.close, payload);
  }

  private conclude(): void {
    const progress = this.progress();
    if (progress.over || (this.isParked && this.flow !== FLOW.discard)) return;
    progress.over = true;
    this.discard();
    const { received, sent } = progress;
    this.closed(received ?? NOTHING_RECEIVED, received !== undefined && sent);
  }

  private end(): void {
    const progress = this.progress();
    if (progress.ended) return;
    progress.ended = true;
    try {
      this.endSending();
    } finally {
      this.ended();
    }
  }
}
