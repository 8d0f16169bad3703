import type { Codec } from '../endpoint/codec.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import { SCRATCH } from '../kernel/memory-map.js';
import { lend } from '../memory/borrowed.js';
import { isDefined, OPCODES, type Opcode } from '../rules/opcode.js';
import { isBytes } from '../runtime/bytes.js';

/** Most bytes that a frame has before its payload (§5.2): 2, a length of 8, a masking key of 4. */
export const MAX_HEAD_LENGTH = 14;
/** Most bytes of payload in a control frame (§5.5). */
export const MAX_CONTROL_LENGTH = 125;
/** Below this a loop masks quicker than a copy into the kernel and back. */
const SHORT_MASK = 96;
/** A payload is masked in slices that stay in the fastest cache; a multiple of four, so each begins with the first byte
 * of the key. */
const SLICE = 8192;

/** Bytes of the head of a frame with `length` bytes of payload (§5.2). */
export function headLength(length: number, masks: boolean): number {
  return (length < 126 ? 2 : length < 65536 ? 4 : 10) + (masks ? 4 : 0);
}

/**
 * Writes the head of a frame at `target[at …]` (§5.2), without its masking key; returns the position behind it.
 *
 * @param first the first byte: FIN, RSV bits and opcode
 */
export function writeHead(
  target: Uint8Array,
  at: number,
  first: number,
  length: number,
  masks: boolean,
): number {
  const mask = masks ? 0x80 : 0;
  target[at] = first;
  if (length < 126) {
    target[at + 1] = mask | length;
    return at + 2;
  }
  if (length < 65536) {
    target[at + 1] = mask | 126;
    target[at + 2] = length >> 8;
    target[at + 3] = length;
    return at + 4;
  }
  target[at + 1] = mask | 127;
  let rest = length;
  for (let index = at + 9; index > at + 1; index--) {
    target[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return at + 10;
}

/** Writes a masking key at `target[at …]`, in the order in which it is applied; returns the position behind it. */
export function writeMaskingKey(target: Uint8Array, at: number, maskingKey: number): number {
  target[at] = maskingKey;
  target[at + 1] = maskingKey >> 8;
  target[at + 2] = maskingKey >> 16;
  target[at + 3] = maskingKey >> 24;
  return at + 4;
}

/** Copies `payload` to `target[at …]`, masked with `maskingKey` (§5.3). They may be the same bytes. */
export function copyMasked(
  codec: Codec,
  payload: Uint8Array,
  target: Uint8Array,
  at: number,
  maskingKey: number,
): void {
  const { length } = payload;
  if (length < SHORT_MASK) {
    const key0 = maskingKey & 0xff;
    const key1 = (maskingKey >> 8) & 0xff;
    const key2 = (maskingKey >> 16) & 0xff;
    const key3 = maskingKey >>> 24;
    const whole = length & ~3;
    let index = 0;
    for (; index < whole; index += 4) {
      target[at + index] = (payload[index] ?? 0) ^ key0;
      target[at + index + 1] = (payload[index + 1] ?? 0) ^ key1;
      target[at + index + 2] = (payload[index + 2] ?? 0) ^ key2;
      target[at + index + 3] = (payload[index + 3] ?? 0) ^ key3;
    }
    if (index < length) target[at + index] = (payload[index] ?? 0) ^ key0;
    if (++index < length) target[at + index] = (payload[index] ?? 0) ^ key1;
    if (++index < length) target[at + index] = (payload[index] ?? 0) ^ key2;
    return;
  }
  const { kernel } = codec;
  for (let from = 0; from < length; from += SLICE) {
    const size = Math.min(SLICE, length - from);
    kernel.bytes.set(size === length ? payload : payload.subarray(from, from + size), SCRATCH);
    kernel.mask(SCRATCH, size, maskingKey);
    target.set(lend(kernel, SCRATCH, size), at + from);
  }
}

/** Parts of a frame's first byte that are not its opcode. */
export interface FrameBits {
  /** whether the frame ends its message; default true */
  fin?: boolean;
  rsv1?: boolean;
  rsv2?: boolean;
  rsv3?: boolean;
}

/**
 * Frames into bytes, RFC 6455 §5: minimal lengths, and a fresh unpredictable masking key for each frame of a client.
 *
 * @example
 * const encoder = new FrameEncoder(new Endpoint({ role: 'server' }));
 * socket.write(encoder.encode(OPCODES.binary, payload));
 */
export class FrameEncoder {
  readonly #endpoint: Endpoint;
  #maskingKey = 0;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * One whole frame, owned by the caller. The payload is copied and not changed.
   *
   * @throws {TypeError} when `opcode` is not one that §5.2 defines, or `payload` no `Uint8Array`
   * @throws {RangeError} when a control frame is fragmented or longer than 125 bytes (§5.5)
   */
  encode(opcode: Opcode, payload: Uint8Array, bits?: FrameBits): Uint8Array<ArrayBuffer> {
    return encodeFrame(this.#endpoint, firstByte(opcode, lengthOf(payload), bits), payload);
  }

  /**
   * Writes the head alone at `target[at …]`, where there must be room for 14 bytes; returns the position behind it. The
   * payload, `length` bytes up to 2^53 − 1, is sent behind it in as many pieces as one likes: by a server as it is, by a
   * client each after {@link maskPayload}.
   *
   * @throws {TypeError} when the opcode is reserved
   * @throws {RangeError} when a control frame is fragmented or longer than 125 bytes, or there is too little room
   */
  encodeHead(target: Uint8Array, at: number, opcode: Opcode, length: number, bits?: FrameBits): number {
    if (!(Number.isSafeInteger(length) && length >= 0)) throw new RangeError(`no frame has ${length} bytes`);
    const first = firstByte(opcode, length, bits);
    checkRoom(target, at, MAX_HEAD_LENGTH);
    const { masks } = this.#endpoint;
    const behind = writeHead(target, at, first, length, masks);
    if (!masks) return behind;
    this.#maskingKey = this.#endpoint.maskingKey();
    return writeMaskingKey(target, behind, this.#maskingKey);
  }

  /**
   * Masks the next piece of the payload whose head {@link encodeHead} wrote last, in place (§5.3); of a server it leaves
   * it as it is.
   */
  maskPayload(piece: Uint8Array): void {
    if (!this.#endpoint.masks) return;
    copyMasked(this.#endpoint.codec, piece, piece, 0, this.#maskingKey);
    // Turned, so that the next piece begins with the byte of the key that is its turn.
    const turn = (piece.length & 3) << 3;
    if (turn !== 0) this.#maskingKey = (this.#maskingKey >>> turn) | (this.#maskingKey << (32 - turn));
  }

  /**
   * Writes one whole frame at `target[at …]`, where there must be room for 14 bytes more than the payload has; returns
   * the position behind it. Otherwise as {@link encode}.
   *
   * @throws {RangeError} also when there is too little room
   */
  encodeInto(target: Uint8Array, at: number, opcode: Opcode, payload: Uint8Array, bits?: FrameBits): number {
    const first = firstByte(opcode, lengthOf(payload), bits);
    checkRoom(target, at, payload.length + MAX_HEAD_LENGTH);
    return writeFrame(this.#endpoint, target, at, first, payload);
  }
}

function checkRoom(target: Uint8Array, at: number, length: number): void {
  if (!Number.isInteger(at) || at < 0 || target.length - at < length) {
    throw new RangeError(`target has no room for ${length} bytes at ${at}`);
  }
}

function lengthOf(payload: Uint8Array): number {
  if (!isBytes(payload)) throw new TypeError('payload must be a Uint8Array');
  return payload.length;
}

/** FIN, RSV bits and opcode (§5.2), checked. */
function firstByte(opcode: Opcode, length: number, bits: FrameBits | undefined): number {
  if (opcode !== (opcode & 0x0f) || !isDefined(opcode)) throw new TypeError(`opcode ${opcode} is reserved`);
  if (opcode >= OPCODES.close) {
    if (bits?.fin === false) throw new RangeError('a control frame must not be fragmented');
    checkControlLength(length);
  }
  if (bits === undefined) return 0x80 | opcode;
  const { fin = true, rsv1 = false, rsv2 = false, rsv3 = false } = bits;
  return (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | (rsv2 ? 0x20 : 0) | (rsv3 ? 0x10 : 0) | opcode;
}

/** @throws {RangeError} when `length` is too long for a control frame (§5.5) */
export function checkControlLength(length: number): void {
  if (length > MAX_CONTROL_LENGTH) {
    throw new RangeError(`a control frame carries at most ${MAX_CONTROL_LENGTH} bytes, not ${length}`);
  }
}

/** A whole frame in memory of its own. */
export function encodeFrame(endpoint: Endpoint, first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(headLength(payload.length, endpoint.masks) + payload.length);
  writeFrame(endpoint, frame, 0, first, payload);
  return frame;
}

/** Writes a whole frame at `target[at …]`, with a fresh masking key unless there is one; returns the position behind it. */
export function writeFrame(
  endpoint: Endpoint,
  target: Uint8Array,
  at: number,
  first: number,
  payload: Uint8Array,
  key?: number,
): number {
  const { masks } = endpoint;
  const start = writeHead(target, at, first, payload.length, masks);
  if (!masks) {
    copyShort(payload, target, start);
    return start + payload.length;
  }
  const maskingKey = key ?? endpoint.maskingKey();
  const behindKey = writeMaskingKey(target, start, maskingKey);
  copyMasked(endpoint.codec, payload, target, behindKey, maskingKey);
  return behindKey + payload.length;
}

/** Below this a loop copies quicker than a call into the runtime. */
const SHORT_COPY = 24;

function copyShort(source: Uint8Array, target: Uint8Array, at: number): void {
  const { length } = source;
  if (length >= SHORT_COPY) target.set(source, at);
  else for (let index = 0; index < length; index++) target[at + index] = source[index] ?? 0;
}
