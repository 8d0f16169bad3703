import type { Codec } from './codec.js';
import type { Endpoint } from './endpoint.js';
import { SCRATCH, SCRATCH_LENGTH } from './memory-map.js';
import { OPCODES, type Opcode } from './opcode.js';

/** Most bytes that a frame has before its payload (§5.2): 2, a length of 8, a masking key of 4. */
export const MAX_HEAD_LENGTH = 14;
/** Most bytes of payload in a control frame (§5.5). */
export const MAX_CONTROL_LENGTH = 125;
/** Below this a loop masks quicker than a copy into the kernel and back. */
const SHORT_MASK = 48;

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
    for (let index = 0; index < length; index++) {
      target[at + index] = (payload[index] ?? 0) ^ (maskingKey >> ((index & 3) << 3));
    }
    return;
  }
  const { kernel } = codec;
  // A slice is a multiple of four, so each begins with the first byte of the key.
  for (let from = 0; from < length; from += SCRATCH_LENGTH) {
    const size = Math.min(SCRATCH_LENGTH, length - from);
    kernel.bytes.set(size === length ? payload : payload.subarray(from, from + size), SCRATCH);
    kernel.mask(SCRATCH, size, maskingKey);
    target.set(kernel.bytes.subarray(SCRATCH, SCRATCH + size), at + from);
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

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * One whole frame, owned by the caller. The payload is copied and not changed.
   *
   * @throws {TypeError} when `opcode` is not one that §5.2 defines, or `payload` no `Uint8Array`
   * @throws {RangeError} when a control frame is fragmented or longer than 125 bytes (§5.5)
   */
  encode(opcode: Opcode, payload: Uint8Array, bits: FrameBits = {}): Uint8Array<ArrayBuffer> {
    const { fin = true, rsv1 = false, rsv2 = false, rsv3 = false } = bits;
    if (!Object.values(OPCODES).includes(opcode)) throw new TypeError(`opcode ${opcode} is reserved`);
    if (!(payload instanceof Uint8Array)) throw new TypeError('payload must be a Uint8Array');
    if (opcode >= OPCODES.close) {
      if (!fin) throw new RangeError('a control frame must not be fragmented');
      checkControlLength(payload.length);
    }
    const first = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | (rsv2 ? 0x20 : 0) | (rsv3 ? 0x10 : 0) | opcode;
    return encodeFrame(this.#endpoint, first, payload);
  }
}

/** @throws {RangeError} when `length` is too long for a control frame (§5.5) */
export function checkControlLength(length: number): void {
  if (length > MAX_CONTROL_LENGTH) {
    throw new RangeError(`a control frame carries at most ${MAX_CONTROL_LENGTH} bytes, not ${length}`);
  }
}

/** A whole frame in memory of its own. */
export function encodeFrame(endpoint: Endpoint, first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { masks, codec } = endpoint;
  const frame = new Uint8Array(headLength(payload.length, masks) + payload.length);
  writeFrame(codec, frame, 0, first, payload, masks);
  return frame;
}

/** Writes a whole frame at `target[at …]`; returns the position behind it. */
export function writeFrame(
  codec: Codec,
  target: Uint8Array,
  at: number,
  first: number,
  payload: Uint8Array,
  masks: boolean,
): number {
  const start = writeHead(target, at, first, payload.length, masks);
  if (!masks) {
    target.set(payload, start);
    return start + payload.length;
  }
  const maskingKey = codec.nextMaskingKey();
  const behindKey = writeMaskingKey(target, start, maskingKey);
  copyMasked(codec, payload, target, behindKey, maskingKey);
  return behindKey + payload.length;
}
