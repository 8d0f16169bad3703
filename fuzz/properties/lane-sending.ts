import {
  Connection,
  type ConnectionHandler,
  type Done,
  Endpoint,
  type Extension,
  FrameEncoder,
  type KernelKind,
  type MessageSlot,
  type MessageWriter,
  OPCODES,
  type Opcode,
  PreparedMessage,
  ProtocolError,
  type Role,
} from '@x/frame-codec';
import { type Deed, LOSSY } from './lane-deeds.js';
import { otherRole } from './round-trip.js';
import { codecOf } from './subjects.js';

/** A message, a ping or a pong that was accepted, and what became of it. */
export interface Item {
  readonly id: number;
  readonly kind: 'message' | 'control';
  /** when it began to be accepted */
  readonly since: number;
  /** when all of it was accepted; never, where it has no end */
  until: number;
  /** for each `done`, its calls: whether without an error */
  readonly told: boolean[][];
  /** bytes that were accepted; not a number where that is not known */
  length: number;
}

/** What the input has a handler throw. */
export class Thrown extends Error {}

const NO_ERROR = 'thrown, and no error';

/** What is run inside a `done` or a write. */
type Inside = (() => void) | undefined;

/** A connection that does what it is bid, and what is to be seen of that. */
export class Sending {
  readonly items: Item[] = [];
  readonly wire: Uint8Array[] = [];
  readonly connection: Connection<undefined>;
  /** whether something happened that may lose messages */
  isLossy = false;
  closes = 0;
  inWrite: Inside;
  #clock = 0;
  #corks = 0;
  #holds = false;
  #writeThrows = false;
  #maskThrows = false;
  /** whether a turn was asked for, and not given yet */
  hasYielded = false;
  #isReceiving = false;
  #writer: MessageWriter | undefined;
  #inParts: Item | undefined;
  readonly #slots: { readonly slot: MessageSlot; readonly bytes: Uint8Array }[] = [];
  readonly #frames: FrameEncoder;
  readonly #peerFrames: FrameEncoder;

  constructor(kernel: KernelKind, role: Role, turns: boolean, extensions: readonly Extension[]) {
    const handler: ConnectionHandler<undefined> = {
      write: (_, bytes) => this.#write(bytes),
      end: () => undefined,
      sendingFailed: () => {
        this.isLossy = true;
      },
      close: () => {
        this.closes++;
      },
    };
    if (turns) {
      handler.yield = () => undefined;
      handler.yieldSending = () => {
        this.hasYielded = true;
      };
    }
    const codec = codecOf(kernel);
    const endpoint = new Endpoint({ role, codec, maskingKey: () => this.#maskingKey() });
    this.connection = new Connection(endpoint, handler, undefined, extensions);
    this.#frames = new FrameEncoder(new Endpoint({ role, codec }));
    this.#peerFrames = new FrameEncoder(new Endpoint({ role: otherRole(role), codec }));
  }

  /** Does it. */
  attempt(deed: Deed, size: number, inDone: Inside): void {
    this.#clock++;
    if (LOSSY.some((each) => each === deed)) this.isLossy = true;
    this.run(() => this.#deeds[deed](size, inDone));
  }

  /** What the input has thrown is lossy. */
  run(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof Thrown) && error !== NO_ERROR) throw error;
      this.isLossy = true;
    }
  }

