import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { after } from './loopback.js';

/*
 * Programs without globals that Node may do without (`--no-experimental-global-webcrypto`), or that a test environment
 * takes away; and the packages inside a realm of their own, as jest-environment-jsdom runs them.
 */

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const MAJOR = Number.parseInt(process.versions.node, 10);
const run = promisify(execFile);

/** Both roles, text and bytes, plain and compressed, each kind of message handed out, both heartbeats, the close. */
const EXCHANGE = `
  async function exchange({ WebSocket, WebSocketServer }) {
    const seen = [];
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate });
      await new Promise((listening) => server.on('listening', listening));
      server.on('connection', (websocket) => {
        websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
        websocket.on('error', (error) => seen.push('error ' + error));
      });
      const client = new WebSocket('ws://127.0.0.1:' + server.address().port, { perMessageDeflate });
      client.on('error', (error) => seen.push('error ' + error));
      await new Promise((open) => client.on('open', open));
      const echo = (data) => new Promise((message) => { client.onmessage = (event) => message(event.data); client.send(data); });
      seen.push(await echo('Grüße 🎉'));
      seen.push((await echo('ö'.repeat(100000))).length);
      for (const type of ['nodebuffer', 'arraybuffer', 'blob', 'fragments']) {
        client.binaryType = type;
        const data = await echo(new Uint8Array([1, 2, 3]));
        const bytes = type === 'blob' ? await data.arrayBuffer() : type === 'fragments' ? data[0] : data;
        seen.push(type + [...new Uint8Array(bytes)]);
      }
      client.binaryType = 'nodebuffer';
      const long = new Uint8Array(300000).fill(9);
      seen.push((await echo(long)).every((byte) => byte === 9));
      seen.push(await new Promise((pong) => { client.on('pong', (data) => pong(String(data))); client.ping('hi'); }));
      client.close(4000, new Uint8Array([98, 121, 101]));
      seen.push(await new Promise((close) => client.on('close', (code, reason) => close(code + String(reason)))));
      await new Promise((closed) => server.close(closed));
    }
    return seen;
  }`;

const ONE = [
  'Grüße 🎉',
  100_000,
  ...['nodebuffer', 'arraybuffer', 'blob', 'fragments'].map((type) => `${type}1,2,3`),
  ...[true, 'hi', '4000bye'],
];
const EXPECTED = [...ONE, ...ONE];

async function resultOf(flags: readonly string[], program: string): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'globals-'));
  after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'program.mjs');
  await writeFile(file, program);
  const { stdout } = await run(process.execPath, ['--no-warnings', ...flags, file], {
    cwd: PACKAGE,
    timeout: 15_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout);
}

const ENTRY = new URL('../entry/import.js', import.meta.url).href;
const CODEC = new URL('../../frame-codec/entry/import.js', import.meta.url).href;

const ALL = ['crypto', 'TextDecoder', 'TextEncoder', 'WebAssembly', 'Blob', 'atob'];

describe('a program without globals', () => {
  it.each([...ALL.map((name) => [name]), ALL])('without %s %s %s %s %s %s', async (...names) => {
    const taken = names.filter((name) => name !== undefined);
    // From 22 on Node loads its fetch with node:http, and needs some of them for that; what has fetched has loaded.
    const program = `
      const { createServer } = await import('node:http');
      const http = createServer((_request, response) => response.end());
      await new Promise((listening) => http.listen(0, '127.0.0.1', listening));
      await (await fetch('http://127.0.0.1:' + http.address().port)).text();
      http.close().closeAllConnections();
      for (const name of ${JSON.stringify(taken)}) {
        delete globalThis[name];
        if (name in globalThis) throw new Error(name + ' is still there');
      }
      ${EXCHANGE}
      const { sharedCodec } = await import(${JSON.stringify(CODEC)});
      const seen = await exchange(await import(${JSON.stringify(ENTRY)}));
      console.log(JSON.stringify([sharedCodec().kind, seen]));`;
    const scripted = taken.some((name) => name === 'WebAssembly' || name === 'atob');
    expect(await resultOf([], program)).toEqual([scripted ? 'script' : 'wasm', EXPECTED]);
  });

  it('runs where Node itself leaves out crypto, as it can up to 22', async () => {
    const program = `
      ${EXCHANGE}
      const seen = await exchange(await import(${JSON.stringify(ENTRY)}));
      console.log(JSON.stringify([typeof crypto, seen]));`;
    const flag = '--no-experimental-global-webcrypto';
    const result = resultOf([flag], program);
    if (MAJOR > 22) await expect(result).rejects.toThrow(`${flag} is an invalid negation`);
    else expect(await result).toEqual(['undefined', EXPECTED]);
  });
});

/** Loads the packages into a context with the globals of jsdom in Jest: Node's `Buffer`, and classes of its own. */
const IN_REALM = `
  import { readFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import vm from 'node:vm';
  const context = vm.createContext({
    Buffer, process, console, URL, AbortController, setTimeout, clearTimeout, setInterval, clearInterval, setImmediate,
    clearImmediate, queueMicrotask,
  });
  const modules = new Map();
  function load(specifier, referrer) {
    const require = createRequire(referrer);
    const file = require.resolve(specifier);
    if (!/node-adapter|frame-codec|handshake/.test(file)) return require(specifier);
    let module = modules.get(file);
    if (module === undefined) {
      module = { exports: {} };
      modules.set(file, module);
      const code = vm.compileFunction(readFileSync(file, 'utf8'), ['module', 'exports', 'require'], {
        filename: file,
        parsingContext: context,
      });
      code(module, module.exports, (name) => load(name, file));
    }
    return module.exports;
  }`;

it('runs inside a realm whose Uint8Array is not that of Buffer, without globals of the web', async () => {
  const program = `
    ${IN_REALM}
    const adapter = load('@x/node-adapter', ${JSON.stringify(import.meta.url)});
    const codec = load('@x/frame-codec', ${JSON.stringify(import.meta.url)});
    const exchange = vm.runInContext(${JSON.stringify(`(${EXCHANGE.trim()})`)}, context);
    const seen = await exchange(adapter);
    const isForeign = vm.runInContext('!(Buffer.alloc(1) instanceof Uint8Array)', context);
    console.log(JSON.stringify([isForeign, codec.sharedCodec().kind, seen]));`;
  expect(await resultOf([], program)).toEqual([true, 'script', EXPECTED]);
});
