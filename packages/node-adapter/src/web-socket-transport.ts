import { endpointFor } from './endpoint-options.js';
import type { ConnectionOptionsOfBoth, SocketOptions } from './options.js';
import { Transport } from './transport.js';
import type { WebSocket } from './web-socket.js';
import { webSocketHandler } from './web-socket-handler.js';

/** The transport of the connections that one server accepts, kept with its options. */
export const TRANSPORT: unique symbol = Symbol('transport');

/**
 * How connections of one role with these options are put on streams.
 *
 * @throws {RangeError} when a limit is out of its range
 */
export function createTransport(
  isServer: boolean,
  settings: ConnectionOptionsOfBoth,
  options: SocketOptions,
): Transport<WebSocket> {
  return new Transport<WebSocket>(endpointFor(isServer, settings, options), webSocketHandler, {
    gatherWrites: options.gatherWrites ?? settings.gatherWrites,
    zeroCopyReads: options.zeroCopyReads ?? settings.zeroCopyReads,
    directWrites: options.directWrites ?? settings.directWrites,
    maxBufferedLength: options.maxBufferedAmount ?? settings.maxBufferedAmount,
  });
}
