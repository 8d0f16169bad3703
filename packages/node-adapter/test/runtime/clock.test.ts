import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.js';
import { writeRefusal } from '../../src/opening/server-handshake.js';
import * as clock from '../../src/runtime/clock.js';
import { after, listenTcp, until } from '../loopback.js';
import { withStoppedClock } from '../stopped-clock.js';

it('a stopped clock stops the globals, and not what was taken before', async () => {
  const called: string[] = [];
  withStoppedClock(() => {
    process.nextTick(() => called.push('global tick'));
    setTimeout(() => called.push('global time-out'), 1);
    clock.nextTick(() => called.push('tick'));
    clock.setImmediate(() => called.push('immediate'));
    clock.setTimeout(() => called.push('time-out'), 1);
    clock.clearTimeout(clock.setTimeout(() => called.push('cleared'), 1));
    const interval = clock.setInterval(() => {
      called.push('interval');
      clock.clearInterval(interval);
    }, 2);
    expect(performance.now()).toBe(0);
    expect(clock.now()).toBeGreaterThan(0);
  });
  await until(() => called.includes('interval'));
  expect(called.sort()).toEqual(['immediate', 'interval', 'tick', 'time-out']);
});

/** What a client emits, when it is closed. */
async function events(websocket: WebSocket): Promise<string[]> {
  const told: string[] = [];
  websocket.on('error', (error) => told.push(error.message));
  websocket.on('close', () => told.push('close'));
  await until(() => told.includes('close'));
  return told;
}

describe('a clock that is installed and removed', () => {
  const GAVE_UP = 'WebSocket was closed before the connection was established';

  it('while a client begins to connect does not stop the time for that', async () => {
    const port = await listenTcp(() => undefined);
    const websocket = withStoppedClock(
      () => new WebSocket(`ws://127.0.0.1:${port}/`, { handshakeTimeout: 20 }),
    );
    expect(await events(websocket)).toEqual(['Opening handshake has timed out', 'close']);
  });

  it.each(['close', 'terminate'] as const)(
    'while a client gives up by %s does not stop its end',
    async (method) => {
      const port = await listenTcp(() => undefined);
      const websocket = new WebSocket(`ws://127.0.0.1:${port}/`);
      after(() => websocket.terminate());
      withStoppedClock(() => websocket[method]());
      expect(await events(websocket)).toEqual([GAVE_UP, 'close']);
    },
  );

  it('while a signal is aborted, or was, does not stop the end of who connects', async () => {
    const port = await listenTcp(() => undefined);
    const abort = new AbortController();
    const websocket = new WebSocket(`ws://127.0.0.1:${port}/`, { signal: abort.signal });
    withStoppedClock(() => abort.abort());
    expect(await events(websocket)).toEqual(['The operation was aborted', 'close']);
    const { signal } = abort;
    const another = withStoppedClock(() => new WebSocket(`ws://127.0.0.1:${port}/`, { signal }));
    expect(await events(another)).toEqual(['The operation was aborted', 'close']);
  });

  it('while a server closes does not stop its end', async () => {
    const server = new WebSocketServer({ noServer: true });
    const closed = once(server, 'close');
    const called = new Promise((resolve) => withStoppedClock(() => server.close(resolve)));
    await Promise.all([closed, called]);
    const again = new Promise((resolve) => withStoppedClock(() => server.close(resolve)));
    expect(await again).toEqual(new Error('The server is not running'));
  });

  it('while a client is refused does not keep its socket', async () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    withStoppedClock(() => writeRefusal(stream, 400, undefined, undefined, 20));
    await until(() => stream.destroyed);
  });
});
