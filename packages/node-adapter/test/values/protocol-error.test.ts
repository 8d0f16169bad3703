import { Codec } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { WebSocket } from '../../src/index.js';
import { collect, connect, listenEcho, listenTcp, RawPeer, until } from '../loopback.js';

/** For each, the bytes of a client, what the server calls it, and the code of the close frame that answers. */
const CASES: [string, string, string, number][] = [
  ['reserved bit RSV1 (§5.2)', 'c1 80 00000000', 'WS_ERR_UNEXPECTED_RSV_1', 1002],
  ['reserved bit RSV2 (§5.2)', 'a1 80 00000000', 'WS_ERR_UNEXPECTED_RSV_2_3', 1002],
  ['reserved bit RSV3 (§5.2)', '91 80 00000000', 'WS_ERR_UNEXPECTED_RSV_2_3', 1002],
  ['a reserved opcode (§5.2)', '83 80 00000000', 'WS_ERR_INVALID_OPCODE', 1002],
  ['a reserved control opcode (§5.2)', '8b 80 00000000', 'WS_ERR_INVALID_OPCODE', 1002],
  ['a continuation of nothing (§5.4)', '80 80 00000000', 'WS_ERR_INVALID_OPCODE', 1002],
  ['a message inside another (§5.4)', '01 80 00000000 81 80 00000000', 'WS_ERR_INVALID_OPCODE', 1002],
  ['a fragmented ping (§5.5)', '09 80 00000000', 'WS_ERR_EXPECTED_FIN', 1002],
  ['a ping of 126 bytes (§5.5)', '89 fe 007e 00000000', 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002],
  ['a frame without a mask (§5.1)', '81 01 61', 'WS_ERR_EXPECTED_MASK', 1002],
  [
    'a length of 2^63 (§5.2)',
    '82 ff 8000000000000000 00000000',
    'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    1002,
  ],
  ['a length that is not minimal (§5.2)', '82 fe 0001 00000000 00', 'WS_ERR_LENGTH_NOT_MINIMAL', 1002],
  ['a message above maxPayload (§10.4)', '82 fe 0401 00000000', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  [
    'fragments above maxPayload together (§10.4)',
    `02 81 00000000 61 80 fe 0400 00000000`,
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    1009,
  ],
  ['text that is not UTF-8 (§8.1)', '81 82 00000000 c080', 'WS_ERR_INVALID_UTF8', 1007],
  ['a close frame of one byte (§5.5.1)', '88 81 00000000 03', 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', 1002],
  ['close code 1005 (§7.4.1)', '88 82 00000000 03ed', 'WS_ERR_INVALID_CLOSE_CODE', 1002],
  ['a close reason that is not UTF-8 (§5.5.1)', '88 83 00000000 03e8ff', 'WS_ERR_INVALID_UTF8', 1007],
];

describe.each(['wasm', 'script'] as const)('with the %s kernel', (kernel) => {
  it.each(CASES)('%s fails that connection alone', async (_what, bytes, code, closeCode) => {
    const { server, port, url } = await listenEcho({ codec: new Codec({ kernel }), maxPayload: 1024 });
    const bystander = await connect(url);
    const peer = RawPeer.open(port);
    const [websocket] = await new Promise<[WebSocket]>((resolve) => {
      server.on('connection', (connected) => resolve([connected]));
    });
    const errors = collect(websocket, 'error');
    const closes = collect(websocket, 'close');
    (await peer).writeHex(bytes);
    const answer = await (await peer).all();
    expect(answer[0]).toBe(0x88);
    expect(answer[1]).toBe(answer.length - 2);
    expect(answer.readUInt16BE(2)).toBe(closeCode);
    await until(() => closes.length > 0);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.[0]).toMatchObject({ code, cause: { closeCode } });
    expect(closes).toEqual([[1006, Buffer.alloc(0)]]);

    bystander.send('still here');
    const echoed = await new Promise((resolve) => bystander.once('message', resolve));
    expect(String(echoed)).toBe('still here');
  });
});

it('more fragments than maxFragments fail the connection with 1008 (§10.4)', async () => {
  const { port } = await listenEcho({ maxFragments: 2 });
  const peer = await RawPeer.open(port);
  peer.writeHex('01 81 00000000 61 00 81 00000000 61 80 81 00000000 61');
  expect((await peer.all()).readUInt16BE(2)).toBe(1008);
});

it('4 MiB in 65537 fragments are a message like any other', async () => {
  const { server, port } = await listenEcho();
  const messages: Buffer[] = [];
  server.on('connection', (websocket) => websocket.on('message', (data) => messages.push(data as Buffer)));
  const peer = await RawPeer.open(port);
  const middle = Buffer.concat([Buffer.from([0x00, 0xc0, 0, 0, 0, 0]), Buffer.alloc(64, 'm')]);
  const frames = [Buffer.from('0280 00000000'.replace(' ', ''), 'hex')];
  for (let i = 0; i < 65535; i++) frames.push(middle);
  frames.push(Buffer.concat([Buffer.from([0x80, 0xc0, 0, 0, 0, 0]), Buffer.alloc(64, 'e')]));
  peer.socket.write(Buffer.concat(frames));
  await until(() => messages.length > 0);
  expect(messages[0]?.length).toBe(4194304);
});

it('a client refuses masked frames of a server with 1002 (§5.1)', async () => {
  const port = await listenTcp((socket) => {
    socket.once('data', (request) => {
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(request.toString())?.[1] ?? '';
      void import('node:crypto').then(({ createHash }) => {
        const accept = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.write(Buffer.from('8181000000006100', 'hex'));
      });
    });
  });
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const errors = collect(client, 'error');
  client.on('error', () => undefined);
  await until(() => errors.length > 0);
  expect(errors[0]?.[0]).toMatchObject({ code: 'WS_ERR_UNEXPECTED_MASK' });
  client.terminate();
});
