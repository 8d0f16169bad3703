import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { Endpoint } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { Transport, type WebSocket, WebSocketServer } from '../../src/index.js';
import { readsNatively, writesNatively } from '../../src/transport/native-socket.js';
import {
  after,
  collect,
  connect,
  listen,
  listenHttp,
  listenTcp,
  maskedFrame,
  pair,
  until,
} from '../loopback.js';

const KEY = 0x5a;

function scrambled(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ KEY));
}

function socketOf(websocket: WebSocket): net.Socket {
  if (!(websocket._socket instanceof net.Socket)) throw new TypeError('no socket');
  return websocket._socket;
}

/** As an agent does that passes the bytes on later, as they are by then. */
function delayWrites(target: net.Socket): void {
  const { write } = target;
  const later = function (this: net.Socket, ...values: unknown[]): boolean {
    setTimeout(() => {
      if (!this.destroyed) Reflect.apply(write, this, values);
    }, 60);
    return true;
  };
  Object.assign(target, { write: later });
}

/** Undoes what a test does to Node's prototype. */
function restoreAfter(prototype: object, ...names: string[]): void {
  for (const name of names) {
    const own = Object.getOwnPropertyDescriptor(prototype, name);
    after(() => {
      if (own === undefined) Reflect.deleteProperty(prototype, name);
      else Object.defineProperty(prototype, name, own);
    });
  }
}

/** A client's connected socket of a class, and what its peer receives of it, or sends. */
async function accepted(make: () => net.Socket): Promise<{ socket: net.Socket; peer: net.Socket }> {
  let peer: net.Socket | undefined;
  const port = await listenTcp((socket) => {
    peer = socket;
  });
  const socket = make();
  socket.connect(port, '127.0.0.1');
  after(() => socket.destroy());
  await once(socket, 'connect');
  await until(() => peer !== undefined);
  if (peer === undefined) throw new TypeError('nobody connected');
  return { socket, peer };
}

class Encrypting extends net.Socket {
  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    super._write(scrambled(chunk), encoding, done);
  }
  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    super._writev?.(
      chunks.map(({ chunk, encoding }) => ({ chunk: scrambled(chunk), encoding })),
      done,
    );
  }
}

class Decoding extends net.Socket {
  override push(chunk: Buffer | null): boolean {
    return super.push(chunk === null ? null : scrambled(chunk));
  }
}

describe('a socket is asked whether it is as Node made it', () => {
  it.each(['write', '_write', '_writev', '_writeGeneric'])('and is not where %s is replaced', (name) => {
    const socket = new net.Socket();
    expect(writesNatively(socket)).toBe(true);
    Object.assign(socket, { [name]: () => true });
    expect(writesNatively(socket)).toBe(false);
    expect(readsNatively(socket)).toBe(true);
    class Derived extends net.Socket {}
    Object.assign(Derived.prototype, { [name]: () => true });
    expect(writesNatively(new Derived())).toBe(false);
  });

  it.each(['push', '_read'])('and is not where %s is replaced', (name) => {
    const socket = new net.Socket();
    expect(readsNatively(socket)).toBe(true);
    Object.assign(socket, { [name]: () => true });
    expect(readsNatively(socket)).toBe(false);
    expect(writesNatively(socket)).toBe(true);
    class Derived extends net.Socket {}
    Object.assign(Derived.prototype, { [name]: () => true });
    expect(readsNatively(new Derived())).toBe(false);
  });

  it('and is not where it is no socket', () => {
    expect(writesNatively(new Duplex())).toBe(false);
    expect(readsNatively(new Duplex())).toBe(false);
  });
});

describe('memory is not used again before it has left (§5.1)', () => {
  it.each<[string, (server: Awaited<ReturnType<typeof listenHttp>>['http']) => void]>([
    ['before the connection', (http) => http.on('connection', delayWrites)],
    ['at the upgrade', (http) => http.on('upgrade', (_request, socket) => delayWrites(socket as net.Socket))],
  ])('where write was replaced %s by one that passes bytes on later', async (_when, prepare) => {
    const { http, url } = await listenHttp();
    prepare(http);
    const server = new WebSocketServer({ server: http });
    after(() => server.close());
    server.on('connection', echo);
    await expectOwnAnswers(url);
  });

  it('where write was replaced behind the connection', async () => {
    const { server, url } = await listen();
    server.on('connection', (websocket) => {
      echo(websocket);
      delayWrites(socketOf(websocket));
    });
    await expectOwnAnswers(url);
  });

  it('where write was replaced between two messages', async () => {
    const { server, url } = await listen();
    server.on('connection', (websocket) => {
      echo(websocket);
      websocket.once('message', () => delayWrites(socketOf(websocket)));
    });
    await expectOwnAnswers(url);
  });
});

