import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from '../../src/index.js';
import { listen, RawPeer, until, upgradeRequest } from '../loopback.js';
import { BOTH, EVERYWHERE, open, pass, ROLES, turn } from '../sides.js';
import { surfacing } from '../uncaught.js';
import { noise, prose } from '../ways.js';
import { text } from '../wire-peer.js';

const WORDS = Array.from({ length: 8 }, (_, index) => `message ${index}`);

describe.each(EVERYWHERE)('a $role over $over (compression: $compressed)', (sides) => {
  it.each([0, 3, 7])('hands out all messages behind a handler that throws at number %i', async (at) => {
    const errors = surfacing();
    const heard: string[] = [];
    const { websocket, peer } = await open({
      ...sides,
      // In the very write of the handshake, and before anybody listens to a socket.
      behindHandshake: (speaker) =>
        Buffer.concat(WORDS.slice(0, 4).map((word) => speaker.message(word, false))),
      opened: (each) =>
        each.on('message', (data) => {
          heard.push(String(data));
          if (heard.length === at + 1) throw new Error('a handler');
        }),
      server: {
        verifyClient: (_info: unknown, verified: (result: boolean) => void) => setTimeout(verified, 20, true),
      },
    });
    peer.write(...WORDS.slice(4).map((word) => peer.message(word)));
    await until(() => heard.length === WORDS.length, 'all messages');
    expect(heard).toEqual(WORDS);
    expect(errors).toEqual([new Error('a handler')]);
    expect(websocket.readyState).toBe(WebSocket.OPEN);
    websocket.close(1000);
    await until(() => websocket.readyState === WebSocket.CLOSED);
  });
});

describe.each(EVERYWHERE.filter(({ role }) => role === 'server'))(
  'a server over $over (compression: $compressed) with an asynchronous verifyClient',
  (sides) => {
    it.each([
      [true, true],
      [false, true],
      [true, false],
    ])(
      'hands out all that waits in the socket, in order, where a handler throws once (alone: %s, zeroCopyReads: %s)',
      async (alone, zeroCopyReads) => {
        for (let at = 0; at < WORDS.length; at += 3) {
          const errors = surfacing();
          const heard: string[] = [];
          await open({
            ...sides,
            options: { zeroCopyReads },
            early: (speaker) => WORDS.map((word) => speaker.message(word, sides.compressed)),
            ...(alone ? {} : { behindHandshake: (speaker) => speaker.frame(0x89, 'with the request') }),
            server: {
              verifyClient: (_info: unknown, verified: (result: boolean) => void) =>
                setTimeout(verified, 60, true),
            },
            opened: (websocket) =>
              websocket.on('message', (data) => {
                heard.push(String(data));
                if (heard.length === at + 1) throw new Error('once');
              }),
          });
          await until(() => heard.length === WORDS.length, `all messages, not ${heard}`);
          expect(heard).toEqual(WORDS);
          expect(errors).toEqual([new Error('once')]);
        }
      },
    );
  },
);

describe.each(BOTH)('listeners of a $role that throw (compression: $compressed)', (sides) => {
  it.each(['message', 'ping', 'pong', 'close', 'error', 'drain'] as const)(
    'at %s leave it an end',
    async (name) => {
      const errors = surfacing();
      const { websocket, peer, link } = await open({ ...sides, over: 'a Duplex' });
      const told: string[] = [];
      for (const each of ['message', 'ping', 'pong', 'drain', 'error', 'close'] as const) {
        websocket.on(each, () => {
          told.push(each);
          if (each === name) throw new Error(name);
        });
      }
      link?.hold();
      while (websocket.send(noise(5000)));
      link?.release();
      await until(() => told.includes('drain'));
      peer.write(peer.message('a'), peer.ping('b'), peer.frame(0x8a, 'c'), peer.message('d'));
      await until(() => told.filter((each) => each === 'message').length === 2, 'what comes behind');
      peer.write(name === 'error' ? peer.frame(0x83) : peer.close(1000));
      await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
      await until(() => errors.length >= 1);
      expect(told.filter((each) => each === 'close')).toEqual(['close']);
      expect(told.at(-1)).toBe('close');
      expect(errors).toHaveLength(name === 'message' ? 2 : 1);
    },
  );
});

