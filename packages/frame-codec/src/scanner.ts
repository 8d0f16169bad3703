import type { Memory } from './borrowed.js';
import { POISON } from './byte-pool.js';
import type { Endpoint } from './endpoint.js';
import { GrowingBytes } from './growing-bytes.js';
import type { Kernel } from './kernel.js';
import {
  CONFIG,
  CONSUMED,
  FRAGMENTS,
  FRAME,
  INBOX,
  INBOX_LENGTH,
  MASKING_KEY,
  MAX_FRAGMENTS,
  MAX_FRAME_LENGTH,
  MAX_MESSAGE_LENGTH,
  MESSAGE,
  MESSAGE_LENGTH,
  RECORD_LENGTH,
  RECORDS,
  RECORDS_END,
  REMAINING,
  UTF8,
  VIOLATION,
  VIOLATION_AT,
} from './memory-map.js';
import { LimitError, ProtocolError, VIOLATION_NAMES } from './violation.js';

const FIRST_RECORD = RECORDS / 4;
const WORDS_PER_RECORD = RECORD_LENGTH / 4;
const MAX_RECORDS = (RECORDS_END - RECORDS) / RECORD_LENGTH;
/** The carry of a connection that has none. */
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** What a sink wants next: more records, none until it is resumed, or until it proceeds, or none ever. */
export const FLOW = { go: 0, pause: 1, yield: 2, discard: 4 } as const;

/** One of {@link FLOW}, or the sum of `pause` and `yield`. */
export type Flow = number;

/** Who takes the records of a {@link Scanner}. */
export interface RecordSink {
  /** looked at after each record */
  flow: Flow;
  /** bytes at the end of the last record that were not taken: some only where `flow` says to wait */
  readonly left: number;
  /**
   * Takes one record: part of a frame, or all of it.
   *
   * @param memory where the payload lies, unmasked and checked; borrowed until this returns
   * @param head the first byte of the frame and the `RECORD_…` bits
   * @param start where the payload begins in `memory`
   * @param length bytes of payload in this record
   */
  record(memory: Memory, head: number, start: number, length: number): void;
  /** The peer broke a rule; nothing more follows. */
  violation(error: ProtocolError): void;
}

/** What the sink wants now: it changes while a record is handed out, unseen by the compiler. */
function flowOf(sink: RecordSink): Flow {
  return sink.flow;
}

/** Whether what the sink does not take now is kept for it. */
function waits(sink: RecordSink): boolean {
  const flow = flowOf(sink);
  return flow !== FLOW.go && flow !== FLOW.discard;
}

/**
 * Where the records begin that a sink has not taken, when those before word `at` were handed out: the last of these is
 * cut to what the sink left of it.
 */
function firstLeft({ left }: RecordSink, records: Int32Array, at: number): number {
  if (left === 0) return at;
  const last = at - WORDS_PER_RECORD;
  records[last + 1] = (records[last + 1] ?? 0) + (records[last + 2] ?? 0) - left;
  records[last + 2] = left;
  return last;
}

/** What a sink could not take, with the bytes that it speaks of. */
interface Parked {
  readonly payloads: GrowingBytes;
  /** three words a record: head, start in `payloads`, length */
  readonly records: Int32Array;
  /** index of the next word of `records` */
  next: number;
  readonly error: ProtocolError | undefined;
  /** bytes that came behind, not scanned yet */
  behind: GrowingBytes;
}

/**
 * The decoder state of one connection: a few numbers, loaded into the registers of a kernel for each read. Hands the
 * records of the kernel to a sink and keeps what the sink does not take yet.
 */
export class Scanner {
  readonly #endpoint: Endpoint;
  readonly #config: number;
  #message = 0;
  #fragments = 0;
  #utf8 = 0;
  #frame = 0;
  #maskingKey = 0;
  #remaining = 0;
  #messageLength = 0;
  /** The unfinished head of a frame, or an unfinished control frame: at most 130 bytes, still masked. */
  #carry: Uint8Array<ArrayBuffer> = NOTHING;
  #parked: Parked | undefined;
  /** Bytes received before the inbox that is scanned now. */
  #position = 0;
  #busy = false;

