/*
 * RFC 6455 §9, §5.8: what an extension that was negotiated may do to the messages of a connection.
 */

import { RSV_BITS } from '../rules/first-byte.js';

/** RSV1, RSV2 and RSV3 as bits of a frame's first byte (§5.2). */
export const RSV = { rsv1: 0x40, rsv2: 0x20, rsv3: 0x10 } as const;

/** RSV bits (a sum of {@link RSV}) that an extension claims, by the frames of a message that may carry them. */
export interface RsvClaims {
  /** on the first frame of a message: such bits speak of the whole message */
  readonly first: number;
  /** on the frames behind it: set for bits that speak of a single frame */
  readonly continuation: number;
}

/** Where in its message some payload stands. */
export interface DataPart {
  /** whether the message is text */
  readonly text: boolean;
  /** RSV bits of the frame: as they came, or, for `encode`, as they will be sent */
  rsv: number;
  readonly firstOfMessage: boolean;
  readonly firstOfFrame: boolean;
  readonly lastOfFrame: boolean;
  readonly lastOfMessage: boolean;
}

/** Where the payload of a whole frame stands, before any RSV bit is set. */
export function framePart(text: boolean, firstOfMessage: boolean, lastOfMessage: boolean): DataPart {
  return { text, rsv: 0, firstOfMessage, firstOfFrame: true, lastOfFrame: true, lastOfMessage };
}

/**
 * An extension at work on one connection. It sees the payload of data messages in order, in parts, cut anywhere on the
 * way in and frame by frame on the way out; control frames pass untouched. A connection that has several lets them
 * encode in the order in which they were negotiated, and decode in the opposite one (§9.1).
 */
export interface Extension {
  /** its token in the handshake */
  readonly name: string;
  readonly claims: RsvClaims;
  /**
   * Which messages are given to `decode`: all, or only those whose first frame carries one of the claimed RSV bits.
   */
  readonly decodes: 'all' | 'marked';
  /**
   * Decodes part of a message from the peer, and hands what comes out to `emit`, which takes it before it returns, and
   * says whether to go on: at `false` this stops as soon as it can, and is called with the rest of the part later.
   *
   * @param payload borrowed until this returns
   * @returns how many bytes of `payload` were used: fewer than all only where `emit` stopped it; then what `part` says
   * of the end does not hold yet
   * @throws {ProtocolError} when the peer's data is wrong: it fails the connection. `emit` throws one where a limit is
   * passed; it must be let through.
   */
  decode(payload: Uint8Array, part: DataPart, emit: (bytes: Uint8Array) => boolean): number;
  /**
   * Encodes the payload of one frame to send; may set bits of `part.rsv`.
   *
   * @param compress whether the caller allows the message to be made smaller
   * @returns the payload to send: `payload` itself, or bytes that the caller of this owns
   */
  encode(payload: Uint8Array, part: DataPart, compress: boolean): Uint8Array;
  /** Extensions of the same variant encode a message alone to the same bytes; absent where none can be shared. */
  readonly variant?: string;
  /** Encodes a whole message without reference to any other, and without a change to this: see `PreparedMessage`. */
  encodeAlone?(payload: Uint8Array, part: DataPart): Uint8Array;
  /**
   * The connection sent a message past this extension, which the peer decodes all the same: state that is kept from
   * one message to the next must not refer to what was sent before it.
   */
  bypassed?(): void;
  /** The connection is over: what is held can be let go. */
  close(): void;
}

/**
 * All claims together.
 *
 * @throws {TypeError} when two extensions claim the same bit, or one claims what is no RSV bit
 */
export function joinClaims(extensions: readonly Extension[]): RsvClaims {
  let first = 0;
  let continuation = 0;
  let taken = 0;
  for (const { name, claims } of extensions) {
    const bits = claims.first | claims.continuation;
    if ((bits & ~RSV_BITS) !== 0) throw new TypeError(`extension ${name} claims what is no RSV bit`);
    if ((bits & taken) !== 0) throw new TypeError(`extension ${name} claims an RSV bit that is taken`);
    taken |= bits;
    first |= claims.first;
    continuation |= claims.continuation;
  }
  return { first, continuation };
}
