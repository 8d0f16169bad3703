import { Utf8Model } from './utf8.js';

/*
 * RFC 6455 §5, a byte at a time and with no thought of speed. It shares no line with the codec, and not its tables
 * either: a wrong number there must not be wrong here too.
 */

/** What the receiving side demands. */
export interface FrameRules {
  /** §5.1: frames of a client are masked, those of a server are not */
  readonly masked: boolean;
  /** whether an extension claimed RSV1 for the first frame of a message (RFC 7692 §6) */
  readonly rsv1: boolean;
  /** whether text that is not compressed is checked to be UTF-8 (§8.1) */
  readonly checkText: boolean;
  readonly maxFrameLength: number;
  readonly maxMessageLength: number;
  readonly maxFragments: number;
}

/** A frame that has arrived, or the part of a data frame that has. */
export interface ModelFrame {
  readonly first: number;
  readonly payload: number[];
  whole: boolean;
}

/** The rule that was broken, and where: bytes before the head at fault, or before the byte that is not UTF-8. */
export interface ModelFault {
  readonly violation: string;
  readonly position: number;
}

const CONTINUATION = 0;
const TEXT = 1;
const CLOSE = 8;
const PONG = 10;

type Stage = 'first' | 'second' | 'length' | 'key' | 'payload';

