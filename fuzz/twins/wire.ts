import type { ModelFrame } from '../models/frames.js';
import type { PeerDeflate } from './deflate.js';

/** What the peer found on the wire; `first` and `last` are the numbers of its frames. */
export interface WireItem {
  readonly kind: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  readonly payload: Buffer;
  readonly first: number;
  readonly last: number;
}

const KINDS: Readonly<Record<number, WireItem['kind']>> = {
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** Puts the frames of the model together to messages, and inflates them. */
export class Wire {
  readonly items: WireItem[] = [];
  /** what is wrong with it */
  fault: string | undefined;
  readonly #deflate: PeerDeflate | undefined;
  #frames = 0;
  #parts: Buffer[] = [];
  #first = 0;
  #firstFrame = 0;

  constructor(deflate: PeerDeflate | undefined) {
    this.#deflate = deflate;
  }

  /** A message whose end has not come. */
  get unfinished(): boolean {
    return this.#parts.length > 0;
  }

  /** Takes a whole frame; gives back what it completes. */
  take({ first, payload }: ModelFrame): WireItem | undefined {
    const frame = this.#frames++;
    const bytes = Buffer.from(payload);
    const opcode = first & 0x0f;
    const kind = KINDS[opcode];
    if (opcode >= 8) return this.#put(kind, bytes, frame, frame);
    if (opcode !== 0) {
      this.#first = first;
      this.#firstFrame = frame;
    }
    this.#parts.push(bytes);
    if (first < 0x80) return undefined;
    const parts = this.#parts;
    this.#parts = [];
    return this.#put(KINDS[this.#first & 0x0f], this.#whole(parts), this.#firstFrame, frame);
  }

  #whole(parts: readonly Buffer[]): Buffer {
    const [only, ...more] = parts;
    const payload = only !== undefined && more.length === 0 ? only : Buffer.concat(parts);
    if ((this.#first & 0x40) === 0) return payload;
    try {
      if (this.#deflate === undefined) throw new Error('RSV1 without an agreement');
      return this.#deflate.decompress(payload);
    } catch (error) {
      this.fault ??= `a message that does not inflate: ${error instanceof Error ? error.message : error}`;
      return payload;
    }
  }

  #put(
    kind: WireItem['kind'] | undefined,
    payload: Buffer,
    first: number,
    last: number,
  ): WireItem | undefined {
    if (kind === undefined) return undefined;
    const item = { kind, payload, first, last };
    this.items.push(item);
    return item;
  }
}
