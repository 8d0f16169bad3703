import type { Socket } from 'node:net';
import type { FarEnd, FarListener } from './link.js';

/** The far end of a link over real sockets, TCP or TLS. */
export class SocketLink implements FarEnd {
  readonly exact = false;
  readonly #socket: Socket;
  readonly #piece: number;
  listener: FarListener | undefined;
  #queue: (Uint8Array | null)[] = [];
  #scheduled = false;
  #closed = false;

  constructor(socket: Socket, piece: number) {
    this.#socket = socket;
    this.#piece = piece;
    socket.setNoDelay();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.listener?.bytes(chunk));
    socket.on('close', () => {
      this.#closed = true;
      this.listener?.closed();
    });
    socket.on('end', () => this.listener?.end());
  }

  get idle(): boolean {
    return this.#closed || (this.#queue.length === 0 && this.#socket.writableLength === 0);
  }

  send(bytes: Uint8Array): void {
    const piece = Math.max(this.#piece, Math.ceil(bytes.length / 16));
    if (this.#piece === 0) this.#queue.push(bytes);
    else for (let at = 0; at < bytes.length; at += piece) this.#queue.push(bytes.slice(at, at + piece));
    this.#sendLater();
  }

  end(): void {
    this.#queue.push(null);
    this.#sendLater();
  }

  reset(): void {
    this.#queue = [];
    if (this.#socket.resetAndDestroy !== undefined && !('encrypted' in this.#socket)) {
      this.#socket.resetAndDestroy();
    } else this.#socket.destroy();
  }

  stall(): void {
    this.#socket.pause();
  }

  read(): void {
    this.#socket.resume();
  }

  #sendLater(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const [next, ...rest] = this.#queue;
      this.#queue = rest;
      if (this.#closed || next === undefined) return;
      if (next === null) this.#socket.end();
      else this.#socket.write(next);
      this.#sendLater();
    });
  }
}
