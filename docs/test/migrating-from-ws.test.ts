import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebSocketServer } from '@x/node-adapter';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer as WsServer } from 'ws';
import { optionsOf } from './declared.js';
import { openPage } from './pages.js';

const { page, programs } = openPage('migrating-from-ws.md');
const ROOT = new URL('../../', import.meta.url);
const run = promisify(execFile);

const OF_BOTH = 'ConnectionOptionsOfBoth';
const TABLES = [
  ['Of both sides', OF_BOTH],
  ['Of a server', 'ServerOptions'],
  ['Of a client', 'ClientOptions'],
  ['Of perMessageDeflate', 'PerMessageDeflateOptions'],
] as const;

describe('the page on migrating from ws', () => {
  it.each(['@x/node-adapter', 'ws'])('shows a module that does the same with %s', async (name) => {
    const changes = { '@x/node-adapter': name };
    expect(await programs.end('import.js', { changes })).toEqual({
      output: 'hello false\n1000 done\n',
      status: 0,
    });
  });

  it.each(['@x/node-adapter', 'ws'])(
    'shows a program of CommonJS that does the same with %s',
    async (name) => {
      const changes = { '@x/node-adapter': name };
      expect(await programs.end('require.cjs', { changes })).toEqual({ output: 'hello\n', status: 0 });
    },
  );

  it('shows the overrides of npm with which the tests of the packed packages run', () => {
    const manifest = JSON.parse(page.block('package.json'));
    const { version } = JSON.parse(readFileSync(new URL('packages/node-adapter/package.json', ROOT), 'utf8'));
    expect(manifest).toEqual({
      dependencies: { ws: `npm:@x/node-adapter@^${version}` },
      overrides: { ws: '$ws' },
    });
  });

  it('shows a program that TypeScript takes', async () => {
    programs.write('server.ts', page.block('server.ts'));
    const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', ROOT));
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
    const { stdout } = await run(process.execPath, [compiler, ...options, 'server.ts'], {
      cwd: programs.folder,
    });
    expect(stdout).toBe('');
  });

  it.each(TABLES)('has each option in the table "%s", with the type that is declared', (heading, name) => {
    const others = name === OF_BOTH ? [] : optionsOf(OF_BOTH).map((option) => option.name);
    const own = optionsOf(name).filter((option) => !others.includes(option.name));
    const declared = new Map(own.map((option) => [option.name, option]));
    const rows = page.table(heading);
    expect(rows.map(([name]) => name).sort()).toEqual(
      [...declared.keys()].map((name) => `\`${name}\``).sort(),
    );
    for (const [cell = '', type = '', preset = ''] of rows) {
      const name = cell.slice(1, -1);
      const { type: told = '', comment = '' } = declared.get(name) ?? {};
      for (const word of type.match(/\b(boolean|number|string)\b/g) ?? []) {
        expect(told, `${name}: ${word}`).toContain(word);
      }
      // A default that the docstring tells is the one of the table.
      const [, number] = /default (\d+)/.exec(comment) ?? [];
      if (number !== undefined) expect(Number(preset.replaceAll(',', '')), name).toBe(Number(number));
      const [, flag] = /default (true|false)/.exec(comment) ?? [];
      if (flag !== undefined) expect(preset, name).toBe(`\`${flag}\``);
    }
  });

  it('has no block that these tests leave out', () => {
    expect(page.fences).toEqual(['js import.js', 'js require.cjs', 'json package.json', 'ts server.ts']);
  });
});

/** What of the options the tests of the differences set. */
interface Options {
  readonly verifyClient?: () => Promise<boolean> | boolean;
}

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const SERVERS = [
  { name: 'ws', ours: false, make: (options: object) => new WsServer({ ...LOOPBACK, ...options }) },
  {
    name: 'this package',
    ours: true,
    make: (options: object) => new WebSocketServer({ ...LOOPBACK, ...options }),
  },
];

type Make = (typeof SERVERS)[number]['make'];

async function listen(make: Make, options: Options = {}) {
  const server = make(options);
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** The status line that answers a request for an upgrade. */
async function statusOf(port: number, version = '1.1'): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write(
    [
      `GET / HTTP/${version}`,
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
      '\r\n',
    ].join('\r\n'),
  );
  const [answer] = await once(socket, 'data');
  return String(answer).slice(0, 12);
}

describe.each(SERVERS)('the table of differences has of $name', ({ ours, make }) => {
  it('whether the promise of verifyClient decides', async () => {
    const { port } = await listen(make, { verifyClient: async () => false });
    expect(await statusOf(port)).toBe(ours ? 'HTTP/1.1 401' : 'HTTP/1.1 101');
  });

  it('whether an upgrade by HTTP/1.0 is taken', async () => {
    const { port } = await listen(make);
    expect(await statusOf(port, '1.0')).toBe(ours ? 'HTTP/1.1 400' : 'HTTP/1.1 101');
  });

  it('what send returns', async () => {
    const { server, port } = await listen(make);
    const connected = once(server, 'connection');
    await statusOf(port);
    const [socket] = await connected;
    expect(socket.send('hello')).toBe(ours ? true : undefined);
  });
});

it('the table of differences has what a client gets whose hook throws', async () => {
  const { server, port } = await listen((options) => new WebSocketServer({ ...LOOPBACK, ...options }), {
    verifyClient: () => {
      throw new Error('of the hook');
    },
  });
  const failed = once(server, 'error');
  expect(await statusOf(port)).toBe('HTTP/1.1 500');
  expect(String((await failed)[0])).toContain('of the hook');
});
