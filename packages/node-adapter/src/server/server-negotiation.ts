import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { acceptOffer, PERMESSAGE_DEFLATE, type Refusal, type UpgradeOffer } from '@x/handshake';
import type { Compression } from '../compression/compression.js';
import { checkLines } from '../opening/server-handshake.js';
import { askListeners } from '../runtime/ask-listeners.js';
import { WebSocket } from '../websocket/web-socket.js';
import type { ServerOptions } from './server-options.js';

/** What a `handleProtocols` hook gives. */
export type Choice = string | false | undefined | PromiseLike<string | false | undefined>;

/** What is answered to an offer. */
export type Answer<Client> =
  | { readonly ok: true; readonly head: string; readonly websocket: Client }
  | { readonly ok: false; readonly refusal: Pick<Refusal, 'status' | 'message'> };

export type Negotiated<Class extends typeof WebSocket> =
  | Answer<InstanceType<Class>>
  | PromiseLike<Answer<InstanceType<Class>>>;

/**
 * Makes the answer, and what stands for the connection: all that may throw, before anything is written.
 *
 * @throws {TypeError} when a subprotocol is chosen that was not offered, or a `headers` listener makes a bad line
 */
export function negotiateWith<Class extends typeof WebSocket, Request extends typeof IncomingMessage>(
  server: EventEmitter & { readonly options: ServerOptions<Class, Request> },
  compression: Compression | undefined,
  offer: UpgradeOffer,
  request: InstanceType<Request>,
  chosen: Awaited<Choice>,
): Negotiated<Class> {
  const { WebSocket: Class } = server.options;
  const answer = acceptOffer(offer, {
    extensions: compression === undefined ? [] : [compression.extension],
    subprotocols: () => chosen || undefined,
  });
  if (!answer.ok) return { ok: false, refusal: answer };
  // The default of the type parameter is the default of the option.
  const websocket = new (Class ?? WebSocket)(null, undefined, server.options) as InstanceType<Class>;
  if (answer.subprotocol) websocket.agree({ protocol: answer.subprotocol });
  const config = answer.extensions[0]?.config;
  if (config !== undefined && compression !== undefined) {
    websocket.agree({ extensions: { [PERMESSAGE_DEFLATE]: compression.start('server', config) } });
  }
  if (server.listenerCount('headers') === 0) return { ok: true, head: answer.head, websocket };
  const lines = answer.head.trimEnd().split('\r\n');
  const complete = (): Answer<InstanceType<Class>> => {
    checkLines(lines);
    return { ok: true, head: `${lines.join('\r\n')}\r\n\r\n`, websocket };
  };
  const { promises, thrown } = askListeners(server, 'headers', lines, request);
  // A rejection that an async listener has begun is heard of where the next one throws, too.
  const failed = thrown === undefined ? [] : [Promise.reject(thrown.error)];
  return promises.length > 0 || thrown !== undefined
    ? Promise.all([...promises, ...failed]).then(complete)
    : complete();
}