  constructor(endpoint: Endpoint, config: number) {
    this.#endpoint = endpoint;
    this.#config = config;
  }

  /** Bytes of payload that the frame of the last record still lacks, when that record is not the last of its frame. */
  get remaining(): number {
    return this.#remaining;
  }

  /** Bytes of payload that the frames of the unfinished message announced so far. */
  get messageLength(): number {
    return this.#messageLength;
  }

  /** Whether something waits for {@link resume}. */
  get isParked(): boolean {
    if (this.#parked === undefined) return false;
    const { next, records, error, behind } = this.#parked;
    return next < records.length || error !== undefined || behind.length > 0;
  }

  /** Whether a handler is being called. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Bytes of memory held for a sink that paused. */
  get parkedLength(): number {
    return this.#parked === undefined ? 0 : this.#parked.payloads.capacity + this.#parked.behind.capacity;
  }

  /**
   * Decodes `chunk`, which is copied once and not changed. What a handler throws comes out of here; what it had not
   * seen by then is kept for the next call, or for {@link resume}.
   *
   * @throws {Error} when called for a connection from inside its own handler
   */
  receive(chunk: Uint8Array, sink: RecordSink): void {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('chunk must be a Uint8Array');
    this.#checkIdle();
    if (this.#parked !== undefined) {
      this.#keep(chunk, sink);
      this.resume(sink);
      return;
    }
    const kernel = this.#enter();
    let at = 0;
    try {
      while (at < chunk.length && flowOf(sink) === FLOW.go) {
        const length = Math.min(INBOX_LENGTH, chunk.length - at);
        kernel.bytes.set(length === chunk.length ? chunk : chunk.subarray(at, at + length), INBOX);
        at += length;
        this.#decode(kernel, length, sink);
      }
    } finally {
      this.#leave();
      if (at < chunk.length && flowOf(sink) !== FLOW.discard) this.#keep(chunk.subarray(at), sink);
    }
  }

  /** Decodes the first `length` bytes of the codec's inbox, in place; otherwise as {@link receive}. */
  receiveInbox(length: number, sink: RecordSink): void {
    if (!Number.isInteger(length) || length < 0 || length > INBOX_LENGTH) {
      throw new RangeError(`length must be a whole number from 0 to ${INBOX_LENGTH}, not ${length}`);
    }
    this.#checkIdle();
    if (this.#endpoint.codec.isReceiving)
      throw new TypeError('the inbox is in use: a handler must call receive');
    if (this.#parked !== undefined || flowOf(sink) !== FLOW.go) {
      this.receive(this.#endpoint.codec.inbox.subarray(0, length), sink);
      return;
    }
    const kernel = this.#enter();
    try {
      this.#decode(kernel, length, sink);
    } finally {
      this.#leave();
    }
  }

  /** Goes on with what the sink did not take, for as long as it takes it. Inside a handler it does nothing. */
  resume(sink: RecordSink): void {
    const parked = this.#parked;
    if (parked === undefined || this.#busy || waits(sink)) return;
    const { payloads, records, error, behind } = parked;
    this.#busy = true;
    try {
      while (parked.next < records.length && flowOf(sink) === FLOW.go) {
        const at = parked.next;
        parked.next += WORDS_PER_RECORD;
        this.#deliver(sink, payloads.memory, records, at);
      }
    } finally {
      this.#busy = false;
      parked.next = firstLeft(sink, records, parked.next);
    }
    if (waits(sink)) return;
    this.#parked = undefined;
    try {
      if (flowOf(sink) === FLOW.go) {
        if (error !== undefined) sink.violation(error);
        else this.#scanBehind(behind, sink);
      }
    } finally {
      payloads.release();
      if (!this.#keeps(behind)) behind.release();
    }
  }

  #keeps(behind: GrowingBytes): boolean {
    return this.#parked?.behind === behind;
  }

  /** Scans what came behind; from where the sink pauses on it stays where it is. */
  #scanBehind(behind: GrowingBytes, sink: RecordSink): void {
    const kernel = this.#enter();
    try {
      while (behind.length > 0 && this.#parked === undefined && flowOf(sink) === FLOW.go) {
        const length = Math.min(INBOX_LENGTH, behind.length);
        kernel.bytes.set(behind.view.subarray(0, length), INBOX);
        behind.drop(length);
        this.#decode(kernel, length, sink);
      }
    } finally {
      this.#leave();
      const parked = this.#parked;
      if (parked !== undefined) {
        // What was parked behind the records is the end of what was dropped last.
        behind.drop(-parked.behind.length);
        parked.behind.release();
        parked.behind = behind;
      }
    }
  }

  /** Forgets everything that is kept. */
  clear(): void {
    // Inside a handler its payload is still lent: then `resume`, which called it, gives the memory back.
    if (!this.#busy) {
      this.#parked?.payloads.release();
      this.#parked?.behind.release();
    }
    this.#parked = undefined;
    this.#carry = NOTHING;
  }

  #checkIdle(): void {
    if (this.#busy) throw new TypeError('a connection must not be fed from inside its own handler');
  }

  #enter(): Kernel {
    const kernel = this.#endpoint.codec.enter();
    this.#busy = true;
    return kernel;
  }

  #leave(): void {
    this.#busy = false;
    this.#endpoint.codec.leave();
  }

  /** Decodes `length` bytes in the inbox of `kernel`. */
  #decode(kernel: Kernel, length: number, sink: RecordSink): void {
    const { bytes, words } = kernel;
    const end = INBOX + length;
    let start = INBOX - this.#carry.length;
    if (start !== INBOX) bytes.set(this.#carry, start);
    this.#load(kernel);
    let full = true;
    let error: ProtocolError | undefined;
    while (full && error === undefined && flowOf(sink) === FLOW.go) {
      const count = kernel.scan(start, end);
      start = words[CONSUMED] ?? end;
      full = count === MAX_RECORDS;
      if (words[VIOLATION] !== 0) error = this.#error(kernel);
      this.#save(kernel);
      this.#carry = full || start === end ? NOTHING : bytes.slice(start, end);
      let at = FIRST_RECORD;
      const endRecord = FIRST_RECORD + count * WORDS_PER_RECORD;
      let thrown = true;
      try {
        while (at < endRecord && flowOf(sink) === FLOW.go) {
          at += WORDS_PER_RECORD;
          this.#deliver(sink, kernel, words, at - WORDS_PER_RECORD);
        }
        thrown = false;
      } finally {
        // The sink paused, or a handler threw: what it has not seen is kept.
        if (waits(sink) || (thrown && flowOf(sink) === FLOW.go)) {
          this.#position += length;
          this.#park(bytes, words.slice(firstLeft(sink, words, at), endRecord), error, start, end, sink);
        }
      }
    }
    if (this.#parked !== undefined) return;
    this.#position += length;
    if (error !== undefined && flowOf(sink) === FLOW.go) sink.violation(error);
  }

  #deliver(sink: RecordSink, memory: Memory, records: Int32Array, at: number): void {
    const start = records[at + 1] ?? 0;
    const length = records[at + 2] ?? 0;
    sink.record(memory, records[at] ?? 0, start, length);
    const { codec } = this.#endpoint;
    // Not where the handler made the memory its own.
    if (codec.poison && (codec.isKernelMemory(memory.bytes) || codec.pool.isLent(memory.bytes))) {
      memory.bytes.fill(POISON, start, start + length - sink.left);
    }
  }

  /** Keeps `records`, whose payloads lie in `bytes`, and what was not scanned, from `start` to `end`. */
  #park(
    bytes: Uint8Array<ArrayBuffer>,
    records: Int32Array,
    error: ProtocolError | undefined,
    start: number,
    end: number,
    sink: RecordSink,
  ): void {
    const from = records[1] ?? start;
    for (let at = 1; at < records.length; at += WORDS_PER_RECORD) records[at] = (records[at] ?? 0) - from;
    const { payloads, behind } = this.#parkNothing(records, error);
    payloads.append(bytes, from, start - from, start - from);
    this.#carry = NOTHING;
    // What lies behind is counted when it is scanned.
    this.#position -= end - start;
    const rest = error === undefined ? bytes.subarray(start, end) : NOTHING;
    // What waits for others is no fault of anybody: the rest of an inbox is kept whatever the limit.
    if (flowOf(sink) === FLOW.yield) behind.append(rest, 0, rest.length);
    else this.#keep(rest, sink);
  }

