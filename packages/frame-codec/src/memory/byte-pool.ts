import { isUnshared } from '../runtime/bytes.js';
import { web } from '../runtime/web.js';

/**
 * Idle memory that is kept for the next message: what one of 16 MiB, and the steps towards it, need. Without it each
 * byte of such a message costs ten times as much (`decode, by length` in the benchmarks).
 */
const KEPT_BUFFERS = 8;
const KEPT_LENGTH = 32 * 1024 * 1024;
/** What is asked for may be served by memory that is longer by this factor. */
const SLACK = 2;
/** Below this a new piece of memory is as cheap as one that is used again. */
const LEAST_KEPT = 1024;

/** From here on it pays to leave memory uncleared that is overwritten at once. */
const UNCLEARED = 4096;

/** Memory that nobody else has; what it holds is not defined. */
export function freshMemory(length: number): Uint8Array<ArrayBuffer> {
  const bytes = length < UNCLEARED ? undefined : web.Buffer?.allocUnsafeSlow?.(length);
  return bytes?.buffer.byteLength === length ? new Uint8Array(bytes.buffer) : new Uint8Array(length);
}

/** What overwrites released memory where a codec is told to poison it. */
export const POISON = 0xdd;

/**
 * Memory for messages that arrive in pieces, used again when their handler has returned. Fresh memory costs more than
 * the copy into it from some KiB on: the operating system hands it out page by page.
 */
export class BytePool {
  readonly #poison: boolean;
  readonly #idle: Uint8Array<ArrayBuffer>[] = [];
  readonly #lent: WeakSet<ArrayBuffer> = new WeakSet();
  readonly #foreign: WeakSet<ArrayBuffer> = new WeakSet();
  #idleLength = 0;

  constructor(poison: boolean) {
    this.#poison = poison;
  }

  /** Memory of at least `length` bytes, and at most `most`; what it holds is not defined. */
  take(length: number, most: number = length * SLACK): Uint8Array<ArrayBuffer> {
    const longest = Math.min(most, length * SLACK);
    const index = this.#idle.findIndex((bytes) => bytes.length >= length && bytes.length <= longest);
    const bytes = this.#idle[index] ?? freshMemory(length);
    if (index >= 0) {
      this.#idle.splice(index, 1);
      this.#idleLength -= bytes.length;
    }
    this.#lent.add(bytes.buffer);
    return bytes;
  }

  /** Takes back what {@link take} gave, unless somebody {@link keep}s it. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#lent.delete(bytes.buffer)) return;
    if (this.#poison) bytes.fill(POISON);
    if (bytes.length < LEAST_KEPT || bytes.length > KEPT_LENGTH) return;
    this.#idle.push(bytes);
    this.#idleLength += bytes.length;
    // The oldest go first.
    while (this.#idle.length > KEPT_BUFFERS || this.#idleLength > KEPT_LENGTH) {
      this.#idleLength -= this.#idle.shift()?.length ?? 0;
    }
  }

  /** Says that somebody else's memory is handed out, and will be used again; {@link endForeign} says that it is back. */
  lendForeign(bytes: Uint8Array<ArrayBuffer>): void {
    this.#foreign.add(bytes.buffer);
  }

  endForeign(bytes: Uint8Array<ArrayBuffer>): void {
    this.#foreign.delete(bytes.buffer);
  }

  /** Whether `bytes` lie in memory of somebody else that is handed out. */
  isForeign(bytes: Uint8Array<ArrayBuffer>): boolean {
    return this.#foreign.has(bytes.buffer);
  }

  /** Whether `bytes` lie in memory that will be used again. */
  isLent(bytes: Uint8Array): boolean {
    return isUnshared(bytes.buffer) && this.#lent.has(bytes.buffer);
  }

  /** Leaves the memory of `bytes` to whoever has it. */
  keep(bytes: Uint8Array<ArrayBuffer>): void {
    this.#lent.delete(bytes.buffer);
  }
}
