import type { Role } from './endpoint.js';
import { type DataPart, type Extension, RSV, type RsvClaims } from './extension.js';
import { ProtocolError } from './violation.js';

/** Compresses one direction of a connection: raw DEFLATE (RFC 1951), synchronously. */
export interface Deflater {
  /**
   * Compresses `data` and ends with an empty stored block that is not final (a sync flush): the output ends with
   * 00 00 FF FF.
   *
   * @returns bytes that the caller owns
   */
  deflate(data: Uint8Array): Uint8Array;
  /** Forgets what was compressed before: the next output refers to nothing. */
  reset(): void;
  /** Releases what the engine holds outside of the garbage collector's reach. */
  close(): void;
}

/** Decompresses one direction of a connection: raw DEFLATE, synchronously. */
export interface Inflater {
  /**
   * Decompresses `data` until it is used up or a block marked as final ends, and hands each block of output to `emit`
   * as soon as it is there: output is bounded by what `emit` lets pass, and what it throws comes out of here.
   *
   * @returns how many bytes of `data` were used: fewer than all only behind a final block
   * @throws when `data` is no DEFLATE stream
   */
  inflate(data: Uint8Array, emit: (block: Uint8Array) => void): number;
  /** Begins a new stream that refers to nothing before. */
  reset(): void;
  close(): void;
}

/** Where deflaters and inflaters come from; `node:zlib` and pako can both be one. */
export interface DeflateEngine {
  /** @param windowBits base-2 logarithm of the window, 8 to 15 (RFC 7692 §7.1.2) */
  deflater(windowBits: number): Deflater;
  inflater(windowBits: number): Inflater;
}

/** What the handshake agreed on (RFC 7692 §7.1). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15 */
  readonly serverMaxWindowBits: number;
  /** 8 to 15 */
  readonly clientMaxWindowBits: number;
}

/** What a {@link DeflatePool} is made with. */
export interface DeflateOptions {
  engine: DeflateEngine;
  /** Messages below this many bytes are sent as they are; default 1024: small ones do not get smaller. */
  threshold?: number;
}

