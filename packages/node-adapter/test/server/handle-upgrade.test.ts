import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from '../../src/index.js';
import {
  after,
  collect,
  connect,
  listen,
  listenHttp,
  maskedFrame,
  pair,
  RawPeer,
  until,
  upgradeRequest,
} from '../loopback.js';

it('leaves one listener of errors on the stream: that of the connection', async () => {
  const { peer } = await pair();
  expect(peer._socket?.listenerCount('error')).toBe(1);
});

it('refuses with 401 where verifyClient says nothing else (RFC 9110 §15.5.2)', async () => {
  const { port } = await listen({ verifyClient: (_info, verified) => verified(false) });
  const peer = new RawPeer(port);
  peer.socket.write(upgradeRequest());
  expect(String(await peer.all())).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
});

it('lets many clients follow one signal without a warning, and aborts them all', async () => {
  const { url } = await listen();
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  after(() => process.off('warning', onWarning));
  const controller = new AbortController();
  const { signal } = controller;
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(url, { signal })));
  const closed = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
  for (const client of clients) client.on('error', () => undefined);
  // Warnings come in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
  controller.abort();
  await Promise.all(closed);
});

it('listens to a signal no longer than the connection lasts', async () => {
  const { server, url } = await listen();
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const { signal } = new AbortController();
  const heard: string[] = [];
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener: (...values: Parameters<typeof add>) => {
      heard.push('add');
      add(...values);
    },
    removeEventListener: (...values: Parameters<typeof remove>) => {
      heard.push('remove');
      remove(...values);
    },
  });
  const client = await connect(url, { signal });
  await connected;
  expect(heard).toEqual(['add']);
  client.close();
  await once(client, 'close');
  expect(heard).toEqual(['add', 'remove']);
});

/** The same bytes in memory that ends with them. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

const HEADS: readonly (readonly [string, (head: Buffer) => unknown])[] = [
  ['an ArrayBuffer', bufferOf],
  ['a DataView', (head) => new DataView(bufferOf(head))],
  ['an Int8Array', (head) => new Int8Array(bufferOf(head))],
  ['an array of another realm', (head) => runInNewContext(`new Uint8Array([${[...head]}])`)],
  ['an ArrayBuffer of another realm', (head) => runInNewContext(`new Uint8Array([${[...head]}]).buffer`)],
  [
    'a SharedArrayBuffer',
    (head) => {
      const shared = new SharedArrayBuffer(head.length);
      new Uint8Array(shared).set(head);
      return shared;
    },
  ],
];

describe('the head of handleUpgrade', () => {
  /** What is received of a client that sends a frame with its request, or what is thrown. */
  async function taken(make: (head: Buffer) => unknown): Promise<unknown> {
    const { http, port } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    const outcome = new Promise((resolve) => {
      http.on('upgrade', (request, socket, head) => {
        const given = make(head);
        try {
          server.handleUpgrade(request, socket, given as Buffer, (websocket) => {
            after(() => websocket.terminate());
            websocket.on('message', (data) => resolve(String(data)));
          });
        } catch (error) {
          resolve(error);
          socket.destroy();
        }
      });
    });
    const peer = new RawPeer(port);
    peer.socket.write(
      Buffer.concat([Buffer.from(upgradeRequest()), maskedFrame(0x81, Buffer.from('first'))]),
    );
    const result = await outcome;
    if (result instanceof Error) expect(peer.received.toString()).toBe('');
    return result;
  }

  it.each(HEADS)('may be %s', async (_what, make) => {
    expect(await taken(make)).toBe('first');
  });

  it.each([undefined, null, '', [], 0])('may be %j: nothing came behind the request', async (nothing) => {
    const { http, url } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    const received: unknown[][] = [];
    http.on('upgrade', (request, socket) => {
      const head: unknown = nothing;
      server.handleUpgrade(request, socket, head as Buffer, (websocket) => {
        received.push(collect(websocket, 'message'));
      });
    });
    (await connect(url)).send('later');
    await until(() => received.flat().length === 1);
  });

  it.each([
    ['a list of numbers', (head: Buffer) => [...head]],
    ['a function', () => (websocket: WebSocket) => websocket],
  ])('is a TypeError as %s, before anything is written', async (_what, make) => {
    expect(await taken(make)).toEqual(new TypeError('head must be bytes'));
  });
});
