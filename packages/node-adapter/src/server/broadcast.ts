import { PreparedMessage } from '@x/frame-codec';
import { isPromise } from '../runtime/ask-listeners.js';
import { type Bytes, toBytes, toText } from '../values/payload.js';
import { WebSocket } from '../websocket/web-socket.js';
import type { BroadcastOptions } from './server-options.js';

/**
 * Sends a message to all of these that are open; it is framed, and compressed, once.
 *
 * @returns to how many
 * @throws {TypeError} when `data` is neither text nor bytes, and when `filter` is async
 */
export function broadcast<Client extends WebSocket>(
  clients: Iterable<Client>,
  data: string | Bytes,
  { except, filter, binary }: BroadcastOptions<Client>,
): number {
  const isText = binary === undefined ? typeof data === 'string' : !binary;
  const message = new PreparedMessage(isText ? toText(data) : toBytes(data));
  let count = 0;
  for (const client of clients) {
    if (client.readyState !== WebSocket.OPEN || client === except) continue;
    const passes: unknown = filter === undefined || filter(client);
    // One of an async filter would be taken for yes.
    if (isPromise(passes)) throw new TypeError('filter must answer at once, and not by a promise');
    if (!passes) continue;
    client.send(message);
    count++;
  }
  return count;
}
