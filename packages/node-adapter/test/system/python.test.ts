import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from '../../src/index.js';
import { after, listen, listenEcho } from '../loopback.js';
import { type Observed, open } from './client.js';
import { type Process, start } from './process.js';

/** That of the system, which sees the system's packages; another one may come first on the path. */
const PYTHON = process.env.PYTHON || '/usr/bin/python3';
const MIB = 1024 * 1024;
const FRAGMENTED_TEXT = 'one, two, drei ü, four 🎉';

const MESSAGES: readonly [string, string | Buffer][] = [
  ['an empty text', ''],
  ['an empty binary', Buffer.alloc(0)],
  ['a text of one to four bytes a character', 'aß漢🎉'],
  ['a binary of 125 bytes', Buffer.alloc(125, 0x7e)],
  ['a text of 126 bytes', 'x'.repeat(126)],
  ['a binary of 65,536 bytes', Buffer.from(Uint8Array.from({ length: 65536 }, (_, i) => i >> 3))],
  ['1 MiB of text', 'aß漢🎉'.repeat(MIB / 10).padEnd(MIB - 100_000, ' ')],
  ['1 MiB of binary', Buffer.from(Uint8Array.from({ length: MIB }, (_, i) => (i * 31) >> 3))],
];

function python(script: string, ...args: string[]): Process {
  const program = start(PYTHON, [fileURLToPath(new URL(script, import.meta.url)), ...args]);
  after(() => program.stop());
  return program;
}

