import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { WebSocketServer as WsServer } from 'ws';
import { type ServerOptions, WebSocket, type WebSocketServer } from '../../src/index.js';
import { after, collect, listen, portOf, RawPeer, until, upgradeRequest } from '../loopback.js';
import { surfacing } from '../surfaced.js';

const surfaced = surfacing();

/** The head that a raw client is answered with. */
async function headOf(port: number, ...fields: string[]): Promise<string> {
  const peer = new RawPeer(port);
  peer.socket.write(upgradeRequest(...fields));
  const answer = await peer.until(() => peer.received.includes('\r\n\r\n'));
  return answer.toString('latin1', 0, answer.indexOf('\r\n\r\n'));
}

async function statusOf(port: number, ...fields: string[]): Promise<string> {
  return (await headOf(port, ...fields)).slice(9, 12);
}

const fail = (): never => {
  throw new Error('hook');
};
const reject = async (): Promise<never> => fail();
/** What somebody without types gives. */
const untyped = <Value>(value: unknown): Value => value as Value;

class Refusing extends WebSocket {
  constructor() {
    super(null);
    throw new Error('hook');
  }
}

type Case = [string, ServerOptions, (server: WebSocketServer) => unknown, ...string[]];

const nothing = (): undefined => undefined;
const OFFER = 'Sec-WebSocket-Protocol: a, b';

const FAULTS: Case[] = [
  ['verifyClient that throws', { verifyClient: () => fail() }, nothing],
  ['verifyClient that rejects with nothing', { verifyClient: () => Promise.reject() }, nothing],
  ['verifyClient that rejects', { verifyClient: (_info) => reject() }, nothing],
  ['verifyClient with two parameters that throws', { verifyClient: (_info, _verified) => fail() }, nothing],
  [
    'verifyClient with two parameters that answers and throws',
    {
      verifyClient: (_info, verified) => {
        verified(true);
        fail();
      },
    },
    nothing,
  ],
  [
    'verifyClient with two parameters that answers later than it throws',
    {
      verifyClient: (_info, verified) => {
        setImmediate(verified, true);
        fail();
      },
    },
    nothing,
  ],
  [
    'verifyClient with two parameters that rejects',
    { verifyClient: (_info, _verified) => reject() },
    nothing,
  ],
  [
    'verifyClient whose field has a line break',
    { verifyClient: (_info, verified) => verified(false, 401, 'no', { A: 'a\r\nB: b' }) },
    nothing,
  ],
  [
    'verifyClient whose field has a character of two bytes',
    {
      verifyClient: (_info, verified) =>
        void setImmediate(verified, false, 401, 'no', { A: '\u010d\u010aB: b' }),
    },
    nothing,
  ],
  [
    'verifyClient whose field has no name',
    { verifyClient: (_info, verified) => verified(false, 401, 'no', { 'A: b\r\nB': 'a' }) },
    nothing,
  ],
  [
    'verifyClient whose status would open',
    { verifyClient: (_info, verified) => verified(false, 101) },
    nothing,
  ],
  ['handleProtocols that throws', { handleProtocols: fail }, nothing, OFFER],
  ['handleProtocols that rejects', { handleProtocols: reject }, nothing, OFFER],
  [
    'handleProtocols that throws behind an answer that came later',
    { handleProtocols: fail, verifyClient: (_info, verified) => void setImmediate(verified, true) },
    nothing,
    OFFER,
  ],
  ['handleProtocols that gives what was not offered', { handleProtocols: () => 'c' }, nothing, OFFER],
  [
    'handleProtocols that promises what was not offered',
    { handleProtocols: async () => 'c' },
    nothing,
    OFFER,
  ],
  ['handleProtocols that gives no text', { handleProtocols: () => untyped({}) }, nothing, OFFER],
  ['the class of connections', { WebSocket: Refusing }, nothing],
  ['shouldHandle that throws', {}, (server) => Object.assign(server, { shouldHandle: fail })],
  ['shouldHandle that rejects', {}, (server) => Object.assign(server, { shouldHandle: reject })],
  ['a headers listener that throws', {}, (server) => server.on('headers', fail)],
  ['a headers listener that rejects', {}, (server) => server.on('headers', reject)],
  [
    'headers listeners of which one rejects and the next throws',
    {},
    (server) => {
      server.on('headers', async () => {
        await new Promise(setImmediate);
        fail();
      });
      server.on('headers', fail);
    },
  ],
  ...['X: \u010d\u010aY: z', 'X: a\r\nY: z', 'X: \0', '', 'no field', 'X: \u{1f600}', undefined].map(
    (line): Case => [
      `a headers listener that adds ${JSON.stringify(line)}`,
      {},
      (server) => server.on('headers', (lines) => lines.push(untyped(line))),
    ],
  ),
  [
    'a headers listener that empties the head',
    {},
    (server) =>
      server.on('headers', (lines) => {
        lines.length = 0;
      }),
  ],
];

