import { checkOptionNames } from '../rules/option-names.js';
import type { DeflateEngine, Deflater, Inflater } from './deflate-engine.js';

/** What a {@link DeflatePool} is made with. */
export interface DeflateOptions {
  engine: DeflateEngine;
  /** Messages below this many bytes are sent as they are; default 1024: small ones do not get smaller. */
  threshold?: number;
}

/** What a stored, empty block looks like behind its three bits of head: cut off by the sender (RFC 7692 §7.2.1). */
export const TAIL: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** An empty message (RFC 7692 §7.2.3.6). */
const EMPTY: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00);
const OPTIONS = ['engine', 'threshold'];
/** Engines of one kind that are kept for the next message. */
const KEPT = 4;

/**
 * The engines that connections share: one without context takeover holds one for the length of a message only, so an
 * idle connection costs nothing.
 */
export class DeflatePool {
  readonly engine: DeflateEngine;
  readonly threshold: number;
  readonly #deflaters: Map<number, Deflater[]> = new Map();
  readonly #inflaters: Map<number, Inflater[]> = new Map();
  #closed = false;

  /**
   * @throws {TypeError} when there is no engine, or no option of a name
   * @throws {RangeError} when the threshold is no whole number
   */
  constructor(options: DeflateOptions) {
    checkOptionNames(options, OPTIONS);
    const { engine, threshold = 1024 } = options;
    if (!Number.isSafeInteger(threshold) || threshold < 0) {
      throw new RangeError(`threshold must be a whole number, not ${threshold}`);
    }
    if (typeof engine?.deflater !== 'function' || typeof engine.inflater !== 'function') {
      throw new TypeError('engine must make deflaters and inflaters');
    }
    this.engine = engine;
    this.threshold = threshold;
  }

  /** A deflater that refers to nothing before, for one message or for a connection: a kept one, or a new one. */
  takeDeflater(windowBits: number): Deflater {
    return this.#deflaters.get(windowBits)?.pop() ?? this.engine.deflater(windowBits);
  }

  /** Gives back what {@link takeDeflater} gave; it is reset, and kept or closed. */
  giveDeflater(windowBits: number, deflater: Deflater): void {
    this.#give(this.#deflaters, windowBits, deflater);
  }

  /** An inflater that refers to nothing before. */
  takeInflater(windowBits: number): Inflater {
    return this.#inflaters.get(windowBits)?.pop() ?? this.engine.inflater(windowBits);
  }

  /** Gives back what {@link takeInflater} gave; it is reset, and kept or closed. */
  giveInflater(windowBits: number, inflater: Inflater): void {
    this.#give(this.#inflaters, windowBits, inflater);
  }

  /** Releases the engines that wait for a message. Those that connections hold are released when these end. */
  close(): void {
    this.#closed = true;
    for (const stock of [this.#deflaters, this.#inflaters]) {
      for (const engines of stock.values()) for (const engine of engines) engine.close();
      stock.clear();
    }
  }

  #give<Engine extends Deflater | Inflater>(
    stock: Map<number, Engine[]>,
    windowBits: number,
    engine: Engine,
  ): void {
    const kept = stock.get(windowBits) ?? [];
    stock.set(windowBits, kept);
    if (this.#closed || kept.length === KEPT) {
      engine.close();
      return;
    }
    engine.reset();
    kept.push(engine);
  }

  /** One whole message, compressed without reference to any other: for prepared messages. */
  compress(payload: Uint8Array, windowBits: number): Uint8Array {
    const deflater = this.takeDeflater(windowBits);
    try {
      return withoutTail(deflater.deflate(payload));
    } finally {
      this.giveDeflater(windowBits, deflater);
    }
  }
}

/** §7.2.1: the 00 00 FF FF that a flush leaves at the end is not sent. */
export function withoutTail(deflated: Uint8Array): Uint8Array {
  return deflated.length > TAIL.length ? deflated.subarray(0, deflated.length - TAIL.length) : EMPTY;
}
