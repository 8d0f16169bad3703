import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { type BinaryType, CloseEvent, ErrorEvent, type RawData, WebSocket } from '../src/index.js';
import { collect, listen, listenEcho, listenTcp, maskedFrame, pair, RawPeer, until } from './loopback.js';
import { timers } from './timers.js';

describe('constants', () => {
  it('number the ready states on class and instance', () => {
    for (const target of [WebSocket, WebSocket.prototype]) {
      expect([target.CONNECTING, target.OPEN, target.CLOSING, target.CLOSED]).toEqual([0, 1, 2, 3]);
    }
  });
});

describe('send', () => {
  it.each<[string, () => unknown, string | Buffer]>([
    ['a string', () => 'text', 'text'],
    ['a number', () => 42, '42'],
    ['zero', () => 0, '0'],
    ['nothing', () => undefined, Buffer.alloc(0)],
    ['null', () => null, Buffer.alloc(0)],
    ['a Buffer', () => Buffer.from('b'), Buffer.from('b')],
    ['an ArrayBuffer', () => new Uint8Array([1, 2]).buffer, Buffer.from([1, 2])],
    ['part of an ArrayBuffer', () => new Uint16Array([1, 2, 3]).subarray(1, 2), Buffer.from([2, 0])],
    ['a DataView', () => new DataView(new Uint8Array([9, 8, 7]).buffer, 1, 1), Buffer.from([8])],
    ['an array of numbers', () => [1, 2, 300], Buffer.from([1, 2, 44])],
    ['a Blob', () => new Blob(['bl', 'ob']), Buffer.from('blob')],
  ])('sends %s', async (_what, make, expected) => {
    const { client, peer } = await pair();
    client.send(make() as string);
    const [data, isBinary] = await once(peer, 'message');
    expect(isBinary).toBe(typeof expected !== 'string');
    expect(data).toEqual(Buffer.from(expected as string));
  });

  it('refuses what nothing stands for, and goes on', async () => {
    const { client, peer } = await pair();
    expect(() => client.send({ some: 'thing' } as never)).toThrow(TypeError);
    client.send('next');
    expect(String((await once(peer, 'message'))[0])).toBe('next');
  });

  it('keeps the order behind a Blob', async () => {
    const { client, peer } = await pair();
    const messages = collect(peer, 'message');
    const pings = collect(peer, 'ping');
    client.send('1');
    client.send(new Blob(['2'.repeat(100_000)]));
    client.send('3');
    client.ping('4');
    expect(client.bufferedAmount).toBeGreaterThanOrEqual(100_001);
    client.close(1000);
    await once(peer, 'close');
    expect(messages.map(([data]) => String(data).slice(0, 1))).toEqual(['1', '2', '3']);
    expect(pings).toEqual([[Buffer.from('4')]]);
  });

  it('sends text as binary, and bytes as text, when told so', async () => {
    const { client, peer } = await pair();
    const messages = collect(peer, 'message');
    client.send('text', { binary: true });
    client.send(Buffer.from('bytes'), { binary: false });
    await until(() => messages.length === 2);
    expect(messages).toEqual([
      [Buffer.from('text'), true],
      [Buffer.from('bytes'), false],
    ]);
  });

  it('throws while connecting', async () => {
    const { url } = await listen();
    const client = new WebSocket(url);
    client.on('error', () => undefined);
    for (const send of [() => client.send('a'), () => client.ping(), () => client.pong()]) {
      expect(send).toThrow('WebSocket is not open: readyState 0 (CONNECTING)');
    }
    client.terminate();
  });

  it('calls back when the bytes have left, in order', async () => {
    const { client, peer } = await pair();
    const order: string[] = [];
    client.send('a', () => order.push('a'));
    client.send(Buffer.alloc(200_000), { binary: true }, () => order.push('large'));
    client.ping('', undefined, () => order.push('ping'));
    client.pong(() => order.push('pong'));
    client.send('b', (error) => order.push(`b ${error}`));
    expect(order).toEqual([]);
    await until(() => order.length === 5);
    expect(order).toEqual(['a', 'large', 'ping', 'pong', 'b undefined']);
    expect(peer.readyState).toBe(WebSocket.OPEN);
  });

  it('calls back with an error when the connection is closing, and counts the bytes as buffered', async () => {
    const { client } = await pair();
    client.close();
    const error = await new Promise<Error | null | undefined>((resolve) => client.send('lost', resolve));
    expect(error?.message).toBe('WebSocket is not open: readyState 2 (CLOSING)');
    await once(client, 'close');
    expect(client.bufferedAmount).toBe(4);
    client.send(Buffer.alloc(6));
    expect(client.bufferedAmount).toBe(10);
  });

  it('calls back with an error when the socket is gone before the bytes left', async () => {
    const { client, peer } = await pair();
    peer.pause();
    const results: unknown[] = [];
    for (let i = 0; i < 64; i++) client.send(Buffer.alloc(1 << 20), (error) => results.push(error));
    expect(client.bufferedAmount).toBeGreaterThan(1 << 25);
    await new Promise((resolve) => setImmediate(resolve));
    client.terminate();
    await until(() => results.length === 64);
    expect(results.at(-1)).toBeInstanceOf(Error);
  });

  it('gathers what is sent in one tick behind the first frame into one write', async () => {
    const { client } = await pair();
    const write = vi.spyOn(client._socket as NonNullable<typeof client._socket>, 'write');
    for (let i = 0; i < 50; i++) client.send(`message ${i}`);
    expect(write).toHaveBeenCalledTimes(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(write).toHaveBeenCalledTimes(2);
  });

  it('hands out at once what was gathered where flush says so', async () => {
    const { client } = await pair();
    const write = vi.spyOn(client._socket as NonNullable<typeof client._socket>, 'write');
    for (let i = 0; i < 3; i++) client.send(`message ${i}`);
    client.flush();
    expect(write).toHaveBeenCalledTimes(2);
    expect(client.bufferedAmount).toBe(0);
  });

  it('writes each frame at once when gatherWrites is off', async () => {
    const { client } = await pair({}, { gatherWrites: false });
    const write = vi.spyOn(client._socket as NonNullable<typeof client._socket>, 'write');
    for (let i = 0; i < 5; i++) client.send(`message ${i}`);
    expect(write).toHaveBeenCalledTimes(5);
  });

  it('answers what came in one chunk with one write', async () => {
    const { server, port } = await listenEcho();
    const peer = await RawPeer.open(port);
    const [websocket] = server.clients;
    const write = vi.spyOn(websocket?._socket as NonNullable<WebSocket['_socket']>, 'write');
    peer.socket.write(Buffer.concat(Array.from({ length: 20 }, () => maskedFrame(0x81, Buffer.from('hi')))));
    expect(await peer.bytes(80)).toBe('81026869'.repeat(20));
    expect(write).toHaveBeenCalledTimes(1);
  });
});

describe('backpressure', () => {
  it('send tells to stop, and drain to go on', async () => {
    const { client, peer } = await pair();
    peer.pause();
    let sent = 0;
    while (client.send(Buffer.alloc(1 << 20))) sent++;
    for (let i = 0; i < 20; i++) client.send(Buffer.alloc(1 << 20));
    expect(sent).toBeLessThan(100);
    const drained = once(client, 'drain');
    peer.resume();
    await drained;
    expect(client.bufferedAmount).toBe(0);
  });

  it.each<[string, () => string | Buffer | Blob]>([
    ['a Blob', () => new Blob(['x'.repeat(10)])],
    ['much in one tick', () => 'x'.repeat(20_000)],
    ['more than is copied', () => Buffer.alloc(5 << 20)],
  ])('drain comes after each false, for %s', async (_what, make) => {
    const { client } = await pair();
    for (let i = 0; i < 3; i++) {
      const drained = once(client, 'drain');
      let sends = 1;
      while (client.send(make())) sends++;
      expect(sends).toBeLessThan(10_000);
      await drained;
      expect(client.bufferedAmount).toBe(0);
    }
  });

  it('drain does not come when nobody was told to stop', async () => {
    const { client, peer } = await pair();
    const drains = collect(client, 'drain');
    expect(client.send('small')).toBe(true);
    await once(peer, 'message');
    expect(drains).toEqual([]);
  });

  it('pause stops in the middle of a chunk, and resume goes on', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const messages: string[] = [];
    websocket.on('message', (data) => {
      messages.push(String(data));
      if (messages.length === 2) websocket.pause();
    });
    peer.socket.write(
      Buffer.concat(['a', 'b', 'c', 'd'].map((text) => maskedFrame(0x81, Buffer.from(text)))),
    );
    await until(() => messages.length === 2);
    expect(websocket.isPaused).toBe(true);
    peer.socket.write(maskedFrame(0x81, Buffer.from('e')));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(messages).toEqual(['a', 'b']);
    websocket.resume();
    expect(websocket.isPaused).toBe(false);
    await until(() => messages.length === 5);
    expect(messages).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('hands out what a pause held back when the socket closes', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const messages = collect(websocket, 'message');
    websocket.once('message', () => websocket.pause());
    peer.socket.write(Buffer.concat(['a', 'b'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
    await until(() => messages.length === 1);
    websocket._socket?.destroy();
    await once(websocket, 'close');
    expect(messages.map(([data]) => String(data))).toEqual(['a', 'b']);
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

describe('the browser’s interface', () => {
  it('hands out text as strings, and events with their target', async () => {
    const { client, peer } = await pair();
    const events: unknown[] = [];
    client.onmessage = (event) => events.push([event.type, event.data, event.target === client]);
    client.addEventListener('message', (event) => events.push(event.data));
    client.addEventListener('message', { handleEvent: (event) => events.push(event.data) });
    client.addEventListener('message', () => events.push('once'), { once: true });
    peer.send('text');
    peer.send(Buffer.from([1]));
    await until(() => events.length === 7);
    expect(events).toEqual([
      ['message', 'text', true],
      'text',
      'text',
      'once',
      ['message', Buffer.from([1]), true],
      Buffer.from([1]),
      Buffer.from([1]),
    ]);
  });

  it('tells how the connection was closed', async () => {
    const { client } = await pair();
    const closed = new Promise<CloseEvent>((resolve) => {
      client.onclose = resolve;
    });
    client.close(4000, 'fine');
    const event = await closed;
    expect(event).toBeInstanceOf(CloseEvent);
    expect(event).toMatchObject({ type: 'close', code: 4000, reason: 'fine', wasClean: true });
  });

  it('tells of errors', async () => {
    const port = await listenTcp((socket) => socket.destroy());
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const event = await new Promise<ErrorEvent>((resolve) => {
      client.onerror = resolve;
    });
    expect(event).toBeInstanceOf(ErrorEvent);
    expect(event.error.message).toBe(event.message);
  });

  it('adds a listener once, replaces attributes, and removes both', async () => {
    const { client, peer } = await pair();
    const calls: string[] = [];
    const listener = (): number => calls.push('listener');
    client.addEventListener('message', listener);
    client.addEventListener('message', listener);
    client.onmessage = () => calls.push('first');
    client.onmessage = () => calls.push('second');
    expect(client.listenerCount('message')).toBe(2);
    peer.send('');
    await until(() => calls.length === 2);
    expect(calls).toEqual(['listener', 'second']);
    client.removeEventListener('message', listener);
    client.onmessage = null;
    expect(client.onmessage).toBeNull();
    expect(client.listenerCount('message')).toBe(0);
    client.addEventListener('unheard' as 'message', listener);
    expect(client.listenerCount('unheard')).toBe(0);
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