describe.each([
  ['without compression', false, 'plain'],
  ['with permessage-deflate', true, 'deflate'],
] as const)('Python websockets %s', (_name, perMessageDeflate, compression) => {
  const extensions = perMessageDeflate ? ['permessage-deflate'] : [];

  describe('as client of our server', () => {
    async function play(url: string, scenario: string): Promise<Record<string, unknown>> {
      const client = python('websockets_client.py', url, compression, scenario);
      return JSON.parse(await client.line());
    }

    it('gets back text and binary of any length, in order (§5.6)', async () => {
      const { server, url } = await listenEcho({ perMessageDeflate });
      const connected = once(server, 'connection') as Promise<[WebSocket]>;
      const seen = await play(url, 'echo');
      expect(seen).toMatchObject({ count: 510, wrong: [], extensions, code: 1000, reason: '' });
      expect((await connected)[0].extensions).toBe(extensions.join());
    });

    it('has its fragments put together (§5.4)', async () => {
      const { url } = await listenEcho({ perMessageDeflate });
      expect(await play(url, 'fragments')).toMatchObject({ text: FRAGMENTED_TEXT, binary: true, extensions });
    });

    it('has its ping answered (§5.5.3)', async () => {
      const { url } = await listenEcho({ perMessageDeflate });
      expect(await play(url, 'ping')).toMatchObject({ pong: true, code: 1000 });
    });

    it('answers our ping (§5.5.2)', async () => {
      const { server, url } = await listen({ perMessageDeflate });
      const pong = new Promise<string>((resolve) => {
        server.on('connection', (websocket) => {
          websocket.on('pong', (data) => {
            resolve(String(data));
            websocket.close(1000);
          });
          websocket.ping('you?');
        });
      });
      expect(await play(url, 'closed')).toMatchObject({ code: 1000 });
      expect(await pong).toBe('you?');
    });

    it('closes with code and reason, and has them echoed (§7.1.5)', async () => {
      const { server, url } = await listen({ perMessageDeflate });
      const closed = new Promise<unknown[]>((resolve) => {
        server.on('connection', (websocket) => {
          websocket.on('close', (code, reason) => resolve([code, String(reason)]));
        });
      });
      expect(await play(url, 'close')).toMatchObject({ code: 3999, reason: 'genug ✓' });
      expect(await closed).toEqual([3999, 'genug ✓']);
    });

    it('is told our code and reason (§7.1.5)', async () => {
      const { server, url } = await listen({ perMessageDeflate });
      server.on('connection', (websocket) => websocket.close(4002, 'vorbei ✗'));
      expect(await play(url, 'closed')).toMatchObject({ code: 4002, reason: 'vorbei ✗' });
    });

    it('is told 1002 when it sends a frame with a reserved bit that nobody negotiated (§5.2)', async () => {
      const { server, url } = await listenEcho({ perMessageDeflate });
      const failed = once(server, 'connection').then(([websocket]) =>
        once(websocket, 'error').then(([error]) => error.code),
      );
      expect(await play(url, 'reserved')).toMatchObject({ code: 1002 });
      expect(await failed).toBe('WS_ERR_UNEXPECTED_RSV_2_3');
    });

    it('gets the subprotocol that the server chooses (§4.2.2)', async () => {
      const { server, url } = await listen({ perMessageDeflate, handleProtocols: () => 'v2' });
      server.on('connection', (websocket) => websocket.close(1000));
      expect(await play(url, 'closed')).toMatchObject({ subprotocol: 'v2', extensions });
    });
  });

  describe('as server of our client', () => {
    async function connect(scenario: string): Promise<Observed & { server: Process }> {
      const server = python('websockets_server.py', compression);
      const url = `ws://127.0.0.1:${Number(await server.line())}/${scenario}`;
      const observed = await open(url, { perMessageDeflate: true }, ['v1', 'v0']);
      expect(observed.client.extensions).toBe(extensions.join());
      return { ...observed, server };
    }

    async function finish({ client, closed, server }: Observed & { server: Process }): Promise<void> {
      client.close(1000, 'done');
      expect(await closed).toEqual([1000, 'done']);
      expect(await server.line()).toBe('closed 1000 done');
      expect(await server.finish()).toBe(0);
    }

    it('sends back text and binary of any length (§5.6)', async () => {
      const connection = await connect('echo');
      for (const [what, sent] of MESSAGES) {
        connection.client.send(sent);
        const [data, isBinary] = (await once(connection.client, 'message')) as [Buffer, boolean];
        expect(isBinary, what).toBe(typeof sent !== 'string');
        expect(data.equals(Buffer.from(sent as string)), what).toBe(true);
      }
      await finish(connection);
    });

    it('sends back many messages in order', async () => {
      const connection = await connect('echo');
      const { client, messages } = connection;
      const sent = Array.from({ length: 1000 }, (_, i) => `${i}:${'.'.repeat(i % 300)}`);
      for (const text of sent) client.send(text);
      await expect.poll(() => messages.length).toBe(sent.length);
      expect(messages.map(String)).toEqual(sent.map((text) => `${text},false`));
      await finish(connection);
    });

    it('puts our fragments together (§5.4)', async () => {
      const connection = await connect('echo');
      const { client } = connection;
      for (const part of ['one, ', 'two, ', '', 'drei ü, ']) client.send(part, { fin: false });
      client.send('four 🎉', { fin: true });
      const [data, isBinary] = await once(client, 'message');
      expect([String(data), isBinary]).toEqual([FRAGMENTED_TEXT, false]);
      await finish(connection);
    });

    it('has its fragments put together (§5.4)', async () => {
      const connection = await connect('fragments');
      const { messages } = connection;
      await expect.poll(() => messages.length).toBe(2);
      expect(messages).toEqual([
        [Buffer.from(FRAGMENTED_TEXT), false],
        [Buffer.concat([Buffer.of(0), Buffer.alloc(70000, 255), Buffer.of(1)]), true],
      ]);
      await finish(connection);
    });

    it('pings, and is answered (§5.5.2)', async () => {
      const connection = await connect('ping');
      const { messages, pings } = connection;
      await expect.poll(() => messages.map(String)).toEqual(['pong came,false']);
      expect(pings).toEqual(['are you there']);
      await finish(connection);
    });

    it('answers our ping with the same data (§5.5.3)', async () => {
      const connection = await connect('echo');
      connection.client.ping('und du');
      expect(await once(connection.client, 'pong')).toEqual([Buffer.from('und du')]);
      await finish(connection);
    });

    it('closes with code and reason (§7.1.5)', async () => {
      const { closed, server } = await connect('close');
      expect(await closed).toEqual([4001, 'geh’ heim']);
      expect(await server.line()).toBe('closed 4001 geh’ heim');
      expect(await server.finish()).toBe(0);
    });

    it('agrees on a subprotocol (§4.2.2)', async () => {
      const connection = await connect('subprotocol');
      const { client, messages } = connection;
      await expect.poll(() => messages.map(String)).toEqual(['v1,false']);
      expect(client.protocol).toBe('v1');
      await finish(connection);
    });
  });
});

it('our server compresses what it sends to Python: fewer bytes leave than the message has', async () => {
  const { server, url } = await listenEcho({ perMessageDeflate: true });
  const written = new Promise<number>((resolve) => {
    server.on('connection', (websocket, { socket }) => {
      websocket.on('close', () => resolve(socket.bytesWritten));
    });
  });
  const client = python('websockets_client.py', url, 'deflate', 'fragments');
  expect(JSON.parse(await client.line())).toMatchObject({ binary: true });
  expect(await written).toBeLessThan(2000);
});
