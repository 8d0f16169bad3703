/* First in the chain of classes that `connection.ts` draws: Sender and FrameDecoder extend this one. */

import type { Endpoint } from '../endpoint/endpoint.js';
import type { Kernel } from '../kernel/kernel.js';
import { errorOf } from '../kernel/kernel-error.js';
import {
  CONFIG,
  CONSUMED,
  INBOX,
  INBOX_LENGTH,
  MAX_FRAGMENTS,
  MAX_FRAME_LENGTH,
  MAX_MESSAGE_LENGTH,
  RECORD_LENGTH,
  RECORDS,
  RECORDS_END,
  VIOLATION,
} from '../kernel/memory-map.js';
import type { Memory } from '../memory/borrowed.js';
import { POISON } from '../memory/byte-pool.js';
import type { MemoryBudget } from '../memory/memory-budget.js';
import { LimitError, type ProtocolError } from '../rules/violation.js';
import { isBytes } from '../runtime/bytes.js';
import type { GrowingBytes } from './growing-bytes.js';
import { Parked } from './parked.js';
import { FINISHED, isFinished, NO_CARRY, Unfinished } from './unfinished.js';

const FIRST_RECORD = RECORDS / 4;
const WORDS_PER_RECORD = RECORD_LENGTH / 4;
const MAX_RECORDS = (RECORDS_END - RECORDS) / RECORD_LENGTH;
/** What is wanted next: more records, none until it is resumed, or until it proceeds, or none ever. */
export const FLOW = { go: 0, pause: 1, yield: 2, discard: 4 } as const;

/** What is left of a record that was taken. */
export const TAKEN = -1;

/** One of {@link FLOW}, or the sum of `pause` and `yield`. */
export type Flow = number;

/** What is wanted now: it changes while a record is handed out, unseen by the compiler. */
function flowOf(scanner: Scanner): Flow {
  return scanner.flow;
}

/** Whether what is not wanted now is kept for later. */
function waits(scanner: Scanner): boolean {
  const flow = flowOf(scanner);
  return flow !== FLOW.go && flow !== FLOW.discard;
}

/**
 * Where the records begin that were not taken, when those before word `at` were handed out: the last of these is cut to
 * what was left of it.
 */
function firstLeft(left: number, records: Int32Array, at: number): number {
  if (left === TAKEN) return at;
  const last = at - WORDS_PER_RECORD;
  records[last + 1] = (records[last + 1] ?? 0) + (records[last + 2] ?? 0) - left;
  records[last + 2] = left;
  return last;
}

/**
 * The incoming half of a connection: its decoder state is loaded into the registers of a kernel for each read, and the
 * records of the kernel are handed to {@link record}. What is not wanted yet is kept.
 *
 * It is extended instead of held because an idle connection is mostly what its parts cost as objects.
 */
export abstract class Scanner {
  readonly endpoint: Endpoint;
  /** @internal whether more records are wanted, looked at after each */
  flow: Flow = FLOW.go;
  readonly #config: number;
  #unfinished: Unfinished = FINISHED;
  #parked: Parked | undefined;
  /** Bytes received before the inbox that is scanned now. */
  #position = 0;
  #busy = false;

  constructor(endpoint: Endpoint, config: number) {
    this.endpoint = endpoint;
    this.#config = config;
  }

  /**
   * @internal Takes one record: part of a frame, or all of it.
   *
   * @param memory where the payload lies, unmasked and checked; borrowed until this returns
   * @param head the first byte of the frame and the `RECORD_…` bits
   * @param start where the payload begins in `memory`
   * @param length bytes of payload in this record
   */
  abstract record(memory: Memory, head: number, start: number, length: number): void;

  /** @internal The peer broke a rule; nothing more follows. */
  abstract violation(error: ProtocolError): void;

  /**
   * @internal {@link TAKEN}, or, only where `flow` says to wait, how many bytes at the end of the last record were not
   * taken: these are handed out again, even if there are none
   */
  abstract readonly left: number;

  /** @internal Bytes of payload that the frame of the last record still lacks, when that record is not the last of its frame. */
  protected get remaining(): number {
    return this.#unfinished.remaining;
  }

  /** @internal Bytes of payload that the frames of the unfinished message announced so far. */
  protected get messageLength(): number {
    return this.#unfinished.messageLength;
  }

  /** @internal Whether something waits for {@link scanParked}. */
  protected get isParked(): boolean {
    return this.#parked?.isLeft ?? false;
  }

  /** @internal Whether a handler is being called. */
  protected get isBusy(): boolean {
    return this.#busy;
  }

  /** @internal Bytes of memory held for what is not wanted yet. */
  protected get parkedLength(): number {
    return this.#parked?.capacity ?? 0;
  }

