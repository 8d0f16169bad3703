import type { MemoryBudget } from '@x/frame-codec';
import { endpointFor } from '../options/endpoint-options.js';
import type { ConnectionOptionsOfBoth, SocketOptions } from '../options/options.js';
import { Transport } from '../transport/transport.js';
import { type Owner, webSocketHandler } from './web-socket-handler.js';

/** The transport of the connections that one server accepts, kept with its options. */
export const TRANSPORT: unique symbol = Symbol('transport');

/**
 * How connections of one role with these options are put on streams.
 *
 * @param memory what they all may hold together
 * @throws {RangeError} when a limit is out of its range
 * @throws {TypeError} when `overflow` is neither of the two
 */
export function createTransport(
  isServer: boolean,
  settings: ConnectionOptionsOfBoth,
  options: SocketOptions,
  memory?: MemoryBudget,
): Transport<Owner> {
  const { overflow = 'terminate' } = settings;
  if (overflow !== 'close' && overflow !== 'terminate') {
    throw new TypeError(`overflow must be 'close' or 'terminate', not ${String(overflow)}`);
  }
  const { maxBufferedAmount = settings.maxBufferedAmount } = options;
  if (maxBufferedAmount !== undefined && !(maxBufferedAmount >= 0)) {
    throw new RangeError(`maxBufferedAmount must be at least 0, not ${maxBufferedAmount}`);
  }
  return new Transport<Owner>(endpointFor(isServer, settings, options, memory), webSocketHandler, {
    gatherWrites: options.gatherWrites ?? settings.gatherWrites,
    zeroCopyReads: options.zeroCopyReads ?? settings.zeroCopyReads,
    directWrites: options.directWrites ?? settings.directWrites,
    maxBufferedLength: maxBufferedAmount,
  });
}
