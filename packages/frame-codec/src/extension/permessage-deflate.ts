import type { Role } from '../rules/role.js';
import { ProtocolError } from '../rules/violation.js';
import type { Deflater, Inflater } from './deflate-engine.js';
import { type DeflatePool, TAIL, withoutTail } from './deflate-pool.js';
import { type DataPart, type Extension, RSV, type RsvClaims } from './extension.js';

/** What the handshake agreed on (RFC 7692 §7.1). */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15 */
  readonly serverMaxWindowBits: number;
  /** 8 to 15 */
  readonly clientMaxWindowBits: number;
}

/** Some input of an inflater, and what became of it. */
interface Run {
  data: Uint8Array;
  /** whether its output was not wanted any more */
  stopped: boolean;
  /** what took its output threw */
  thrown: { readonly error: unknown } | undefined;
}

/** One direction: whose engine is kept from message to message, or held for one message only. */
interface Direction {
  readonly windowBits: number;
  readonly takeover: boolean;
}

/** All there are, eight windows that are kept or not: the same for all connections, which would hold two each. */
const DIRECTIONS = new Map<string, Direction>();

function directionOf(windowBits: number, takeover: boolean): Direction {
  const key = `${windowBits} ${takeover}`;
  const direction = DIRECTIONS.get(key) ?? { windowBits, takeover };
  DIRECTIONS.set(key, direction);
  return direction;
}

const CLAIMS: RsvClaims = { first: RSV.rsv1, continuation: 0 };

/**
 * permessage-deflate at work on one connection (RFC 7692 §7.2): RSV1 on the first frame of a message says that the
 * message is compressed.
 */
export class PermessageDeflate implements Extension {
  readonly name: string = 'permessage-deflate';
  readonly claims: RsvClaims = CLAIMS;
  readonly decodes = 'marked' as const;
  readonly #pool: DeflatePool;
  readonly #out: Direction;
  readonly #in: Direction;
  #deflater: Deflater | undefined;
  #inflater: Inflater | undefined;
  /** whether the message that is being sent in parts is compressed */
  #compressing = false;
  #inflating = false;
  #closed = false;

  /**
   * @throws {TypeError} when the role is neither `'client'` nor `'server'`
   * @throws {RangeError} when a window is not of 8 to 15 bits
   */
  constructor(role: Role, parameters: DeflateParameters, pool: DeflatePool) {
    const server = {
      windowBits: parameters.serverMaxWindowBits,
      takeover: !parameters.serverNoContextTakeover,
    };
    const client = {
      windowBits: parameters.clientMaxWindowBits,
      takeover: !parameters.clientNoContextTakeover,
    };
    if (role !== 'client' && role !== 'server')
      throw new TypeError(`role must be client or server, not ${role}`);
    for (const { windowBits } of [server, client]) {
      if (!Number.isInteger(windowBits) || windowBits < 8 || windowBits > 15) {
        throw new RangeError(`a window has 8 to 15 bits, not ${windowBits}`);
      }
    }
    this.#pool = pool;
    const [out, incoming] = role === 'server' ? [server, client] : [client, server];
    this.#out = directionOf(out.windowBits, out.takeover);
    this.#in = directionOf(incoming.windowBits, incoming.takeover);
  }

  /** What this side sends depends on its window alone. */
  get variant(): string {
    return `permessage-deflate;${this.#out.windowBits}`;
  }

  decode(payload: Uint8Array, { lastOfMessage }: DataPart, emit: (bytes: Uint8Array) => boolean): number {
    if (this.#closed) return payload.length;
    this.#inflater ??= this.#pool.takeInflater(this.#in.windowBits);
    this.#inflating = true;
    const run: Run = { data: payload, stopped: false, thrown: undefined };
    let used = 0;
    const emitBlock = (block: Uint8Array): boolean => {
      try {
        // The tail only pushes out the rest of some codes, at most some KiB: it is not worth another turn.
        run.stopped = !emit(block) && run.data !== TAIL;
        return !run.stopped;
      } catch (error) {
        run.thrown = { error };
        throw error;
      }
    };
    try {
      used = this.#inflate(this.#inflater, run, emitBlock);
      if (used < payload.length) return used;
      // §7.2.2: what the sender cut off is put back.
      if (lastOfMessage) {
        run.data = TAIL;
        run.stopped = false;
        this.#inflate(this.#inflater, run, emitBlock);
      }
    } finally {
      this.#inflating = false;
      if (this.#closed) this.close();
    }
    if (lastOfMessage && !this.#in.takeover) this.#giveInflater();
    return used;
  }

  /** Returns how many bytes of `data` were used: all of them, unless `emit` stopped it. */
  #inflate(inflater: Inflater, run: Run, emit: (block: Uint8Array) => boolean): number {
    const { data } = run;
    let fresh = false;
    for (let rest = data; rest.length > 0; ) {
      let used: number;
      try {
        used = inflater.inflate(rest, emit);
      } catch {
        // Limits are thrown by `emit`, through the engine; anything else that the engine throws means bad data.
        throw run.thrown === undefined ? new ProtocolError('extension-data-invalid') : run.thrown.error;
      }
      if (this.#closed) break;
      if (run.stopped) return data.length - rest.length + used;
      if (used < rest.length) {
        // §7.2.3.4: a block may be marked as final. What follows is a new stream, which refers to nothing before it: that
        // is all that engines can do, on the other side too.
        if (fresh && used === 0) throw new ProtocolError('extension-data-invalid');
        inflater.reset();
        fresh = true;
        // Looser than §7.2.3.4: behind a final block a sender may have left out the byte that begins the tail.
        if (data === TAIL) break;
      }
      rest = rest.subarray(used);
    }
    return data.length;
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
    this.#closed = true;
    // Where a handler ends the connection while its message is inflated, the engine is closed when it has returned.
    if (this.#inflating) return;
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
