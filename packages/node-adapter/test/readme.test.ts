import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer, get as httpsGet } from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import Ws, { WebSocketServer } from 'ws';
import { type Listening, Page, Programs } from '../../../test/code-blocks.js';
import { selfSigned } from './certificate.js';
import { after, maskedFrame, portOf, until, upgradeRequest } from './loopback.js';

const readme = new Page(new URL('../README.md', import.meta.url));

/** The blocks that listen, each with what it calls its server, and where this speaks WebSocket. */
const SERVERS: Record<string, { variable: string; path: string }> = {
  'server.js': { variable: 'server', path: '/' },
  'https.js': { variable: 'https', path: '/ws' },
  'chat.js': { variable: 'http', path: '/chat' },
  'low-level-http.js': { variable: 'server', path: '/' },
  'low-level-net.js': { variable: 'server', path: '/' },
  'broadcast.js': { variable: 'server', path: '/' },
  'prepared.js': { variable: 'server', path: '/' },
  'total.js': { variable: 'server', path: '/' },
};

const programs = new Programs(readme, {
  '@x/node-adapter': new URL('..', import.meta.url),
  '@x/frame-codec': new URL('../node_modules/@x/frame-codec', import.meta.url),
  '@x/handshake': new URL('../node_modules/@x/handshake', import.meta.url),
});
const { key, cert } = selfSigned();
programs.write('key.pem', key);
const certificate = programs.write('cert.pem', cert);

afterAll(() => programs.stop());

interface Server extends Listening {
  secure: boolean;
  url: string;
}

/** Runs a block that listens, on a free port. */
async function startServer(name: string, changes: Record<string, string> = {}): Promise<Server> {
  const { variable = '', path } = SERVERS[name] ?? {};
  const secure = name === 'https.js';
  const program = await programs.listen(name, variable, { port: secure ? '8443' : '8080', changes });
  return { ...program, secure, url: `${secure ? 'wss' : 'ws'}://127.0.0.1:${program.port}${path}` };
}

const servers = new Map<string, Promise<Server>>();

/** The one program of a block that all tests share. */
function server(name: string): Promise<Server> {
  const running = servers.get(name) ?? startServer(name);
  servers.set(name, running);
  return running;
}

/** A client of npm ws, open, and what it is told: texts as they are, binary messages in hex. */
async function open({ url }: { url: string }, protocols: string[] = []): Promise<{ ws: Ws; told: string[] }> {
  const ws = new Ws(url, protocols, { ca: cert });
  after(() => ws.terminate());
  const told: string[] = [];
  ws.on('message', (data: Buffer, isBinary) => told.push(data.toString(isBinary ? 'hex' : 'utf8')));
  await once(ws, 'open');
  return { ws, told };
}

/** Bytes by hand: the stream to write them to, the TCP socket below it, and what came. */
async function raw({
  port,
  secure,
}: Server): Promise<{ stream: net.Socket; tcp: net.Socket; came: () => Buffer }> {
  const tcp = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  after(() => tcp.destroy());
  tcp.on('error', () => undefined);
  const stream = secure ? tls.connect({ socket: tcp, ca: cert }) : tcp;
  stream.on('error', () => undefined);
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, secure ? 'secureConnect' : 'connect');
  return { stream, tcp, came: () => Buffer.concat(chunks) };
}

/** A request for the place where a server speaks WebSocket, good but for what is replaced. */
function requestTo({ url }: Server, from = '', to = ''): string {
  return upgradeRequest()
    .replace('GET /', `GET ${new URL(url).pathname}`)
    .replace(from, to);
}

