import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { WebSocket } from '../src/index.js';
import { after, connect, listen, pair, RawPeer, upgradeRequest } from './loopback.js';

it('leaves one listener of errors on the stream: that of the connection', async () => {
  const { peer } = await pair();
  expect(peer._socket?.listenerCount('error')).toBe(1);
});

it('refuses with 401 where verifyClient says nothing else (RFC 9110 §15.5.2)', async () => {
  const { port } = await listen({ verifyClient: (_info, verified) => verified(false) });
  const peer = new RawPeer(port);
  peer.socket.write(upgradeRequest());
  expect(String(await peer.all())).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
});

it('lets many clients follow one signal without a warning, and aborts them all', async () => {
  const { url } = await listen();
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  after(() => process.off('warning', onWarning));
  const controller = new AbortController();
  const { signal } = controller;
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(url, { signal })));
  const closed = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
  for (const client of clients) client.on('error', () => undefined);
  // Warnings come in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
  controller.abort();
  await Promise.all(closed);
});

it('listens to a signal no longer than the connection lasts', async () => {
  const { server, url } = await listen();
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const { signal } = new AbortController();
  const heard: string[] = [];
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener: (...values: Parameters<typeof add>) => {
      heard.push('add');
      add(...values);
    },
    removeEventListener: (...values: Parameters<typeof remove>) => {
      heard.push('remove');
      remove(...values);
    },
  });
  const client = await connect(url, { signal });
  await connected;
  expect(heard).toEqual(['add']);
  client.close();
  await once(client, 'close');
  expect(heard).toEqual(['add', 'remove']);
});
