import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from '../../src/index.js';
import { collect, listen, listenEcho, maskedFrame, pair, RawPeer, until } from '../loopback.js';

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
