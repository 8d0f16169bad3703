import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { originPolicy } from '@x/handshake';
import { type WebSocket, WebSocketServer } from '@x/node-adapter';
import { clip } from './clip.js';
import { People } from './people.js';
import { PROTOCOL, type Told } from './protocol.js';

/** What a room asks of its clients. */
export interface RoomLimits {
  /** The longest message taken, in bytes; a longer one closes its connection with 1009. */
  readonly maxPayload: number;
  /** Connections at a time; the next one is refused with 503. */
  readonly maxClients: number;
  /** Bytes that may wait for one client. One that falls further behind is closed with 1008: its memory is ours. */
  readonly maxBufferedAmount: number;
  /** A client that is silent for so long is pinged, and taken for gone when it stays silent for as long again. */
  readonly pingInterval: number;
  /** How long clients have to answer a close frame, in milliseconds. */
  readonly closeTimeout: number;
}

/** A set of clients. What one says, all hear. */
export class Room {
  readonly #server: WebSocketServer;
  readonly #people = new People();
  readonly #closeTimeout: number;

  constructor({ maxClients, ...limits }: RoomLimits) {
    this.#closeTimeout = limits.closeTimeout;
    this.#server = new WebSocketServer({
      ...limits,
      noServer: true,
      maxConnections: maxClients,
      overflow: 'close',
      // A page of another site may not come in (§10.2). What is not a browser sends no origin, and may.
      origin: originPolicy({ sameOrigin: true, missing: true }),
      handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL,
    });
  }

  /** Who is in the room now. */
  get clients(): ReadonlySet<WebSocket> {
    return this.#server.clients;
  }

  /** Takes in who asks for it, or refuses. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => this.#join(client, request));
  }

  /** Tells every client that the server goes away (1001), and resolves when the last connection has ended. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const reason = 'server is going away';
      this.#server.close({ code: 1001, reason, timeout: this.#closeTimeout }, () => resolve());
    });
  }

  #join(client: WebSocket, { url = '' }: IncomingMessage): void {
    const person = this.#people.add(client, new URLSearchParams(url.split('?')[1]).get('name'));
    if (client.protocol === PROTOCOL) client.send(textOf({ you: person }));
    client.on('message', (data, isBinary) => {
      if (isBinary) {
        client.close(1003, 'text messages only');
        return;
      }
      const text = clip(data.toString());
      this.#server.broadcast(textOf({ from: person, text }), { filter: isPage });
      this.#server.broadcast(text, { filter: (each) => !isPage(each) });
    });
    client.on('close', () => this.#people.delete(client));
    // What went wrong is in the close code; 'close' follows.
    client.on('error', () => {});
  }
}

function isPage({ protocol }: WebSocket): boolean {
  return protocol === PROTOCOL;
}

function textOf(told: Told): string {
  return JSON.stringify(told);
}
