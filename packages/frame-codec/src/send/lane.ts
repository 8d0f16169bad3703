import type { MemoryBudget } from '../memory/memory-budget.js';
import type { PreparedMessage } from './prepared-message.js';

/** Told what became of a message: without an error right before its last frame is written, with one where it is lost. */
export type Done = (error?: Error) => void;

/** A message whose caller sends it in parts, and has not ended it (§5.4). */
export interface OpenMessage {
  readonly opcode: number;
  readonly compress: boolean;
  /** its last part that waits, behind which the next goes */
  lastPart: PartEntry | undefined;
  /** whether something of it is on the wire */
  hasBegun: boolean;
  /** whether the connection closes before it has ended: no other message can follow what was sent of it (§5.4) */
  isAbandoned: boolean;
}

interface Waiting {
  done: Done | undefined;
  next: Entry | undefined;
}

/** A whole message; one that is compressed may leave in slices. */
export interface MessageEntry extends Waiting {
  readonly kind: 'message';
  opcode: number;
  /** `undefined` until it is there: see `MessageSlot` */
  payload: Uint8Array | undefined;
  readonly compress: boolean;
  /** bytes of the payload that have left */
  sent: number;
  /** bytes that wait */
  length: number;
}

/** A part of an {@link OpenMessage}. */
export interface PartEntry extends Waiting {
  readonly kind: 'part';
  readonly message: OpenMessage;
  payload: Uint8Array | undefined;
  readonly last: boolean;
  length: number;
}

/** A message that was framed before. */
interface PreparedEntry extends Waiting {
  readonly kind: 'prepared';
  readonly message: PreparedMessage;
  readonly length: number;
}

/** A ping, a pong or the close frame. */
interface ControlEntry extends Waiting {
  readonly kind: 'control';
  readonly opcode: number;
  payload: Uint8Array | undefined;
  length: number;
}

/** Bytes that are frames already. */
interface FramesEntry extends Waiting {
  readonly kind: 'frames';
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** whether the first begins a message */
  readonly isMessage: boolean;
  readonly length: number;
}

/** The end of what is sent, behind the frame that the transport is being given. */
interface EndEntry extends Waiting {
  readonly kind: 'end';
  readonly length: 0;
}

/** What may wait for its bytes to be there. */
export type SlotEntry = MessageEntry | PartEntry | ControlEntry;

/** What waits to be sent, as data. */
export type Entry = MessageEntry | PartEntry | PreparedEntry | ControlEntry | FramesEntry | EndEntry;

/** Whether it must not come amid another message (§5.4). */
export function startsMessage(entry: Entry): boolean {
  return (
    entry.kind === 'message' || entry.kind === 'prepared' || (entry.kind === 'frames' && entry.isMessage)
  );
}

/**
 * What a connection sends, in the order in which it was accepted, as long as something in it is not ready: a message
 * whose bytes must be read first, one that leaves in slices, or one that its caller sends in parts. A connection has none
 * while everything leaves at once, which is nearly always.
 */
export class Lane {
  readonly #budget: MemoryBudget | undefined;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #length = 0;
  /** the message in parts that its caller has not ended: one at a time */
  open: OpenMessage | undefined;
  /** the message in parts that is on the wire: only its own parts, and control frames, may follow (§5.4) */
  current: OpenMessage | undefined;
  /** whether the transport is being given bytes: what is sent meanwhile waits until it has them */
  isWriting = false;
  /** whether entries are being sent */
  isAdvancing = false;
  /** whether others have their turn first */
  isYielding = false;
  /** how often everything was forgotten: what had a place before has none any more */
  clears = 0;

  /** @param budget what counts the bytes that wait */
  constructor(budget?: MemoryBudget) {
    this.#budget = budget;
  }

  /** Bytes of payload that wait. */
  get length(): number {
    return this.#length;
  }

  get first(): Entry | undefined {
    return this.#first;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Whether nothing needs it any more. */
  get isOver(): boolean {
    return (
      this.#first === undefined && this.open === undefined && this.current === undefined && !this.isWriting
    );
  }

  /** Whether control frames may be sent past it: nothing waits but the rest of the message on the wire (§5.4). */
  get letsControlPass(): boolean {
    const first = this.#first;
    if (this.isWriting) return false;
    return first === undefined || (first === this.#last && first.kind === 'message' && first.sent > 0);
  }

  /** Whether what is first can be sent now. */
  get isReady(): boolean {
    const first = this.#first;
    if (first === undefined) return false;
    // Behind a message that never ends it is dropped, at once.
    if (startsMessage(first) && this.current !== undefined) return this.current.isAbandoned;
    if (first.kind === 'part' && this.current !== undefined && this.current !== first.message) return false;
    return !('payload' in first) || first.payload !== undefined;
  }

  push(entry: Entry): void {
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#count(entry.length);
  }

  /** Whether the next part of the message on the wire can be sent now: no control frame waits that came before. */
  get letsPartPass(): boolean {
    const first = this.#first;
    return !this.isWriting && (first === undefined || startsMessage(first));
  }

  /** Puts a part behind those of its message, and behind control frames: before whatever waits for the message to end. */
  pushPart(part: PartEntry): void {
    const { message } = part;
    let before: Entry | undefined = message.lastPart;
    message.lastPart = part;
    if (before === undefined && this.current !== message) {
      this.push(part);
      return;
    }
    this.#count(part.length);
    let behind = before === undefined ? this.#first : before.next;
    while (behind !== undefined && !startsMessage(behind)) {
      before = behind;
      behind = behind.next;
    }
    part.next = behind;
    if (before === undefined) this.#first = part;
    else before.next = part;
    if (behind === undefined) this.#last = part;
  }

  /** The connection closes: the message in parts cannot end any more, and one that has not begun never does. */
  abandon(): void {
    const { open } = this;
    if (open === undefined) return;
    open.isAbandoned = true;
    if (this.current === open && !open.hasBegun && open.lastPart === undefined) this.current = undefined;
  }

  /** Takes what is first. */
  shift(): void {
    const first = this.#first;
    if (first === undefined) return;
    this.#count(-first.length);
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    if (first.kind === 'part' && first.message.lastPart === first) first.message.lastPart = undefined;
  }

  /** Bytes of an entry have left, or are more or fewer than was announced. */
  resize(entry: SlotEntry, length: number): void {
    this.#count(length - entry.length);
    entry.length = length;
  }

  /** Forgets everything, and returns it. */
  clear(): Entry | undefined {
    const first = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    this.#count(-this.#length);
    this.open = undefined;
    this.current = undefined;
    this.isYielding = false;
    this.clears++;
    return first;
  }

  #count(bytes: number): void {
    this.#length += bytes;
    this.#budget?.charge(bytes);
  }
}

/** Stands where a connection has no lane while its transport is given bytes, so that what is sent meanwhile makes one. */
export const WRITING: Lane = new Lane();
WRITING.isWriting = true;
Object.freeze(WRITING);
