import { once } from 'node:events';
import net from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.js';
import {
  after,
  collect,
  connect,
  listen,
  listenEcho,
  listenHttp,
  maskedFrame,
  pair,
  RawPeer,
  until,
  upgradeRequest,
} from '../loopback.js';
import { surfacing } from '../surfaced.js';

describe('a socket that others destroy', () => {
  it.each(['client', 'server'] as const)(
    'ends the connection with 1006, on the side of the %s',
    async (side) => {
      const { client, peer } = await pair();
      const [here, there] = side === 'client' ? [client, peer] : [peer, client];
      const closes = [collect(here, 'close'), collect(there, 'close')];
      here._socket?.destroy(new Error('by somebody else'));
      await until(() => closes.every((events) => events.length === 1));
      expect(closes.map((events) => events[0]?.[0])).toEqual([1006, 1006]);
      expect(here.readyState).toBe(WebSocket.CLOSED);
    },
  );

  it('ends it from inside a message listener too, and nothing more is handed out', async () => {
    const { server, port } = await listen();
    const messages: string[] = [];
    const codes: number[] = [];
    server.on('connection', (websocket) => {
      websocket.on('message', (data) => {
        messages.push(String(data));
        websocket.terminate();
        websocket.send('too late');
      });
      websocket.on('close', (code) => codes.push(code));
    });
    const peer = await RawPeer.open(port);
    peer.socket.write(Buffer.concat(['a', 'b'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
    await until(() => codes.length === 1);
    expect(codes).toEqual([1006]);
    expect((await peer.all()).length).toBe(0);
  });
});

describe('a reset', () => {
  it.each<[string, (peer: RawPeer, websocket: WebSocket) => void]>([
    ['while nothing happens', () => undefined],
    ['in the middle of a frame head', (peer) => peer.writeHex('81')],
    ['in the middle of a payload', (peer) => peer.writeHex('81 fe 0100 00000000 6161')],
    ['between fragments', (peer) => peer.writeHex('01 81 00000000 61')],
    ['while this side closes', (_peer, websocket) => websocket.close()],
    ['while much waits to be sent', (_peer, websocket) => void websocket.send(Buffer.alloc(1 << 24))],
    ['while this side is paused', (_peer, websocket) => websocket.pause()],
  ])('%s closes with 1006 and no error', async (_when, prepare) => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const errors = collect(websocket, 'error');
    prepare(peer, websocket);
    await new Promise((resolve) => setTimeout(resolve, 5));
    peer.socket.resetAndDestroy();
    if (websocket.isPaused) websocket.resume();
    expect((await once(websocket, 'close'))[0]).toBe(1006);
    expect(errors).toEqual([]);
    expect(server.clients.size).toBe(0);
  });

  it('before the answer to the handshake harms nobody', async () => {
    const { port, url } = await listen({
      verifyClient: (_info, verified) => setTimeout(verified, 10, true),
    });
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(upgradeRequest());
    await new Promise((resolve) => setTimeout(resolve, 5));
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 15));
    await connect(url);
  });
});

describe('a half-open socket', () => {
  it('that ends in the middle of a message is answered with an end', async () => {
    const { server, port } = await listen();
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const peer = await RawPeer.open(port);
    const [websocket] = await connected;
    const closed = once(websocket, 'close');
    peer.writeHex('01 81 00000000 61');
    peer.socket.end();
    expect((await closed)[0]).toBe(1006);
    expect((await peer.all()).length).toBe(0);
  });

  it('that ends behind its close frame gets the answer (§7.1.1)', async () => {
    const { port } = await listen();
    const peer = await RawPeer.open(port);
    peer.socket.end(maskedFrame(0x88, Buffer.from([0x03, 0xe8])));
    expect((await peer.all()).toString('hex')).toBe('880203e8');
  });

  it('whose client has ended before the handshake is dropped', async () => {
    const { http, port } = await listenHttp();
    const server = new WebSocketServer({ noServer: true });
    const connections = collect(server, 'connection');
    http.on('upgrade', (request, socket, head) => {
      socket.on('end', () => server.handleUpgrade(request, socket, head, () => connections.push(['opened'])));
      socket.resume();
    });
    const socket = net.connect(port, '127.0.0.1');
    socket.end(upgradeRequest());
    await once(socket, 'close');
    expect(connections).toEqual([]);
  });
});

