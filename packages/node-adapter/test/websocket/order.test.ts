import { describe, expect, it } from 'vitest';
import { Sender, type SendOptions, WebSocket } from '../../src/index.js';
import { until } from '../loopback.js';
import { BOTH, EVERYWHERE, open, ROLES, turn } from '../sides.js';
import { expectOrder, noise, prose, SLOW, waysOf } from '../ways.js';
import { binary, text } from '../wire-peer.js';

const MIB = noise(1 << 20);

/** What echoes a message, and says something behind it. */
function echo(websocket: WebSocket, wrap: (data: Buffer) => Blob | Buffer = (data) => data): void {
  websocket.on('error', () => undefined);
  websocket.on('message', (data, isBinary) => {
    websocket.send(wrap(data as Buffer), { binary: isBinary });
    websocket.send('small');
  });
}

describe.each(EVERYWHERE)('a $role over $over (compression: $compressed)', (sides) => {
  it('answers a close frame behind its answer to the message in the same write (§5.5.1)', async () => {
    const { peer } = await open({ ...sides, opened: (websocket) => echo(websocket) });
    peer.write(peer.message(MIB), peer.close(1000));
    expect(await peer.hearsAll()).toEqual([binary(MIB), text('small'), 'close 1000']);
  });

  it('answers it behind a Blob', async () => {
    const { peer } = await open({
      ...sides,
      opened: (websocket) => echo(websocket, (data) => new Blob([data as Buffer<ArrayBuffer>])),
    });
    peer.write(peer.message(MIB), peer.close(1000));
    expect(await peer.hearsAll()).toEqual([binary(MIB), text('small'), 'close 1000']);
  });

  it('sends everything in the order in which it was accepted, its close frame last (§5.4)', async () => {
    const { websocket, peer } = await open(sides);
    const ways = waysOf(sides.role);
    const accepted: string[] = [];
    let state = 7;
    for (let count = 0; count < 40; count++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const way = ways[(state >>> 16) % ways.length];
      if (way === undefined) continue;
      way.send(websocket);
      accepted.push(way.told);
      if (state >>> 29 === 0) await turn();
    }
    websocket.close(1000);
    expectOrder(await peer.hearsAll(), [...accepted, 'close 1000']);
  });
});

describe.each(BOTH)('a $role (compression: $compressed)', (sides) => {
  it.each(SLOW)('sends all else behind $name', async (slow) => {
    const { websocket, peer } = await open(sides);
    const accepted = [slow, ...waysOf(sides.role), slow];
    for (const way of accepted) way.send(websocket);
    websocket.close(1000);
    expectOrder(await peer.hearsAll(), [...accepted.map(({ told }) => told), 'close 1000']);
  });

  it.each(SLOW)('lets the close frame of its peer cross its own, which waits behind $name', async (slow) => {
    const { websocket, peer } = await open(sides);
    slow.send(websocket);
    websocket.send('small');
    websocket.close(1000);
    peer.write(peer.close(1000));
    expect(await peer.hearsAll()).toEqual([slow.told, text('small'), 'close 1000']);
    await until(() => websocket.readyState === WebSocket.CLOSED);
  });

  it.each(SLOW)(
    'lets nothing by that is sent when the close frame of its peer came behind $name',
    async (slow) => {
      const refused: unknown[] = [];
      const { websocket, peer } = await open({
        ...sides,
        opened: (each) => {
          each.on('message', () => slow.send(each));
          each.on('close', () => each.send('late', (error) => refused.push(error)));
        },
      });
      peer.write(peer.message('go'), peer.close(4000));
      await until(() => websocket.readyState !== WebSocket.OPEN);
      for (const way of waysOf(sides.role)) {
        if (!way.name.includes('_sender')) way.send(websocket, (error) => refused.push(error));
      }
      expect(await peer.hearsAll()).toEqual([slow.told, 'close 4000']);
      await until(() => refused.length === waysOf(sides.role).length);
      for (const error of refused) expect(error).toBeInstanceOf(Error);
    },
  );

  it('answers a ping that comes amid a long message before its close frame (§5.5.2)', async () => {
    const { websocket, peer } = await open(sides);
    websocket.send(MIB);
    await turn();
    peer.write(peer.ping('amid'));
    await until(() => peer.story.includes('pong amid') || peer.story.includes(binary(MIB)));
    websocket.close(1000);
    expectOrder(await peer.hearsAll(), [binary(MIB), 'pong amid', 'close 1000']);
  });

  it('puts a frame that was made elsewhere behind a message that is being compressed', async () => {
    const { websocket, peer } = await open(sides);
    const long = noise(300_000);
    websocket.send(long);
    await turn();
    const frame = Sender.frame('framed', { fin: true, opcode: 1, mask: sides.role === 'client' });
    const told: unknown[] = [];
    websocket._sender?.sendFrame(frame, (error) => told.push(error));
    websocket.send('behind');
    await peer.hears(3);
    expect(peer.story).toEqual([binary(long), text('framed'), text('behind')]);
    await until(() => told.length === 1);
    expect(told[0] ?? undefined).toBeUndefined();
  });

  it.each([
    ['text, and text', 'a', 'b', {}],
    ['long text', prose(100_000), prose(200_000, 2), {}],
    ['text that is not compressed', 'a', 'b', { compress: false }],
  ] satisfies [string, string, string, SendOptions][])(
    'pings between fragments of its own (%s)',
    async (_what, first, last, options) => {
      const { websocket, peer } = await open(sides);
      websocket.send(first, { ...options, fin: false });
      websocket.ping('between');
      websocket.send(last, { ...options, fin: true });
      websocket.ping('behind');
      await peer.hears(3);
      expect(peer.story).toEqual(['ping between', text(first + last), 'ping behind']);
      expect(peer.frames.map(({ first: bits }) => bits & 0x0f)).toEqual([1, 9, 0, 9]);
    },
  );

  it('keeps a ping in its place behind a Blob and what waits there', async () => {
    const { websocket, peer } = await open(sides);
    websocket.send(new Blob(['blob']));
    websocket.send('second');
    websocket.ping('third');
    websocket.send('fourth');
    await peer.hears(4);
    expect(peer.story).toEqual([binary(Buffer.from('blob')), text('second'), 'ping third', text('fourth')]);
  });
});

describe.each(ROLES)('a %s whose transport is slow', (role) => {
  it.each([true, false])('keeps the order (gatherWrites: %s)', async (gatherWrites) => {
    for (const compressed of [false, true]) {
      const options = { gatherWrites };
      const { websocket, peer, link } = await open({ role, over: 'a Duplex', compressed, options });
      link?.hold();
      const accepted = waysOf(role);
      for (const way of accepted) way.send(websocket);
      websocket.close(1000);
      for (let turns = 0; turns < 300 && !peer.ended; turns++) {
        link?.release();
        link?.hold();
        await turn();
      }
      link?.release();
      expectOrder(await peer.hearsAll(), [...accepted.map(({ told }) => told), 'close 1000']);
    }
  });
});
