import { once } from 'node:events';
import net from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import { Codec, Endpoint, ProtocolError } from '@x/frame-codec';
import { ServerHandshake } from '@x/handshake';
import { describe, expect, it } from 'vitest';
import {
  type SocketConnection,
  type SocketHandler,
  Transport,
  type TransportOptions,
} from '../../src/index.js';
import { after, maskedFrame, portOf, RawPeer, until, upgradeRequest } from '../loopback.js';

/** A server on bare sockets, without node:http: the handshake in bytes, then a transport. */
async function listenBare(
  handler: SocketHandler<string>,
  options: TransportOptions = {},
  codec = new Codec({ poison: true }),
): Promise<{ port: number; connections: SocketConnection<string>[] }> {
  const transport = new Transport(new Endpoint({ role: 'server', codec }), handler, options);
  const connections: SocketConnection<string>[] = [];
  const server = net.createServer((socket) => {
    after(() => socket.destroy());
    socket.setNoDelay(true);
    const handshake = new ServerHandshake();
    const onData = (chunk: Buffer): void => {
      const answer = handshake.receive(chunk);
      if (answer === undefined) return;
      socket.off('data', onData);
      socket.pause();
      if (!answer.ok) {
        socket.end(answer.head + answer.body, 'latin1');
        return;
      }
      socket.write(answer.head, 'latin1');
      connections.push(transport.attach(socket, answer.offer.url ?? '', handshake.rest));
    };
    socket.on('data', onData);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return { port: portOf(server), connections };
}

const echo: SocketHandler<string> = {
  text: (connection, text) => {
    connection.sendText(text);
  },
  binary: (connection, payload) => {
    connection.sendBinary(payload);
  },
};

describe.each([
  ['the plain path', { zeroCopyReads: false, gatherWrites: false, directWrites: false }],
  ['reads without a copy', { zeroCopyReads: true, gatherWrites: true }],
])('on bare sockets, by %s', (_name, options) => {
  it('sends back text and binary, small and large', async () => {
    const { port } = await listenBare(echo, options);
    const peer = await RawPeer.open(port);
    const large = Buffer.alloc(300_000, 'large');
    peer.socket.write(Buffer.concat([maskedFrame(0x81, Buffer.from('text')), maskedFrame(0x82, large)]));
    const expected = Buffer.concat([
      Buffer.from('810474657874', 'hex'),
      Buffer.from('827f00000000000493e0', 'hex'),
      large,
    ]);
    await peer.until(() => peer.received.length >= expected.length);
    expect(peer.received.equals(expected)).toBe(true);
  });

  it('takes frames that came with the handshake', async () => {
    const { port, connections } = await listenBare(echo, options);
    const peer = new RawPeer(port);
    peer.socket.write(
      Buffer.concat([
        Buffer.from(upgradeRequest()),
        maskedFrame(0x81, Buffer.from('early')),
        maskedFrame(0x81, Buffer.from('bird')),
      ]),
    );
    await peer.until(() => peer.received.includes('bird'));
    peer.socket.write(maskedFrame(0x81, Buffer.from('later')));
    const text = (await peer.until(() => peer.received.includes('later'))).toString('latin1');
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe('\x81\x05early\x81\x04bird\x81\x05later');
    expect(connections[0]?.context).toBe('/');
  });

  it('stops at once when paused, and loses nothing', async () => {
    const texts: string[] = [];
    const { port, connections } = await listenBare(
      {
        text(connection, text) {
          texts.push(text);
          if (texts.length === 2) connection.pause();
        },
      },
      options,
    );
    const peer = await RawPeer.open(port);
    const frames = Array.from({ length: 1000 }, (_, i) => maskedFrame(0x81, Buffer.from(String(i))));
    peer.socket.write(Buffer.concat(frames));
    await until(() => texts.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(texts).toEqual(['0', '1']);
    connections[0]?.resume();
    await until(() => texts.length === 1000);
    expect(texts.at(-1)).toBe('999');
  });

  it('has others go first when reads that fill their buffer take long', async () => {
    let handled = 0;
    let inTurn = 0;
    let most = 0;
    const busy: SocketHandler<string> = {
      binary() {
        handled++;
        if (inTurn++ === 0)
          setImmediate(() => {
            inTurn = 0;
          });
        most = Math.max(most, inTurn);
        const end = performance.now() + 0.3;
        while (performance.now() < end);
      },
    };
    const { port, connections } = await listenBare(busy, options);
    const peer = await RawPeer.open(port);
    await until(() => connections.length === 1);
    // More than a dozen reads wait when it is read again, each with some 16 messages, or half of that.
    connections[0]?.pause();
    const message = maskedFrame(0x82, Buffer.alloc(8000));
    peer.socket.write(Buffer.concat(Array.from({ length: 250 }, () => message)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    connections[0]?.resume();
    await until(() => handled === 250);
    expect(most).toBeLessThan(60);
  });

  it('tells of the end, and of what went wrong (§7.1.7)', async () => {
    const calls: unknown[] = [];
    const handler: SocketHandler<string> = {
      error: (_connection, error) => calls.push(error),
      end: () => calls.push('end'),
      close: (_connection, code, reason, clean) => calls.push([code, reason, clean]),
    };
    const { port } = await listenBare(handler, options);
    const bad = await RawPeer.open(port);
    bad.writeHex('83 80 00000000');
    await bad.all();
    await until(() => calls.length === 3);
    expect(calls).toEqual([expect.any(ProtocolError), 'end', [1006, '', false]]);

    calls.length = 0;
    const good = await RawPeer.open(port);
    good.writeHex('88 84 00000000 03e8 6f6b');
    expect((await good.all()).toString('hex')).toBe('880403e86f6b');
    await until(() => calls.length === 2);
    expect(calls).toEqual(['end', [1000, 'ok', true]]);

    calls.length = 0;
    const rude = await RawPeer.open(port);
    rude.socket.resetAndDestroy();
    await until(() => calls.length === 1);
    expect(calls).toEqual([[1006, '', false]]);
  });

  it('goes on behind a handler that throws', async () => {
    const texts: string[] = [];
    const { port } = await listenBare(
      {
        text(connection, text) {
          texts.push(text);
          if (text === 'b') throw new Error('thrown by the handler');
          connection.sendText(text);
        },
      },
      options,
    );
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const surfaced = once(process, 'uncaughtException');
    try {
      const peer = await RawPeer.open(port);
      peer.socket.write(Buffer.concat(['a', 'b', 'c'].map((text) => maskedFrame(0x81, Buffer.from(text)))));
      expect((await surfaced)[0]).toEqual(new Error('thrown by the handler'));
      expect(await peer.bytes(6)).toBe('810161810163');
      peer.socket.write(maskedFrame(0x81, Buffer.from('d')));
      expect(await peer.bytes(9)).toBe('810161810163810164');
    } finally {
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });
});

it('uses a handler’s prototype, and hands each call the connection', async () => {
  class Handler implements SocketHandler<string> {
    readonly seen: string[] = [];
    text(connection: SocketConnection<string>, text: string): void {
      this.seen.push(`${connection.context} ${text}`);
    }
  }
  const handler = new Handler();
  const { port } = await listenBare(handler);
  const peer = await RawPeer.open(port);
  peer.socket.write(maskedFrame(0x81, Buffer.from('hi')));
  await until(() => handler.seen.length === 1);
  expect(handler.seen).toEqual(['/ hi']);
});

it('lends payloads that are overwritten behind the handler', async () => {
  const kept: { borrowed: Uint8Array; owned: Uint8Array }[] = [];
  const { port } = await listenBare({
    binary: ({ endpoint }, payload) => kept.push({ borrowed: payload, owned: endpoint.codec.own(payload) }),
  });
  const peer = await RawPeer.open(port);
  peer.socket.write(maskedFrame(0x82, Buffer.from('mine')));
  await until(() => kept.length === 1);
  expect(Buffer.from(kept[0]?.owned ?? []).toString()).toBe('mine');
  expect(Buffer.from(kept[0]?.borrowed ?? []).toString()).not.toBe('mine');
});

it('runs over any Duplex, whose bytes it never writes to again', async () => {
  const [ours, theirs] = duplexPair();
  const transport = new Transport(new Endpoint({ role: 'server' }), echo);
  transport.attach(ours, 'context');
  const chunks: Buffer[] = [];
  theirs.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let i = 0; i < 100; i++) {
    theirs.write(maskedFrame(0x81, Buffer.from(`message ${i}`)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => Buffer.concat(chunks).includes('message 99'));
  const expected = Buffer.concat(
    Array.from({ length: 100 }, (_, i) =>
      Buffer.from(`\x81${String.fromCharCode(`message ${i}`.length)}message ${i}`, 'latin1'),
    ),
  );
  expect(Buffer.concat(chunks).equals(expected)).toBe(true);
});

it('refuses a stream that has a connection already', () => {
  const [stream] = duplexPair();
  const transport = new Transport(new Endpoint({ role: 'server' }), {});
  transport.attach(stream, undefined);
  expect(() => transport.attach(stream, undefined)).toThrow('has a connection already');
});

it('survives a stream that throws when it is written to', async () => {
  const broken = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(new Error('broken pipe')),
  });
  const closes: unknown[] = [];
  const transport = new Transport(new Endpoint({ role: 'server' }), {
    close: (_connection, code) => closes.push(code),
  });
  const connection = transport.attach(broken, undefined);
  connection.sendText('into the void');
  await until(() => closes.length === 1);
  expect(closes).toEqual([1006]);
  expect(connection.sendText('again')).toBe(false);
});

describe('a peer that does not read', () => {
  it('is dropped when more than maxBufferedLength waits for it', async () => {
    const { port, connections } = await listenBare({ ...echo }, { maxBufferedLength: 1 << 20 });
    const peer = await RawPeer.open(port);
    peer.socket.pause();
    const [connection] = connections;
    const chunk = new Uint8Array(1 << 18);
    for (let i = 0; i < 200 && connection?.isOpen; i++) {
      connection.sendBinary(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connection?.socket.destroyed).toBe(true);
  });

  it('is answered a bounded number of pings, and the last one when it reads again (§5.5.3)', async () => {
    const sent: Buffer[] = [];
    let stuck: (() => void) | undefined;
    let open = false;
    const stream = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        sent.push(Buffer.from(chunk));
        if (open) done();
        else stuck = done;
      },
    });
    new Transport(new Endpoint({ role: 'server' }), {}).attach(stream, undefined);
    for (let i = 0; i < 5000; i++) {
      stream.push(maskedFrame(0x89, Buffer.from(String(i).padStart(4, '0'))));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stream.writableLength).toBeLessThan(2000);
    open = true;
    stuck?.();
    await until(() => Buffer.concat(sent).includes('4999'));
    expect(Buffer.concat(sent).length).toBeLessThan(2000);
  });

  it('leaves to a socket what it does itself at the end of its peer', async () => {
    // A socket that is not half open refuses writes from then on, also in the listeners behind.
    const ends: [listeners: number, write: unknown][] = [];
    const transport = new Transport(new Endpoint({ role: 'server' }), {
      peerEnd: ({ socket }) => void ends.push([socket.listenerCount('end'), socket.write]),
    });
    const server = net.createServer({ allowHalfOpen: false }, (socket) => {
      transport.attach(socket, undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
    const peer = net.connect(portOf(server), '127.0.0.1').resume().end();
    await once(peer, 'close');
    expect(ends).toEqual([[1, expect.any(Function)]]);
    expect(ends[0]?.[1]).not.toBe(net.Socket.prototype.write);
  });
});