describe('what a class or an agent does to the bytes is done', () => {
  it('where a subclass encrypts in _write', async () => {
    const { socket, peer } = await accepted(() => new Encrypting());
    const received = collect(peer, 'data');
    const connection = new Transport(new Endpoint({ role: 'server' }), {}).attach(socket, undefined);
    for (const text of ['one', 'two', 'six']) {
      connection.sendText(text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const all = (): Buffer => Buffer.concat(received.map(([chunk]) => chunk as Buffer));
    await until(() => all().length === 15);
    expect(scrambled(all()).toString('latin1')).toBe('\x81\x03one\x81\x03two\x81\x03six');
  });

  it('where a subclass decodes in push', async () => {
    const { socket, peer } = await accepted(() => new Decoding());
    const texts: string[] = [];
    new Transport(new Endpoint({ role: 'server' }), { text: (_, text) => texts.push(text) }).attach(
      socket,
      undefined,
    );
    for (const text of ['one', 'two']) peer.write(scrambled(maskedFrame(0x81, Buffer.from(text))));
    await until(() => texts.length === 2);
    expect(texts).toEqual(['one', 'two']);
  });

  it('where push is watched on a connection that reads already', async () => {
    const { client, peer } = await pair();
    client.send('one');
    await once(peer, 'message');
    const socket = socketOf(peer);
    const pushed: Buffer[] = [];
    const { push } = socket;
    socket.push = (chunk: Buffer) => {
      pushed.push(chunk);
      return push.call(socket, chunk);
    };
    const messages = collect(peer, 'message');
    for (const text of ['two', 'three']) client.send(text);
    await until(() => messages.length === 2);
    expect(messages.map(([data]) => String(data))).toEqual(['two', 'three']);
    expect(pushed.length).toBeGreaterThan(0);
  });

  it('where an agent watches all sockets by their prototype, though connections are open', async () => {
    const { client, peer } = await pair();
    for (const each of ['warm', 'up']) {
      client.send(each);
      await once(peer, 'message');
    }
    restoreAfter(net.Socket.prototype, 'write', 'push', '_write', '_writev', '_writeGeneric');
    const { write, push } = net.Socket.prototype;
    const seen = { written: 0, pushed: 0 };
    Object.assign(net.Socket.prototype, {
      write(this: net.Socket, ...values: unknown[]): unknown {
        seen.written++;
        return Reflect.apply(write, this, values);
      },
      push(this: net.Socket, ...values: unknown[]): unknown {
        seen.pushed++;
        return Reflect.apply(push, this, values);
      },
    });
    client.send('seen');
    const [data] = await once(peer, 'message');
    expect(String(data)).toBe('seen');
    expect(seen.written).toBeGreaterThan(0);
    expect(seen.pushed).toBeGreaterThan(0);
  });
});

function echo(websocket: WebSocket): void {
  websocket.on('error', () => undefined);
  websocket.on('message', (data) => websocket.send(`answer to ${String(data)}`));
}

/** Two clients whose answers are sent 10 ms apart, thrice: each gets its own. */
async function expectOwnAnswers(url: string): Promise<void> {
  const clients = [await connect(url), await connect(url)];
  const answers = clients.map((client) => collect(client, 'message'));
  for (const round of ['A', 'B', 'C']) {
    for (const [at, client] of clients.entries()) {
      client.send(`${round}${at}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await until(() => answers.every(({ length }) => length === 3));
  const texts = answers.map((each) => each.map(([data]) => String(data)));
  expect(texts).toEqual(clients.map((_, at) => ['A', 'B', 'C'].map((round) => `answer to ${round}${at}`)));
}
