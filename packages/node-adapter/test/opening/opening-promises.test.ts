import { once } from 'node:events';
import { Agent } from 'node:http';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from '../../src/index.js';
import { after, collect, listen, listenEcho, listenTcp, until } from '../loopback.js';
import { answering, GAVE_UP, recorder, switching, told } from '../opening.js';
import { surfacing } from '../surfaced.js';

const surfaced = surfacing();

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const REDIRECT = 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n';
const REFUSAL = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno';

/** The warnings of the process, from now on. */
function warnings(): Error[] {
  const all: Error[] = [];
  const listener = (warning: Error): unknown => all.push(warning);
  process.on('warning', listener);
  after(() => process.off('warning', listener));
  return all;
}

/** A server that redirects once, and then opens. */
function redirectingOnce(): Promise<{ url: string }> {
  let count = 0;
  return answering((request) => (count++ === 0 ? REDIRECT : switching(request)));
}

describe('an async listener that rejects', () => {
  it.each([
    ['upgrade', switching],
    ['unexpected-response', () => REFUSAL],
    ['redirect', () => REDIRECT],
  ] as const)('of %s is why the opening fails, at once or later', async (event, answer) => {
    for (const delay of [undefined, turn]) {
      const { url, peers } = await answering(answer);
      const { sockets, createConnection } = recorder();
      const websocket = new WebSocket(url, { createConnection, followRedirects: true });
      websocket.on(event, async () => {
        await delay?.();
        throw new Error('listener');
      });
      expect(await told(websocket)).toEqual(['error listener', 'close']);
      expect(sockets.filter((socket) => !socket.destroyed)).toEqual([]);
      await until(() => peers.every((peer) => peer.destroyed));
    }
    expect(surfaced).toEqual([]);
  });

  it.each([
    ['upgrade', switching],
    ['unexpected-response', () => REFUSAL],
    ['redirect', () => REDIRECT],
  ] as const)('of %s behind the end of the opening is a warning of the process', async (event, answer) => {
    const warned = warnings();
    const { url } = await answering(answer);
    const websocket = new WebSocket(url, { followRedirects: true });
    websocket.on(event, async () => {
      websocket.close();
      throw new Error('listener');
    });
    expect(await told(websocket)).toEqual([GAVE_UP, 'close']);
    await until(() => warned.some(({ message }) => message === 'listener'));
    expect(surfaced).toEqual([]);
  });

  it('is heard of beside one that throws, with an error of another realm too', async () => {
    const warned = warnings();
    const { url } = await answering(switching);
    const websocket = new WebSocket(url);
    websocket.on('upgrade', async () => {
      await turn();
      throw runInNewContext('new Error("far")');
    });
    websocket.on('upgrade', () => {
      throw new Error('near');
    });
    expect(await told(websocket)).toEqual(['error near', 'close']);
    await until(() => warned.some(({ message }) => message === 'far'));
    expect(surfaced).toEqual([]);
  });
});