describe('a hook that fails has the client get 500 and leaves the process alone:', () => {
  it.each(FAULTS)('%s, told by wsClientError', async (_what, options, prepare, ...fields) => {
    const { server, port } = await listen(options);
    prepare(server);
    const told = collect(server, 'wsClientError');
    const errors = collect(server, 'error');
    expect(await statusOf(port, ...fields)).toBe('500');
    expect(told).toEqual([[expect.any(Error), expect.anything(), expect.anything()]]);
    expect([errors, surfaced, server.clients.size]).toEqual([[], [], 0]);
  });

  it.each(FAULTS)('%s, told by error', async (_what, options, prepare, ...fields) => {
    const { server, port } = await listen(options);
    prepare(server);
    const errors = collect(server, 'error');
    expect(await statusOf(port, ...fields)).toBe('500');
    expect(errors).toEqual([[expect.any(Error)]]);
    expect(surfaced).toEqual([]);
  });

  it('with no listener at all a warning of the process tells', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', listener);
    after(() => process.off('warning', listener));
    const { port } = await listen({ verifyClient: () => fail() });
    expect(await statusOf(port)).toBe('500');
    await until(() => warnings.some(({ message }) => message === 'hook'));
    expect(surfaced).toEqual([]);
  });

  it('wsClientError may answer by itself, and is told by error where it throws', async () => {
    const { server, port } = await listen({ verifyClient: () => fail() });
    server.once('wsClientError', (_error, socket) => socket.end('HTTP/1.1 418 Teapot\r\n\r\n'));
    expect(await statusOf(port)).toBe('418');
    const errors = collect(server, 'error');
    server.once('wsClientError', () => {
      throw new Error('listener');
    });
    expect(await statusOf(port)).toBe('500');
    server.once('wsClientError', () => {
      throw new Error('other');
    });
    expect(await statusOf(port, 'Sec-WebSocket-Key: no')).toBe('500');
    expect(errors).toEqual([[new Error('listener')], [new Error('other')]]);
    expect(surfaced).toEqual([]);
  });

  it('an async wsClientError has its time to answer by itself', async () => {
    const { server, port } = await listen({ verifyClient: () => fail() });
    server.once('wsClientError', async (_error, socket) => {
      await new Promise(setImmediate);
      socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
    });
    expect(await statusOf(port)).toBe('418');
    server.once('wsClientError', async () => new Promise(setImmediate));
    expect(await statusOf(port)).toBe('500');
    expect(surfaced).toEqual([]);
  });

  it.each([
    ['of a hook that fails', [] as string[]],
    ['of a request that breaks a rule', ['Sec-WebSocket-Key: no']],
  ])('an async wsClientError that rejects is told by error: %s', async (_what, fields) => {
    const { server, port } = await listen({ verifyClient: () => fail() });
    const errors = collect(server, 'error');
    server.on('wsClientError', async () => {
      await new Promise(setImmediate);
      throw new Error('listener');
    });
    expect(await statusOf(port, ...fields)).toBe('500');
    expect(errors).toEqual([[new Error('listener')]]);
    expect(surfaced).toEqual([]);
  });

  it('an async wsClientError that rejects behind its answer is told by error, or a warning', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', listener);
    after(() => process.off('warning', listener));
    const { server, port } = await listen();
    server.on('wsClientError', async (_error, socket) => {
      socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
      throw runInNewContext('new Error("far")');
    });
    expect(await statusOf(port, 'Sec-WebSocket-Key: no')).toBe('418');
    await until(() => warnings.some(({ message }) => message === 'far'));
    const errors = collect(server, 'error');
    expect(await statusOf(port, 'Sec-WebSocket-Key: no')).toBe('418');
    await until(() => errors.length > 0);
    expect(surfaced).toEqual([]);
  });

  it('for as long as handshakeTimeout says a wsClientError is waited for', async () => {
    const { server, port } = await listen({ verifyClient: () => fail(), handshakeTimeout: 20 });
    server.on('wsClientError', () => new Promise(nothing));
    expect(await statusOf(port)).toBe('503');
  });

  it('behind its answer it leaves the connection alone, and is told by error', async () => {
    const { server, port } = await listen({
      verifyClient: async (_info, verified) => {
        verified(true);
        await new Promise(setImmediate);
        fail();
      },
    });
    const told = collect(server, 'wsClientError');
    const errors = collect(server, 'error');
    expect(await statusOf(port)).toBe('101');
    await until(() => errors.length > 0);
    expect([errors, told, server.clients.size]).toEqual([[[new Error('hook')]], [], 1]);
  });
});

