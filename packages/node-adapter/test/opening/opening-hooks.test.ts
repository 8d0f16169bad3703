import { once } from 'node:events';
import { Agent } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from '../../src/index.js';
import { after, listen, listenTcp, until } from '../loopback.js';
import { answering, GAVE_UP, recorder, switching, told } from '../opening.js';
import { surfacing } from '../surfaced.js';

const surfaced = surfacing();

const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno';

describe('finishRequest', () => {
  it.each(['close', 'terminate'] as const)(
    'may %s: an error and a close, and nothing is opened',
    async (method) => {
      const { url, server } = await listen();
      const { sockets, createConnection } = recorder();
      const websocket = new WebSocket(url, {
        createConnection,
        finishRequest: (request, self) => {
          self[method]();
          expect(self.readyState).toBe(WebSocket.CLOSING);
          request.end();
        },
      });
      expect(await told(websocket)).toEqual([GAVE_UP, 'close']);
      expect(sockets.map((socket) => socket.destroyed)).toEqual([true]);
      expect(server.clients.size).toBe(0);
    },
  );

  it.each<[string, NonNullable<ClientOptions['finishRequest']>, string]>([
    ['destroy it', (request) => void request.destroy(), 'error socket hang up'],
    ['destroy it with an error', (request) => void request.destroy(new Error('mine')), 'error mine'],
    ['abort it, of which Node tells no error', (request) => request.abort(), 'error socket hang up'],
  ])('may take the request and %s', async (_what, finishRequest, error) => {
    const { url } = await listen();
    expect(await told(new WebSocket(url, { finishRequest }))).toEqual([error, 'close']);
  });

  it.each([true, false])(
    'that throws has the constructor throw, and nothing else; closed before: %s',
    async (closes) => {
      const { url } = await listen();
      const { sockets, createConnection } = recorder();
      const finishRequest: ClientOptions['finishRequest'] = (_request, websocket) => {
        if (closes) websocket.close();
        throw new Error('hook');
      };
      const make = (): WebSocket =>
        new WebSocket(url, { createConnection, finishRequest, handshakeTimeout: 5 });
      expect(make).toThrow('hook');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sockets.map((socket) => socket.destroyed)).toEqual([true]);
      expect(surfaced).toEqual([]);
    },
  );

  it('that throws behind a redirect is why the handshake fails', async () => {
    const { url } = await answering(() => 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n');
    const { sockets, createConnection } = recorder();
    let count = 0;
    const finishRequest: ClientOptions['finishRequest'] = (request) => {
      if (++count === 2) throw new Error('hook');
      request.end();
    };
    const websocket = new WebSocket(url, { createConnection, finishRequest, followRedirects: true });
    expect(await told(websocket)).toEqual(['error hook', 'close']);
    expect(sockets.map((socket) => socket.destroyed)).toEqual([true, true]);
  });
});

