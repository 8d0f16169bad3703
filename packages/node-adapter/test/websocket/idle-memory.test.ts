import { Duplex } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Connection, Endpoint } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { Transport, WebSocket } from '../../src/index.js';

/** As many as make what else comes and goes on the heap some bytes for each. */
const COUNT = 20_000;
const TRIES = 3;
/** Collecting garbage takes a while on a busy machine. */
const PATIENCE_MS = 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapUsed(): number {
  for (let round = 0; round < 2; round++) collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Bytes of heap for each of what `make` makes: the median of a few tries, as other things come and go meanwhile. */
function cost(make: (index: number) => object): number {
  const tries = Array.from({ length: TRIES }, () => costOnce(make)).sort((one, other) => one - other);
  return tries[TRIES >> 1] ?? Number.NaN;
}

function costOnce(make: (index: number) => object): number {
  // The first ones show V8 how many fields there are.
  for (let index = 0; index < 100; index++) make(index);
  const made: object[] = new Array(COUNT);
  const before = heapUsed();
  for (let index = 0; index < COUNT; index++) made[index] = make(index);
  const after = heapUsed();
  expect(made).toHaveLength(COUNT);
  return (after - before) / COUNT;
}

function silent(): Duplex {
  return new Duplex({ read() {}, write() {} });
}

/*
 * With Node 20, 22, 24 and 26 it takes 160 to 170, 300 to 400, and 150 to 160. An object for each part of a connection, or a
 * table of listeners as Node makes it, would be too much.
 */
describe('the heap of a connection that waits', { timeout: PATIENCE_MS }, () => {
  const endpoint = new Endpoint({ role: 'server' });

  it('is below 220 bytes in the codec', () => {
    const handler = { write: () => true, end() {} };
    expect(cost((index) => new Connection(endpoint, handler, index))).toBeLessThan(220);
  });

  it('is below 450 bytes in a transport', () => {
    const transport = new Transport(endpoint, {});
    const attached = cost((index) => {
      const stream = silent();
      transport.attach(stream, index);
      return stream;
    });
    expect(attached - cost(silent)).toBeLessThan(450);
  });

  it('is below 250 bytes in a WebSocket, apart from its transport', () => {
    const options = {};
    const listener = (): void => {};
    const listening = (): WebSocket =>
      new WebSocket(null, undefined, options).on('message', listener).on('error', listener);
    expect(cost(listening)).toBeLessThan(250);
  });
});