  /**
   * @internal Decodes `chunk`, which is copied once and not changed. What a handler throws comes out of here; what it had not
   * seen by then is kept for the next call, or for {@link scanParked}.
   *
   * @throws {TypeError} when called for a connection from inside its own handler
   */
  protected scan(chunk: Uint8Array): void {
    if (!isBytes(chunk)) throw new TypeError('chunk must be a Uint8Array');
    this.checkIdle();
    if (this.#parked !== undefined) {
      this.keep(chunk);
      this.scanParked();
      return;
    }
    if (this.yieldsKernel()) {
      // What waits for others is no fault of anybody: it is kept whatever the limit.
      const parked = this.parkNothing(new Int32Array(0), undefined);
      if (!parked.behind.append(chunk, 0, chunk.length)) this.refuse(parked, this.endpoint.exhausted());
      return;
    }
    const kernel = this.enter();
    let at = 0;
    try {
      while (at < chunk.length && flowOf(this) === FLOW.go) {
        const length = Math.min(INBOX_LENGTH, chunk.length - at);
        kernel.bytes.set(length === chunk.length ? chunk : chunk.subarray(at, at + length), INBOX);
        at += length;
        this.decode(kernel, length);
      }
    } finally {
      this.leave();
      if (at < chunk.length && flowOf(this) !== FLOW.discard) this.keep(chunk.subarray(at));
    }
  }

