import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { after, portOf, upgradeRequest } from './loopback.js';
import { acceptOf, BOTH, open, ROLES, type Role, type Sides } from './sides.js';
import { binary, text, WirePeer } from './wire-peer.js';

/*
 * What was sent before the process or the socket ends goes out. The programs run in processes of their own, and their
 * peer in this one.
 */

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** A program that has `websocket` open runs `act`; `then` runs it where nothing else of the connection does. */
function programOf(role: Role, port: number, compressed: boolean, act: string): string {
  const options = `perMessageDeflate: ${compressed ? '{ threshold: 0 }' : 'false'}`;
  const run = `
    const later = (act) => setTimeout(act, 20);
    const block = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    function run(websocket) {
      websocket.on('error', () => undefined);
      ${act}
    }`;
  if (role === 'client') {
    return `
      import { WebSocket } from '@x/node-adapter';
      ${run}
      const websocket = new WebSocket('ws://127.0.0.1:${port}/', { ${options} });
      websocket.on('open', () => run(websocket));`;
  }
  return `
    import { createServer } from 'node:http';
    import { WebSocketServer } from '@x/node-adapter';
    ${run}
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ${options} });
    server.on('connection', run);
    server.on('listening', () => console.log(server.address().port));`;
}

interface Outcome {
  peer: WirePeer;
  /** how long after the first event each came, in milliseconds */
  times: number[];
}

/** Runs a program to its end, and gives what its peer heard. */
async function outcomeOf({ role, compressed = false }: Sides, act: string): Promise<Outcome> {
  const streams: net.Socket[] = [];
  const server = net.createServer((socket) => streams.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const program = programOf(role, portOf(server), compressed, act);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: PACKAGE,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [socket] =
    role === 'client'
      ? ((await once(server, 'connection')) as [net.Socket])
      : [net.connect(Number(String((await once(child.stdout, 'data'))[0])), '127.0.0.1')];
  after(() => socket.destroy());
  const peer = await handshake(socket, role, compressed);
  const times: number[] = [];
  let first = 0;
  socket.on('data', () => {
    first ||= performance.now();
    while (times.length < peer.story.length) times.push(performance.now() - first);
  });
  // Nobody else reads it, and what is unread makes a reset of an end.
  if (act.includes("on('message'")) peer.write(peer.message('go'));
  await exited;
  await peer.hearsAll();
  return { peer, times };
}

async function handshake(socket: net.Socket, role: Role, compressed: boolean): Promise<WirePeer> {
  const extension = compressed ? ['Sec-WebSocket-Extensions: permessage-deflate'] : [];
  let bytes = Buffer.alloc(0);
  const head = new Promise<void>((resolve) => {
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!bytes.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      resolve();
    };
    socket.on('data', onData);
  });
  if (role === 'server') {
    socket.write(upgradeRequest(...extension));
    await head;
    return new WirePeer(socket, true, compressed, bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
  }
  await head;
  const key = /^sec-websocket-key: *(.+?)\r$/im.exec(bytes.toString('latin1'))?.[1] ?? '';
  const peer = new WirePeer(socket, false, compressed, Buffer.alloc(0));
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      ...extension,
      '\r\n',
    ].join('\r\n'),
  );
  return peer;
}

const SAY = `websocket.send('one'); websocket.send(Buffer.from('two')); websocket.ping('three'); websocket.send('four');`;
const SAID = [text('one'), binary(Buffer.from('two')), 'ping three', text('four')];

