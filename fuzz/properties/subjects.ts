import {
  Codec,
  Connection,
  type ConnectionHandler,
  Endpoint,
  type Extension,
  FrameDecoder,
  type KernelKind,
  type Limits,
  type MemoryBudget,
  type ProtocolError,
  type Role,
  RSV,
} from '@x/frame-codec';
import { counts, saw, typed } from './meter.js';
import { TAG, type Tag, Transcript } from './transcript.js';

/** What a side is made with. */
export interface SubjectOptions {
  /** whether an extension claimed RSV1; for `FrameDecoder` alone, which then leaves text unchecked */
  readonly rsv1?: boolean;
  /** whether extensions claimed all RSV bits, of each frame; likewise */
  readonly allBits?: boolean;
  readonly role: Role;
  readonly limits: Partial<Limits>;
  /** whether a connection lets others have their turn when it has inflated enough; it goes on behind the chunk */
  readonly yields?: boolean;
  /** what a connection shares with others */
  readonly memory?: MemoryBudget;
}

/** One codec of each kind for all inputs, so that nothing of one must show in the next; released memory is overwritten. */
const CODECS: { readonly [Kind in KernelKind]: Codec } = {
  wasm: new Codec({ kernel: 'wasm', poison: true }),
  script: new Codec({ kernel: 'script', poison: true }),
};

export function codecOf(kernel: KernelKind): Codec {
  return CODECS[kernel];
}

function writeError(to: Transcript, { violation, position }: ProtocolError): void {
  to.begin(TAG.error);
  to.latin1(position === undefined ? violation : `${violation} at ${position}`);
  saw(violation);
}

/** Lets a `FrameDecoder` write whole frames down; one that an error leaves unfinished is left out. */
export function decodeFrames(
  kernel: KernelKind,
  { role, limits, rsv1 = false, allBits = false }: SubjectOptions,
  chunks: readonly Uint8Array[],
  to: Transcript,
): void {
  let open = false;
  to.clear();
  const decoder = new FrameDecoder(
    new Endpoint({ role, codec: codecOf(kernel), ...limits }),
    (part) => {
      if (part.first === open) throw new Error('a part out of order');
      if (part.first) {
        to.begin(TAG.frame);
        to.byte(
          (part.fin ? 128 : 0) |
            (part.rsv1 ? 64 : 0) |
            (part.rsv2 ? 32 : 0) |
            (part.rsv3 ? 16 : 0) |
            part.opcode,
        );
        counts.frames++;
      }
      if (part.last !== (part.remaining === 0))
        throw new Error(`the last part lacks ${part.remaining} bytes`);
      to.put(part.payload);
      open = !part.last;
    },
    allBits ? { first: ALL_BITS, continuation: ALL_BITS } : { first: rsv1 ? RSV.rsv1 : 0, continuation: 0 },
  );
  try {
    for (const [index, chunk] of chunks.entries()) {
      if (index % 2 === 0 || chunk.length > codecOf(kernel).inbox.length) decoder.receive(chunk);
      else {
        codecOf(kernel).inbox.set(chunk);
        decoder.receiveInbox(chunk.length);
      }
    }
  } catch (thrown) {
    const error = typed(thrown);
    if (open) to.drop();
    writeError(to, error);
  }
}

/** How a connection hands messages out. */
export type Manner = 'strings' | 'bytes' | 'memory' | 'parts';

const ALL_BITS = RSV.rsv1 | RSV.rsv2 | RSV.rsv3;
const MASKING_KEY = 0x0a0b0c0d;
const encoder = new TextEncoder();

/** A connection that writes down what it tells, and what it sends. */
export class Subject {
  readonly events = new Transcript();
  readonly writes = new Transcript();
  readonly connection: Connection<undefined>;
  #inText = false;
  #inBinary = false;
  /** pauses behind each so many events */
  pauseEvery = 0;
  /** how often others had their turn */
  turns = 0;
  /** what the connection held when it was paused last */
  heldAtPause = 0;
  /** what is called behind the next event, from inside the handler */
  inside: (() => void) | undefined;
  #sincePause = 0;
  #error: ProtocolError | undefined;
  #copy: Transcript | undefined;

  constructor(
    kernel: KernelKind,
    { role, limits, yields = false, memory }: SubjectOptions,
    manner: Manner,
    extensions: readonly Extension[] = [],
  ) {
    const shared = memory === undefined ? {} : { memory };
    const endpoint = new Endpoint({
      role,
      codec: codecOf(kernel),
      maskingKey: () => MASKING_KEY,
      ...limits,
      ...shared,
    });
    const handler = this.#handler(manner);
    if (yields) {
      handler.yield = () => {
        this.turns++;
      };
    }
    this.connection = new Connection(endpoint, handler, undefined, extensions);
    this.writes.begin(TAG.frame);
  }