describe.each(ROLES)('nothing that a peer does to a %s is thrown out of the event loop', (role) => {
  it('whatever bytes it sends', async () => {
    const errors = surfacing();
    for (const compressed of [false, true]) {
      for (let seed = 1; seed <= 60; seed++) {
        const { websocket, peer, reset } = await open({
          role,
          compressed,
          over: seed % 2 ? 'TCP' : 'a Duplex',
        });
        websocket.on('error', () => undefined);
        websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary }));
        const first = [0x81, 0xc1, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0xc2, 0x41][seed % 10] ?? 0;
        // A frame that may be right, and bytes that are none, cut anywhere.
        const bytes = Buffer.concat([peer.frame(first, noise(seed % 130, seed)), noise(seed * 3, seed + 1)]);
        peer.stream.write(bytes.subarray(0, seed));
        await turn();
        if (!peer.stream.destroyed) peer.stream.write(bytes.subarray(seed));
        if (seed % 3 === 0) reset();
        else peer.stream.end();
        await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
      }
    }
    expect(errors).toEqual([]);
  });

  it('whenever it resets', async () => {
    const errors = surfacing();
    for (const over of ['TCP', 'TLS', 'a Duplex'] as const) {
      for (let moment = 0; moment < 8; moment++) {
        const { websocket, peer, reset } = await open({ role, compressed: moment % 2 === 0, over });
        websocket.on('message', () => websocket.send(prose(300_000)));
        websocket.on('ping', () => websocket.close());
        if (moment > 4) websocket.send(noise(2 << 20));
        peer.write(peer.message('a'), ...(moment > 2 ? [peer.ping()] : []));
        for (let turns = 0; turns < moment; turns++) await turn();
        if (moment === 7) websocket.pause();
        reset();
        if (moment === 7) await pass(5);
        if (moment === 7) websocket.terminate();
        await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
        for (const act of [
          () => websocket.send('late'),
          () => websocket.ping(),
          () => websocket.pong(),
          () => websocket.close(),
          () => websocket.terminate(),
          () => websocket.pause(),
          () => websocket.resume(),
        ]) {
          expect(act).not.toThrow();
        }
      }
    }
    await pass(20);
    expect(errors).toEqual([]);
  });
});

it('no offer of a client is thrown out of the event loop', async () => {
  const errors = surfacing();
  const { server, port } = await listen({ perMessageDeflate: { threshold: 0 } });
  server.on('connection', (websocket) => websocket.send('hello'));
  const offers = [
    'permessage-deflate; server_max_window_bits=8; client_max_window_bits=8',
    'permessage-deflate; server_max_window_bits=9, permessage-deflate',
    'permessage-deflate; server_max_window_bits="9"',
    'permessage-deflate; __proto__; constructor; toString',
    '__proto__; hasOwnProperty, constructor, permessage-deflate; client_no_context_takeover',
    `${'permessage-deflate; a, '.repeat(300)}permessage-deflate`,
    'permessage-deflate; server_max_window_bits=99999999999999999999',
    ', , ,permessage-deflate,,',
    ';;;;==,"""',
    'permessage-deflate; client_max_window_bits=15; client_max_window_bits=15',
  ];
  for (const offer of offers) {
    const peer = new RawPeer(port);
    peer.socket.write(upgradeRequest(`Sec-WebSocket-Extensions: ${offer}`));
    await peer.until(() => peer.received.length > 12);
    expect(peer.received.toString('latin1')).toMatch(/^HTTP\/1\.1 (101|4\d\d) /);
    peer.socket.resetAndDestroy();
  }
  await until(() => server.clients.size === 0);
  expect(errors).toEqual([]);
});

