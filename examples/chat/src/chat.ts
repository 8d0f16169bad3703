import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from '@x/node-adapter';
import { loadFiles, pathOf, sendText } from './files.js';
import { Room, type RoomLimits } from './room.js';
import { listenError, type Settings } from './settings.js';

/** What one chat server allows. */
export interface ChatLimits extends RoomLimits {
  /** The longest message taken, in bytes; a longer one closes its connection with 1009. */
  readonly maxPayload: number;
  /** Connections at a time; the next one is refused with 503. */
  readonly maxClients: number;
}

export const DEFAULT_LIMITS: ChatLimits = {
  maxPayload: 4096,
  maxClients: 1000,
  maxBufferedAmount: 1024 * 1024,
  heartbeatMs: 30_000,
  closeTimeoutMs: 2000,
};

/** A chat that is listening. */
export interface Chat {
  /** Where the page is. */
  readonly url: string;
  readonly port: number;
  /** Who is in the chat now. */
  readonly clients: ReadonlySet<WebSocket>;
  /** Takes nobody in any more, closes every connection with 1001, and resolves when the last one has ended. */
  stop(): Promise<void>;
}

/**
 * Serves the page on `/` and the chat on `/ws`: each text message is cut at 50 code points and goes to all clients,
 * the sender among them. Resolves once the server listens.
 *
 * @throws {SettingsError} when it cannot listen there.
 */
export async function startChat(settings: Settings, limits: ChatLimits = DEFAULT_LIMITS): Promise<Chat> {
  const serveFile = await loadFiles();
  const http = createServer((request, response) => {
    if (pathOf(request) === '/ws') {
      // RFC 9110 §15.5.22 and §7.8: 426 names the protocol that is asked for, and `Connection` names that header.
      sendText(response, 426, 'This address speaks WebSocket only.', {
        Upgrade: 'websocket',
        Connection: 'Upgrade, close',
        'Sec-WebSocket-Version': '13',
      });
    } else {
      serveFile(request, response);
    }
  });
  // Clients, and some who only fetch the page.
  http.maxConnections = limits.maxClients + 100;
  const { port } = await listen(http, settings);

  const room = new Room(limits);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxPayload });
  let stopped: Promise<void> | undefined;

  http.on('upgrade', (request, socket, head) => {
    if (pathOf(request) !== '/ws') refuse(socket, 404);
    else if (!isSameOrigin(request)) refuse(socket, 403);
    else if (stopped !== undefined || room.clients.size >= limits.maxClients) refuse(socket, 503);
    else sockets.handleUpgrade(request, socket, head, (client) => room.join(client));
  });

  async function stop(): Promise<void> {
    const closed = new Promise((resolve) => http.close(resolve));
    await room.close();
    http.closeAllConnections();
    await closed;
  }

  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${host}:${port}`,
    port,
    clients: room.clients,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Resolves to the settings as they have come to be: with the port that the system chose when 0 was asked for. */
function listen(http: Server, settings: Settings): Promise<Settings> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(listenError(error, settings));
    http.once('error', fail);
    http.listen(settings.port, settings.host, () => {
      http.off('error', fail);
      const address = http.address();
      resolve(
        typeof address === 'object' && address !== null ? { ...settings, port: address.port } : settings,
      );
    });
  });
}

/**
 * RFC 6455 §10.2: a page of another site may open a WebSocket to here, and only the `Origin` tells. What is not a
 * browser sends none, and may come in.
 */
function isSameOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host?.toLowerCase();
  } catch {
    return false;
  }
}

function refuse(socket: Duplex, status: number): void {
  // The peer may be gone already; there is nobody to tell.
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
