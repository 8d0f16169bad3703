/* Beside the chain of classes that `connection.ts` draws: it extends Scanner, and nothing extends it. */

import type { Endpoint } from '../endpoint/endpoint.js';
import { RSV, type RsvClaims } from '../extension/extension.js';
import { RECORD_FIRST, RECORD_LAST } from '../kernel/memory-map.js';
import { type Borrowed, lend, type Memory, NO_MEMORY } from '../memory/borrowed.js';
import type { MemoryBudget } from '../memory/memory-budget.js';
import { FIN, OPCODE_BITS } from '../rules/first-byte.js';
import type { Opcode } from '../rules/opcode.js';
import type { ProtocolError } from '../rules/violation.js';
import { FLOW, Scanner, TAKEN } from './scanner.js';

const NO_CLAIMS: RsvClaims = { first: 0, continuation: 0 };

/**
 * A frame, or the part of one that has arrived (RFC 6455 §5.2). A decoder has one of these and fills it again for each
 * part: it and its payload are borrowed, valid until the function they were handed to returns.
 */
export interface FramePart {
  fin: boolean;
  rsv1: boolean;
  rsv2: boolean;
  rsv3: boolean;
  opcode: Opcode;
  /** whether this part begins the frame */
  first: boolean;
  /** whether this part ends the frame; control frames always come whole */
  last: boolean;
  /** payload of this part, unmasked */
  payload: Borrowed;
  /** bytes of payload that the frame still lacks behind this part */
  remaining: number;
}

/**
 * Bytes into frames: all of RFC 6455 §5, with text checked to be UTF-8 (§8.1). What a header can prove wrong is refused
 * before any payload. Messages are not put together and control frames not answered: that is `Connection`'s.
 *
 * @example
 * const decoder = new FrameDecoder(new Endpoint({ role: 'server' }), (frame) => console.log(frame.opcode));
 * decoder.receive(chunk);
 */
export class FrameDecoder extends Scanner {
  /** @internal every part is taken at once */
  readonly left = TAKEN;
  #error: ProtocolError | undefined;
  readonly #onFrame: (frame: FramePart) => void;
  readonly #part: FramePart = {
    fin: false,
    rsv1: false,
    rsv2: false,
    rsv3: false,
    opcode: 0,
    first: false,
    last: false,
    payload: lend(NO_MEMORY, 0, 0),
    remaining: 0,
  };

  /** @param claims RSV bits that extensions claimed; where there are any, text is left unchecked */
  constructor(endpoint: Endpoint, onFrame: (frame: FramePart) => void, claims: RsvClaims = NO_CLAIMS) {
    super(endpoint, endpoint.configFor(claims, (claims.first | claims.continuation) === 0));
    this.#onFrame = onFrame;
  }

  /**
   * Decodes a chunk of the stream, cut anywhere. The chunk is copied once and not changed.
   *
   * @throws {ProtocolError} when the peer broke a rule or passed a limit, at once and on every later call
   */
  receive(chunk: Uint8Array): void {
    this.rethrow();
    this.scan(chunk);
    this.rethrow();
  }

  /** As {@link receive}, for bytes that the transport read into the codec's inbox: nothing is copied. */
  receiveInbox(length: number): void {
    this.rethrow();
    this.scanInbox(length);
    this.rethrow();
  }

  /** @internal */
  record(memory: Memory, head: number, start: number, length: number): void {
    const part = this.#part;
    part.fin = (head & FIN) !== 0;
    part.rsv1 = (head & RSV.rsv1) !== 0;
    part.rsv2 = (head & RSV.rsv2) !== 0;
    part.rsv3 = (head & RSV.rsv3) !== 0;
    part.opcode = (head & OPCODE_BITS) as Opcode;
    part.first = (head & RECORD_FIRST) !== 0;
    part.last = (head & RECORD_LAST) !== 0;
    part.payload = lend(memory, start, length);
    part.remaining = part.last ? 0 : this.remaining;
    this.#onFrame(part);
  }

  /** @internal It has no end at which it could give anything back. */
  protected override get memory(): MemoryBudget | undefined {
    return undefined;
  }

  /** @internal */
  violation(error: ProtocolError): void {
    this.flow = FLOW.discard;
    this.#error = error;
  }

  private rethrow(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
