import { connect, type Socket } from 'node:net';

/** Where a peer connects to, and from which of the loopback addresses. */
export interface Place {
  readonly port: number;
  readonly from: string | undefined;
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A TCP connection that is never ended by itself, whose errors are nobody's matter. */
export function openSocket({ port, from }: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      allowHalfOpen: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    socket.setNoDelay();
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/**
 * Opens a connection and does the handshake (§4.1); the socket is paused behind it.
 *
 * @throws {Error} when it is not answered with 101
 */
export async function upgrade(place: Place, path: string, compress: boolean): Promise<Socket> {
  const socket = await openSocket(place);
  const extensions = compress ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${extensions}\r\n`,
  );
  await new Promise<void>((resolve, reject) => {
    let head = Buffer.alloc(0);
    const settle = (error?: Error): void => {
      socket.off('data', read).off('close', closed).off('end', closed);
      if (error === undefined) resolve();
      else reject(error);
    };
    const closed = (): void => settle(new Error('the connection was closed in the handshake'));
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.pause();
      if (end + 4 < head.length) socket.unshift(head.subarray(end + 4));
      settle(
        head.toString('latin1', 0, 12) === 'HTTP/1.1 101'
          ? undefined
          : new Error(`answered with ${head.toString('latin1', 0, 15)}`),
      );
    };
    socket.on('data', read).on('close', closed).on('end', closed);
  });
  return socket;
}

/** Drops it without a trace: a reset leaves no port in TIME_WAIT. */
export function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