  /** Feeds the chunks, goes on where it paused, and ends the transport. */
  run(chunks: readonly Uint8Array[]): this {
    for (const [index, chunk] of chunks.entries()) {
      const { inbox } = this.connection.endpoint.codec;
      if (index % 2 === 0 || chunk.length > inbox.length) this.connection.receive(chunk);
      else {
        inbox.set(chunk);
        this.connection.receiveInbox(chunk.length);
      }
      this.#goOn();
    }
    this.connection.receiveEnd();
    return this;
  }

  /** Ends pauses, and turns of others, until all is told. */
  #goOn(): void {
    const { connection } = this;
    while (connection.isYielding || (this.pauseEvery > 0 && connection.isPaused)) {
      if (connection.isYielding) connection.proceed();
      else connection.resume();
    }
  }

  /** Feeds the chunks, and copies messages, control frames and the peer's close frame; the error apart. */
  messages(chunks: readonly Uint8Array[], to: Transcript): { error: ProtocolError | undefined } {
    to.clear();
    this.#copy = to;
    for (const chunk of chunks) {
      this.connection.receive(chunk);
      this.#goOn();
    }
    return { error: this.#error };
  }

  /** What the connection failed with. */
  get violation(): string | undefined {
    return this.#error?.violation;
  }

  /** Whether the connection failed. */
  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** All that was sent. */
  sent(): Uint8Array<ArrayBuffer> {
    return this.writes.payloadOfOnly();
  }

  #handler(manner: Manner): ConnectionHandler<undefined> {
    const handler: ConnectionHandler<undefined> = {
      write: (_, bytes) => {
        this.writes.put(bytes);
        return true;
      },
      end: () => this.#note(TAG.end, []),
      ping: (_, payload) => this.#note(TAG.ping, payload),
      pong: (_, payload) => this.#note(TAG.pong, payload),
      error: (_, error) => {
        this.#dropOpen();
        this.#error = error;
        writeError(this.events, error);
      },
      closing: (_, code, reason) => {
        this.#dropOpen();
        this.#note(TAG.closing, [code >> 8, code & 255, ...encoder.encode(reason)]);
      },
      close: (_, code, reason, clean) => {
        this.#dropOpen();
        this.#note(TAG.close, [code >> 8, code & 255, clean ? 1 : 0, ...encoder.encode(reason)]);
      },
    };
    if (manner === 'parts') {
      // Control frames may come between the parts of a message: these are put together aside.
      handler.textPart = (_, text, last) => this.#part(TAG.text, encoder.encode(text), last);
      handler.binaryPart = (_, payload, last) => this.#part(TAG.binary, payload, last);
    } else if (manner === 'memory') {
      handler.message = (_, memory, start, length, isBinary) =>
        this.#note(isBinary ? TAG.binary : TAG.text, memory.bytes.subarray(start, start + length));
    } else {
      if (manner === 'bytes') handler.textBytes = (_, payload) => this.#note(TAG.text, payload);
      else handler.text = (_, text) => this.#note(TAG.text, encoder.encode(text));
      handler.binary = ({ endpoint }, payload) =>
        this.#note(TAG.binary, manner === 'bytes' ? endpoint.codec.own(payload) : payload);
    }
    return handler;
  }

  readonly #parts: number[] = [];

  #part(tag: Tag, bytes: Uint8Array, last: boolean): void {
    if (tag === TAG.text ? this.#inBinary : this.#inText) throw new Error('parts of two messages are mixed');
    for (const byte of bytes) this.#parts.push(byte);
    this.#inText = tag === TAG.text && !last;
    this.#inBinary = tag === TAG.binary && !last;
    if (!last) return;
    this.#note(tag, this.#parts);
    this.#parts.length = 0;
  }

  #dropOpen(): void {
    this.#parts.length = 0;
  }

  #note(tag: Tag, payload: ArrayLike<number>): void {
    counts.frames++;
    this.events.begin(tag);
    this.events.put(payload);
    if (this.#copy !== undefined && tag !== TAG.end && tag !== TAG.close) {
      this.#copy.begin(tag);
      this.#copy.put(payload);
    }
    if (this.pauseEvery > 0 && ++this.#sincePause >= this.pauseEvery) {
      this.#sincePause = 0;
      this.heldAtPause = this.connection.retainedLength;
      this.connection.pause();
    }
    const { inside } = this;
    this.inside = undefined;
    inside?.();
  }
}
