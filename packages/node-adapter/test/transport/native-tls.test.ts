import { once } from 'node:events';
import { createServer } from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from '../../src/index.js';
import { readsNatively, writesNatively } from '../../src/transport/native-socket.js';
import { selfSigned } from '../certificate.js';
import { after, collect, connect, portOf, until } from '../loopback.js';

/*
 * Sockets of TLS whose methods an agent has replaced: all that is sent and received goes through these, as it does without
 * TLS (native-socket.test.ts).
 */

const { key, cert } = selfSigned();

/** A pair over TLS; the test may prepare the server's sockets before the handshake. */
async function securePair(
  prepare: (socket: tls.TLSSocket) => void = () => undefined,
): Promise<{ client: WebSocket; peer: WebSocket }> {
  const https = createServer({ key, cert });
  https.on('secureConnection', prepare);
  const server = new WebSocketServer({ server: https, perMessageDeflate: false });
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  after(() => {
    server.close();
    https.closeAllConnections();
    https.close();
  });
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const client = await connect(`wss://127.0.0.1:${portOf(https)}/`, { ca: cert });
  const [peer] = await connected;
  after(() => peer.terminate());
  return { client, peer };
}

function socketOf(websocket: WebSocket): tls.TLSSocket {
  if (!(websocket._socket instanceof tls.TLSSocket)) throw new TypeError('no socket of TLS');
  return websocket._socket;
}

const TEXTS = ['one', 'two', 'x'.repeat(20_000), 'four', 'y'.repeat(200_000), 'six'];

/** Sends one way, some of it in one tick, and expects it to arrive. */
async function expectDelivery(from: WebSocket, to: WebSocket): Promise<void> {
  const messages = collect(to, 'message');
  for (const [at, text] of TEXTS.entries()) {
    from.send(text);
    if (at % 2 === 0) await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  await until(() => messages.length === TEXTS.length, 'the messages');
  expect(messages.map(([data]) => String(data))).toEqual(TEXTS);
}

/** How many bytes are to be seen at least: those of the texts. */
const LENGTH = TEXTS.join('').length;

function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + lengthOf(each.chunk), 0);
  return value instanceof Uint8Array ? value.length : typeof value === 'string' ? value.length : 0;
}

/** Has a method of a socket, or of its class, count the bytes that it is given. */
function watch(
  target: object,
  name: 'write' | '_write' | '_writev' | '_writeGeneric' | 'push',
): { bytes: number } {
  const seen = { bytes: 0 };
  const original: unknown = Reflect.get(target, name);
  const own = Object.getOwnPropertyDescriptor(target, name);
  after(() => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  });
  Reflect.set(target, name, function (this: net.Socket, ...values: unknown[]): unknown {
    // _writeGeneric is told first whether there are several.
    seen.bytes += lengthOf(values[name === '_writeGeneric' ? 1 : 0]);
    return Reflect.apply(original as () => unknown, this, values);
  });
  return seen;
}

describe('a socket of TLS', () => {
  it.each(['write', '_write', '_writev', '_writeGeneric', 'push', '_read'])(
    'is as Node made it until %s is replaced, on it or on its class',
    (name) => {
      const isNative = (socket: tls.TLSSocket): boolean => writesNatively(socket) && readsNatively(socket);
      const make = (Class: typeof tls.TLSSocket): tls.TLSSocket => {
        const socket = new Class(new net.Socket());
        after(() => socket.destroy());
        return socket;
      };
      const socket = make(tls.TLSSocket);
      expect(isNative(socket)).toBe(true);
      Object.assign(socket, { [name]: () => true });
      expect(isNative(socket)).toBe(false);
      class Derived extends tls.TLSSocket {}
      Object.assign(Derived.prototype, { [name]: () => true });
      expect(isNative(make(Derived))).toBe(false);
    },
  );

  it('has zero-copy reads while nobody watches: no data event comes from it', async () => {
    const { client, peer } = await securePair();
    const events = [client, peer].map((each) => collect(socketOf(each), 'data'));
    await expectDelivery(client, peer);
    await expectDelivery(peer, client);
    expect(events).toEqual([[], []]);
  });
});

describe('what is sent over TLS goes through', () => {
  it.each(['write', '_writeGeneric'] as const)('%s that was replaced before the connection', async (name) => {
    let seen = { bytes: 0 };
    const { client, peer } = await securePair((socket) => {
      seen = watch(socket, name);
    });
    await expectDelivery(peer, client);
    expect(seen.bytes).toBeGreaterThan(LENGTH);
  });

  it.each(['write', '_writeGeneric'] as const)('%s that was replaced between two messages', async (name) => {
    const { client, peer } = await securePair();
    for (const [from, to] of [
      [peer, client],
      [client, peer],
    ] as const) {
      await expectDelivery(from, to);
      const seen = watch(socketOf(from), name);
      await expectDelivery(from, to);
      expect(seen.bytes).toBeGreaterThan(LENGTH);
    }
  });

  it('_write and _writev, whichever of them the stream calls', async () => {
    const { client, peer } = await securePair();
    await expectDelivery(peer, client);
    const both = [watch(socketOf(peer), '_write'), watch(socketOf(peer), '_writev')];
    await expectDelivery(peer, client);
    expect(both.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(LENGTH);
  });

  it.each([tls.TLSSocket.prototype, net.Socket.prototype])(
    'a write that an agent has put on the prototype though connections are open',
    async (prototype) => {
      const { client, peer } = await securePair();
      await expectDelivery(peer, client);
      const seen = watch(prototype, 'write');
      await expectDelivery(peer, client);
      expect(seen.bytes).toBeGreaterThan(LENGTH);
    },
  );

  it('a write that passes the bytes on later, as they are by then', async () => {
    const { client, peer } = await securePair();
    const socket = socketOf(peer);
    const { write } = socket;
    const later = (...values: unknown[]): boolean => {
      setTimeout(() => Reflect.apply(write, socket, values), 30);
      return true;
    };
    Object.assign(socket, { write: later });
    await expectDelivery(peer, client);
  });
});

describe('what is received over TLS goes through', () => {
  it.each(['before the connection', 'between two messages'])('push that was replaced %s', async (when) => {
    let seen = { bytes: 0 };
    const { client, peer } = await securePair((socket) => {
      if (when === 'before the connection') seen = watch(socket, 'push');
    });
    if (when !== 'before the connection') {
      await expectDelivery(client, peer);
      seen = watch(socketOf(peer), 'push');
    }
    await expectDelivery(client, peer);
    expect(seen.bytes).toBeGreaterThan(LENGTH);
  });

  it('a push that an agent has put on the prototype though connections are open', async () => {
    const { client, peer } = await securePair();
    await expectDelivery(client, peer);
    const seen = watch(net.Socket.prototype, 'push');
    await expectDelivery(client, peer);
    expect(seen.bytes).toBeGreaterThan(LENGTH);
  });

  it('a push that changes the bytes', async () => {
    const { client, peer } = await securePair();
    const socket = socketOf(client);
    const { push } = socket;
    // A server's text frame of one byte: 81 01 61.
    socket.push = (chunk: Buffer | null) => {
      const at = chunk?.indexOf(Buffer.from([0x81, 1, 0x61])) ?? -1;
      if (chunk !== null && at >= 0) chunk[at + 2] = 0x62;
      return push.call(socket, chunk);
    };
    peer.send('a');
    expect(String((await once(client, 'message'))[0])).toBe('b');
  });
});