/** Reads frames (§5.2). */
export class FrameModel {
  readonly frames: ModelFrame[] = [];
  fault: ModelFault | undefined;
  readonly #rules: FrameRules;
  #position = 0;
  #stage: Stage = 'first';
  /** where the head of the frame begins */
  #head = 0;
  #first = 0;
  #lengthBytes: number[] = [];
  #lengthSize = 0;
  #length = 0n;
  /** the same, for the one comparison that each byte takes */
  #size = 0;
  #key: number[] = [];
  #received = 0;
  #frame: ModelFrame | undefined;
  /** the first byte of the message that is not finished, FIN aside */
  #message: number | undefined;
  #fragments = 0;
  #messageLength = 0n;
  #utf8 = new Utf8Model();

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /** Takes bytes until a rule is broken. */
  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.fault !== undefined) return;
      this.#step(byte);
      this.#position++;
    }
  }

  #fail(violation: string, position: number): void {
    this.fault = { violation, position };
  }

  get #opcode(): number {
    return this.#first & 0x0f;
  }

  get #isControl(): boolean {
    return this.#opcode >= CLOSE;
  }

  #step(byte: number): void {
    switch (this.#stage) {
      case 'first':
        this.#head = this.#position;
        this.#first = byte;
        this.#checkFirst();
        this.#stage = 'second';
        break;
      case 'second':
        this.#second(byte);
        break;
      case 'length':
        this.#lengthBytes.push(byte);
        if (this.#lengthBytes.length === this.#lengthSize) this.#extendedLength();
        break;
      case 'key':
        this.#key.push(byte);
        if (this.#key.length === 4) this.#beginPayload();
        break;
      case 'payload':
        this.#payload(byte);
        break;
    }
  }

  #checkFirst(): void {
    const opcode = this.#opcode;
    const fin = this.#first >= 0x80;
    const rsv = (this.#first >> 4) & 7;
    const dataFirst = opcode !== CONTINUATION && opcode < CLOSE;
    // §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values".
    const allowed = this.#rules.rsv1 && dataFirst ? 4 : 0;
    if ((rsv | allowed) !== allowed) this.#fail('reserved-bit-set', this.#head);
    // §5.2: 3–7 and B–F are reserved.
    else if ((opcode > 2 && opcode < CLOSE) || opcode > PONG) this.#fail('opcode-reserved', this.#head);
    // §5.5: "MUST NOT be fragmented".
    else if (opcode >= CLOSE && !fin) this.#fail('control-fragmented', this.#head);
    // §5.4: a continuation continues something, and nothing else comes before it has ended.
    else if (opcode === CONTINUATION && this.#message === undefined)
      this.#fail('continuation-unexpected', this.#head);
    else if (opcode === CONTINUATION && this.#fragments === this.#rules.maxFragments)
      this.#fail('fragments-too-many', this.#head);
    else if (dataFirst && this.#message !== undefined) this.#fail('message-interleaved', this.#head);
  }

  #second(byte: number): void {
    const masked = byte >= 0x80;
    const length = byte % 0x80;
    if (masked !== this.#rules.masked) {
      this.#fail(masked ? 'mask-unexpected' : 'mask-missing', this.#head);
      return;
    }
    // §5.5: "MUST have a payload length of 125 bytes or less".
    if (this.#isControl && length > 125) {
      this.#fail('control-too-long', this.#head);
      return;
    }
    this.#lengthBytes = [];
    this.#lengthSize = length === 126 ? 2 : length === 127 ? 8 : 0;
    if (this.#lengthSize > 0) this.#stage = 'length';
    else this.#haveLength(BigInt(length));
  }

  #extendedLength(): void {
    // §5.2: network byte order; "the most significant bit MUST be 0"; "the minimal number of bytes MUST be used".
    let length = 0n;
    for (const byte of this.#lengthBytes) length = length * 256n + BigInt(byte);
    if (length >= 2n ** 63n) this.#fail('length-top-bit-set', this.#head);
    else if (length < (this.#lengthSize === 2 ? 126n : 65536n)) this.#fail('length-not-minimal', this.#head);
    else this.#haveLength(length);
  }

  #haveLength(length: bigint): void {
    this.#length = length;
    this.#size = Number(length);
    if (!this.#isControl) {
      const before = this.#opcode === CONTINUATION ? this.#messageLength : 0n;
      if (length > BigInt(this.#rules.maxFrameLength)) this.#fail('frame-too-long', this.#head);
      else if (before + length > BigInt(this.#rules.maxMessageLength))
        this.#fail('message-too-long', this.#head);
    }
    if (this.fault !== undefined) return;
    this.#key = [];
    if (this.#rules.masked) this.#stage = 'key';
    else this.#beginPayload();
  }

  #beginPayload(): void {
    if (!this.#isControl) {
      if (this.#opcode !== CONTINUATION) {
        this.#message = this.#first & 0x7f;
        this.#fragments = 0;
        this.#messageLength = 0n;
        this.#utf8 = new Utf8Model();
      }
      this.#fragments++;
      this.#messageLength += this.#length;
    }
    this.#received = 0;
    this.#frame = { first: this.#first, payload: [], whole: false };
    // Control frames are told of when they are whole.
    if (!this.#isControl) this.frames.push(this.#frame);
    this.#stage = 'payload';
    if (this.#length === 0n) this.#endFrame(this.#position + 1);
  }

  get #isCheckedText(): boolean {
    const compressed = this.#message !== undefined && (this.#message & 0x40) !== 0;
    const isText = this.#message !== undefined && (this.#message & 0x0f) === TEXT;
    return this.#rules.checkText && !this.#isControl && isText && !compressed;
  }

  #payload(byte: number): void {
    // §5.3: octet i is masked with octet i MOD 4 of the key.
    const octet = byte ^ (this.#key[this.#received % 4] ?? 0);
    this.#frame?.payload.push(octet);
    this.#received++;
    if (this.#isCheckedText && !this.#utf8.push(octet)) {
      this.#fail('text-not-utf8', this.#position);
      return;
    }
    if (this.#received === this.#size) this.#endFrame(this.#position + 1);
  }

  #endFrame(position: number): void {
    const fin = this.#first >= 0x80;
    if (fin && this.#isCheckedText && !this.#utf8.complete) {
      this.#fail('text-not-utf8', position);
      return;
    }
    if (this.#frame !== undefined) {
      this.#frame.whole = true;
      if (this.#isControl) this.frames.push(this.#frame);
    }
    if (fin && !this.#isControl) this.#message = undefined;
    this.#stage = 'first';
  }
}
