import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import * as handshake from '../src/index.js';
import { request } from './example.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The README's block of that name. */
function block(name: string): string {
  const code = new RegExp(`^\`\`\`js ${name}\\n([^]*?)^\`\`\`$`, 'm').exec(readme)?.[1];
  if (code === undefined) throw new Error(`the README has no block ${name}`);
  return code;
}

const AsyncFunction: new (...parts: string[]) => (...given: unknown[]) => Promise<unknown> =
  Object.getPrototypeOf(async () => {}).constructor;

/** Runs a block as it stands, its imports made from the sources, and gives the values that it has defined. */
async function run(
  code: string,
  results: readonly string[],
  given: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const body = code.replace(/^import (\{[^}]+\}) from ('[^']+');$/gm, 'const $1 = await load($2);');
  const load = (module: string) => (module === '@x/handshake' ? handshake : import(module));
  const call = new AsyncFunction('load', ...Object.keys(given), `${body}\nreturn { ${results.join(', ')} };`);
  return Object(await call(load, ...Object.values(given)));
}

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function startServer(deadline = '10_000'): Promise<{ server: Server; port: number }> {
  const code = block('server-socket').replace('8080', "0, '127.0.0.1'").replace('10_000', deadline);
  const server = (await run(code, ['server'])).server as Server;
  closing.push(() => server.close());
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('the README', () => {
  it('shows a server and a client on bare sockets that speak to each other', async () => {
    const { port } = await startServer();
    const code = block('client-socket').replace('8080', String(port));
    const { result, socket, handshake: client } = await run(code, ['result', 'socket', 'handshake']);
    closing.push(() => (socket as Socket).destroy());
    expect(result).toMatchObject({
      ok: true,
      subprotocol: 'chat.v2',
      extensions: [{ name: 'permessage-deflate' }],
    });
    const chunks = [(client as handshake.ClientHandshake).rest];
    (socket as Socket).on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket as Socket, 'end');
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([0x81, 2, 0x68, 0x69]));
  });

  it('shows a client that reports a refusal', async () => {
    const { port } = await startServer();
    const code = block('client-socket')
      .replace('8080', String(port))
      .replace('request.head', "request.head.replace('GET', 'PUT')");
    await expect(run(code, [])).rejects.toThrow('the status is not 101: 405 (4.1)');
  });

  it('shows a server that drops a refused peer which does not end its half of the connection', async () => {
    const { server, port } = await startServer('100');
    const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    closing.push(() => peer.destroy());
    peer.write('GET / HTTP/1.0\r\n\r\n');
    peer.resume();
    await once(peer, 'end');
    const connections = () =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    await expect.poll(connections).toBe(0);
  });

  it('shows a server and a client with web Request, Response and Headers that understand each other', async () => {
    const { upgrade } = await run(block('server-web'), ['upgrade']);
    const sent: { result?: unknown } = await run(block('client-web'), ['result'], { send: upgrade });
    expect(sent.result).toMatchObject({ ok: true, subprotocol: 'chat.v2' });
    const refused = (upgrade as (request: Request) => Response)(
      new Request('https://example.com/', { method: 'POST' }),
    );
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('GET');
    expect(await refused.text()).toBe('the method is not GET');
  });

  it('shows an origin policy', async () => {
    const { answer } = await run(block('origin'), ['answer']);
    const status = (Origin: string | undefined) =>
      Reflect.apply(answer as () => handshake.Refusal, null, [request({ Origin })]).status;
    expect(status('https://a.example.org')).toBe(101);
    expect(status('http://server.example.com')).toBe(101);
    expect(status('https://evil.test')).toBe(403);
    expect(status(undefined)).toBe(403);
  });

  it('shows an extension of your own', async () => {
    const { answer } = await run(block('extension'), ['answer']);
    const changes = { 'Sec-WebSocket-Extensions': 'x-checksum; bits=8, x-checksum; bits=16' };
    expect(Reflect.apply(answer as () => unknown, null, [request(changes)])).toMatchObject({
      ok: true,
      extensions: [{ name: 'x-checksum', config: { bits: 16 }, claims: { rsv2: true } }],
    });
  });

  it('runs every block it shows', () => {
    const shown = [...readme.matchAll(/^```(\S.*)$/gm)].map(([, name]) => name);
    expect(shown).toEqual(
      ['server-socket', 'client-socket', 'server-web', 'client-web', 'origin', 'extension'].map(
        (name) => `js ${name}`,
      ),
    );
  });

  it('lists each departure that the sources mark, and no other', () => {
    const folder = new URL('../src/', import.meta.url);
    const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const departures = (text: string, pattern: RegExp) =>
      Array.from(text.matchAll(pattern), ([, name]) => name);
    const marked = departures(sources.join('\n'), /((?:Stricter|Looser) than [^:\n]+):/g);
    expect(departures(readme, /^\| ((?:Stricter|Looser) than [^|]+) \|/gm).sort()).toEqual(marked.sort());
    expect(marked.length).toBeGreaterThan(5);
  });

  it('names for each clause tests that exist', () => {
    const folder = new URL('.', import.meta.url);
    const sources = readdirSync(folder).filter(
      (name) => name.endsWith('.test.ts') && name !== 'readme.test.ts',
    );
    const tests = sources.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
    const table = readme.slice(readme.indexOf('| clause |')).split('\n').slice(2).filter(Boolean);
    expect(table.length).toBeGreaterThan(40);
    for (const row of table) {
      const titles = [...(row.split(' | ')[2] ?? '').matchAll(/(?<=^|; )\*(.+?)\*(?=; \*| \|$)/g)].map(
        ([, title]) => title ?? '',
      );
      expect(titles, row).not.toHaveLength(0);
      for (const title of titles) {
        const known = [`'${title}'`, `"${title}"`].some((text) => tests.includes(text));
        expect(known, `no test is named: ${title}`).toBe(true);
      }
    }
  });
});
