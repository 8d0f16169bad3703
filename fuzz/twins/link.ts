import { Duplex } from 'node:stream';
import type { LinkManner } from './program.js';

/** What the raw peer is told at its end of a link. */
export interface FarListener {
  bytes(chunk: Uint8Array): void;
  /** nothing more comes */
  end(): void;
  /** the link is gone */
  closed(): void;
}

/** The end of a link that the raw peer holds. */
export interface FarEnd {
  listener: FarListener | undefined;
  send(bytes: Uint8Array): void;
  end(): void;
  reset(): void;
  /** reads nothing until {@link read} */
  stall(): void;
  read(): void;
  /** nothing is under way in either direction, as far as this end knows */
  readonly idle: boolean;
  /** a write of the other end is done only when its bytes are here */
  readonly exact: boolean;
}

type Done = (error?: Error | null) => void;

interface Write {
  readonly chunk: Uint8Array;
  readonly done: Done;
}

/** A link within the process: `near` is the stream that a connection is put on. */
export class DuplexLink implements FarEnd {
  readonly near: Duplex;
  readonly exact = true;
  listener: FarListener | undefined;
  readonly #manner: LinkManner;
  #writes = 0;
  #stalled = false;
  /** what waits for the peer to read */
  #held: Write | undefined;
  #heldEnd: Done | undefined;
  #pending = 0;
  /** what is to come, an end at last */
  #coming: (Uint8Array | null)[] = [];
  #scheduled = false;
  #wanted = false;

  constructor(manner: LinkManner) {
    this.#manner = manner;
    this.near = new Duplex({
      writableHighWaterMark: manner.highWaterMark,
      readableHighWaterMark: 65_536,
      read: () => {
        this.#wanted = true;
        this.#bringLater();
      },
      write: (chunk: Uint8Array, _: BufferEncoding, done: Done) => {
        this.#take({ chunk: Uint8Array.from(chunk), done });
      },
      writev: (chunks: { chunk: Uint8Array }[], done: Done) => {
        this.#take({ chunk: Buffer.concat(chunks.map(({ chunk }) => chunk)), done });
      },
      final: (done: Done) => {
        if (this.#stalled) this.#heldEnd = done;
        else this.#finish(done);
      },
      destroy: (error: Error | null, done: Done) => {
        // As a socket does it: a write that was cut off is called back as if all were well.
        const held = this.#held;
        this.#held = undefined;
        setImmediate(() => {
          if (held !== undefined) this.#deliver(held);
          this.listener?.closed();
        });
        done(error);
      },
    });
  }

  get idle(): boolean {
    const { destroyed } = this.near;
    return destroyed || (this.#pending === 0 && (this.#coming.length === 0 || !this.#wanted));
  }

  send(bytes: Uint8Array): void {
    const piece = this.#manner.piece || bytes.length;
    for (let at = 0; at < bytes.length; at += piece) this.#coming.push(bytes.slice(at, at + piece));
    this.#bringLater();
  }

  end(): void {
    this.#coming.push(null);
    this.#bringLater();
  }

  reset(): void {
    this.#coming = [];
    this.near.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }));
  }

  stall(): void {
    this.#stalled = true;
  }

  read(): void {
    this.#stalled = false;
    const held = this.#held;
    const heldEnd = this.#heldEnd;
    this.#held = undefined;
    this.#heldEnd = undefined;
    // What is told in here must not come out of a call of the peer.
    if (held !== undefined) setImmediate(() => this.#deliver(held));
    if (heldEnd !== undefined) setImmediate(() => this.#finish(heldEnd));
  }

  #take(write: Write): void {
    this.#pending++;
    const deliver = (): void => {
      if (this.#stalled) this.#held = write;
      else this.#deliver(write);
    };
    // The first write of all is the opening handshake.
    const first = this.#writes++ === 1 ? this.#manner.firstWrite : undefined;
    const { write: manner } = this.#manner;
    if (first !== undefined) setTimeout(deliver, first);
    else if (manner === 'at once') deliver();
    else if (manner === 'tick') process.nextTick(deliver);
    else if (manner === 'turn') setImmediate(deliver);
    else setTimeout(deliver, 1);
  }

  #deliver({ chunk, done }: Write): void {
    this.#pending--;
    if (!this.near.destroyed) this.listener?.bytes(chunk);
    done();
  }

  #finish(done: Done): void {
    this.listener?.end();
    done();
  }

  #bringLater(): void {
    if (this.#scheduled || this.#coming.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#bring();
    });
  }

  /** Brings one piece. What a listener throws goes to the event loop, as from a socket. */
  #bring(): void {
    if (this.near.destroyed || !this.#wanted) return;
    const [next, ...rest] = this.#coming;
    if (next === undefined) return;
    this.#coming = rest;
    this.#bringLater();
    if (next === null) {
      this.near.push(null);
      return;
    }
    this.#wanted = false;
    let more = true;
    try {
      more = this.near.push(next);
    } finally {
      // A socket goes on as well when what it brought made somebody throw.
      if (more) this.#wanted = true;
      this.#bringLater();
    }
  }
}
