import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type BinaryType, type RawData, WebSocket } from '../../src/index.js';
import { collect, listen, maskedFrame, pair, RawPeer, until } from '../loopback.js';
import { timers } from '../timers.js';

describe('constants', () => {
  it('number the ready states on class and instance', () => {
    for (const target of [WebSocket, WebSocket.prototype]) {
      expect([target.CONNECTING, target.OPEN, target.CLOSING, target.CLOSED]).toEqual([0, 1, 2, 3]);
    }
  });
});

describe('close', () => {
  it('goes through CLOSING to CLOSED on both sides (§7.1)', async () => {
    const { client, peer } = await pair();
    const peerClosed = once(peer, 'close');
    client.close(3000, Buffer.from('späße'));
    expect(client.readyState).toBe(WebSocket.CLOSING);
    const [code, reason] = await peerClosed;
    expect([code, String(reason)]).toEqual([3000, 'späße']);
    await until(() => client.readyState === WebSocket.CLOSED);
    expect(peer.readyState).toBe(WebSocket.CLOSED);
    client.close();
    client.terminate();
  });

  it.each([1004, 1005, 1006, 1015, 999, 2999, 5000, 1.5, '1000', Number.NaN])(
    'refuses the code %s (§7.4)',
    async (code) => {
      const { client } = await pair();
      expect(() => client.close(code as number)).toThrow(TypeError);
      expect(client.readyState).toBe(WebSocket.OPEN);
    },
  );

  it('refuses a reason of more than 123 bytes (§5.5)', async () => {
    const { client } = await pair();
    expect(() => client.close(1000, 'ä'.repeat(62))).toThrow(RangeError);
    client.close(1000, 'ä'.repeat(61));
    expect(String((await once(client, 'close'))[1])).toBe('ä'.repeat(61));
  });

  it('still hands out messages that the peer sent before it answered (§5.5.1)', async () => {
    const { client, peer } = await pair();
    const messages = collect(client, 'message');
    client.close();
    peer.send('last words');
    await once(client, 'close');
    expect(messages.map(([data]) => String(data))).toEqual(['last words']);
  });

  it('drops the socket when the peer does not answer within closeTimeout', async () => {
    const { server, port } = await listen({ closeTimeout: 30 });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    await RawPeer.open(port);
    const [websocket] = await connected;
    const started = Date.now();
    websocket.close(1001);
    const [code] = await once(websocket, 'close');
    expect(code).toBe(1006);
    expect(Date.now() - started).toBeGreaterThanOrEqual(28);
  });

  it('is 1006 when the peer ends without a close frame (§7.1.5)', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const states: number[] = [];
    websocket._socket?.once('end', () => states.push(websocket.readyState));
    peer.socket.end();
    expect(await once(websocket, 'close')).toEqual([1006, Buffer.alloc(0)]);
    expect(states).toEqual([WebSocket.CLOSING]);
  });

  it('is 1006 when the peer resets the connection', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const errors = collect(websocket, 'error');
    peer.socket.resetAndDestroy();
    expect((await once(websocket, 'close'))[0]).toBe(1006);
    expect(errors).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    const made = timers();
    // No other test has these.
    const { client, peer } = await pair({ closeTimeout: 12_321 }, { closeTimeout: 12_321 });
    const closed = once(peer, 'close');
    client.close();
    await once(client, 'close');
    await closed;
    expect(made(12_321).map(({ live }) => live)).toEqual([false, false]);
  });
});

describe('terminate', () => {
  it('drops the socket at once, and the peer sees 1006', async () => {
    const { client, peer } = await pair();
    const closed = once(peer, 'close');
    client.terminate();
    expect(client.readyState).toBe(WebSocket.CLOSING);
    expect((await once(client, 'close'))[0]).toBe(1006);
    expect((await closed)[0]).toBe(1006);
  });

  it('sends what was sent before it', async () => {
    const { client, peer } = await pair();
    client.send('farewell');
    client.terminate();
    expect(String((await once(peer, 'message'))[0])).toBe('farewell');
  });
});

describe('autoPong', () => {
  it('answers pings before they are handed out (§5.5.2)', async () => {
    const { server, port } = await listen();
    const pings: unknown[] = [];
    server.on('connection', (websocket) => websocket.on('ping', (data) => pings.push(data)));
    const peer = await RawPeer.open(port);
    peer.writeHex('89 83 01020304 604071');
    expect(await peer.bytes(5)).toBe('8a03614272');
    expect(pings).toEqual([Buffer.from('aBr')]);
  });

  it('can be turned off', async () => {
    const { server, port } = await listen({ autoPong: false });
    server.on('connection', (websocket) => websocket.on('ping', () => websocket.pong('mine')));
    const peer = await RawPeer.open(port);
    peer.writeHex('89 83 01020304 604071');
    expect(await peer.bytes(6)).toBe('8a046d696e65');
  });

  it('ping and pong refuse more than 125 bytes (§5.5)', async () => {
    const { client } = await pair();
    expect(() => client.ping(Buffer.alloc(126))).toThrow(RangeError);
    expect(() => client.pong('ä'.repeat(63))).toThrow(RangeError);
    client.ping(Buffer.alloc(125));
    expect((await once(client, 'pong'))[0]).toHaveLength(125);
  });
});

describe('binaryType', () => {
  it.each<[BinaryType, (data: RawData) => boolean]>([
    ['nodebuffer', (data) => Buffer.isBuffer(data)],
    ['arraybuffer', (data) => data instanceof ArrayBuffer && data.byteLength === 3],
    ['fragments', (data) => Array.isArray(data) && Buffer.isBuffer(data[0])],
    ['blob', (data) => data instanceof Blob && data.size === 3],
  ])('hands out %s', async (type, fits) => {
    const { client, peer } = await pair();
    client.binaryType = type;
    expect(client.binaryType).toBe(type);
    peer.send(Buffer.from([1, 2, 3]));
    const [data] = await once(client, 'message');
    expect(fits(data)).toBe(true);
    client.binaryType = 'nonsense' as BinaryType;
    expect(client.binaryType).toBe(type);
  });
});

describe('allowSynchronousEvents', () => {
  it('hands out one event a task when it is off', async () => {
    const { server, port } = await listen({ allowSynchronousEvents: false });
    const events: string[] = [];
    server.on('connection', (websocket) => {
      websocket.on('message', (data) => {
        events.push(String(data));
        process.nextTick(() => Promise.resolve().then(() => events.push('task')));
      });
    });
    const peer = await RawPeer.open(port);
    peer.socket.write(Buffer.concat(['1', '2', '3'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
    await until(() => events.length === 6);
    expect(events).toEqual(['1', 'task', '2', 'task', '3', 'task']);
  });
});

describe('a listener that throws', () => {
  it('surfaces as an uncaught exception, and the messages behind it still come', async () => {
    const { server, port } = await listen();
    const messages: string[] = [];
    server.on('connection', (websocket) => {
      websocket.on('message', (data) => {
        messages.push(String(data));
        if (messages.length === 2) throw new Error('thrown by the listener');
        websocket.send(data as Buffer, { binary: false });
      });
    });
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const surfaced = once(process, 'uncaughtException');
    try {
      const peer = await RawPeer.open(port);
      peer.socket.write(
        Buffer.concat(['a', 'b', 'c', 'd'].map((text) => maskedFrame(0x81, Buffer.from(text)))),
      );
      const [error] = await surfaced;
      expect(error).toEqual(new Error('thrown by the listener'));
      expect(await peer.bytes(9)).toBe('810161810163810164');
      expect(messages).toEqual(['a', 'b', 'c', 'd']);
    } finally {
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });
});
