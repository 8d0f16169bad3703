import { WebSocket } from '@x/node-adapter';
import { clip } from './clip.js';

/** What a room asks of its clients. */
export interface RoomLimits {
  /** Bytes that may wait for one client. One that falls further behind is cut off: its memory is ours. */
  readonly maxBufferedAmount: number;
  /** A client that lets a ping wait this long is taken for gone. */
  readonly heartbeatMs: number;
  /** How long clients have to answer the close frame when the room closes. */
  readonly closeTimeoutMs: number;
}

/** A set of clients. What one says, all hear. */
export class Room {
  readonly #limits: RoomLimits;
  readonly #clients = new Set<WebSocket>();
  readonly #awaitingPong = new Set<WebSocket>();
  readonly #heartbeat: ReturnType<typeof setInterval>;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
    this.#heartbeat = setInterval(() => this.#checkPulse(), limits.heartbeatMs);
  }

  /** Who is in the room now. */
  get clients(): ReadonlySet<WebSocket> {
    return this.#clients;
  }

  /** Takes an open connection in. It leaves by closing. */
  join(client: WebSocket): void {
    this.#clients.add(client);
    client.on('message', (data, isBinary) => {
      if (isBinary) client.close(1003, 'text messages only');
      else this.#broadcast(clip(data.toString()));
    });
    client.on('pong', () => this.#awaitingPong.delete(client));
    client.on('close', () => {
      this.#clients.delete(client);
      this.#awaitingPong.delete(client);
    });
    // What went wrong is in the close code; 'close' follows.
    client.on('error', () => {});
  }

  /** Tells every client that the server goes away (1001), and resolves when the last connection has ended. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    const ends = [...this.#clients].map(
      (client) => new Promise<void>((resolve) => client.once('close', () => resolve())),
    );
    for (const client of this.#clients) client.close(1001, 'server is going away');
    const timeout = setTimeout(() => {
      for (const client of this.#clients) client.terminate();
    }, this.#limits.closeTimeoutMs);
    await Promise.all(ends);
    clearTimeout(timeout);
  }

  #broadcast(text: string): void {
    for (const client of this.#clients) {
      if (client.readyState !== WebSocket.OPEN) continue;
      client.send(text);
      if (client.bufferedAmount > this.#limits.maxBufferedAmount) client.terminate();
    }
  }

  #checkPulse(): void {
    for (const client of this.#clients) {
      if (this.#awaitingPong.has(client)) {
        client.terminate();
      } else if (client.readyState === WebSocket.OPEN) {
        this.#awaitingPong.add(client);
        client.ping();
      }
    }
  }
}