  /** @internal Decodes the first `length` bytes of the codec's inbox, in place; otherwise as {@link scan}. */
  protected scanInbox(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > INBOX_LENGTH) {
      throw new RangeError(`length must be a whole number from 0 to ${INBOX_LENGTH}, not ${length}`);
    }
    this.checkIdle();
    if (this.endpoint.codec.isReceiving)
      throw new TypeError('the inbox is in use: a handler must call receive');
    if (this.#parked !== undefined || flowOf(this) !== FLOW.go) {
      this.scan(this.endpoint.codec.inbox.subarray(0, length));
      return;
    }
    const kernel = this.enter();
    try {
      this.decode(kernel, length);
    } finally {
      this.leave();
    }
  }

  /** @internal Goes on with what was not wanted, for as long as it is. Inside a handler it does nothing. */
  protected scanParked(): void {
    const parked = this.#parked;
    if (parked === undefined || this.#busy || waits(this) || this.yieldsKernel()) return;
    const { payloads, records, error, behind } = parked;
    let thrown = true;
    this.#busy = true;
    try {
      while (parked.next < records.length && flowOf(this) === FLOW.go) {
        const at = parked.next;
        parked.next += WORDS_PER_RECORD;
        this.deliver(payloads.memory, records, at);
      }
      thrown = false;
    } finally {
      this.#busy = false;
      parked.next = firstLeft(this.left, records, parked.next);
      // The handler that threw has ended the connection before.
      if (thrown && this.#parked !== parked) parked.release();
    }
    if (waits(this)) return;
    this.#parked = undefined;
    try {
      if (flowOf(this) === FLOW.go) {
        if (error !== undefined) this.violation(error);
        else this.scanBehind(behind);
      }
    } finally {
      payloads.release();
      if (!this.keeps(behind)) behind.release();
    }
  }

  private keeps(behind: GrowingBytes): boolean {
    return this.#parked?.behind === behind;
  }

  /** Scans what came behind; from where no more is wanted it stays where it is. */
  private scanBehind(behind: GrowingBytes): void {
    const kernel = this.enter();
    try {
      while (behind.length > 0 && this.#parked === undefined && flowOf(this) === FLOW.go) {
        const length = Math.min(INBOX_LENGTH, behind.length);
        kernel.bytes.set(behind.view.subarray(0, length), INBOX);
        behind.drop(length);
        this.decode(kernel, length);
      }
    } finally {
      this.leave();
      const parked = this.#parked;
      if (parked !== undefined) {
        // What was parked behind the records is the end of what was dropped last.
        behind.drop(-parked.behind.length);
        parked.behind.release();
        parked.behind = behind;
      }
    }
  }

  /** @internal Forgets everything that is kept. */
  protected forget(): void {
    // Inside a handler its payload is still lent: then `scanParked`, which called it, gives the memory back.
    if (!this.#busy) this.#parked?.release();
    this.#parked = undefined;
    this.dropCarry();
  }

  /** Asks for a turn behind others, where there is somebody to give it. */
  giveTurn(): void {
    // Who decodes frames alone gives no turns.
  }

  /** Whether connections are fed one inside the other so deep that this one waits for a turn of its own. */
  private yieldsKernel(): boolean {
    if (!this.endpoint.codec.isFull) return false;
    this.giveTurn();
    return waits(this);
  }

  private checkIdle(): void {
    if (this.#busy) throw new TypeError('a connection must not be fed from inside its own handler');
  }

  private enter(): Kernel {
    const kernel = this.endpoint.codec.enter();
    this.#busy = true;
    return kernel;
  }

  private leave(): void {
    this.#busy = false;
    this.endpoint.codec.leave();
  }

  /** Decodes `length` bytes in the inbox of `kernel`. */
  private decode(kernel: Kernel, length: number): void {
    const { bytes, words } = kernel;
    const end = INBOX + length;
    const { carry } = this.#unfinished;
    let start = INBOX - carry.length;
    if (start !== INBOX) bytes.set(carry, start);
    this.load(kernel);
    let full = true;
    let error: ProtocolError | undefined;
    while (full && error === undefined && flowOf(this) === FLOW.go) {
      const count = kernel.scan(start, end);
      start = words[CONSUMED] ?? end;
      full = count === MAX_RECORDS;
      if (words[VIOLATION] !== 0) error = errorOf(kernel, this.#position, this.endpoint.limits);
      this.save(kernel, full || start === end ? NO_CARRY : bytes.slice(start, end));
      let at = FIRST_RECORD;
      const endRecord = FIRST_RECORD + count * WORDS_PER_RECORD;
      let thrown = true;
      try {
        while (at < endRecord && flowOf(this) === FLOW.go) {
          at += WORDS_PER_RECORD;
          this.deliver(kernel, words, at - WORDS_PER_RECORD);
        }
        thrown = false;
      } finally {
        // No more is wanted, or a handler threw: what it has not seen is kept.
        if (waits(this) || (thrown && flowOf(this) === FLOW.go)) {
          this.#position += length;
          this.park(bytes, words.slice(firstLeft(this.left, words, at), endRecord), error, start, end);
        }
      }
    }
    if (this.#parked !== undefined) return;
    this.#position += length;
    if (error !== undefined && flowOf(this) === FLOW.go) this.violation(error);
  }

  private deliver(memory: Memory, records: Int32Array, at: number): void {
    const start = records[at + 1] ?? 0;
    const length = records[at + 2] ?? 0;
    this.record(memory, records[at] ?? 0, start, length);
    const { codec } = this.endpoint;
    // Not where the handler made the memory its own.
    if (codec.poison && (codec.isKernelMemory(memory.bytes) || codec.pool.isLent(memory.bytes))) {
      memory.bytes.fill(POISON, start, start + length - Math.max(this.left, 0));
    }
  }

  /** Keeps `records`, whose payloads lie in `bytes`, and what was not scanned, from `start` to `end`. */
  private park(
    bytes: Uint8Array<ArrayBuffer>,
    records: Int32Array,
    error: ProtocolError | undefined,
    start: number,
    end: number,
  ): void {
    const from = records[1] ?? start;
    for (let at = 1; at < records.length; at += WORDS_PER_RECORD) records[at] = (records[at] ?? 0) - from;
    const parked = this.parkNothing(records, error);
    const hasRoom = parked.payloads.append(bytes, from, start - from, start - from);
    this.dropCarry();
    // What lies behind is counted when it is scanned.
    this.#position -= end - start;
    const rest = error === undefined ? bytes.subarray(start, end) : NO_CARRY;
    // What waits for others is no fault of anybody: the rest of an inbox is kept whatever the limit.
    if (hasRoom && flowOf(this) !== FLOW.yield) this.keep(rest);
    else if (!hasRoom || !parked.behind.append(rest, 0, rest.length))
      this.refuse(parked, this.endpoint.exhausted());
  }

  private parkNothing(records: Int32Array, error: ProtocolError | undefined): Parked {
    this.#parked = new Parked(this.endpoint.codec.pool, this.memory, records, error);
    return this.#parked;
  }

  /** @internal what the memory of all that is kept is taken from */
  protected get memory(): MemoryBudget | undefined {
    return this.endpoint.memory;
  }

  /** Fails because there is no room for what is to be kept; of that nothing is lent. */
  private refuse(parked: Parked, error: LimitError): void {
    parked.release();
    this.forget();
    this.violation(error);
  }

  /** Keeps bytes that cannot be scanned before what is parked was taken. */
  private keep(chunk: Uint8Array): void {
    const parked = this.#parked ?? this.parkNothing(new Int32Array(0), undefined);
    const { payloads, behind } = parked;
    const { maxRetainedLength } = this.endpoint.limits;
    const allowed = maxRetainedLength - payloads.capacity;
    if (behind.length + chunk.length > allowed)
      this.refuse(parked, new LimitError('retained-too-much', maxRetainedLength));
    else if (!behind.append(chunk, 0, chunk.length, allowed)) this.refuse(parked, this.endpoint.exhausted());
  }

  private load(kernel: Kernel): void {
    const { words, lengths } = kernel;
    const { limits } = this.endpoint;
    words[CONFIG] = this.#config;
    words[MAX_FRAGMENTS] = limits.maxFragments;
    lengths[MAX_FRAME_LENGTH] = limits.maxFrameLength;
    lengths[MAX_MESSAGE_LENGTH] = limits.maxMessageLength;
    this.#unfinished.load(kernel);
  }

  private save(kernel: Kernel, carry: Uint8Array<ArrayBuffer>): void {
    if (carry.length === 0 && isFinished(kernel)) {
      this.#unfinished = FINISHED;
    } else {
      if (this.#unfinished === FINISHED) this.#unfinished = new Unfinished();
      this.#unfinished.save(kernel, carry);
    }
  }

  private dropCarry(): void {
    if (this.#unfinished !== FINISHED) this.#unfinished.carry = NO_CARRY;
  }
}
