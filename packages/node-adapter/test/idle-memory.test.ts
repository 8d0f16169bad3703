import { Duplex } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Connection, Endpoint } from '@x/frame-codec';
import { describe, expect, it } from 'vitest';
import { Transport, WebSocket } from '../src/index.js';

/** As many as make what else there is on the heap, and comes and goes, a byte or two for each. */
const COUNT = 5000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapUsed(): number {
  for (let round = 0; round < 3; round++) collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Bytes of heap for each of what `make` makes. */
function cost(make: (index: number) => object): number {
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

/* With Node 20 it takes 173, 329 and 181. One more object for each, or a table of listeners as Node makes it, is too much. */
describe('the heap of a connection that waits', () => {
  const endpoint = new Endpoint({ role: 'server' });

  it('is below 220 bytes in the codec', () => {
    const handler = { write: () => true, end() {} };
    expect(cost((index) => new Connection(endpoint, handler, index))).toBeLessThan(220);
  });

  it('is below 400 bytes in a transport', () => {
    const transport = new Transport(endpoint, {});
    const attached = cost((index) => {
      const stream = silent();
      transport.attach(stream, index);
      return stream;
    });
    expect(attached - cost(silent)).toBeLessThan(400);
  });

  it('is below 250 bytes in a WebSocket, apart from its transport', () => {
    const options = {};
    const listener = (): void => {};
    const listening = (): WebSocket =>
      new WebSocket(null, undefined, options).on('message', listener).on('error', listener);
    expect(cost(listening)).toBeLessThan(250);
  });
});
