import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from '@x/node-adapter';
import { loadFiles, pathOf, sendText } from './files.js';
import { Room, type RoomLimits } from './room.js';
import { listenError, type Settings } from './settings.js';

/** What one chat server allows, unless told otherwise. */
export const DEFAULT_LIMITS: RoomLimits = {
  maxPayload: 4096,
  maxClients: 1000,
  maxBufferedAmount: 1024 * 1024,
  pingInterval: 30_000,
  closeTimeout: 2000,
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
 * Serves the page on `/` and the chat on `/ws`: each text message is cut at 50 characters and goes to all clients,
 * the sender among them. Resolves once the server listens.
 *
 * @throws {SettingsError} when it cannot listen there.
 */
export async function startChat(settings: Settings, limits: RoomLimits = DEFAULT_LIMITS): Promise<Chat> {
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
  let stopped: Promise<void> | undefined;

  http.on('upgrade', (request, socket, head) => {
    if (pathOf(request) === '/ws') room.handleUpgrade(request, socket, head);
    else refuse(socket);
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

/** Answers 404 to an upgrade. */
function refuse(socket: Duplex): void {
  // The peer may be gone already; there is nobody to tell.
  socket.on('error', () => {});
  socket.once('finish', () => socket.destroy());
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}
