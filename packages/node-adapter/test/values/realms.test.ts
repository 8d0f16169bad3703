import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { Codec, Connection, Endpoint, FrameEncoder, OPCODES } from '@x/frame-codec';
import { encodeKey, RequestHeadParser } from '@x/handshake';
import { describe, expect, it } from 'vitest';
import {
  type Payload,
  PerMessageDeflate,
  PreparedMessage,
  Sender,
  WebSocket,
  WebSocketServer,
} from '../../src/index.js';
import { toError } from '../../src/runtime/thrown.js';
import { after, connect, listenEcho, listenHttp, pair, RawPeer, upgradeRequest } from '../loopback.js';

/*
 * Bytes of another realm: no instance of any class of this one, and bytes all the same (ECMA-262 §9.3).
 */

function foreign<Value>(expression: string): Value {
  return runInNewContext(expression);
}

function bytesOfElsewhere(...bytes: number[]): Uint8Array {
  return foreign(`new Uint8Array([${bytes}])`);
}

/** All that hold the bytes 1, 2 and 3. */
const KINDS: readonly (readonly [kind: string, make: string])[] = [
  ['Uint8Array', 'new Uint8Array([1, 2, 3])'],
  ['view of a part', 'new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4)'],
  ['Int8Array', 'new Int8Array([1, 2, 3])'],
  ['DataView', 'new DataView(new Uint8Array([0, 1, 2, 3]).buffer, 1)'],
  ['ArrayBuffer', 'new Uint8Array([1, 2, 3]).buffer'],
  ['SharedArrayBuffer', '{ const b = new SharedArrayBuffer(3); new Uint8Array(b).set([1, 2, 3]); b }'],
  ['list of numbers', '[1, 2, 3]'],
  ['list of fragments', '[new Uint8Array([1]), new Uint8Array([2, 3])]'],
];

const LONG = 'new Uint8Array(200_000).fill(7)';

it('are made by other classes than those of this realm', () => {
  const bytes: unknown = foreign('new Uint8Array(1)');
  expect(bytes instanceof Uint8Array).toBe(false);
  expect(foreign<unknown>('new ArrayBuffer(1)') instanceof ArrayBuffer).toBe(false);
});

