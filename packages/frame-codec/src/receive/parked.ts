import type { BytePool } from '../memory/byte-pool.js';
import type { MemoryBudget } from '../memory/memory-budget.js';
import type { ProtocolError } from '../rules/violation.js';
import { GrowingBytes } from './growing-bytes.js';

/** What was decoded but is not wanted yet, with what came behind it. */
export class Parked {
  readonly payloads: GrowingBytes;
  /** three words a record: head, start in `payloads`, length */
  readonly records: Int32Array;
  /** index of the next word of `records` */
  next = 0;
  /** what is wrong behind the records */
  readonly error: ProtocolError | undefined;
  /** bytes that came behind, not scanned yet */
  behind: GrowingBytes;

  constructor(
    pool: BytePool,
    budget: MemoryBudget | undefined,
    records: Int32Array,
    error: ProtocolError | undefined,
  ) {
    this.payloads = new GrowingBytes(pool, budget);
    this.records = records;
    this.error = error;
    this.behind = new GrowingBytes(pool, budget);
  }

  /** Whether there is anything in it. */
  get isLeft(): boolean {
    return this.next < this.records.length || this.error !== undefined || this.behind.length > 0;
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.payloads.capacity + this.behind.capacity;
  }

  release(): void {
    this.payloads.release();
    this.behind.release();
  }
}
