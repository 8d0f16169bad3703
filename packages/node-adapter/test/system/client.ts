import { once } from 'node:events';
import { Codec } from '@x/frame-codec';
import { type ClientOptions, WebSocket } from '../../src/index.js';
import { after } from '../loopback.js';

/** Overwrites what it lends as soon as it is given back. */
const codec = new Codec({ poison: true });

/** A client of ours, and what it has seen from its first byte on: another process may be faster than the test. */
export interface Observed {
  readonly client: WebSocket;
  readonly messages: [data: Buffer, isBinary: boolean][];
  readonly pings: string[];
  readonly closed: Promise<[code: number, reason: string]>;
}

export async function open(
  url: string,
  options: ClientOptions = {},
  protocols: string[] = [],
): Promise<Observed> {
  const client = new WebSocket(url, protocols, { codec, ...options });
  after(() => client.terminate());
  const messages: Observed['messages'] = [];
  client.on('message', (data, isBinary) => messages.push([data as Buffer, isBinary]));
  const pings: string[] = [];
  client.on('ping', (data) => pings.push(String(data)));
  const closed: Observed['closed'] = new Promise((resolve) => {
    client.on('close', (code, reason) => resolve([code, String(reason)]));
  });
  await once(client, 'open');
  return { client, messages, pings, closed };
}
