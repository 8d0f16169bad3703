import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from '../../src/index.js';
import { listenEcho, listenTcp, maskedFrame, pair, RawPeer } from '../loopback.js';

it('has the defaults that are documented', () => {
  const { options } = new WebSocketServer({ noServer: true });
  expect(options).toMatchObject({
    allowSynchronousEvents: true,
    autoPong: true,
    backlog: null,
    clientTracking: true,
    closeTimeout: 30_000,
    handleProtocols: null,
    host: null,
    maxFragments: 1_048_576,
    maxPayload: 104_857_600,
    path: null,
    perMessageDeflate: false,
    skipUTF8Validation: false,
    verifyClient: null,
  });
});

it('takes undefined for an option that is not given', () => {
  const server = createServer();
  const { options } = new WebSocketServer({ server, maxPayload: undefined, clientTracking: undefined });
  expect([options.maxPayload, options.clientTracking]).toEqual([104_857_600, true]);
});

it.each([0, Number.POSITIVE_INFINITY])('has no limit where it is %s', async (limit) => {
  const { client, peer } = await pair({ maxPayload: limit, maxFragments: limit });
  client.send(Buffer.alloc(1000), { fin: false });
  client.send(Buffer.alloc(1000), { fin: true });
  expect((await once(peer, 'message'))[0]).toHaveLength(2000);
});

it.each(['maxPayload', 'maxFragments'])('refuses a %s out of its range by this name', (name) => {
  for (const wrong of [-1, 1.5, Number.NaN, 2 ** 60, '1' as never])
    expect(() => new WebSocketServer({ noServer: true, [name]: wrong })).toThrow(
      new RegExp(`^${name} must be a whole number from 0 to \\d+, not `),
    );
});

it('refuses them of a client before anything is sent', async () => {
  const requests: unknown[] = [];
  const port = await listenTcp((socket) => requests.push(socket));
  for (const wrong of [
    { maxPayload: -1 },
    { maxFragments: 1.5 },
    { maxBufferedAmount: -1 },
    { overflow: 'drop' as never },
  ])
    expect(() => new WebSocket(`ws://127.0.0.1:${port}/`, wrong)).toThrow(`${Object.keys(wrong)[0]} must be`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(requests).toEqual([]);
});

it('refuses an overflow that is neither of the two, and a maxBufferedAmount that is no number, by this name', () => {
  expect(() => new WebSocketServer({ noServer: true, overflow: 'drop' as never })).toThrow(
    new TypeError("overflow must be 'close' or 'terminate', not drop"),
  );
  for (const wrong of [-1, Number.NaN, 'abc' as never])
    expect(() => new WebSocketServer({ noServer: true, maxBufferedAmount: wrong })).toThrow(
      new RangeError(`maxBufferedAmount must be at least 0, not ${wrong}`),
    );
});

it('answers no ping where autoPong is off (§5.5.2)', async () => {
  const { port } = await listenEcho({ autoPong: false });
  const peer = await RawPeer.open(port);
  peer.socket.write(
    Buffer.concat([maskedFrame(0x89, Buffer.from('?')), maskedFrame(0x81, Buffer.from('!'))]),
  );
  expect(await peer.bytes(3)).toBe('810121');
});

it.each<[string, PerMessageDeflateOptions]>([
  ['level', { zlibDeflateOptions: { level: 99 } }],
  ['memLevel', { zlibDeflateOptions: { memLevel: 0 } }],
  ['finishFlush', { zlibInflateOptions: { finishFlush: 99 } }],
  ['dictionary', { zlibInflateOptions: { dictionary: 5 } }],
])(
  'refuses a %s that zlib does not take, before a message of a peer comes to it',
  (name, perMessageDeflate) => {
    const refused = new RegExp(`options\\.${name}`);
    expect(() => new WebSocketServer({ noServer: true, perMessageDeflate })).toThrow(refused);
    expect(() => new WebSocket('ws://127.0.0.1:1/', { perMessageDeflate })).toThrow(refused);
  },
);

it.each(['serverMaxWindowBits', 'clientMaxWindowBits', 'threshold'])(
  'refuses a %s of another kind where it is given, and takes null for none, as npm ws',
  async (name) => {
    for (const value of ['10', '', 10n, {}, Number.NaN, 9.5]) {
      const perMessageDeflate: PerMessageDeflateOptions = { [name]: value };
      expect(() => new WebSocketServer({ noServer: true, perMessageDeflate })).toThrow(RangeError);
      expect(() => new WebSocket('ws://127.0.0.1:1/', { perMessageDeflate })).toThrow(RangeError);
    }
    const perMessageDeflate: PerMessageDeflateOptions = { [name]: null };
    const { client } = await pair({ perMessageDeflate }, { perMessageDeflate });
    expect(client.extensions).toBe('permessage-deflate');
  },
);
