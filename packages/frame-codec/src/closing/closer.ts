/* Fifth in the chain of classes that `connection.ts` draws: it extends MessageSender, and Connection extends it. */

import { FLOW } from '../receive/scanner.js';
import { CLOSE_CODES } from '../rules/close-code.js';
import { ProtocolError } from '../rules/violation.js';
import { MessageSender } from '../send/message-sender.js';
import { type CloseStatus, encodeClose } from './close-frame.js';
import { CLOSING, type ClosingAction, type ClosingEvent, type ClosingState } from './closing.js';

/** What has become of the close frame of this side. */
type CloseFrame = 'none' | 'queued' | 'sent';

/** The end of a connection, once it has begun. */
class Ending {
  state: ClosingState = 'open';
  /** the payload of the close frame of this side */
  payload: Uint8Array | undefined;
  frame: CloseFrame = 'none';
  /** what the peer's close frame said */
  received: CloseStatus | undefined;
  /** what the peer broke */
  error: ProtocolError | undefined;
  /** why what waits is lost, where that is known better */
  cause: Error | undefined;
  /** events that came while another was dealt with */
  readonly events: Happening[] = [];
  isBusy = false;
  /** the event that is dealt with */
  event: ClosingEvent | undefined;
}

/** What a handler threw first. */
interface Thrown {
  readonly error: unknown;
}

interface Happening {
  readonly event: ClosingEvent;
  readonly payload?: Uint8Array;
  readonly received?: CloseStatus;
  readonly error?: ProtocolError;
  readonly cause?: Error | undefined;
}

/** What was received of a connection whose peer sent no close frame (§7.1.5). */
const NOTHING_RECEIVED: CloseStatus = { code: CLOSE_CODES.abnormal, reason: '' };

/**
 * The end of a connection (RFC 6455 §7): the closing handshake, its failure, and the end of its transport, as the table
 * {@link CLOSING} has it.
 */
export abstract class Closer extends MessageSender {
  /** made when the end begins */
  #ending: Ending | undefined;

  /** @internal the connection has failed */
  protected abstract failed(error: ProtocolError): void;

  /** @internal the peer's close frame came */
  protected abstract closing(status: CloseStatus): void;

  /** @internal nothing more will be written */
  protected abstract ended(): void;

  /** @internal everything is over */
  protected abstract closed(status: CloseStatus, clean: boolean): void;

  get isOpen(): boolean {
    return this.#ending === undefined && !this.isGone;
  }

  /** How far its end has come. */
  get closingState(): ClosingState {
    return this.#ending?.state ?? 'open';
  }

  /** @internal */
  protected get isTransportEnded(): boolean {
    const state = this.#ending?.state;
    return state === 'gone' || state === 'over';
  }

  /**
   * Starts the closing handshake (§7.1.2): sends a close frame behind what was accepted before; a message in parts that
   * was not ended is left as it is. What the peer sent before it answers is still handed out. Does nothing when a close
   * frame was sent before.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999; without one the frame is empty and the peer sees 1005
   * @param reason at most 123 bytes of UTF-8
   * @throws {TypeError} when the code is no number, or a reason comes without a code
   * @throws {RangeError} when the code must not be sent (§7.4), or the reason is too long
   */
  close(code?: number, reason = ''): void {
    this.happens({ event: 'close', payload: encodeClose(code, reason) });
  }

  /**
   * Fails the connection (§7.1.7): sends a close frame with the error's code unless one was sent, behind what was
   * accepted before, tells the handler, and takes no more from the peer.
   *
   * @throws {TypeError} when it is no `ProtocolError`
   */
  fail(error: ProtocolError): void {
    if (!(error instanceof ProtocolError)) throw new TypeError('a connection is failed with a ProtocolError');
    this.happens({ event: 'failure', error, payload: encodeClose(error.closeCode, error.summary) });
  }

  /**
   * As {@link close}, without what waits to be sent: that is dropped, with an error to whoever waits for it.
   *
   * @param cause that error, where there is a better one than that the connection ended
   * @throws as {@link close}
   */
  abandon(code: number, reason = '', cause?: Error): void {
    this.happens({ event: 'abandon', payload: encodeClose(code, reason), cause });
  }

  /**
   * Our side drops the transport: nothing more is sent, and what waits is dropped, with an error to whoever waits for it.
   * What was received before is still handed out. The last event comes with {@link receiveEnd}.
   */
  terminate(): void {
    this.happens({ event: 'terminate' });
  }

  /**
   * The peer's stream has ended, and it may still read: what was accepted is sent, what was received is handed out, and
   * then the handler is told to `end`. Where the transport is gone altogether, {@link receiveEnd} is called instead, or
   * behind this.
   */
  receivePeerEnd(): void {
    this.happens({ event: 'peer-end' });
  }

  /**
   * The transport has ended, with or without a closing handshake. The last event, `close`, follows at once, from inside a
   * handler too: what is left of the chunk at hand is dropped. Behind what {@link pause} holds back it waits for
   * {@link resume}, and behind what is still to be decoded for {@link proceed}.
   */
  receiveEnd(): void {
    let thrown: Thrown | undefined;
    const note = (run: () => void): void => {
      try {
        run();
      } catch (error) {
        thrown = this.noteThrown(thrown, error);
      }
    };
    note(() => this.happens({ event: 'transport-end' }));
    // There is no next call that could hand out what a handler which throws has not seen.
    while (this.flow === FLOW.go && this.isParked && !this.isBusy) note(() => this.scanParked());
    if (!this.isParked || this.flow === FLOW.discard) note(() => this.happens({ event: 'handed-out' }));
    if (thrown !== undefined) throw thrown.error;
  }