describe.each(KINDS)('bytes of another realm as a %s', (_kind, make) => {
  it.each([true, false])(
    'are sent by send(), ping() and pong() (§5.6), compressed: %s',
    async (compressed) => {
      const perMessageDeflate = compressed ? { threshold: 0 } : false;
      const { client, peer } = await pair({ perMessageDeflate }, { perMessageDeflate });
      for (const [from, to] of [
        [client, peer],
        [peer, client],
      ] as const) {
        for (const event of ['message', 'ping', 'pong'] as const) {
          const came = once(to, event) as Promise<[Buffer]>;
          if (event === 'message') from.send(foreign<Payload>(make));
          else from[event](foreign<Payload>(make));
          expect([...(await came)[0]], event).toEqual([1, 2, 3]);
        }
      }
    },
  );

  it('are fragments of a message (§5.4)', async () => {
    const { client, peer } = await pair();
    const came = once(peer, 'message') as Promise<[Buffer]>;
    client.send(foreign<Payload>(make), { fin: false });
    client.send(foreign<Payload>(make), { fin: true });
    expect([...(await came)[0]]).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('are counted when nothing can be sent any more', async () => {
    const { client } = await pair();
    client.close();
    await once(client, 'close');
    client.send(foreign<Payload>(make), () => undefined);
    expect(client.bufferedAmount).toBe(3);
  });
});

describe('bytes of another realm', () => {
  it.each([true, false])('are sent when they are many, compressed: %s', async (perMessageDeflate) => {
    const { client, peer } = await pair({ perMessageDeflate }, { perMessageDeflate });
    for (const [from, to] of [
      [client, peer],
      [peer, client],
    ] as const) {
      const came = once(to, 'message') as Promise<[Buffer]>;
      from.send(foreign<Uint8Array>(LONG));
      expect((await came)[0].equals(Buffer.alloc(200_000, 7))).toBe(true);
    }
  });

  it('are the reason of a close frame (§5.5.1)', async () => {
    const { client, peer } = await pair();
    const closed = once(peer, 'close') as Promise<[number, Buffer]>;
    client.close(4000, bytesOfElsewhere(0x62, 0x79, 0x65));
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([4000, 'bye']);
  });

  it.each([true, false])('are broadcast, binary: %s', async (binary) => {
    const { client, server } = await pair();
    const came = once(client, 'message') as Promise<[Buffer, boolean]>;
    server.broadcast(bytesOfElsewhere(0x68, 0x69), { binary });
    const [data, isBinary] = await came;
    expect([String(data), isBinary]).toEqual(['hi', binary]);
  });

  it.each([true, false])('are a PreparedMessage, text: %s', async (text) => {
    const { client, peer } = await pair();
    const came = once(client, 'message') as Promise<[Buffer, boolean]>;
    peer.send(new PreparedMessage(bytesOfElsewhere(0x68, 0x69), { text }));
    const [data, isBinary] = await came;
    expect([String(data), isBinary]).toEqual(['hi', !text]);
  });

  it('are a Blob once it is read', async () => {
    const { client, peer } = await pair();
    const came = once(peer, 'message') as Promise<[Buffer]>;
    const blob = new Blob(['hi']);
    Object.defineProperty(blob, 'arrayBuffer', {
      value: async () => foreign('new Uint8Array([104, 105]).buffer'),
    });
    client.send(blob);
    expect(String((await came)[0])).toBe('hi');
  });

  it('are the head of an upgrade: the first frames of a client', async () => {
    const { http, port } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    // "hi" as text, masked with 0 (§5.2).
    const head = bytesOfElsewhere(0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69);
    const came = new Promise<string>((resolve) => {
      http.on('upgrade', (request, socket) => {
        server.handleUpgrade(request, socket, head as Buffer, (websocket) => {
          websocket.on('message', (data) => resolve(String(data)));
          after(() => websocket.terminate());
        });
      });
    });
    new RawPeer(port).socket.write(upgradeRequest());
    expect(await came).toBe('hi');
  });

  it('are frames for the exported Sender, and data for the exported PerMessageDeflate', async () => {
    const [frame] = Sender.frame(bytesOfElsewhere(1, 2, 3), { opcode: OPCODES.binary, fin: true });
    expect([...(frame ?? [])]).toEqual([0x82, 3, 1, 2, 3]);
    const deflate = new PerMessageDeflate({ threshold: 0, isServer: true });
    deflate.accept([{}]);
    after(() => deflate.cleanup());
    const long = foreign<Uint8Array>(LONG);
    const packed = await new Promise<Buffer>((resolve, reject) => {
      deflate.compress(long, true, (error, data) => (data ? resolve(data) : reject(error)));
    });
    const bare = foreign<Uint8Array>(`new Uint8Array([${[...packed]}])`);
    const unpacked = await new Promise<Buffer>((resolve, reject) => {
      deflate.decompress(bare, true, (error, data) => (data ? resolve(data) : reject(error)));
    });
    expect(unpacked.equals(long)).toBe(true);
  });

  it.each(['wasm', 'script'] as const)('are received by a connection of the %s kernel', (kernel) => {
    const codec = new Codec({ kernel });
    const received: string[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'client', codec }),
      {
        write: () => true,
        end: () => undefined,
        text: (_connection, text) => received.push(text),
      },
      undefined,
    );
    connection.receive(bytesOfElsewhere(0x81, 2, 0x68));
    connection.receive(bytesOfElsewhere(0x69));
    expect(received).toEqual(['hi']);
    expect(connection.probe(bytesOfElsewhere(1))).toBe(true);
    expect(connection.sendBinary(bytesOfElsewhere(1))).toBe(true);
    expect(connection.sendTextBytes(bytesOfElsewhere(0x68))).toBe(true);
    expect(connection.startMessage('binary')?.end(bytesOfElsewhere(1))).not.toBe(undefined);
  });

  it('are owned without a copy where nobody else writes to their memory, and copied where it is shared', () => {
    const codec = new Codec();
    const mine = bytesOfElsewhere(1, 2, 3);
    expect(codec.own(mine)).toBe(mine);
    const shared = foreign<Uint8Array>('new Uint8Array(new SharedArrayBuffer(3))');
    expect(codec.own(shared)).not.toBe(shared);
    expect([...codec.own(shared)]).toEqual([0, 0, 0]);
  });

  it('are the payload of a frame, a nonce (§4.1) and the bytes of a head', () => {
    const encoder = new FrameEncoder(new Endpoint({ role: 'server' }));
    expect([...encoder.encode(OPCODES.binary, bytesOfElsewhere(9))]).toEqual([0x82, 1, 9]);
    const nonce = foreign<Uint8Array>('new Uint8Array(16)');
    expect(encodeKey(nonce)).toBe('AAAAAAAAAAAAAAAAAAAAAA==');
    const head = [...Buffer.from(upgradeRequest())];
    expect(new RequestHeadParser().push(bytesOfElsewhere(...head))).toBeDefined();
  });

  it.each([
    '{}',
    '[1]',
    'new Uint16Array(1)',
    'new DataView(new ArrayBuffer(1))',
    'Object.create(Uint8Array.prototype)',
  ])('are not what is only like them: %s', (make) => {
    const encoder = new FrameEncoder(new Endpoint({ role: 'server' }));
    expect(() => encoder.encode(OPCODES.binary, foreign<Uint8Array>(make))).toThrow(TypeError);
    expect(() => encodeKey(foreign<Uint8Array>(make))).toThrow(TypeError);
  });
});

