import type { Kernel } from '../kernel/kernel.js';
import {
  FRAGMENTS,
  FRAME,
  MASKING_KEY,
  MESSAGE,
  MESSAGE_LENGTH,
  REMAINING,
  UTF8,
} from '../kernel/memory-map.js';

export const NO_CARRY: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Where in a message, a frame and a character what was received so far ends: the registers of a kernel, kept. */
export class Unfinished {
  #message = 0;
  #fragments = 0;
  #utf8 = 0;
  #frame = 0;
  #maskingKey = 0;
  #remaining = 0;
  #messageLength = 0;
  /** The unfinished head of a frame, or an unfinished control frame: at most 130 bytes, still masked. */
  carry: Uint8Array<ArrayBuffer> = NO_CARRY;

  /** Bytes of payload that the unfinished frame still lacks. */
  get remaining(): number {
    return this.#remaining;
  }

  /** Bytes of payload that the frames of the unfinished message announced so far. */
  get messageLength(): number {
    return this.#messageLength;
  }

  load({ words, lengths }: Kernel): void {
    words[MESSAGE] = this.#message;
    words[FRAGMENTS] = this.#fragments;
    words[UTF8] = this.#utf8;
    words[FRAME] = this.#frame;
    words[MASKING_KEY] = this.#maskingKey;
    lengths[REMAINING] = this.#remaining;
    lengths[MESSAGE_LENGTH] = this.#messageLength;
  }

  save({ words, lengths }: Kernel, carry: Uint8Array<ArrayBuffer>): void {
    this.#message = words[MESSAGE] ?? 0;
    this.#fragments = words[FRAGMENTS] ?? 0;
    this.#utf8 = words[UTF8] ?? 0;
    this.#frame = words[FRAME] ?? 0;
    this.#maskingKey = words[MASKING_KEY] ?? 0;
    this.#remaining = lengths[REMAINING] ?? 0;
    this.#messageLength = lengths[MESSAGE_LENGTH] ?? 0;
    this.carry = carry;
  }
}

/** Between two messages: the same for all connections, and never written to. */
export const FINISHED: Unfinished = new Unfinished();

/** Whether a kernel stands between two messages: what else is in its registers means nothing then. */
export function isFinished({ words }: Kernel): boolean {
  return words[MESSAGE] === 0 && words[FRAME] === 0;
}