  /** For classes that extend this: what handlers threw besides the first, which comes out of the call. */
  protected alsoThrown(_error: unknown): void {}

  private noteThrown(first: Thrown | undefined, error: unknown): Thrown {
    if (first !== undefined) this.alsoThrown(error);
    return first ?? { error };
  }

  /** @internal the peer's close frame */
  protected receiveClose(received: CloseStatus): void {
    const { code, reason } = received;
    // §5.5.1: the answer carries the status that was received.
    const payload = code === CLOSE_CODES.noStatus ? encodeClose(undefined, '') : encodeClose(code, reason);
    this.happens({ event: 'close-received', received, payload });
  }

  /** @internal Behind every call that hands out what was received. */
  protected settle(): void {
    this.endGathering();
    if (this.#ending === undefined) return;
    // A handler may have said that the transport has ended while there was more to hand out.
    if (this.#ending.state === 'gone') this.receiveEnd();
    else this.settlePeerEnd();
  }

  /** @internal Nothing more is taken from the peer. */
  protected discard(): void {
    this.flow = FLOW.discard;
    this.forget();
    for (const extension of this.extensions) extension.close();
  }

  /** @internal */
  protected override closeSent(): void {
    // A transport that has thrown takes nothing any more.
    if (this.isGone) {
      this.happens({ event: 'close-lost' });
      return;
    }
    if (this.#ending !== undefined) this.#ending.frame = 'sent';
    this.happens({ event: 'close-sent' });
  }

  /** For classes that extend this: what waited for its turn has left. */
  protected override laneEmptied(): void {
    this.settlePeerEnd();
  }

  private settlePeerEnd(): void {
    if (this.#ending?.state !== 'peer-ended' || this.isParked || this.isBusy) return;
    if (!this.isQueueing) this.happens({ event: 'all-done' });
  }

  /** Deals with an event, and then with those that it brought about; what a handler throws comes out behind all of them. */
  private happens(happening: Happening): void {
    this.#ending ??= new Ending();
    const ending = this.#ending;
    ending.events.push(happening);
    if (ending.isBusy) return;
    ending.isBusy = true;
    let thrown: Thrown | undefined;
    for (let next = ending.events.shift(); next !== undefined; next = ending.events.shift()) {
      const step = CLOSING[ending.state][next.event];
      if (step === undefined) continue;
      // What a peer broke is told with its own code, whatever else goes wrong behind it.
      const isNamed = ending.state === 'failing' || ending.frame === 'sent';
      if (!isNamed && (ending.frame === 'none' || next.event === 'abandon'))
        ending.payload = next.payload ?? ending.payload;
      ending.state = step.to;
      ending.event = next.event;
      ending.received ??= next.received;
      ending.error = next.error;
      ending.cause = next.cause;
      for (const action of step.actions) {
        try {
          this.act(ending, action);
        } catch (error) {
          thrown = this.noteThrown(thrown, error);
        }
      }
    }
    ending.isBusy = false;
    try {
      this.settlePeerEnd();
    } catch (error) {
      thrown = this.noteThrown(thrown, error);
    }
    if (thrown !== undefined) throw thrown.error;
  }

  private act(ending: Ending, action: ClosingAction): void {
    switch (action) {
      case 'stopReading':
        this.discard();
        break;
      case 'dropQueue':
        if (ending.frame === 'queued') ending.frame = 'none';
        this.dropLane(ending.cause ?? new Error('The connection ended before the message was sent'));
        break;
      case 'abandonParts':
        this.lane?.abandon();
        this.leaveUnlessCorked();
        break;
      case 'putClose':
        this.putCloseOnce(ending);
        break;
      case 'tellFailure':
        if (ending.error !== undefined) this.failed(ending.error);
        break;
      case 'tellClosing':
        this.closing(ending.received ?? NOTHING_RECEIVED);
        break;
      case 'end':
        this.end();
        break;
      case 'dropTransport':
        this.dropTransport();
        break;
      case 'tellClosed':
        this.closed(
          ending.received ?? NOTHING_RECEIVED,
          ending.received !== undefined && ending.frame === 'sent',
        );
    }
  }

  /** Has nothing more written, behind the frame that the transport may just be given. */
  private end(): void {
    if (this.isWriting) {
      this.enqueue({ kind: 'end', length: 0, done: undefined, next: undefined });
      return;
    }
    try {
      this.endSending();
    } finally {
      this.ended();
    }
  }

  /** @internal */
  protected override endReached(): void {
    this.end();
  }

  private putCloseOnce(ending: Ending): void {
    if (ending.frame === 'sent') this.happens({ event: 'close-sent' });
    if (ending.frame !== 'none' || ending.payload === undefined) return;
    ending.frame = 'queued';
    try {
      this.putClose(ending.payload);
    } catch (error) {
      // Where no masking key is to be had, the connection ends without it; one that fails has failed already.
      this.happens({ event: 'close-lost' });
      if (ending.event !== 'failure' && ending.event !== 'abandon') throw error;
    }
  }
}