it('hands on an error of another realm as it is', () => {
  const error = foreign<Error>('new RangeError("elsewhere")');
  expect(toError(error)).toBe(error);
  expect(toError('text').cause).toBe('text');
});

describe('small things that npm ws has so', () => {
  it('sends the digit of ping(0) and pong(0)', async () => {
    const { client, peer } = await pair();
    for (const event of ['ping', 'pong'] as const) {
      const came = once(peer, event) as Promise<[Buffer]>;
      client[event](0);
      expect(String((await came)[0])).toBe('0');
    }
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'ping'])(
    'adds no listener for the type %s',
    async (type) => {
      const { client } = await pair();
      const add = client.addEventListener.bind(client) as (type: string, handler: () => void) => void;
      const remove = client.removeEventListener.bind(client) as typeof add;
      const handler = (): void => undefined;
      expect(() => add(type, handler)).not.toThrow();
      expect(client.listenerCount(type as 'message')).toBe(0);
      expect(() => remove(type, handler)).not.toThrow();
    },
  );

  it.each([
    ['CONNECTING', 0],
    ['OPEN', 1],
    ['CLOSING', 2],
    ['CLOSED', 3],
  ] as const)('leaves WebSocket.%s as it is', (name, value) => {
    for (const target of [WebSocket, WebSocket.prototype]) {
      expect(Reflect.set(target, name, 7)).toBe(false);
      expect(Reflect.getOwnPropertyDescriptor(target, name)).toEqual({
        value,
        enumerable: true,
        writable: false,
        configurable: false,
      });
    }
  });

  it.each([42, -2, '6', null])('refuses the level %s of zlib when the options are given', async (level) => {
    const perMessageDeflate = { zlibDeflateOptions: { level } };
    const kind = typeof level === 'number' ? RangeError : TypeError;
    expect(() => new PerMessageDeflate(perMessageDeflate)).toThrow(kind);
    await expect(listenEcho({ perMessageDeflate })).rejects.toThrow(kind);
    await expect(connect('ws://127.0.0.1:1/', { perMessageDeflate })).rejects.toThrow(kind);
  });
});