/** Programs, and what their peer must hear. */
const PROGRAMS: readonly (readonly [when: string, act: string, heard: readonly string[]])[] = [
  ['process.exit()', `later(() => { websocket.send('last'); process.exit(); });`, [text('last')]],
  ['process.exit(), after several', `later(() => { ${SAY} process.exit(); });`, SAID],
  ['process.exit() in a message handler', `websocket.on('message', () => { ${SAY} process.exit(); });`, SAID],
  ['process.exit() in the handler that opens it', `${SAY} process.exit();`, SAID],
  ['an exit listener', `process.on('exit', () => { ${SAY} }); later(() => process.exit());`, SAID],
  [
    'an exit listener behind what was sent before',
    `process.on('exit', () => { ${SAY} }); later(() => { websocket.send('zero'); process.exit(); });`,
    [text('zero'), ...SAID],
  ],
  ['an uncaught exception', `later(() => { ${SAY} throw new Error('uncaught'); });`, SAID],
  [
    'an uncaught exception in a message handler',
    `websocket.on('message', () => { ${SAY} throw new Error('uncaught'); });`,
    SAID,
  ],
  [
    'an unhandled rejection',
    `later(async () => { ${SAY} await null; throw new Error('unhandled'); });`,
    SAID,
  ],
  [
    'process.exit() behind a close',
    `later(() => { websocket.send('last'); websocket.close(4000); process.exit(); });`,
    [text('last'), 'close 4000'],
  ],
  [
    'process.exit() in a callback',
    `later(() => { websocket.send('one', () => { websocket.send('two'); process.exit(); }); });`,
    [text('one'), text('two')],
  ],
  [
    'process.exit() in a microtask',
    `later(async () => { websocket.send('one'); await null; websocket.send('two'); process.exit(); });`,
    [text('one'), text('two')],
  ],
];

describe.each(BOTH)('what a $role (compression: $compressed) sends before', (sides) => {
  it.each(PROGRAMS)('%s goes out', async (_when, act, heard) => {
    const { peer } = await outcomeOf(sides, act);
    expect(peer.told).toEqual(heard);
  });

  it('synchronous work arrives before that work', async () => {
    const act = `later(() => {
      websocket.send('before');
      block(700);
      websocket.send('after');
      later(() => process.exit());
    });`;
    const { peer, times } = await outcomeOf(sides, act);
    expect(peer.told).toEqual([text('before'), text('after')]);
    // Of 700: it came as soon as it was sent, or when the work was done.
    expect(times[1]).toBeGreaterThan(350);
  });

  it('synchronous work arrives before that work, when flush() was called behind several', async () => {
    const act = `later(() => {
      ${SAY}
      websocket.flush();
      block(700);
      websocket.send('after');
      later(() => process.exit());
    });`;
    const { peer, times } = await outcomeOf(sides, act);
    expect(peer.told).toEqual([...SAID, text('after')]);
    expect((times[4] ?? 0) - (times[3] ?? 0)).toBeGreaterThan(350);
  });
});

/** Ends of the socket that its owner may call, where TCP has them. */
const ENDS = {
  'end()': (socket: net.Socket) => socket.end(),
  'destroySoon()': (socket: net.Socket) => socket.destroySoon(),
} as const;

describe.each(BOTH)('what a $role (compression: $compressed) sends before its socket is told', (sides) => {
  it.each(Object.keys(ENDS) as (keyof typeof ENDS)[])(
    '%s goes out, in a handler and outside',
    async (how) => {
      for (const inside of [false, true]) {
        const { websocket, peer } = await open(sides);
        const sent: unknown[] = [];
        const act = (): void => {
          for (const word of ['one', 'two', 'three']) websocket.send(word, (error) => sent.push(error));
          ENDS[how](websocket._socket as net.Socket);
        };
        if (inside) {
          websocket.on('message', act);
          peer.write(peer.message('go'));
        } else act();
        expect(await peer.hearsAll()).toEqual([text('one'), text('two'), text('three')]);
        await expect.poll(() => sent.length).toBe(3);
        expect(sent.map((error) => error ?? undefined)).toEqual([undefined, undefined, undefined]);
      }
    },
  );
});

it.each(ROLES)('what a %s sends before end() goes out over TLS and a Duplex too', async (role) => {
  for (const over of ['TLS', 'a Duplex'] as const) {
    const { websocket, peer } = await open({ role, over });
    for (const word of ['one', 'two', 'three']) websocket.send(word);
    websocket._socket?.end();
    expect(await peer.hearsAll()).toEqual([text('one'), text('two'), text('three')]);
  }
});
