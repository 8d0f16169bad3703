import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket as Peer, type ServerOptions, WebSocketServer } from '../../src/index.js';
import { after, listenHttp } from '../loopback.js';
import { type Browser, launch, type Page } from './chromium.js';

const MIB = 1024 * 1024;

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launch();
  page = await browser.newPage();
});
afterAll(() => browser?.close());

interface Opened {
  readonly url: string;
  readonly server: WebSocketServer;
  /** The server's side of the next connection. */
  readonly connected: Promise<[peer: Peer, request: IncomingMessage]>;
}

/** A server of ours that sends back what it gets, and the page, which comes from the same port. */
async function open(options: ServerOptions = {}): Promise<Opened> {
  const { http, port, url } = await listenHttp();
  http.on('request', (_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>echo</title>');
  });
  const server = new WebSocketServer({ server: http, ...options });
  after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', (websocket) => {
    websocket.on('error', () => undefined);
    websocket.on('message', (data, isBinary) => websocket.send(data as Buffer, { binary: isBinary }));
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  return { url, server, connected: once(server, 'connection') as Opened['connected'] };
}

function closeOf(peer: Peer): Promise<[code: number, reason: string]> {
  return new Promise((resolve) => {
    peer.on('close', (code, reason) => resolve([code, String(reason)]));
  });
}

/** Runs in the page: sends messages of all kinds, and names those that do not come back as they were. */
async function echo({ url, binaryType }: { url: string; binaryType: BinaryType }) {
  const mib = 1024 * 1024;
  const noise = Uint8Array.from({ length: mib }, (_, i) => (i * i * 31) >> 5);
  const sent: Record<string, string | ArrayBuffer | Uint8Array<ArrayBuffer> | Blob> = {
    'no text': '',
    text: 'Grüße 🎉',
    'lone surrogate': 'a\ud800b',
    '126 characters': 'x'.repeat(126),
    '64 KiB of text': '漢'.repeat(65536 / 3),
    '1 MiB of text': 'aß漢🎉'.repeat(mib / 10),
    'no bytes': new ArrayBuffer(0),
    ArrayBuffer: noise.slice(0, 1000).buffer,
    'part of an ArrayBuffer': noise.subarray(5, 70_000),
    Blob: new Blob(['part ', noise.subarray(0, 3000)]),
    '1 MiB of bytes': noise,
    '1 MiB in a Blob': new Blob([noise]),
  };
  const websocket = new WebSocket(url);
  websocket.binaryType = binaryType;
  const received: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    websocket.onopen = () => {
      for (const data of Object.values(sent)) websocket.send(data);
    };
    websocket.onmessage = ({ data }) => {
      if (received.push(data) === Object.keys(sent).length) resolve();
    };
    websocket.onclose = ({ code }) => reject(new Error(`closed with ${code}, after ${received.length}`));
  });
  const bytesOf = async (data: unknown) => new Uint8Array(await new Response(data as Blob).arrayBuffer());
  const wrong: string[] = [];
  for (const [i, [name, data]] of Object.entries(sent).entries()) {
    const got = received[i];
    const kind = typeof got === 'string' ? 'text' : got instanceof Blob ? 'blob' : 'arraybuffer';
    const [expected, actual] = [await bytesOf(data), await bytesOf(got)];
    const same = expected.length === actual.length && expected.every((byte, at) => byte === actual[at]);
    if (!same || kind !== (typeof data === 'string' ? 'text' : binaryType)) wrong.push(name);
  }
  return { count: received.length, wrong, extensions: websocket.extensions };
}

/** Runs in the page: connects, does one thing, and tells how the connection ended. */
function closed({
  url,
  protocols,
  act,
}: {
  url: string;
  protocols?: string[];
  act: 'wait' | 'close' | 'send';
}) {
  const websocket = new WebSocket(url, protocols);
  const events: string[] = [];
  return new Promise<object>((resolve) => {
    websocket.onopen = () => {
      events.push('open');
      if (act === 'close') websocket.close(3999, 'genug ✓');
      if (act === 'send') websocket.send('x'.repeat(1001));
    };
    websocket.onmessage = ({ data }) => events.push(String(data));
    websocket.onerror = () => events.push('error');
    websocket.onclose = ({ code, reason, wasClean }) => {
      resolve({ events, code, reason, wasClean, protocol: websocket.protocol });
    };
  });
}

