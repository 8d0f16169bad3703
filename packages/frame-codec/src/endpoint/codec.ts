import type { Kernel, KernelKind } from '../kernel/kernel.js';
import { type KernelSource, loadKernel } from '../kernel/load-kernel.js';
import { INBOX, INBOX_LENGTH } from '../kernel/memory-map.js';
import { BytePool, freshMemory, POISON } from '../memory/byte-pool.js';
import { checkOptionNames } from '../rules/option-names.js';
import { isUnshared } from '../runtime/bytes.js';
import { fillRandom } from '../runtime/random.js';

const OPTIONS = ['kernel', 'poison'];

/** How a {@link Codec} works. */
export interface CodecOptions {
  /** `'wasm'`, `'script'`, or a compiled `WebAssembly.Module` of the kernel; without it what the runtime allows */
  kernel?: KernelSource;
  /** overwrites borrowed bytes as soon as their handler has returned, so that a leaked borrow is seen; for tests */
  poison?: boolean;
}

/** Bytes gathered for a transport. */
export interface Outbox {
  bytes: Uint8Array<ArrayBuffer>;
  length: number;
}

/** What a connection gathers while it receives: about what a full inbox of small frames is answered with. */
export const LARGE_OUTBOX = 65536;
/** What a connection gathers otherwise: thousands may do so at once. */
export const SMALL_OUTBOX = 4096;
/** Outboxes of one size that are kept for the next who needs one. */
const KEPT = 16;
const KEYS = 1024;
/** Kernels that may be in use one inside the other. */
const MAX_DEPTH = 64;

/**
 * What all connections of a thread share: the kernels, and buffers and masking keys in stock. One is enough;
 * {@link sharedCodec} is it.
 */
export class Codec {
  readonly poison: boolean;
  /** @internal memory for messages that come in pieces */
  readonly pool: BytePool;
  /**
   * Where a transport may read to, up to 128 KiB, before it calls `receiveInbox` of the connection that the bytes belong
   * to. Shared by all connections: nothing else may be received in between. Not for use inside a handler.
   */
  readonly inbox: Uint8Array<ArrayBuffer>;
  readonly #source: KernelSource;
  // The first kernel serves every read; the ones above it serve connections that are fed from inside a handler.
  readonly #kernels: Kernel[];
  #depth = 0;
  readonly #small: Outbox[] = [];
  readonly #large: Outbox[] = [];
  readonly #keys: Int32Array<ArrayBuffer> = new Int32Array(KEYS);
  #nextKey = KEYS;

  /**
   * @throws {TypeError} when there is no option of a name
   * @throws what the runtime throws where a kernel that was asked for cannot be had
   */
  constructor(options: CodecOptions = {}) {
    checkOptionNames(options, OPTIONS);
    const { kernel, poison = false } = options;
    this.#source = kernel;
    this.#kernels = [loadKernel(kernel)];
    this.inbox = this.kernel.bytes.subarray(INBOX, INBOX + INBOX_LENGTH);
    this.poison = poison;
    this.pool = new BytePool(poison);
  }

  /** Which implementation of the kernel runs. */
  get kind(): KernelKind {
    return this.kernel.kind;
  }

  /** The kernel whose scratch is free for whoever asks. */
  get kernel(): Kernel {
    return this.#kernels[0] as Kernel;
  }

  /** @internal Takes a kernel for one read; {@link leave} gives it back. */
  enter(): Kernel {
    if (this.#depth === MAX_DEPTH)
      throw new RangeError(`handlers feed connections at most ${MAX_DEPTH} deep`);
    const kernel = this.#kernels[this.#depth] ?? loadKernel(this.#source ?? this.kind);
    this.#kernels[this.#depth++] = kernel;
    return kernel;
  }

  /** @internal whether a handler is being called */
  get isReceiving(): boolean {
    return this.#depth > 0;
  }

  /** @internal whether all kernels are in use, one inside the other */
  get isFull(): boolean {
    return this.#depth === MAX_DEPTH;
  }

  /** @internal */
  leave(): void {
    this.#depth--;
  }

  /**
   * Makes borrowed bytes the caller's: by a copy, or, for a long message that was put together from pieces, by leaving
   * it its memory.
   */
  own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.owned(bytes);
  }

  /** @internal `bytes` themselves where nobody else writes to their memory, and a copy otherwise. */
  owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    // What another thread shares may change at any time.
    if (isPlain(bytes) && !this.isKernelMemory(bytes) && !this.pool.isForeign(bytes)) {
      if (!this.pool.isLent(bytes)) return bytes;
      // What else lies in the memory belongs to others.
      if (bytes.length === bytes.buffer.byteLength) {
        this.pool.keep(bytes);
        return bytes;
      }
    }
    const copy = freshMemory(bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** @internal whether the next read overwrites `bytes` */
  isKernelMemory(bytes: Uint8Array): boolean {
    for (const kernel of this.#kernels) if (kernel.bytes.buffer === bytes.buffer) return true;
    return false;
  }

  /** @internal */
  takeOutbox(large: boolean): Outbox {
    const kept = (large ? this.#large : this.#small).pop();
    return kept ?? { bytes: new Uint8Array(large ? LARGE_OUTBOX : SMALL_OUTBOX), length: 0 };
  }

  /** @internal Takes an outbox back whose bytes have left. */
  giveOutbox(outbox: Outbox): void {
    const stock = outbox.bytes.length === LARGE_OUTBOX ? this.#large : this.#small;
    if (this.poison) outbox.bytes.fill(POISON);
    outbox.length = 0;
    if (stock.length < KEPT) stock.push(outbox);
  }

  /** A masking key that the peer's software cannot predict (§5.3, §10.3), never 0. */
  nextMaskingKey(): number {
    for (;;) {
      if (this.#nextKey === KEYS) {
        fillRandom(new Uint8Array(this.#keys.buffer));
        this.#nextKey = 0;
      }
      const key = this.#keys[this.#nextKey] ?? 0;
      this.#keys[this.#nextKey++] = 0;
      // A key of 0 would leave the payload readable on the wire.
      if (key !== 0) return key;
    }
  }
}

function isPlain(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return isUnshared(bytes.buffer);
}

let shared: Codec | undefined;

/** The codec that endpoints use when they are given none, made on first use. */
export function sharedCodec(): Codec {
  shared ??= new Codec();
  return shared;
}
