import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Heard, Role } from './case.js';
import { type Agreement, TesterDeflate } from './deflate.js';
import { type Found, FrameReader } from './frame-reader.js';

/** How long something that must come may take: much longer than it does, for machines that are busy. */
export const PATIENCE_MS = 10_000;
/** Bytes of each direction that are kept for the report. */
const KEPT = 1024;

/** What went one way, as far as it is kept. */
export interface Flow {
  readonly bytes: Uint8Array;
  /** where one write or read ended and the next began */
  readonly cuts: readonly number[];
  readonly total: number;
}

class FlowLog {
  readonly #parts: Uint8Array[] = [];
  readonly #cuts: number[] = [];
  #total = 0;

  add(bytes: Uint8Array): void {
    if (this.#total > 0 && this.#total < KEPT) this.#cuts.push(this.#total);
    if (this.#total < KEPT) this.#parts.push(new Uint8Array(bytes.subarray(0, KEPT - this.#total)));
    this.#total += bytes.length;
  }

  get flow(): Flow {
    return { bytes: Buffer.concat(this.#parts), cuts: this.#cuts, total: this.#total };
  }
}

/** A connection behind its opening handshake, as the tester holds it. */
export class Wire {
  readonly #socket: Socket;
  readonly #patienceMs: number;
  readonly #reader: FrameReader;
  readonly #deflate: TesterDeflate | undefined;
  readonly #sent = new FlowLog();
  readonly #received = new FlowLog();
  readonly #found: Found[] = [];
  #ended = false;
  #wake: () => void = () => {};

  /**
   * @param role of the tested side
   * @param rest bytes that came behind the handshake
   * @param patienceMs how long something that must come may take
   */
  constructor(
    socket: Socket,
    role: Role,
    rest: Uint8Array,
    agreed: Agreement | undefined,
    patienceMs: number,
  ) {
    this.#socket = socket;
    this.#patienceMs = patienceMs;
    this.#reader = new FrameReader(role === 'client', agreed !== undefined);
    this.#deflate = agreed === undefined ? undefined : new TesterDeflate(agreed, role);
    socket.setNoDelay();
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('error', () => this.#end());
    if (rest.length > 0) this.#read(rest);
    socket.resume();
  }

  get sent(): Flow {
    return this.#sent.flow;
  }

  get received(): Flow {
    return this.#received.flow;
  }

  get isCompressed(): boolean {
    return this.#deflate !== undefined;
  }

  /** Writes bytes as they are; in pieces, each has a turn of the event loop to arrive by itself. */
  async write(bytes: Uint8Array, pieces: number = bytes.length): Promise<void> {
    for (let from = 0; from < bytes.length; from += pieces) {
      if (from > 0) await turn();
      const piece = bytes.subarray(from, from + pieces);
      this.#sent.add(piece);
      if (!this.#socket.writable) return;
      if (!this.#socket.write(piece)) await this.#drain();
    }
  }

  compress(payload: Uint8Array): Promise<Uint8Array> {
    return this.#deflate?.compress(payload) ?? Promise.resolve(payload);
  }

  /** What comes next, the end included; `undefined` when nothing came in time. */
  async next(): Promise<Heard | undefined> {
    const deadline = Date.now() + this.#patienceMs;
    while (this.#found.length === 0 && !this.#ended) {
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const found = this.#found.shift();
    if (found !== undefined) return this.#hear(found);
    return this.#reader.unfinished > 0
      ? { kind: 'broken', rule: 'a frame comes to its end before the connection does' }
      : { kind: 'end' };
  }

  /** Ends the tester's half of the connection. */
  end(): void {
    this.#socket.end();
  }

  /** Lets go of everything. */
  destroy(): void {
    this.#socket.destroy();
    this.#deflate?.close();
  }

  async #hear(found: Found): Promise<Heard> {
    if (found.kind !== 'text' && found.kind !== 'binary') return found;
    const { kind, payload, compressed } = found;
    if (!compressed || this.#deflate === undefined) return { kind, payload };
    try {
      return { kind, payload: await this.#deflate.decompress(payload) };
    } catch (error) {
      return { kind: 'broken', rule: `messages are compressed as was agreed on (RFC 7692 §7.2): ${error}` };
    }
  }

  #read(chunk: Uint8Array): void {
    this.#received.add(chunk);
    this.#found.push(...this.#reader.push(chunk));
    this.#wake();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#socket.off('drain', settle).off('close', settle);
        resolve();
      };
      this.#socket.on('drain', settle).on('close', settle);
    });
  }
}
