import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { PreparedMessage, Sender, type SendOptions, WebSocket } from '../../src/index.js';
import { collect, connect, listen, until } from '../loopback.js';
import { BOTH, EVERYWHERE, open, turn } from '../sides.js';
import { noise, prose } from '../ways.js';
import { binary, text } from '../wire-peer.js';

/*
 * What happens while a message of the caller's own has begun (`fin: false`) and not ended (§5.4).
 */

const LONG = prose(200_000);
/** The opcodes of the frames that came. */
const opcodes = (frames: readonly { first: number }[]): number[] => frames.map(({ first }) => first & 0x0f);

describe.each(BOTH)('amid a message of its own a $role (compression: $compressed)', (sides) => {
  it.each<[string, SendOptions]>([
    ['as the options have it', {}],
    ['not compressed', { compress: false }],
  ])('closes right behind the fragments that it accepted (%s)', async (_how, options) => {
    const { websocket, peer } = await open(sides);
    const told: unknown[] = [];
    websocket.send('a', { ...options, fin: false }, (error) => told.push(error));
    websocket.send('b', { ...options, fin: false }, (error) => told.push(error));
    websocket.close(4001);
    expect(await peer.hearsAll()).toEqual(['close 4001 amid a text message']);
    expect(opcodes(peer.frames)).toEqual([1, 0, 8]);
    await until(() => told.length === 2);
    expect(told.map((error) => error ?? undefined)).toEqual([undefined, undefined]);
  });

  it('answers the close frame of its peer right behind the fragments that it accepted', async () => {
    const { websocket, peer } = await open(sides);
    websocket.send('a', { fin: false });
    websocket.send('b', { fin: false });
    peer.write(peer.close(4002));
    expect(await peer.hearsAll()).toEqual(['close 4002 amid a text message']);
    expect(opcodes(peer.frames)).toEqual([1, 0, 8]);
  });

  it('closes behind long fragments, and one that is a Blob', async () => {
    const { websocket, peer } = await open(sides);
    websocket.send(new Blob(['first ']), { fin: false, binary: false });
    websocket.send(LONG, { fin: false });
    websocket.send('third', { fin: false });
    websocket.close(1000);
    expect(await peer.hearsAll()).toEqual(['close 1000 amid a text message']);
    expect(opcodes(peer.frames)).toEqual([1, 0, 0, 8]);
  });

  it('sends a whole message through _sender when its own has ended', async () => {
    const { websocket, peer } = await open(sides);
    const options = { fin: true, opcode: 1, mask: sides.role === 'client', rsv1: false };
    websocket.send('a', { fin: false });
    websocket._sender?.sendFrame(Sender.frame(Buffer.from('framed'), options));
    await turn();
    websocket.send('b', { fin: true });
    websocket.send('behind');
    await peer.hears(3);
    expect(peer.story).toEqual([text('ab'), text('framed'), text('behind')]);
  });

  it('ends it with what comes next, whatever its kind', async () => {
    const { websocket, peer } = await open(sides);
    websocket.send('text', { fin: false });
    websocket.send(Buffer.from(', bytes'));
    websocket.send('whole');
    websocket.send(noise(70_000), { fin: false });
    websocket.send('and text', { fin: true });
    await peer.hears(3);
    expect(peer.story.slice(0, 2)).toEqual([text('text, bytes'), text('whole')]);
    expect(peer.story[2]).toBe(binary(Buffer.concat([noise(70_000), Buffer.from('and text')])));
  });

  it('answers pings between the fragments, and never a close frame before they end (§5.4)', async () => {
    const { websocket, peer } = await open(sides);
    websocket.send('a', { fin: false });
    peer.write(peer.ping('asked'));
    await peer.hears(1);
    websocket.send('b', { fin: true });
    websocket.close(1000);
    expect(await peer.hearsAll()).toEqual(['pong asked', text('ab'), 'close 1000']);
  });

  it('forgets it when the connection is over', async () => {
    const { websocket, peer } = await open(sides);
    const told: unknown[] = [];
    websocket.send('a', { fin: false });
    websocket.terminate();
    websocket.send('b', { fin: true }, (error) => told.push(error));
    await until(() => told.length === 1);
    expect(told[0]).toBeInstanceOf(Error);
    await until(() => peer.ended);
  });
});

describe.each(EVERYWHERE.filter(({ role }) => role === 'server'))(
  'a message to all, over $over (compression: $compressed)',
  (sides) => {
    it('waits for the end of a message that one of them is amid', async () => {
      const { websocket, peer, server } = await open(sides);
      websocket.send('a', { fin: false });
      expect(server?.broadcast('all')).toBe(1);
      const told: unknown[] = [];
      websocket.send(new PreparedMessage('prepared'), (error) => told.push(error));
      await turn();
      websocket.ping('behind them');
      websocket.send('b', { fin: true });
      websocket.send('next');
      await peer.hears(5);
      expect(peer.told.filter((each) => each.startsWith('text'))).toEqual([
        text('ab'),
        text('all'),
        text('prepared'),
        text('next'),
      ]);
      await until(() => told.length === 1);
      expect(told[0] ?? undefined).toBeUndefined();
    });

    it.each(['its own', 'that of its peer'])('that waits is given up at a close frame, %s', async (whose) => {
      const { websocket, peer, server } = await open(sides);
      const told: unknown[] = [];
      websocket.send('a', { fin: false });
      server?.broadcast('all');
      websocket.send(new PreparedMessage('prepared'), (error) => told.push(error));
      if (whose === 'its own') websocket.close(1000);
      else peer.write(peer.close(1000));
      expect(await peer.hearsAll()).toEqual(['close 1000 amid a text message']);
      await until(() => told.length === 1);
      expect(told[0]).toBeInstanceOf(Error);
      await until(() => websocket.readyState === WebSocket.CLOSED);
    });
  },
);

it.each([{}, { perMessageDeflate: { threshold: 0 } }])(
  'a message to all reaches all others at once where one is amid a message of its own, with %j',
  async (options) => {
    const { server, url } = await listen(options);
    const clients = [await connect(url), await connect(url), await connect(url)];
    await until(() => server.clients.size === 3);
    const heard = clients.map((client) => collect(client, 'message'));
    const [, second] = server.clients;
    second?.send('a', { fin: false });
    expect(server.broadcast('x')).toBe(3);
    await until(() => heard.flat().length === 2, 'two messages');
    second?.send('b', { fin: true });
    await until(() => heard.flat().length === 4);
    expect(heard.map((messages) => messages.map(([data]) => String(data)))).toEqual([
      ['x'],
      ['ab', 'x'],
      ['x'],
    ]);
    second?.close();
    await once(second as WebSocket, 'close');
  },
);