/** What the server is told, and what the page then sees as the extension in use (RFC 7692 §7.1). */
const COMPRESSIONS: readonly [string, ServerOptions['perMessageDeflate'], RegExp][] = [
  ['no compression', false, /^$/],
  ['permessage-deflate', true, /^permessage-deflate/],
  [
    'permessage-deflate without context takeover',
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
    /^permessage-deflate(?=.*server_no_context_takeover)(?=.*client_no_context_takeover)/,
  ],
  [
    'permessage-deflate with a small window at the client',
    { clientMaxWindowBits: 9 },
    /^permessage-deflate.*client_max_window_bits=9/,
  ],
];

describe.each(COMPRESSIONS)('Chromium and our server with %s', (_name, perMessageDeflate, extensions) => {
  it.each(['arraybuffer', 'blob'] as const)(
    'carry text, ArrayBuffers and Blobs there and back, up to 1 MiB, as %s (§5.6)',
    async (binaryType) => {
      const { url } = await open({ perMessageDeflate });
      const seen = await page.evaluate(echo, { url, binaryType });
      expect(seen).toEqual({ count: 12, wrong: [], extensions: expect.stringMatching(extensions) });
    },
  );

  it('compress both ways if they agreed to (RFC 7692 §7.2)', async () => {
    const { url, connected } = await open({ perMessageDeflate });
    const traffic = connected.then(async ([peer, { socket }]) => {
      await closeOf(peer);
      return { read: socket.bytesRead, written: socket.bytesWritten };
    });
    await page.evaluate(async (address) => {
      const websocket = new WebSocket(address);
      await new Promise((resolve) => {
        websocket.onopen = () => websocket.send('long '.repeat(20_000));
        websocket.onmessage = resolve;
      });
      websocket.close();
    }, url);
    const { read, written } = await traffic;
    for (const bytes of [read, written]) {
      if (perMessageDeflate === false) expect(bytes).toBeGreaterThan(100_000);
      else expect(bytes).toBeLessThan(5000);
    }
  });
});