/** The page that an HTTP server has beside. */
async function page({ url }: Server): Promise<{ status: number | undefined; body: string }> {
  const asked = url.startsWith('wss:') ? httpsGet : httpGet;
  const request = asked(new URL('/', url.replace('ws', 'http')), { ca: cert, agent: false });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return { status: response.statusCode, body: await text(response) };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe.each(Object.keys(SERVERS))('the server %s of the README', (name) => {
  it('outlives peers that reset the connection in the middle of a handshake that is refused', async () => {
    const running = await server(name);
    const refused = requestTo(running, 'dGhlIHNhbXBsZSBub25jZQ==', 'short');
    const answered = await raw(running);
    answered.stream.write(refused);
    await until(() => answered.came().length > 0, 'an answer');
    expect(String(answered.came())).toMatch(/^HTTP\/1\.1 400 /);
    answered.tcp.resetAndDestroy();

    for (const delay of [0, 0, 0, 1, 1, 2, 3, 5]) {
      const hasty = await raw(running);
      await new Promise((resolve) => hasty.stream.write(refused, resolve));
      if (delay > 0) await pause(delay);
      hasty.tcp.resetAndDestroy();
    }
    const partial = await raw(running);
    await new Promise((resolve) => partial.stream.write(refused.slice(0, 60), resolve));
    await pause(5);
    partial.tcp.resetAndDestroy();

    await open(running);
    expect(running.child.exitCode).toBe(null);
  });

  it('outlives peers that break rules or reset the connection once it is open (§5.1)', async () => {
    const running = await server(name);
    const unmasked = await raw(running);
    unmasked.stream.write(requestTo(running));
    await until(() => unmasked.came().includes('\r\n\r\n'), 'an answer');
    expect(String(unmasked.came())).toMatch(/^HTTP\/1\.1 101 /);
    unmasked.stream.write(Uint8Array.of(0x81, 0x01, 0x61));
    // 1002, in a close frame
    await until(() => unmasked.came().includes(Buffer.of(0x03, 0xea)), 'a close frame');
    unmasked.tcp.resetAndDestroy();

    const gone = await raw(running);
    gone.stream.write(requestTo(running));
    await until(() => gone.came().includes('\r\n\r\n'), 'an answer');
    gone.stream.write(maskedFrame(0x81, Buffer.from('from who is gone')));
    gone.tcp.resetAndDestroy();

    await open(running);
    expect(running.child.exitCode).toBe(null);
  });
});

describe('the README', () => {
  it('shows a server that echoes, and greets', async () => {
    const running = await server('server.js');
    const { ws, told } = await open(running);
    for (const message of ['Hello €', Uint8Array.of(1, 2), '']) ws.send(message);
    await until(() => told.length === 3, 'three echoes');
    expect(told).toEqual(['Hello €', '0102', '']);
    ws.close(4001, 'enough');
    await until(() => running.output().includes('bye 4001 enough\n'), 'the good-bye');
    expect(running.output()).toContain('hello, 127.0.0.1\n');
    expect(await page(running)).toEqual({ status: 426, body: 'Upgrade Required' });
  });

  it('shows a server with pages beside, over TLS', async () => {
    const running = await server('https.js');
    const { told } = await open(running);
    await until(() => told.length === 1, 'a greeting');
    expect(told).toEqual(['hello']);
    expect(await page(running)).toEqual({ status: 200, body: 'a page' });
    await expect(open({ url: running.url.replace('/ws', '/other') })).rejects.toThrow('response: 400');
  });

  it('shows a chat that takes who comes by the right path', async () => {
    const running = await server('chat.js');
    const [ann, bob] = [await open(running), await open(running)];
    ann.ws.send('I am Ann');
    await until(() => ann.told.length + bob.told.length === 2, 'two messages');
    expect([ann.told, bob.told]).toEqual([['I am Ann'], ['I am Ann']]);
    expect(await page(running)).toEqual({ status: 200, body: 'a page' });
    await expect(open({ url: running.url.replace('/chat', '/other') })).rejects.toThrow('socket hang up');
    ann.ws.send('x'.repeat(4097));
    expect((await once(ann.ws, 'close'))[0]).toBe(1009);
  });

  it('shows a client that speaks over TLS, and shows its cookie', async () => {
    const https = createHttpsServer({ key, cert });
    const wss = new WebSocketServer({ server: https });
    after(() => https.close());
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const change = { 'wss://example.com/chat': `wss://127.0.0.1:${portOf(https)}/chat` };
    const trusting = programs.start('client.js', {
      changes: change,
      env: { NODE_EXTRA_CA_CERTS: certificate },
    });
    const [peer, request] = (await once(wss, 'connection')) as [Ws, IncomingMessage];
    expect([request.url, request.headers.cookie]).toEqual(['/chat', 'session=abc']);
    const [greeting] = await once(peer, 'message');
    peer.send(`You said ${greeting}`);
    peer.send(Uint8Array.of(1, 2));
    peer.close(4002);
    expect(await once(trusting.child, 'close')).toEqual([0, null]);
    expect(trusting.output()).toBe('You said hello\n<Buffer 01 02>\nclosed 4002\n');
  });

  it('shows a client that reports a certificate it does not trust', async () => {
    const https = createHttpsServer({ key, cert });
    after(() => https.close());
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    const change = { 'wss://example.com/chat': `wss://127.0.0.1:${portOf(https)}/chat` };
    const wary = programs.start('client.js', { changes: change });
    expect(await once(wary.child, 'close')).toEqual([0, null]);
    expect(wary.output()).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(wary.output()).toContain('closed 1006\n');
  });

  it('shows a stream that ends with its input', async () => {
    const { port } = await server('server.js');
    const { child, output } = programs.start('stream.js', { changes: { '8080': String(port) } });
    child.stdin.write('there and back €');
    await until(() => output().includes('there and back €'), 'the echo');
    child.stdin.end();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output()).toBe('there and back €');
  });

  it.each(['low-level-http.js', 'low-level-net.js'])(
    'shows by %s how to echo without copies',
    async (name) => {
      const running = await server(name);
      const { ws, told } = await open({ url: `${running.url}room?name=1` });
      for (const message of ['Hello €', Uint8Array.of(1, 2), '']) ws.send(message);
      await until(() => told.length === 3, 'three echoes');
      expect(told).toEqual(['Hello €', '0102', '']);
      ws.close(4001);
      await until(() => running.output().includes('/room?name=1 closed 4001\n'), 'the good-bye');

      // «Hello» of §5.7, right behind the request, then a close frame with 1000, byte by byte
      const { stream, came } = await raw(running);
      const hello = Buffer.from('818537fa213d7f9f4d5158', 'hex');
      stream.write(Buffer.concat([Buffer.from(requestTo(running)), hello]));
      for (const byte of Buffer.from('88820000000003e8', 'hex')) stream.write(Uint8Array.of(byte));
      await once(stream, 'end');
      expect(came().subarray(came().indexOf('\r\n\r\n') + 4)).toEqual(
        Buffer.from('810548656c6c6f880203e8', 'hex'),
      );
    },
  );

  it.each(['low-level-http.js', 'low-level-net.js'])(
    'shows by %s how to drop a refused peer that does not end its half of the connection',
    async (name) => {
      const running = await startServer(name, { '10_000': '100' });
      const { stream, came } = await raw(running);
      stream.write(requestTo(running, 'Version: 13', 'Version: 12'));
      await once(stream, 'end');
      expect(String(came())).toMatch(/^HTTP\/1\.1 426 /);
      // What is sent to a socket that is gone comes back as a reset.
      const sending = setInterval(() => stream.write('x'), 20);
      after(() => clearInterval(sending));
      await once(stream, 'error');
    },
  );

  it('shows how to drop a peer that does not complete its handshake', async () => {
    const running = await startServer('low-level-net.js', { '10_000': '100' });
    const { stream, came } = await raw(running);
    stream.write(requestTo(running).slice(0, -2));
    await once(stream, 'end');
    expect(came()).toHaveLength(0);
  });

  it('shows how to send to many at once, but not to all', async () => {
    const running = await server('broadcast.js');
    const sender = await open(running, ['v2']);
    const old = await open(running, ['v1']);
    const others = [await open(running, ['v2']), await open(running, ['v2'])];
    sender.ws.send('to all of you');
    await until(() => others.every(({ told }) => told.length === 1), 'two messages');
    expect(others.map(({ told }) => told)).toEqual([['to all of you'], ['to all of you']]);
    for (const { ws } of [sender, old]) {
      ws.ping();
      await once(ws, 'pong');
    }
    expect([sender.told, old.told]).toEqual([[], []]);
  });

  it('shows how to send one message to a group', async () => {
    const running = await startServer('prepared.js');
    const ann = await open(running);
    const bob = await open(running);
    await expect
      .poll(() => [ann.told, bob.told])
      .toEqual([['{"members":1}', '{"members":2}'], ['{"members":2}']]);
  });

  it('shows how to bound the memory of all connections', async () => {
    const running = await startServer('total.js', { '512 * 1024 * 1024': '100_000' });
    const [first, second] = [await open(running), await open(running)];
    for (const { ws } of [first, second]) ws.on('error', () => undefined);
    first.ws.send(Buffer.alloc(60_000), { fin: false });
    second.ws.send(Buffer.alloc(60_000), { fin: false });
    const closed = (ws: Ws) => once(ws, 'close').then(([code]) => code);
    expect(await Promise.race([closed(first.ws), closed(second.ws)])).toBe(1013);
    await until(() => running.output().includes('WS_ERR_TOO_MUCH_MEMORY'), 'the error');
  });

  it('has no block that these tests leave out', () => {
    expect(readme.fences).toEqual([
      'sh',
      ...['server.js', 'https.js', 'chat.js', 'client.js', 'stream.js'].map((name) => `js ${name}`),
      ...['low-level-http.js', 'low-level-net.js', 'broadcast.js', 'prepared.js', 'total.js'].map(
        (name) => `js ${name}`,
      ),
    ]);
  });
});