describe('an async listener', () => {
  it('of upgrade is awaited, and loses nothing of what the server has sent by then', async () => {
    const frames = (text: string): string => `\x81\x01${text}`;
    const port = await listenTcp((socket) => {
      socket.once('data', (request) => {
        socket.write(switching(String(request)) + frames('a'), 'latin1');
        setTimeout(() => socket.write(frames('b'), 'latin1'), 5);
      });
    });
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/`);
    after(() => websocket.terminate());
    const messages = collect(websocket, 'message');
    websocket.on('upgrade', async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(websocket.readyState).toBe(WebSocket.CONNECTING);
    });
    await once(websocket, 'open');
    await until(() => messages.length === 2);
    expect(messages.map(([data]) => String(data))).toEqual(['a', 'b']);
    expect(websocket._socket?.listenerCount('error')).toBe(1);
  });

  it('of redirect is awaited before anything is sent to where it leads', async () => {
    const requests: string[] = [];
    const { url } = await answering((request) => {
      requests.push(request);
      return requests.length === 1 ? REDIRECT : switching(request);
    });
    const websocket = new WebSocket(url, { followRedirects: true, headers: { 'X-Secret': 'yes' } });
    after(() => websocket.terminate());
    websocket.on('redirect', async (_url, request) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(requests).toHaveLength(1);
      request.removeHeader('X-Secret');
    });
    await once(websocket, 'open');
    expect(requests.map((request) => request.includes('X-Secret'))).toEqual([true, false]);
  });

  it.each([
    ['upgrade', () => answering(switching)],
    ['redirect', redirectingOnce],
  ] as const)(
    'of %s that never answers leaves it to handshakeTimeout, close and signal',
    async (event, to) => {
      const abort = new AbortController();
      const ways: [ClientOptions, (websocket: WebSocket) => void, string][] = [
        [{ handshakeTimeout: 40 }, () => undefined, 'error Opening handshake has timed out'],
        [{}, (websocket) => websocket.close(), GAVE_UP],
        [{ signal: abort.signal }, () => abort.abort(), 'error The operation was aborted'],
      ];
      for (const [options, act, error] of ways) {
        const { url } = await to();
        const { sockets, createConnection } = recorder();
        const websocket = new WebSocket(url, { followRedirects: true, createConnection, ...options });
        let asked = false;
        websocket.on(event, () => {
          asked = true;
          return new Promise(() => undefined);
        });
        const events = told(websocket);
        await until(() => asked);
        act(websocket);
        expect(await events).toEqual([error, 'close']);
        expect(sockets.filter((socket) => !socket.destroyed)).toEqual([]);
      }
      expect(surfaced).toEqual([]);
    },
  );

  it.each([
    ['goes away', false],
    ['has answered amiss', true],
  ])('of upgrade leaves no socket where the server %s, to an agent either', async (_what, forged) => {
    const { url, peers } = await answering((request) => switching(request, forged));
    const agent = new Agent({ keepAlive: true });
    after(() => agent.destroy());
    const websocket = new WebSocket(url, { agent });
    websocket.on('upgrade', async () => {
      if (!forged) for (const peer of peers) peer.resetAndDestroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const [error, close] = await told(websocket);
    expect([error, close]).toEqual([
      expect.stringMatching(forged ? /Accept/ : /ECONNRESET|hang up/),
      'close',
    ]);
    await until(() => peers.every((peer) => peer.destroyed));
    expect(Object.keys({ ...agent.sockets, ...agent.freeSockets })).toEqual([]);
    expect(surfaced).toEqual([]);
  });
});

describe('an async finishRequest', () => {
  it('sends the request when it is ready', async () => {
    const { url } = await listenEcho();
    const finishRequest: ClientOptions['finishRequest'] = async (request) => {
      await turn();
      request.end();
    };
    const websocket = new WebSocket(url, { finishRequest });
    after(() => websocket.terminate());
    await once(websocket, 'open');
  });

  it.each([undefined, turn])('that rejects is why the opening fails, with no socket left', async (delay) => {
    const { url, server } = await listen();
    const { sockets, createConnection } = recorder();
    const finishRequest: ClientOptions['finishRequest'] = async () => {
      await delay?.();
      throw new Error('hook');
    };
    const websocket = new WebSocket(url, { createConnection, finishRequest });
    expect(await told(websocket)).toEqual(['error hook', 'close']);
    expect(sockets.map((socket) => socket.destroyed)).toEqual([true]);
    expect([surfaced, server.clients.size]).toEqual([[], 0]);
  });

  it('that rejects with nothing, or behind a redirect, does so too', async () => {
    const { url } = await redirectingOnce();
    let count = 0;
    const finishRequest: ClientOptions['finishRequest'] = async (request) => {
      if (++count === 2) return Promise.reject();
      request.end();
    };
    const websocket = new WebSocket(url, { finishRequest, followRedirects: true });
    expect(await told(websocket)).toEqual(['error undefined', 'close']);
    expect(surfaced).toEqual([]);
  });

  it('that rejects behind the opening leaves the connection alone, and a warning tells', async () => {
    const warned = warnings();
    const { url } = await listenEcho();
    const finishRequest: ClientOptions['finishRequest'] = async (request, websocket) => {
      request.end();
      await once(websocket, 'open');
      throw new Error('late');
    };
    const websocket = new WebSocket(url, { finishRequest });
    after(() => websocket.terminate());
    await until(() => warned.some(({ message }) => message === 'late'));
    expect([websocket.readyState, surfaced]).toEqual([WebSocket.OPEN, []]);
  });
});

it('an emit that somebody has put in the place of Node’s is called for the events of the opening', async () => {
  const { url } = await redirectingOnce();
  const websocket = new WebSocket(url, { followRedirects: true });
  after(() => websocket.terminate());
  const { emit } = websocket;
  const seen: unknown[] = [];
  websocket.emit = (event: string, ...values: unknown[]) => {
    seen.push(event);
    return Reflect.apply(emit, websocket, [event, ...values]);
  };
  await once(websocket, 'open');
  expect(seen).toEqual(['redirect', 'upgrade', 'open']);
});