/** What a stored, empty block looks like behind its three bits of head: cut off by the sender (RFC 7692 §7.2.1). */
const TAIL: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** An empty message (RFC 7692 §7.2.3.6). */
const EMPTY: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00);
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

  /** @throws {RangeError} when the threshold is no whole number */
  constructor({ engine, threshold = 1024 }: DeflateOptions) {
    if (!Number.isSafeInteger(threshold) || threshold < 0) {
      throw new RangeError(`threshold must be a whole number, not ${threshold}`);
    }
    this.engine = engine;
    this.threshold = threshold;
  }

  takeDeflater(windowBits: number): Deflater {
    return this.#deflaters.get(windowBits)?.pop() ?? this.engine.deflater(windowBits);
  }

  giveDeflater(windowBits: number, deflater: Deflater): void {
    give(this.#deflaters, windowBits, deflater);
  }

  takeInflater(windowBits: number): Inflater {
    return this.#inflaters.get(windowBits)?.pop() ?? this.engine.inflater(windowBits);
  }

  giveInflater(windowBits: number, inflater: Inflater): void {
    give(this.#inflaters, windowBits, inflater);
  }

  /** Releases the engines that wait for a message. Those that connections hold are released when these end. */
  close(): void {
    for (const stock of [this.#deflaters, this.#inflaters]) {
      for (const engines of stock.values()) for (const engine of engines) engine.close();
      stock.clear();
    }
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

function give<Engine extends Deflater | Inflater>(
  stock: Map<number, Engine[]>,
  windowBits: number,
  engine: Engine,
): void {
  const kept = stock.get(windowBits) ?? [];
  stock.set(windowBits, kept);
  if (kept.length === KEPT) {
    engine.close();
    return;
  }
  engine.reset();
  kept.push(engine);
}

/** §7.2.1: the 00 00 FF FF that a flush leaves at the end is not sent. */
function withoutTail(deflated: Uint8Array): Uint8Array {
  return deflated.length > TAIL.length ? deflated.subarray(0, deflated.length - TAIL.length) : EMPTY;
}

/** Limits are thrown by `emit`, through the engine; anything else that the engine throws means bad data. */
function inflateOrThrow(inflater: Inflater, data: Uint8Array, emit: (bytes: Uint8Array) => void): number {
  let thrown: { error: unknown } | undefined;
  try {
    return inflater.inflate(data, (block) => {
      try {
        emit(block);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    });
  } catch {
    throw thrown === undefined ? new ProtocolError('extension-data-invalid') : thrown.error;
  }
}

/** One direction: whose engine is kept from message to message, or held for one message only. */
interface Direction {
  readonly windowBits: number;
  readonly takeover: boolean;
}

/**
 * permessage-deflate at work on one connection (RFC 7692 §7.2): RSV1 on the first frame of a message says that the
 * message is compressed.
 */
export class PermessageDeflate implements Extension {
  readonly name: string = 'permessage-deflate';
  readonly claims: RsvClaims = { first: RSV.rsv1, continuation: 0 };
  readonly decodes = 'marked' as const;
  readonly #pool: DeflatePool;
  readonly #out: Direction;
  readonly #in: Direction;
  #deflater: Deflater | undefined;
  #inflater: Inflater | undefined;
  /** whether the message that is being sent in parts is compressed */
  #compressing = false;

  constructor(role: Role, parameters: DeflateParameters, pool: DeflatePool) {
    const server = {
      windowBits: parameters.serverMaxWindowBits,
      takeover: !parameters.serverNoContextTakeover,
    };
    const client = {
      windowBits: parameters.clientMaxWindowBits,
      takeover: !parameters.clientNoContextTakeover,
    };
    this.#pool = pool;
    this.#out = role === 'server' ? server : client;
    this.#in = role === 'server' ? client : server;
  }

  /** What this side sends depends on its window alone. */
  get variant(): string {
    return `permessage-deflate;${this.#out.windowBits}`;
  }

  decode(payload: Uint8Array, { lastOfMessage }: DataPart, emit: (bytes: Uint8Array) => void): void {
    this.#inflater ??= this.#pool.takeInflater(this.#in.windowBits);
    this.#inflate(this.#inflater, payload, emit);
    if (!lastOfMessage) return;
    // §7.2.2: what the sender cut off is put back.
    this.#inflate(this.#inflater, TAIL, emit);
    if (!this.#in.takeover) this.#giveInflater();
  }

  #inflate(inflater: Inflater, data: Uint8Array, emit: (bytes: Uint8Array) => void): void {
    let fresh = false;
    for (let rest = data; rest.length > 0; ) {
      const used = inflateOrThrow(inflater, rest, emit);
      if (used < rest.length) {
        // §7.2.3.4: a block may be marked as final; what follows is a new stream.
        if (fresh && used === 0) throw new ProtocolError('extension-data-invalid');
        inflater.reset();
        fresh = true;
        // Looser than §7.2.3.4: behind a final block a sender may have left out the byte that begins the tail.
        if (data === TAIL) return;
      }
      rest = rest.subarray(used);
    }
  }

  encode(payload: Uint8Array, part: DataPart, compress: boolean): Uint8Array {
    if (part.firstOfMessage) {
      // Parts of a message of unknown length are compressed whatever their size.
      this.#compressing = compress && (!part.lastOfMessage || payload.length >= this.#pool.threshold);
      if (this.#compressing) part.rsv |= RSV.rsv1;
    }
    if (!this.#compressing) return payload;
    this.#deflater ??= this.#pool.takeDeflater(this.#out.windowBits);
    const deflated = this.#deflater.deflate(payload);
    if (!part.lastOfMessage) return deflated;
    this.#compressing = false;
    if (!this.#out.takeover) this.#giveDeflater();
    return withoutTail(deflated);
  }

  encodeAlone(payload: Uint8Array, part: DataPart): Uint8Array {
    if (payload.length < this.#pool.threshold) return payload;
    part.rsv |= RSV.rsv1;
    return this.#pool.compress(payload, this.#out.windowBits);
  }

  bypassed(): void {
    // The peer's window moved by a message that this side's does not know.
    this.#deflater?.reset();
  }

  close(): void {
    this.#deflater?.close();
    this.#inflater?.close();
    this.#deflater = undefined;
    this.#inflater = undefined;
  }

  #giveDeflater(): void {
    if (this.#deflater === undefined) return;
    this.#pool.giveDeflater(this.#out.windowBits, this.#deflater);
    this.#deflater = undefined;
  }

  #giveInflater(): void {
    if (this.#inflater === undefined) return;
    this.#pool.giveInflater(this.#in.windowBits, this.#inflater);
    this.#inflater = undefined;
  }
}