describe('listeners that throw', () => {
  const surfaced = surfacing();

  it.each([
    ['message', '81 81 00000000 61'],
    ['ping', '89 80 00000000'],
    ['pong', '8a 80 00000000'],
  ] as const)('of %s leave the connection open', async (name, frame) => {
    const { server, port } = await listenEcho();
    server.on('connection', (websocket) =>
      websocket.once(name, () => {
        throw new Error(name);
      }),
    );
    const peer = await RawPeer.open(port);
    peer.writeHex(`${frame} 81 81 00000000 62`);
    await peer.until(() => peer.received.includes(Buffer.from('810162', 'hex')));
    expect(surfaced).toEqual([new Error(name)]);
  });

  it('of close leave the server as it should be', async () => {
    const { server, port } = await listen();
    server.on('connection', (websocket) => {
      websocket.on('close', () => {
        throw new Error('close');
      });
    });
    const peer = await RawPeer.open(port);
    peer.writeHex('88 82 00000000 03e8');
    expect((await peer.all()).toString('hex')).toBe('880203e8');
    await until(() => surfaced.length === 1);
    expect(surfaced).toEqual([new Error('close')]);
    expect(server.clients.size).toBe(0);
  });

  it('for an error that nobody listens to, the connection is closed all the same', async () => {
    const { server, port } = await listen();
    const codes: number[] = [];
    server.on('connection', (websocket) => websocket.on('close', (code) => codes.push(code)));
    const peer = await RawPeer.open(port);
    peer.writeHex('83 80 00000000');
    expect((await peer.all()).readUInt16BE(2)).toBe(1002);
    await until(() => codes.length === 1);
    expect(surfaced).toMatchObject([{ code: 'WS_ERR_INVALID_OPCODE' }]);
  });

  it('as callbacks of send do not keep the others from being called', async () => {
    const { client } = await pair();
    const called: string[] = [];
    client.send('a', () => {
      throw new Error('callback');
    });
    client.send('b', () => called.push('b'));
    await until(() => called.length === 1);
    expect(surfaced).toEqual([new Error('callback')]);
    expect(client.readyState).toBe(WebSocket.OPEN);
  });
});

it('a connection may be fed from inside a listener of another', async () => {
  const [here, there] = duplexPair();
  const inner = new WebSocket(null, undefined, {});
  inner.setSocket(here, Buffer.alloc(0), {});
  const { server, port } = await listen();
  const heard: string[] = [];
  inner.on('message', (data) => heard.push(`inner ${data}`));
  server.on('connection', (websocket) =>
    websocket.on('message', (data) => {
      heard.push(`outer ${data}`);
      here.emit('data', maskedFrame(0x81, data as Buffer));
    }),
  );
  const peer = await RawPeer.open(port);
  peer.socket.write(Buffer.concat(['a', 'b'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
  await until(() => heard.length === 4);
  expect(heard).toEqual(['outer a', 'inner a', 'outer b', 'inner b']);
  after(() => there.destroy());
});

it('what is sent from inside the write of the last fragment is a message of its own (§5.4)', async () => {
  const [here, there] = duplexPair();
  const websocket = new WebSocket(null, undefined, {});
  websocket.setSocket(here, Buffer.alloc(0), {});
  const written: Buffer[] = [];
  const { write } = here;
  here.write = (bytes: Buffer, ...args: never[]) => {
    written.push(Buffer.from(bytes));
    if (written.length === 2) websocket.send('b');
    return Reflect.apply(write, here, [bytes, ...args]);
  };
  websocket.send('x', { fin: false });
  websocket.flush();
  websocket.send('a', { fin: true });
  websocket.flush();
  await until(() => written.length >= 3);
  expect(Buffer.concat(written).toString('hex')).toBe('010178800161810162');
  websocket.terminate();
  after(() => there.destroy());
});

it('a stream whose peer answers from inside the write loses nothing, and keeps the order', async () => {
  const heard: string[] = [];
  let answers = 3;
  const stream = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      for (const text of ['x', 'y'])
        if (answers > 0) stream.push(maskedFrame(0x81, Buffer.from(`${text}${answers}`)));
      answers--;
      done();
    },
  });
  const websocket = new WebSocket(null, undefined, { gatherWrites: false });
  websocket.setSocket(stream, Buffer.alloc(0), {});
  websocket.on('message', (data) => {
    heard.push(`${data}`);
    websocket.send('answer');
  });
  stream.push(maskedFrame(0x81, Buffer.from('first')));
  await until(() => heard.length === 7);
  expect(heard).toEqual(['first', 'x3', 'y3', 'x2', 'y2', 'x1', 'y1']);
  websocket.terminate();
});
