import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readIntoInbox } from '../../src/transport/zero-copy.js';
import { after, listenTcp, pair, until } from '../loopback.js';

async function socketPair(): Promise<[net.Socket, net.Socket]> {
  let accepted: net.Socket | undefined;
  const port = await listenTcp((socket) => {
    accepted = socket;
  });
  const client = net.connect(port, '127.0.0.1');
  after(() => client.destroy());
  await once(client, 'connect');
  await until(() => accepted !== undefined);
  return [client, accepted as unknown as net.Socket];
}

it('has bytes of an accepted socket land in the buffer, with bytesRead, pause, resume and end right', async () => {
  const [client, accepted] = await socketPair();
  const inbox = new Uint8Array(65536);
  const reads: string[] = [];
  let ended = false;
  const done = readIntoInbox(accepted, inbox, function (length) {
    expect(this).toBe(accepted);
    reads.push(Buffer.from(inbox.subarray(0, length)).toString());
  });
  expect(done).toBe(true);
  accepted.on('end', () => {
    ended = true;
  });
  accepted.resume();
  client.write('one');
  await until(() => reads.join('') === 'one');
  expect(accepted.bytesRead).toBe(3);
  accepted.pause();
  client.write('two');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(reads.join('')).toBe('one');
  accepted.resume();
  await until(() => reads.join('') === 'onetwo');
  client.end('three');
  await until(() => ended);
  expect(reads.join('')).toBe('onetwothree');
});

it('leaves streams alone that are no sockets, and sockets that are gone', async () => {
  const inbox = new Uint8Array(16);
  expect(readIntoInbox(new PassThrough(), inbox, () => undefined)).toBe(false);
  const [client] = await socketPair();
  client.destroy();
  expect(readIntoInbox(client, inbox, () => undefined)).toBe(false);
});

it.each([
  [true, 0],
  [false, 1],
])('with zeroCopyReads %s the socket emits data events: %s', async (zeroCopyReads, events) => {
  const { client, peer } = await pair({ zeroCopyReads }, { zeroCopyReads });
  let count = 0;
  peer._socket?.on('data', () => count++);
  client.send('x');
  await once(peer, 'message');
  expect(count).toBe(events);
});
