import { type EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Ws from 'ws';
import { type ServerOptions, WebSocket } from '../../src/index.js';
import { after, listen, listenEcho } from '../loopback.js';
import { type ReverseProxy, startProxy } from './nginx.js';

const MIB = 1024 * 1024;
const LONG_TEXT = 'aß漢🎉'.repeat(MIB / 10);
const LONG_BINARY = Buffer.from(Uint8Array.from({ length: MIB }, (_, i) => (i * 31) >> 3));

let proxy: ReverseProxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy?.stop());

/** The way to a server through the proxy. */
function through(port: number, path = ''): string {
  return `ws://127.0.0.1:${proxy.port}/${path}${port}/`;
}

/** What the clients of both packages have in common here. */
interface Client extends EventEmitter {
  readonly extensions: string;
  send(data: string | Buffer, options: { fin?: boolean }): void;
  ping(data: string): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

const CLIENTS: Readonly<Record<string, (url: string, perMessageDeflate: boolean) => Client>> = {
  'our client': (url, perMessageDeflate) => new WebSocket(url, { perMessageDeflate }),
  'npm ws': (url, perMessageDeflate) => new Ws(url, { perMessageDeflate }),
};

/** What a client saw, from its first byte on. */
interface Observed {
  readonly client: Client;
  readonly closed: Promise<[code: number, reason: string]>;
  readonly closedAtServer: Promise<[code: number, reason: string]>;
}

function closeOf(emitter: EventEmitter): Promise<[code: number, reason: string]> {
  return new Promise((resolve) => {
    emitter.on('close', (code, reason) => resolve([code, String(reason)]));
  });
}

describe.each(Object.keys(CLIENTS))('%s through nginx', (name) => {
  const make = CLIENTS[name] as NonNullable<(typeof CLIENTS)[string]>;

  function start(url: string, perMessageDeflate = false): Client {
    const client = make(url, perMessageDeflate);
    after(() => client.terminate());
    return client;
  }

  /** A client, and our server with all that it does to the other side of its connection. */
  async function connect(
    options: ServerOptions,
    path = '',
    serve?: (websocket: WebSocket) => void,
  ): Promise<Observed> {
    const { server, port } = await (serve === undefined ? listenEcho(options) : listen(options));
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    const closedAtServer = connected.then(([websocket]) => closeOf(websocket));
    if (serve !== undefined) server.on('connection', serve);
    const client = start(through(port, path), options.perMessageDeflate === true);
    const closed = closeOf(client);
    await once(client, 'open');
    return { client, closed, closedAtServer };
  }

  describe.each([false, true])('with permessage-deflate: %s', (perMessageDeflate) => {
    it('agrees with the server on the extension (§9.1)', async () => {
      const { client } = await connect({ perMessageDeflate });
      expect(client.extensions).toBe(perMessageDeflate ? 'permessage-deflate' : '');
    });

    it.each([
      ['an empty text', '', false],
      ['a short text', 'Grüße 🎉', false],
      ['a binary of 65,536 bytes', Buffer.alloc(65536, 0xa5), true],
      ['1 MiB of text', LONG_TEXT, false],
      ['1 MiB of binary', LONG_BINARY, true],
    ])('gets %s back (§5.6)', async (_what, sent, binary) => {
      const { client } = await connect({ perMessageDeflate });
      client.send(sent, {});
      const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
      expect(isBinary).toBe(binary);
      expect(data.equals(Buffer.from(sent as string))).toBe(true);
    });

    it('gets many messages back in order', async () => {
      const { client } = await connect({ perMessageDeflate });
      const received: string[] = [];
      client.on('message', (data) => received.push(String(data)));
      const sent = Array.from({ length: 2000 }, (_, i) => `${i}:${'.'.repeat(i % 300)}`);
      for (const text of sent) client.send(text, {});
      await expect.poll(() => received.length).toBe(sent.length);
      expect(received).toEqual(sent);
    });

    it('has its fragments put together, with a ping between them (§5.4)', async () => {
      const { client } = await connect({ perMessageDeflate });
      client.send('one, ', { fin: false });
      client.ping('still there?');
      client.send('two', { fin: true });
      const [[pong], [message]] = await Promise.all([once(client, 'pong'), once(client, 'message')]);
      expect([String(pong), String(message)]).toEqual(['still there?', 'one, two']);
    });

    it('closes with code and reason, and has them echoed (§7.1.5)', async () => {
      const { client, closed, closedAtServer } = await connect({ perMessageDeflate });
      client.close(3999, 'genug ✓');
      expect([await closed, await closedAtServer]).toEqual([
        [3999, 'genug ✓'],
        [3999, 'genug ✓'],
      ]);
    });

    it('closes without a code as 1005 (§7.1.5)', async () => {
      const { client, closed, closedAtServer } = await connect({ perMessageDeflate });
      client.close();
      expect([await closed, await closedAtServer]).toEqual([
        [1005, ''],
        [1005, ''],
      ]);
    });

    it('is told the code and reason of a server that closes at once (§7.1.5)', async () => {
      const { closed, closedAtServer } = await connect({ perMessageDeflate }, '', (websocket) => {
        websocket.send('last words');
        websocket.close(4002, 'vorbei ✗');
      });
      expect([await closed, await closedAtServer]).toEqual([
        [4002, 'vorbei ✗'],
        [4002, 'vorbei ✗'],
      ]);
    });
  });

  it('is told 1009 when its message is longer than the server allows (§7.4.1)', async () => {
    const { client, closed } = await connect({ maxPayload: 1000 });
    client.send('x'.repeat(1001), {});
    expect((await closed)[0]).toBe(1009);
  });

  it('sees 1006 when its server goes away without a word (§7.1.5)', async () => {
    const { client, closed } = await connect({}, '', (websocket) => {
      websocket.on('message', () => websocket.terminate());
    });
    client.send('go', {});
    expect(await closed).toEqual([1006, '']);
  });

  it('is told 1001 when its server is shut down (§7.4.1)', async () => {
    const { server, port } = await listenEcho();
    const client = start(through(port));
    const closed = closeOf(client);
    await once(client, 'open');
    server.close({ code: 1001, timeout: 1000 });
    expect((await closed)[0]).toBe(1001);
  });

  it('is refused with 502 where no server listens (§4.1)', async () => {
    const { server, port } = await listen();
    await new Promise((closed) => server.close(closed));
    const [error] = await once(start(through(port)), 'error');
    expect(error.message).toBe('Unexpected server response: 502');
  });

  it('is told which setting is missing where nginx speaks HTTP/1.0 (§4.2.1)', async () => {
    const { port } = await listenEcho();
    const client = start(through(port, 'old/'));
    // It is ended while it connects, which is an error.
    client.on('error', () => undefined);
    const [, response] = await once(client, 'unexpected-response');
    expect(response.statusCode).toBe(400);
    expect(String(Buffer.concat(await response.toArray()))).toContain('proxy_http_version 1.1');
  });

  it('goes away, and the server sees 1006 (§7.1.5)', async () => {
    const { client, closedAtServer } = await connect({});
    client.terminate();
    expect(await closedAtServer).toEqual([1006, '']);
  });

  it('is cut off by a proxy that hears nothing for too long, but not when the server pings (§5.5.2)', async () => {
    const [silent, pinged] = [await connect({}, 'hasty/'), await connect({ pingInterval: 300 }, 'hasty/')];
    let pings = 0;
    pinged.client.on('ping', () => pings++);
    const fourPings = expect.poll(() => pings).toBeGreaterThan(3);
    const outcome = Promise.race([pinged.closed, fourPings.then(() => 'still open')]);
    expect([await silent.closed, await silent.closedAtServer]).toEqual([
      [1006, ''],
      [1006, ''],
    ]);
    expect(await outcome).toBe('still open');
    pinged.client.close(1000);
    expect((await pinged.closed)[0]).toBe(1000);
  });
});

it('both sides see 1006 when the proxy goes away (§7.1.5)', async () => {
  const own = await startProxy();
  after(() => own.stop());
  const { server, port } = await listenEcho();
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${own.port}/${port}/`);
  client.on('error', () => undefined);
  after(() => client.terminate());
  const closed = closeOf(client);
  await once(client, 'open');
  const closedAtServer = closeOf((await connected)[0]);
  await own.stop();
  expect([await closed, await closedAtServer]).toEqual([
    [1006, ''],
    [1006, ''],
  ]);
});