describe('createConnection', () => {
  const nowhere = (): net.Socket => net.connect(1, '127.0.0.1');

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('hook');
      },
      'error hook',
    ],
    ['gives a stream that is destroyed', () => nowhere().destroy(), 'error socket hang up'],
    ['gives a stream that fails at once', () => nowhere().destroy(new Error('early')), 'error early'],
    ['gives a promise', () => Promise.resolve(), 'error createConnection must return a stream'],
    ['gives nothing, and never calls back', () => undefined, 'error Opening handshake has timed out'],
  ])('that %s has an error and a close', async (_what, createConnection, error) => {
    const options = { createConnection: createConnection as () => Duplex, handshakeTimeout: 30 };
    expect(await told(new WebSocket('ws://127.0.0.1:1/', options))).toEqual([error, 'close']);
    expect(surfaced).toEqual([]);
  });

  it.each([
    ['an error', (done: Done) => done(new Error('late')), 'error late'],
    [
      'a stream that fails at once',
      (done: Done) => done(null, nowhere().destroy(new Error('early'))),
      'error early',
    ],
  ])('may call back with %s', async (_what, call, error) => {
    const createConnection: ClientOptions['createConnection'] = (_options, done) => {
      setImmediate(() => call(done as Done));
      return undefined as never;
    };
    expect(await told(new WebSocket('ws://127.0.0.1:1/', { createConnection }))).toEqual([error, 'close']);
    expect(surfaced).toEqual([]);
  });

  it('may give a stream late: when the client has given up it is destroyed', async () => {
    const port = await listenTcp(() => undefined);
    const late: net.Socket[] = [];
    const createConnection: ClientOptions['createConnection'] = (_options, done) => {
      setTimeout(() => {
        late.push(net.connect(port, '127.0.0.1'));
        (done as Done)(null, late[0]);
      }, 10);
      return undefined as never;
    };
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/`, { createConnection });
    websocket.terminate();
    expect(await told(websocket)).toEqual([GAVE_UP, 'close']);
    await until(() => late[0]?.destroyed === true);
  });

  it('may give a stream that fails when it is destroyed', async () => {
    const { url } = await answering((request) => switching(request, true));
    const createConnection = ({ port }: { port: number }): Duplex => {
      const socket = net.connect(port, '127.0.0.1');
      after(() => socket.destroy());
      const stream = new Duplex({
        read: () => undefined,
        write: (chunk, _encoding, done) => void socket.write(chunk, done),
        destroy: (_error, done) => done(new Error('destroyed')),
      });
      socket.on('data', (chunk) => stream.push(chunk));
      return stream;
    };
    const events = await told(new WebSocket(url, { createConnection }));
    expect(events).toEqual(['error Invalid Sec-WebSocket-Accept header', 'close']);
    expect(surfaced).toEqual([]);
  });

  it('that gives a stream with a connection already has an error and a close', async () => {
    const { url } = await answering(switching);
    const { sockets, createConnection } = recorder();
    const first = new WebSocket(url, { createConnection });
    await once(first, 'open');
    const again = (): Duplex => sockets[0] as Duplex;
    const second = new WebSocket(url, { createConnection: again, handshakeTimeout: 50 });
    const events = await told(second);
    expect(events.at(-1)).toBe('close');
    expect(events.filter((event) => event.startsWith('error'))).toHaveLength(1);
    first.terminate();
  });
});

type Done = (error: Error | null, stream?: Duplex) => void;

describe('a listener that throws', () => {
  it.each([
    ['upgrade', switching],
    ['unexpected-response', () => REFUSAL],
    ['redirect', () => 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'],
  ] as const)(
    'of %s is why the handshake fails; when it has closed before, that surfaces',
    async (event, answer) => {
      for (const closes of [false, true]) {
        const { url, peers } = await answering(answer);
        const { sockets, createConnection } = recorder();
        const websocket = new WebSocket(url, { createConnection, followRedirects: true });
        websocket.on(event, () => {
          if (closes) websocket.close();
          throw new Error('listener');
        });
        expect(await told(websocket)).toEqual([closes ? GAVE_UP : 'error listener', 'close']);
        expect(surfaced.splice(0)).toEqual(closes ? [new Error('listener')] : []);
        expect(sockets.filter((socket) => !socket.destroyed)).toEqual([]);
        await until(() => peers.every((peer) => peer.destroyed));
      }
    },
  );

  it('of open surfaces, and the connection stays', async () => {
    const { url } = await answering(switching);
    const websocket = new WebSocket(url);
    after(() => websocket.terminate());
    websocket.on('open', () => {
      throw new Error('listener');
    });
    await until(() => surfaced.length > 0);
    expect(surfaced).toEqual([new Error('listener')]);
    expect(websocket.readyState).toBe(WebSocket.OPEN);
  });

  it.each<[string, () => string, (websocket: WebSocket) => void]>([
    ['refused', () => REFUSAL, () => undefined],
    ['garbled', () => '\0\r\n', () => undefined],
    ['given up', () => '', (websocket) => websocket.close()],
  ])('of error surfaces, and close follows with all sockets gone: %s', async (_what, answer, hit) => {
    const { url, peers } = await answering(answer);
    const { sockets, createConnection } = recorder();
    const websocket = new WebSocket(url, { createConnection });
    websocket.on('error', () => {
      throw new Error('listener');
    });
    const events = told(websocket);
    await until(() => peers.length > 0);
    hit(websocket);
    expect(await events).toEqual(['close']);
    expect(surfaced).toEqual([new Error('listener')]);
    expect(sockets.map((socket) => socket.destroyed)).toEqual([true]);
  });
});

describe('an answer that came to its end', () => {
  const read = (websocket: WebSocket): Promise<unknown> =>
    new Promise((resolve) => {
      websocket.on('unexpected-response', (_request, response) => response.resume().on('end', resolve));
    });

  it('leaves no socket when the client gives up', async () => {
    const { url, peers } = await answering(() => REFUSAL);
    const { sockets, createConnection } = recorder();
    const websocket = new WebSocket(url, { createConnection });
    await read(websocket);
    await new Promise((resolve) => setImmediate(resolve));
    websocket.close();
    expect(await told(websocket)).toEqual([GAVE_UP, 'close']);
    expect(sockets.map((socket) => socket.destroyed)).toEqual([true]);
    await until(() => peers.every((peer) => peer.destroyed));
  });

  it('leaves a socket to the agent that keeps it', async () => {
    const { url, peers } = await answering(() => REFUSAL);
    const agent = new Agent({ keepAlive: true });
    after(() => agent.destroy());
    const websocket = new WebSocket(url, { agent });
    await read(websocket);
    await until(() => Object.keys(agent.freeSockets).length === 1, 'the socket to be free');
    websocket.close();
    expect(await told(websocket)).toEqual([GAVE_UP, 'close']);
    expect(peers[0]?.destroyed).toBe(false);
  });
});

it.each<[string, (request: string) => string, (websocket: WebSocket) => void]>([
  ['refused', () => REFUSAL, () => undefined],
  ['forged', (request) => switching(request, true), () => undefined],
  ['silent', () => '', () => undefined],
  ['closed at the upgrade', switching, (websocket) => websocket.on('upgrade', () => websocket.close())],
  [
    'thrown at the upgrade',
    switching,
    (websocket) =>
      websocket.on('upgrade', () => {
        throw new Error('listener');
      }),
  ],
  [
    'closed and thrown at the upgrade',
    switching,
    (websocket) =>
      websocket.on('upgrade', () => {
        websocket.close();
        throw new Error('listener');
      }),
  ],
])('an agent is left no socket by an opening that fails: %s', async (_what, answer, prepare) => {
  const { url, peers } = await answering(answer);
  const agent = new Agent({ keepAlive: true });
  after(() => agent.destroy());
  const websocket = new WebSocket(url, { agent, handshakeTimeout: 50 });
  prepare(websocket);
  expect((await told(websocket)).at(-1)).toBe('close');
  await until(() => peers.length > 0 && peers.every((peer) => peer.destroyed), 'the sockets to be gone');
  expect(Object.keys({ ...agent.sockets, ...agent.freeSockets })).toEqual([]);
});

it('an agent that throws has the constructor throw, and is an error behind a redirect', async () => {
  const agent = new https.Agent();
  expect(() => new WebSocket('ws://127.0.0.1:1/', { agent })).toThrow('Protocol "http:" not supported');
  const plain = new Agent();
  const { url } = await answering(() => 'HTTP/1.1 302 Found\r\nLocation: wss://127.0.0.1:1/\r\n\r\n');
  const events = await told(new WebSocket(url, { agent: plain, followRedirects: true }));
  expect(events).toEqual(['error Protocol "https:" not supported. Expected "http:"', 'close']);
  expect(surfaced).toEqual([]);
});

describe('a signal', () => {
  it('and a close, in either order, are one error and one close, with no socket left', async () => {
    for (const abortFirst of [true, false]) {
      const { createConnection, sockets } = recorder();
      const abort = new AbortController();
      const port = await listenTcp(() => undefined);
      const websocket = new WebSocket(`ws://127.0.0.1:${port}/`, { signal: abort.signal, createConnection });
      if (abortFirst) abort.abort();
      websocket.close();
      if (!abortFirst) abort.abort();
      const error = abortFirst ? 'error The operation was aborted' : GAVE_UP;
      expect(await told(websocket)).toEqual([error, 'close']);
      expect(sockets.map((socket) => socket.destroyed)).toEqual([true]);
    }
  });

  it('that was aborted before, and a close, are one error and one close', async () => {
    const port = await listenTcp(() => undefined);
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/`, { signal: AbortSignal.abort() });
    websocket.terminate();
    expect(await told(websocket)).toEqual([GAVE_UP, 'close']);
  });
});

it.each([
  ['opens', async () => (await listen()).url],
  ['fails', async () => `ws://127.0.0.1:${await listenTcp((socket) => socket.end('\0\r\n'))}`],
])('a client leaves no timer behind when it %s', async (_how, prepare) => {
  const url = await prepare();
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  for (let i = 0; i < 10; i++) {
    const client = new WebSocket(url, { handshakeTimeout: 60_000 });
    after(() => client.terminate());
    client.on('error', () => undefined);
    await until(() => client.readyState === WebSocket.OPEN || client.readyState === WebSocket.CLOSED);
  }
  expect(timers() - before).toBeLessThan(5);
});