  #parkNothing(records: Int32Array, error: ProtocolError | undefined): Parked {
    const { pool } = this.#endpoint.codec;
    const parked: Parked = {
      payloads: new GrowingBytes(pool),
      records,
      next: 0,
      error,
      behind: new GrowingBytes(pool),
    };
    this.#parked = parked;
    return parked;
  }

  /** Keeps bytes that cannot be scanned before what is parked was taken. */
  #keep(chunk: Uint8Array, sink: RecordSink): void {
    const { payloads, behind } = this.#parked ?? this.#parkNothing(new Int32Array(0), undefined);
    const { maxRetainedLength } = this.#endpoint.limits;
    const allowed = maxRetainedLength - payloads.capacity;
    if (behind.length + chunk.length > allowed) {
      this.clear();
      sink.violation(new LimitError('retained-too-much', maxRetainedLength));
      return;
    }
    behind.append(chunk, 0, chunk.length, allowed);
  }

  #load({ words, lengths }: Kernel): void {
    const { limits } = this.#endpoint;
    words[CONFIG] = this.#config;
    words[MESSAGE] = this.#message;
    words[FRAGMENTS] = this.#fragments;
    words[UTF8] = this.#utf8;
    words[FRAME] = this.#frame;
    words[MASKING_KEY] = this.#maskingKey;
    words[MAX_FRAGMENTS] = limits.maxFragments;
    lengths[REMAINING] = this.#remaining;
    lengths[MESSAGE_LENGTH] = this.#messageLength;
    lengths[MAX_FRAME_LENGTH] = limits.maxFrameLength;
    lengths[MAX_MESSAGE_LENGTH] = limits.maxMessageLength;
  }

  #save({ words, lengths }: Kernel): void {
    this.#message = words[MESSAGE] ?? 0;
    this.#fragments = words[FRAGMENTS] ?? 0;
    this.#utf8 = words[UTF8] ?? 0;
    this.#frame = words[FRAME] ?? 0;
    // Between frames it says nothing, and a number of 32 bits would take memory of its own.
    this.#maskingKey = this.#frame === 0 ? 0 : (words[MASKING_KEY] ?? 0);
    this.#remaining = lengths[REMAINING] ?? 0;
    this.#messageLength = lengths[MESSAGE_LENGTH] ?? 0;
  }

  #error({ bytes, words }: Kernel): ProtocolError {
    const name = VIOLATION_NAMES[words[VIOLATION] ?? 0] ?? 'reserved-bit-set';
    const position = this.#position + (words[VIOLATION_AT] ?? INBOX) - INBOX;
    const { maxFragments, maxFrameLength, maxMessageLength } = this.#endpoint.limits;
    switch (name) {
      case 'fragments-too-many':
        return new LimitError(name, maxFragments, position);
      case 'frame-too-long':
        return new LimitError(name, maxFrameLength, position);
      case 'message-too-long':
        return new LimitError(name, maxMessageLength, position);
      default:
        return new ProtocolError(
          name,
          position,
          name === 'text-not-utf8' ? undefined : bytes[words[VIOLATION_AT] ?? INBOX],
        );
    }
  }
}