/** What may stand for a masking key that cannot be made. */
describe.each([false, true])('a client whose generateMask throws (compression: %s)', (compressed) => {
  const acts: Record<string, (websocket: WebSocket, sent: () => void) => unknown> = {
    text: (websocket, sent) => websocket.send('never', sent),
    'long text': (websocket, sent) => websocket.send('never'.repeat(10_000), { compress: false }, sent),
    bytes: (websocket, sent) => websocket.send(noise(100), sent),
    'long bytes': (websocket, sent) => websocket.send(noise(60_000), sent),
    'bytes as text': (websocket, sent) => websocket.send(Buffer.from('never'), { binary: false }, sent),
    'a ping': (websocket, sent) => websocket.ping('never', undefined, sent),
    'a pong': (websocket, sent) => websocket.pong('never', undefined, sent),
  };

  it.each(Object.keys(acts))('at %s sends nothing of it, and goes on', async (what) => {
    let throws = false;
    const generateMask = (mask: Buffer): void => {
      if (throws) throw new Error('no key');
      mask.writeUInt32BE(0x01020304);
    };
    const { websocket, peer } = await open({ role: 'client', compressed, options: { generateMask } });
    let called = 0;
    // What the next message may refer to, if that was compressed.
    websocket.send('before, before, before');
    for (let round = 0; round < 2; round++) {
      throws = true;
      expect(() => acts[what]?.(websocket, () => called++)).toThrow('no key');
      throws = false;
      websocket.send(`never mind ${round}`);
      await turn();
    }
    websocket.close(1000);
    const wanted = ['before, before, before', 'never mind 0', 'never mind 1'].map(text);
    expect(await peer.hearsAll()).toEqual([...wanted, 'close 1000']);
    expect(called).toBe(0);
  });

  it.each([10, 5000, 16_000, 40_000])(
    'at %d bytes holds back nothing that was sent before',
    async (length) => {
      let throws = false;
      const generateMask = (mask: Buffer): void => {
        if (throws) throw new Error('no key');
        mask.writeUInt32BE(0x01020304);
      };
      const { websocket, peer } = await open({ role: 'client', compressed, options: { generateMask } });
      const sent = ['a', 'b', 'c'];
      for (const each of sent) websocket.send(each);
      throws = true;
      expect(() => websocket.send(noise(length))).toThrow('no key');
      expect(() => websocket.send('text '.repeat(length / 5), { compress: false })).toThrow('no key');
      websocket.terminate();
      expect(await peer.hearsAll()).toEqual(sent.map(text));
    },
  );

  it.each(['a Blob', 'a long message', 'a fragment'] as const)(
    'amid %s keeps the wire valid',
    async (what) => {
      surfacing();
      let calls = 0;
      const generateMask = (mask: Buffer): void => {
        if (++calls === 3) throw new Error('no key');
        mask.writeUInt32BE(0x01020304);
      };
      const { websocket, peer } = await open({
        role: 'client',
        compressed,
        options: { generateMask, closeTimeout: 50 },
      });
      const told: unknown[] = [];
      websocket.on('error', () => undefined);
      websocket.send('first', (error) => told.push(error ?? 'sent'));
      websocket.send('second', (error) => told.push(error ?? 'sent'));
      let count = 3;
      try {
        if (what === 'a Blob') websocket.send(new Blob(['never']), (error) => told.push(error ?? 'sent'));
        if (what === 'a long message') websocket.send(noise(300_000), (error) => told.push(error ?? 'sent'));
        if (what === 'a fragment')
          websocket.send('never', { fin: false }, (error) => told.push(error ?? 'sent'));
      } catch (error) {
        // Where it throws, it does not call back.
        count--;
        expect(String(error)).toContain('no key');
      }
      await until(() => told.length === count, 'the callbacks');
      websocket.close();
      await until(() => websocket.readyState === WebSocket.CLOSED, 'the end');
      expect(told).toHaveLength(count);
      expect(told.slice(0, 2)).toEqual(['sent', 'sent']);
      if (count === 3) expect(told[2]).toBeInstanceOf(Error);
      expect(peer.told.slice(0, 2)).toEqual([text('first'), text('second')]);
      expect(peer.told.filter((each) => each.startsWith('broken') || each.includes('never'))).toEqual([]);
    },
  );
});

describe('listeners that throw at what is handed out behind the end', () => {
  it('surface each by itself', async () => {
    const surfaced = surfacing();
    const { websocket, peer } = await open({ role: 'client', over: 'a Duplex', compressed: true });
    let pings = 0;
    websocket.on('message', () => websocket.pause());
    websocket.on('ping', () => {
      throw new Error(`at ping ${++pings}`);
    });
    // Behind so long a message others have their turn, and the rest waits for the next.
    peer.write(peer.message(noise(70_000)), peer.ping(), peer.ping());
    await once(websocket, 'message');
    websocket.terminate();
    await once(websocket, 'close');
    await until(() => surfaced.length >= 2);
    expect(surfaced.map(String).sort()).toEqual(['Error: at ping 1', 'Error: at ping 2']);
  });
});