describe.each(COMPRESSIONS.slice(0, 2))('Chromium and our server with %s', (_name, perMessageDeflate) => {
  it('keep the order of many messages', async () => {
    const { url } = await open({ perMessageDeflate });
    const wrong = await page.evaluate(async (address) => {
      const sent = Array.from({ length: 2000 }, (_, i) => `${i}:${'.'.repeat(i % 1500)}`);
      const websocket = new WebSocket(address);
      const received: string[] = [];
      await new Promise<void>((resolve) => {
        websocket.onopen = () => {
          for (const text of sent) websocket.send(text);
        };
        websocket.onmessage = ({ data }) => {
          if (received.push(data) === sent.length) resolve();
        };
      });
      return sent.filter((text, i) => text !== received[i]);
    }, url);
    expect(wrong).toEqual([]);
  });

  it('empty what the page has buffered: bufferedAmount falls to 0', async () => {
    const { url, server } = await open({ perMessageDeflate });
    server.on('connection', (websocket) => websocket.removeAllListeners('message'));
    const lengths: number[] = [];
    server.on('connection', (websocket) => {
      websocket.on('message', (data) => lengths.push((data as Buffer).length));
    });
    const buffered = await page.evaluate(async (address) => {
      const websocket = new WebSocket(address);
      await new Promise((resolve) => {
        websocket.onopen = resolve;
      });
      for (let i = 1; i <= 4; i++) websocket.send(new Uint8Array(i * 1024 * 1024));
      const first = websocket.bufferedAmount;
      const end = Date.now() + 10_000;
      while (websocket.bufferedAmount > 0 && Date.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return [first, websocket.bufferedAmount];
    }, url);
    expect(buffered).toEqual([10 * MIB, 0]);
    await expect.poll(() => lengths).toEqual([MIB, 2 * MIB, 3 * MIB, 4 * MIB]);
  });

  it('close as the page asks, with code and reason (§7.1.5)', async () => {
    const { url, connected } = await open({ perMessageDeflate });
    const atServer = connected.then(([peer]) => closeOf(peer));
    expect(await page.evaluate(closed, { url, act: 'close' })).toEqual({
      events: ['open'],
      code: 3999,
      reason: 'genug ✓',
      wasClean: true,
      protocol: '',
    });
    expect(await atServer).toEqual([3999, 'genug ✓']);
  });

  it('close as the server asks, with code and reason, after what it sent before (§7.1.5)', async () => {
    const { url, server, connected } = await open({ perMessageDeflate });
    const atServer = connected.then(([peer]) => closeOf(peer));
    server.on('connection', (websocket) => {
      websocket.send('last words');
      websocket.close(4002, 'vorbei ✗');
    });
    expect(await page.evaluate(closed, { url, act: 'wait' })).toMatchObject({
      events: ['open', 'last words'],
      code: 4002,
      reason: 'vorbei ✗',
      wasClean: true,
    });
    expect(await atServer).toEqual([4002, 'vorbei ✗']);
  });

  it('part with 1009 when the page sends more than the server allows (§7.4.1)', async () => {
    const { url } = await open({ perMessageDeflate, maxPayload: 1000 });
    expect(await page.evaluate(closed, { url, act: 'send' })).toMatchObject({ code: 1009, wasClean: true });
  });
});

describe('Chromium', () => {
  it('gets the subprotocol that the server chooses (§4.2.2)', async () => {
    const { url, server } = await open({ handleProtocols: (offered) => [...offered][1] ?? false });
    server.on('connection', (websocket) => websocket.close(1000, websocket.protocol));
    expect(await page.evaluate(closed, { url, protocols: ['v2', 'v1'], act: 'wait' })).toMatchObject({
      protocol: 'v1',
      reason: 'v1',
      code: 1000,
    });
  });

  it('names its origin, and is refused when the server does not like it (§4.2.2)', async () => {
    const origins: unknown[] = [];
    const { url } = await open({
      verifyClient: ({ origin }) => {
        origins.push(origin);
        return false;
      },
    });
    expect(await page.evaluate(closed, { url, act: 'wait' })).toMatchObject({
      events: ['error'],
      code: 1006,
      wasClean: false,
    });
    expect(origins).toEqual([url.replace('ws:', 'http:').slice(0, -1)]);
  });

  it('sees 1006 when the server drops it (§7.1.5)', async () => {
    const { url, server } = await open();
    server.on('connection', (websocket) => websocket.terminate());
    expect(await page.evaluate(closed, { url, act: 'wait' })).toMatchObject({ code: 1006, wasClean: false });
  });

  it('is told 1001 when the server is shut down (§7.4.1)', async () => {
    const { url, server, connected } = await open();
    const end = page.evaluate(closed, { url, act: 'wait' });
    await connected;
    server.close({ code: 1001, timeout: 2000 });
    expect(await end).toMatchObject({ events: ['open'], code: 1001, wasClean: true });
  });

  it('answers pings, and lives on where silence is fatal (§5.5.2)', async () => {
    const { url, server, connected } = await open({ pingInterval: 250 });
    const end = page.evaluate(closed, { url, act: 'wait' });
    const [peer] = await connected;
    for (let i = 0; i < 3; i++) await once(peer, 'pong');
    server.close({ code: 1000, timeout: 2000 });
    expect(await end).toMatchObject({ code: 1000, wasClean: true });
  });

  it('says 1001 when its user goes to another page (§7.4.1)', async () => {
    const { url, connected } = await open();
    await page.evaluate((address) => {
      new WebSocket(address);
    }, url);
    const [peer] = await connected;
    const atServer = closeOf(peer);
    await page.goto('about:blank');
    expect(await atServer).toEqual([1001, '']);
  });
});
