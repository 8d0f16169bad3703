import type { Random } from './random.js';

/** Bytes written one behind the other. */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  length = 0;

  reset(): void {
    this.length = 0;
  }

  byte(byte: number): void {
    if (this.length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.length++] = byte;
  }

  put(bytes: ArrayLike<number>): void {
    if (this.length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    if (bytes.length < 32) {
      for (let index = 0; index < bytes.length; index++) this.#bytes[this.length + index] = bytes[index] ?? 0;
    } else {
      this.#bytes.set(bytes, this.length);
    }
    this.length += bytes.length;
  }

  /** `size` bytes, most significant first. */
  number(value: number, size: number): void {
    for (let index = size - 1; index >= 0; index--) this.byte(Math.floor(value / 256 ** index) % 256);
  }

  /** What was written, as a copy. */
  slice(from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(from, this.length);
  }

  /** What was written, as a view that is good until more is written. */
  view(from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, this.length);
  }

  #grow(room: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + room));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

/**
 * Writes a frame as §5.2 draws it.
 *
 * @param first FIN, RSV bits and opcode
 * @param random gives the masking key of a frame that is masked
 */
export function writeFrame(
  writer: ByteWriter,
  first: number,
  payload: Uint8Array,
  masked: boolean,
  random: Random,
): void {
  writeHead(writer, first, payload.length, masked);
  if (!masked) {
    writer.put(payload);
    return;
  }
  const key = random.once(8) ? 0 : random.next();
  writer.number(key, 4);
  for (let index = 0; index < payload.length; index++) {
    writer.byte((payload[index] ?? 0) ^ ((key >>> (24 - 8 * (index % 4))) & 0xff));
  }
}

/** The first two bytes of a frame and its extended length, in the fewest bytes or in `size` of them. */
export function writeHead(
  writer: ByteWriter,
  first: number,
  length: number,
  masked: boolean,
  size: number = length < 126 ? 0 : length < 65536 ? 2 : 8,
): void {
  writer.byte(first);
  writer.byte((masked ? 0x80 : 0) + (size === 0 ? length : size === 2 ? 126 : 127));
  if (size > 0) writer.number(length, size);
}
