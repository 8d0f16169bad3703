import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { LIMITS, VIOLATIONS } from '../src/index.js';
import { hex, pattern, toHex } from './support/hex.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The blocks of the README by name. They are run as files of a program, on the package as it is built. */
const BLOCKS = new Map(
  Array.from(readme.matchAll(/^```js (\S+)\n([\s\S]*?)^```$/gm), ([, name = '', code = '']) => [name, code]),
);

const folder = mkdtempSync(join(tmpdir(), 'readme-'));
writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
mkdirSync(`${folder}/node_modules/@x`, { recursive: true });
for (const [name, place] of [
  ['@x/frame-codec', '..'],
  ['@x/handshake', '../node_modules/@x/handshake'],
  ['pako', '../node_modules/pako'],
] as const) {
  symlinkSync(fileURLToPath(new URL(place, import.meta.url)), `${folder}/node_modules/${name}`, 'junction');
}
for (const [name, code] of BLOCKS) writeFileSync(`${folder}/${name}`, code);

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill();
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a block as a program of the runtime that runs the tests. */
function start(name: string, args: readonly string[] = []): ChildProcess & { output: () => string } {
  const run = 'Deno' in globalThis ? ['run', '-A'] : [];
  const child = spawn(process.execPath, [...run, `${folder}/${name}`, ...args], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return Object.assign(child, { output: () => Buffer.concat(chunks).toString() });
}

/** What a block prints. */
async function printed(name: string, args: readonly string[] = []): Promise<string[]> {
  const child = start(name, args);
  await once(child, 'close');
  return child.output().trimEnd().split('\n');
}

/** The port of a started server. */
async function startServer(name = 'server.js'): Promise<{ port: number; output: () => string }> {
  const { output } = start(name);
  await expect.poll(output).toMatch(/^port \d+$/m);
  return { port: Number(/^port (\d+)$/m.exec(output())?.[1]), output };
}

/** A socket behind a handshake by hand, and all that came since. */
async function raw(port: number, extensions = ''): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(
    [
      'GET / HTTP/1.1',
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      ...(extensions === '' ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
      '\r\n',
    ].join('\r\n'),
  );
  const all = (): string => Buffer.concat(chunks).toString('latin1');
  await expect.poll(all).toContain('\r\n\r\n');
  expect(all()).toContain('HTTP/1.1 101 ');
  expect(all()).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  const behindHead = (): string => all().slice(all().indexOf('\r\n\r\n') + 4);
  return { socket, received: () => toHex(Buffer.from(behindHead(), 'latin1')) };
}

describe('the README', () => {
  it('shows a server that echoes to ws, compressed and not', async () => {
    const { port } = await startServer();
    for (const perMessageDeflate of [{ threshold: 0 }, false] as const) {
      const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate });
      const echoes: string[] = [];
      client.on('message', (data: Buffer, isBinary) => {
        echoes.push(isBinary ? `binary ${toHex(data)}` : `text ${data}`);
      });
      await once(client, 'open');
      expect(client.extensions).toBe(perMessageDeflate ? 'permessage-deflate' : '');
      const long = pattern(100_000);
      const text = 'Hello, Hello €😀 '.repeat(200);
      for (const message of ['Hello', '', text, hex('01 02'), long, text]) client.send(message);
      client.ping('still there?');
      const [pong] = await once(client, 'pong');
      expect(String(pong)).toBe('still there?');
      await expect.poll(() => echoes.length).toBe(6);
      expect(echoes[0]).toBe('text Hello');
      expect(echoes[1]).toBe('text ');
      expect(echoes[2] === `text ${text}` && echoes[5] === `text ${text}`).toBe(true);
      expect(echoes[3]).toBe('binary 01 02');
      expect(echoes[4] === `binary ${toHex(long)}`).toBe(true);
      client.close(4001, 'enough');
      const [code, reason] = await once(client, 'close');
      expect([code, String(reason)]).toEqual([4001, 'enough']);
    }
  });

  it('shows a server that stays with a client that does not read for a while', async () => {
    const { port } = await startServer();
    const { socket, received } = await raw(port);
    socket.pause();
    const frame = Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0, ...new Uint8Array(65535)]);
    const count = 200;
    for (let index = 0; index < count; index++) socket.write(frame);
    await new Promise((resolve) => setTimeout(resolve, 100));
    let length = 0;
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    socket.resume();
    await expect.poll(() => length).toBe(count * (65535 + 4));
    expect(received()).toBe('');
    socket.destroy();
  });

  it('shows a server that answers bytes by hand, cut anywhere, and ends as it should (§5.7, §7.1)', async () => {
    const { port, output } = await startServer();
    const good = await raw(port);
    // «Hello» of §5.7, then a close frame with 1000
    for (const byte of hex('81 85 37 fa 21 3d 7f 9f 4d 51 58 88 82 00 00 00 00 03 e8')) {
      good.socket.write(Uint8Array.of(byte));
    }
    await once(good.socket, 'end');
    expect(good.received()).toBe('81 05 48 65 6c 6c 6f 88 02 03 e8');

    const deflated = await raw(port, 'permessage-deflate');
    // «Hello», compressed as in RFC 7692 §7.2.3.1; below the threshold it comes back as it is
    deflated.socket.write(hex('c1 87 00 00 00 00 f2 48 cd c9 c9 07 00'));
    await expect.poll(deflated.received).toBe('81 05 48 65 6c 6c 6f');
    deflated.socket.destroy();

    const bad = await raw(port);
    bad.socket.write(hex('81 05'));
    await once(bad.socket, 'end');
    expect(bad.received().slice(0, 11)).toBe('88 21 03 ea');
    expect(output()).toContain('mask-missing: frame of a client is not masked (RFC 6455 §5.1)');
  });

  it('shows a server that refuses what is no handshake', async () => {
    const { port } = await startServer();
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nmore');
    await once(socket, 'end');
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('shows a server that drops a refused peer which does not end its half of the connection', async () => {
    const code = BLOCKS.get('server.js') ?? '';
    writeFileSync(`${folder}/hurried-server.js`, code.replace('10_000', '100'));
    const { port } = await startServer('hurried-server.js');
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('GET / HTTP/1.0\r\n\r\n');
    socket.resume();
    await once(socket, 'end');
    // What is sent to a socket that is gone comes back as a reset.
    const sending = setInterval(() => socket.write('x'), 20);
    await once(socket, 'error');
    clearInterval(sending);
  });

  it('shows a client that speaks with that server', async () => {
    const { port } = await startServer();
    const lines = await printed('client.js', [`ws://127.0.0.1:${port}/`]);
    expect(lines).toEqual(['the server says Hello', 'closed with 1000 bye, clean']);
  });

  it('shows a client that speaks with the server of ws', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } });
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const lines = await printed('client.js', [`ws://127.0.0.1:${port}/`]);
    server.close();
    expect(lines).toEqual(['the server says Hello', 'closed with 1000 bye, clean']);
  });

  it('shows a client that answers the latest ping once the server reads again (§5.5.3)', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    start('client.js', [`ws://127.0.0.1:${port}/`]);
    const [socket]: Socket[] = await once(server, 'connection');
    if (socket === undefined) throw new Error('no connection');
    const [request]: Buffer[] = await once(socket, 'data');
    socket.pause();
    const key = /Sec-WebSocket-Key: (\S+)/.exec(String(request))?.[1];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`);
    // Pings of 125 bytes, more than systems buffer of their pongs, then one of a single byte.
    const pings = Buffer.concat(
      Array.from({ length: 1000 }, () => Buffer.from([0x89, 125, ...Array(125).fill(1)])),
    );
    for (let count = 0; count < 200; count++) socket.write(pings);
    await new Promise((resolve) => socket.write(hex('89 01 02'), resolve));
    let tail = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-7);
    });
    socket.resume();
    // The last pong: its head, the masking key, and the byte under the key's first one.
    await expect.poll(() => [tail[0], tail[1], (tail[2] ?? 0) ^ (tail[6] ?? 0)]).toEqual([0x8a, 0x81, 2]);
    socket.destroy();
    server.close();
  });

  it.each<[string, string[]]>([
    ['owned.js', ['owned: 1,2,3, leaked: 221,221,221']],
    ['streaming.js', ['text in parts, cut ', 'text 😀 anywhere, the end', '4194304 bytes', '0 retained']],
    ['prepared.js', ['ann gets 15 bytes', 'bob gets 15 bytes', 'cem gets 15 bytes']],
    [
      'frames.js',
      [
        'fin true, opcode 9, bytes 1,2, 0 to come',
        'fin false, opcode 2, bytes 3,4, 1 to come',
        'fin false, opcode 2, bytes 5, 0 to come',
        'ProtocolError: opcode is reserved (RFC 6455 §5.2), close with 1002',
      ],
    ],
    ['kernels.js', ['chosen: wasm', 'forced: script', 'given: wasm']],
  ])('shows what is printed by %s', async (name, lines) => {
    expect(await printed(name)).toEqual(lines);
  });

  it('has no block that these tests leave out', () => {
    const fences = readme.match(/^```\w+.*$/gm) ?? [];
    expect(fences.filter((fence) => fence !== '```sh')).toEqual(
      Array.from(BLOCKS.keys(), (name) => `\`\`\`js ${name}`),
    );
    expect([...BLOCKS.keys()].sort()).toEqual([
      'client.js',
      'deflate.js',
      'frames.js',
      'kernels.js',
      'owned.js',
      'prepared.js',
      'server.js',
      'streaming.js',
    ]);
  });

  it('lists each limit with its default', () => {
    const rows = Array.from(readme.matchAll(/^\| `(max\w+)` \| ([\d,]+) \|/gm), ([, name, preset]) => [
      name,
      Number(preset?.replaceAll(',', '')),
    ]);
    expect(Object.fromEntries(rows)).toEqual(LIMITS);
  });

  it('lists each violation with its close code and section', () => {
    const rows = Array.from(
      readme.matchAll(/^\| `([\w-]+)` \| (\d{4}) \| §([\d.]+) \| (.+) \|$/gm),
      ([, name, closeCode, section, message]) => [name, { closeCode: Number(closeCode), section, message }],
    );
    expect(Object.fromEntries(rows)).toEqual(VIOLATIONS);
  });
});