  /** All that was begun is ended, and everybody has had their turn. */
  settle(): void {
    this.inWrite = undefined;
    for (let next = this.#unsettled; next !== undefined; next = this.#unsettled)
      this.attempt(next, 1, undefined);
    this.attempt('drain', 0, undefined);
  }

  get #unsettled(): Deed | undefined {
    if (this.#slots.length > 0) return 'fill';
    if (this.#writer !== undefined) return 'end';
    if (this.#corks > 0) return 'uncork';
    return this.hasYielded ? 'turn' : undefined;
  }

  readonly #deeds: { readonly [D in Deed]: (size: number, inDone: Inside) => void } = {
    text: (size, inDone) =>
      this.#send('message', size, inDone, (bytes, done) => this.connection.sendText(ascii(bytes), { done })),
    'text bytes': (size, inDone) =>
      this.#send('message', size, inDone, (bytes, done) => this.connection.sendTextBytes(bytes, { done })),
    binary: (size, inDone) =>
      this.#send('message', size, inDone, (bytes, done) => this.connection.sendBinary(bytes, { done })),
    prepared: (size, inDone) => {
      if (this.connection.endpoint.masks) return;
      this.#send('message', size, inDone, (bytes, done) =>
        this.connection.sendPrepared(new PreparedMessage(bytes), done),
      );
    },
    raw: (size, inDone) => this.#sendRaw('message', OPCODES.binary, size, inDone),
    'raw ping': (size, inDone) => this.#sendRaw('control', OPCODES.ping, size, inDone),
    ping: (size, inDone) =>
      this.#send('control', size, inDone, (bytes, done) => this.connection.ping(bytes, done)),
    pong: (size, inDone) =>
      this.#send('control', size, inDone, (bytes, done) => this.connection.pong(bytes, done)),
    later: (size, inDone) =>
      this.#send('message', size, inDone, (bytes, done) =>
        this.#keep(bytes, this.connection.sendLater('binary', size, { done })),
      ),
    'later ping': (size, inDone) =>
      this.#send('control', size, inDone, (bytes, done) =>
        this.#keep(bytes, this.connection.sendLater('ping', bytes.length, { done })),
      ),
    start: () => this.#start(),
    part: (size, inDone) =>
      this.#sendPart(false, size, inDone, (writer, bytes, done) => writer.write(bytes, done)),
    end: (size, inDone) =>
      this.#sendPart(true, size, inDone, (writer, bytes, done) => writer.end(bytes, done)),
    'part later': (size, inDone) =>
      this.#sendPart(false, size, inDone, (writer, bytes, done) =>
        this.#keep(bytes, writer.writeLater(size, false, done)),
      ),
    'end later': (size, inDone) =>
      this.#sendPart(true, size, inDone, (writer, bytes, done) =>
        this.#keep(bytes, writer.writeLater(size, true, done)),
      ),
    discard: () => {
      const writer = this.#writer;
      const item = this.#inParts;
      this.#forgetParts();
      if (writer === undefined || writer.discard()) return;
      this.#writer = writer;
      this.#inParts = item;
    },
    fill: () => this.#fill(this.#slots.shift()),
    'fill the last': () => this.#fill(this.#slots.pop()),
    cork: () => {
      this.#corks++;
      this.connection.cork();
    },
    uncork: () => {
      if (this.#corks > 0) this.#corks--;
      this.connection.uncork();
    },
    flush: () => this.connection.flush(),
    turn: () => {
      this.hasYielded = false;
      this.connection.proceedSending();
    },
    hold: () => {
      this.#holds = true;
    },
    drain: () => {
      this.#holds = false;
      this.connection.drained();
    },
    'raw nothing': () => void this.connection.sendRaw(new Uint8Array(0)),
    'give turn': () => {
      this.connection.giveTurn();
      this.connection.proceed();
    },
    probe: (size) => void this.connection.probe(new Uint8Array(size % 126)),
    close: () => this.#end(() => this.connection.close(1000)),
    'peer end': () => this.#end(() => this.connection.receivePeerEnd()),
    'ping received': (size) => this.#receive(OPCODES.ping, new Uint8Array(size % 126)),
    'close received': () => this.#receive(OPCODES.close, Uint8Array.of(0x03, 0xe8)),
    abandon: () => this.connection.abandon(1008),
    terminate: () => this.connection.terminate(),
    fail: () => this.connection.fail(new ProtocolError('text-not-utf8')),
    'transport end': () => this.connection.receiveEnd(),
    'slot fails': () => this.#slots.shift()?.slot.fail(new Error('by the file')),
    'mask throws': () => {
      this.#maskThrows = true;
    },
    'write throws': () => {
      this.#writeThrows = true;
    },
    'done throws': (size) => {
      this.#send('message', size, throwing, (bytes, done) => this.connection.sendBinary(bytes, { done }));
    },
  };

  #write(bytes: Uint8Array): boolean {
    const inside = this.inWrite;
    this.inWrite = undefined;
    inside?.();
    if (this.#writeThrows) throw new Thrown('by the transport');
    this.wire.push(bytes.slice());
    return !this.#holds;
  }

  #maskingKey(): number {
    if (!this.#maskThrows) return 0x0102_0304;
    this.#maskThrows = false;
    // Callers throw what they like.
    if (this.#clock % 2 === 0) throw NO_ERROR;
    throw new Thrown('by the masking key');
  }

  #item(kind: Item['kind']): Item {
    const item = { id: this.items.length, kind, since: this.#clock, until: this.#clock, told: [], length: 0 };
    this.items.push(item);
    return item;
  }

  #done(item: Item, inDone: Inside): Done {
    const calls: boolean[] = [];
    item.told.push(calls);
    return (error) => {
      calls.push(error === undefined);
      if (calls.length === 1) inDone?.();
    };
  }

  #send(
    kind: Item['kind'],
    size: number,
    inDone: Inside,
    send: (bytes: Uint8Array, done: Done) => boolean,
  ): void {
    const item = this.#item(kind);
    const bytes = payloadOf(item.id, kind === 'control' ? size % 100 : size);
    item.length = bytes.length;
    if (!send(bytes, this.#done(item, inDone))) this.#refuse(item);
  }

  #sendRaw(kind: Item['kind'], opcode: Opcode, size: number, inDone: Inside): void {
    this.#send(kind, size, inDone, (bytes, done) =>
      this.connection.sendRaw(this.#frames.encode(opcode, bytes), done),
    );
  }

  /** What was not accepted is told of by the call alone. */
  #refuse(item: Item): void {
    if (item.told.some((calls) => calls.length > 0)) throw new Error('what was refused is told of');
    this.items.splice(this.items.indexOf(item), 1, { ...item, until: Number.POSITIVE_INFINITY, told: [] });
  }

  #start(): void {
    if (this.#writer !== undefined) return;
    this.#inParts = this.#item('message');
    this.#inParts.until = Number.POSITIVE_INFINITY;
    this.#writer = this.connection.startMessage('binary');
  }

  #sendPart(
    last: boolean,
    size: number,
    inDone: Inside,
    send: (writer: MessageWriter, bytes: Uint8Array, done: Done) => boolean,
  ): void {
    const writer = this.#writer;
    const item = this.#inParts;
    if (writer === undefined || item === undefined) return;
    const bytes = item.length === 0 ? payloadOf(item.id, size) : new Uint8Array(size).fill(FILLER);
    if (last) {
      this.#forgetParts();
      item.until = this.#clock;
    }
    item.length += bytes.length;
    const done = this.#done(item, inDone);
    try {
      if (send(writer, bytes, done)) return;
      item.told.pop();
      item.length -= bytes.length;
    } catch (error) {
      // What threw may have been another message behind it; where it was this part, the message has not ended.
      item.length = Number.NaN;
      if (last && this.#writer === undefined) {
        this.#writer = writer;
        this.#inParts = item;
      }
      throw error;
    }
    item.until = Number.POSITIVE_INFINITY;
  }

  #forgetParts(): void {
    this.#writer = undefined;
    this.#inParts = undefined;
  }

  #keep(bytes: Uint8Array, slot: MessageSlot | undefined): boolean {
    if (slot !== undefined) this.#slots.push({ slot, bytes });
    return slot !== undefined;
  }

  #fill(kept: { readonly slot: MessageSlot; readonly bytes: Uint8Array } | undefined): void {
    kept?.slot.fill(kept.bytes);
  }

  /** A message in parts that has not ended keeps what is behind it from being sent. */
  #end(call: () => void): void {
    if (this.#writer !== undefined) this.isLossy = true;
    call();
  }

  #receive(opcode: Opcode, payload: Uint8Array): void {
    // A connection is not fed from inside its own handler.
    if (this.#isReceiving) return;
    this.#isReceiving = true;
    try {
      this.connection.receive(this.#peerFrames.encode(opcode, payload));
    } finally {
      this.#isReceiving = false;
    }
  }
}

const FILLER = 0x61;

function throwing(): never {
  throw new Thrown('by done');
}

/** Digits, and so many bytes more. */
function payloadOf(id: number, size: number): Uint8Array {
  return new TextEncoder().encode(`${id};${'a'.repeat(size)}`);
}

function ascii(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
