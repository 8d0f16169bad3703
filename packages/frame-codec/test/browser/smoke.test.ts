import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as codec from '../../src/index.js';

/** Set for all browser tests in vitest.config.ts. */
const { CHROMIUM = '', CHROMIUM_FLAGS = '' } = process.env;
const DIST = new URL('../../dist/', import.meta.url);
/** Pages, by the content security policy that they come with. */
const POLICIES: Readonly<Record<string, string>> = {
  '/': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  '/no-wasm': "default-src 'self'",
};

let server: Server;
let origin: string;
let browser: Browser;

beforeAll(async () => {
  server = createServer(async ({ url = '/' }, response) => {
    const policy = POLICIES[url];
    if (policy !== undefined) {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy });
      response.end('<!doctype html><title>smoke</title><script type="module" src="/dist/page.js"></script>');
      return;
    }
    if (url === '/dist/page.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript' });
      response.end("import * as codec from './index.js'; globalThis.codec = codec;");
      return;
    }
    const file = /^\/dist\/([\w-]+\/)?[\w-]+\.js$/.test(url) ? new URL(url.slice(6), DIST) : undefined;
    const code = file && (await readFile(file).catch(() => undefined));
    response.writeHead(code === undefined ? 404 : 200, { 'Content-Type': 'text/javascript' });
    response.end(code);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS.split(' ') });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(origin + path);
  return page;
}

/** What runs in the page: a client and a server that write to each other, over the kernel asked for. */
async function echo(kernel: codec.KernelKind | undefined): Promise<{ kind: string; events: string[] }> {
  const { Codec, Connection, Endpoint, sharedCodec } = (globalThis as unknown as { codec: typeof codec })
    .codec;
  const shared = kernel === undefined ? sharedCodec() : new Codec({ kernel });
  const events: string[] = [];
  type Side = codec.Connection<() => Side>;
  const joined = {
    write: ({ context: other }: Side, bytes: Uint8Array) => {
      other().receive(bytes);
      return true;
    },
    end: () => {},
  };
  const server: Side = new Connection(
    new Endpoint({ role: 'server', codec: shared }),
    {
      ...joined,
      text: (self, text) => self.sendText(text),
      binary: (self, payload) => self.sendBinary(payload),
      error: (_, { violation, closeCode }) => events.push(`error ${violation} ${closeCode}`),
      close: (_, code) => events.push(`server closed ${code}`),
    },
    () => client,
  );
  const client: Side = new Connection(
    new Endpoint({ role: 'client', codec: shared }),
    {
      ...joined,
      text: (_, text) => events.push(`text ${text.length > 20 ? text.length : text}`),
      binary: (_, payload) => {
        const sum = payload.reduce((total, byte) => total + byte, 0);
        events.push(`binary ${payload.length} ${sum}`);
      },
      pong: (_, payload) => events.push(`pong ${payload}`),
      closing: (_, code, reason) => events.push(`closing ${code} ${reason}`),
    },
    () => server,
  );
  client.sendText('Hello €😀');
  client.sendText('é'.repeat(100_000));
  client.sendBinary(new Uint8Array(300_000).fill(7));
  client.ping(Uint8Array.of(1, 2));
  const writer = client.startMessage('text');
  for (const part of ['in ', 'parts \ud83d', '\ude00']) writer.write(part);
  writer.end();
  // A masked text frame with a byte that no character has
  server.receive(Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0x61, 0xff));
  server.receiveEnd();
  return { kind: shared.kind, events };
}

const EVENTS = [
  'text Hello €😀',
  'text 100000',
  'binary 300000 2100000',
  'pong 1,2',
  'text in parts 😀',
  'error text-not-utf8 1007',
  'closing 1007 text is not valid UTF-8',
  'server closed 1006',
];

describe('in Chromium', () => {
  it('chooses the WebAssembly kernel', async () => {
    const page = await open('/');
    expect(await page.evaluate(echo, undefined)).toEqual({ kind: 'wasm', events: EVENTS });
  });

  it.each(['wasm', 'script'] as const)('echoes, and checks UTF-8, with the %s kernel', async (kernel) => {
    const page = await open('/');
    expect(await page.evaluate(echo, kernel)).toEqual({ kind: kernel, events: EVENTS });
  });

  it('chooses the script kernel where the policy of the page forbids WebAssembly', async () => {
    const page = await open('/no-wasm');
    expect(await page.evaluate(echo, undefined)).toEqual({ kind: 'script', events: EVENTS });
    await expect(page.evaluate(echo, 'wasm' as const)).rejects.toThrow(/WebAssembly/);
  });
});