describe('a promise of a hook is awaited:', () => {
  it.each<[string, ServerOptions, string]>([
    ['verifyClient lets in', { verifyClient: async () => true }, '101'],
    ['verifyClient does not', { verifyClient: async () => false }, '401'],
  ])('%s', async (_what, options, status) => {
    const { port } = await listen(options);
    expect(await statusOf(port)).toBe(status);
    expect(surfaced).toEqual([]);
  });

  it('handleProtocols chooses', async () => {
    const { port } = await listen({ handleProtocols: async (offered) => [...offered][1] });
    expect(await headOf(port, OFFER)).toContain('Sec-WebSocket-Protocol: b');
  });

  it('handleProtocols chooses none', async () => {
    const { port } = await listen({ handleProtocols: async (): Promise<false> => false });
    const head = await headOf(port, OFFER);
    expect(head).toMatch(/^HTTP\/1.1 101/);
    expect(head).not.toContain('Sec-WebSocket-Protocol');
  });

  it('a headers listener adds a line', async () => {
    const { server, port } = await listen();
    server.on('headers', async (lines) => {
      await new Promise(setImmediate);
      lines.push('X-Late: yes');
    });
    server.once('headers', (lines) => lines.push('X-Once: yes'));
    expect(await headOf(port)).toMatch(/X-Once: yes\r\nX-Late: yes$/);
    expect(await headOf(port)).not.toContain('X-Once');
  });

  it.each<[string, ServerOptions]>([
    ['verifyClient', { verifyClient: () => new Promise(nothing) }],
    ['verifyClient with two parameters', { verifyClient: (_info, _verified) => undefined }],
    ['handleProtocols', { handleProtocols: () => new Promise(nothing) }],
  ])('for as long as handshakeTimeout says, and 503 is the answer behind it: %s', async (_what, options) => {
    const { port } = await listen({ ...options, handshakeTimeout: 20 });
    expect(await statusOf(port, OFFER)).toBe('503');
  });

  it('not by a server that closes: 503 at once', async () => {
    const { server, port } = await listen({ handleProtocols: () => new Promise(nothing) });
    const status = statusOf(port, OFFER);
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.close();
    expect(await status).toBe('503');
  });

  it('what a connection listener throws behind it surfaces, as with npm ws, and is no rejection', async () => {
    const { server, port } = await listen({ verifyClient: async () => true });
    server.on('connection', fail);
    expect(await statusOf(port)).toBe('101');
    await until(() => surfaced.length > 0);
    expect(surfaced).toEqual([new Error('hook')]);
    expect(server.clients.size).toBe(1);
  });
});

it('a refusal has the fields and the text of verifyClient, as with npm ws', async () => {
  const verifyClient: ServerOptions['verifyClient'] = (_info, verified) =>
    verified(false, 403, 'no', { 'X-Why': 'because' });
  const { port } = await listen({ verifyClient });
  const theirs = new WsServer({ port: 0, host: '127.0.0.1', verifyClient });
  after(() => theirs.close());
  await once(theirs, 'listening');
  for (const each of [port, portOf(theirs)]) {
    const head = await headOf(each);
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(head).toContain('X-Why: because');
  }
});
