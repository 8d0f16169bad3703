import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import Default, { WebSocket, WebSocketServer } from '@x/node-adapter';
import { expect, it } from 'vitest';

it('exports the client as default and by name, and the server', async () => {
  expect(Default).toBe(WebSocket);
  expect(WebSocket.WebSocket).toBe(WebSocket);
  // A bundle that has two of one name renames one of them.
  expect(WebSocket.name).toBe('WebSocket');
  const server = new WebSocketServer({ port: 0 });
  server.on('connection', (websocket) => websocket.on('message', (data) => websocket.send(String(data))));
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('open', () => client.send('hello'));
  const [data, isBinary] = await once(client, 'message');
  expect([String(data), isBinary]).toEqual(['hello', false]);
  client.close();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
});

/** The names that a list of exports or aliases gives. */
function namesIn(file: string, pattern: RegExp): string[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
}

it('declares for require() every name that it declares for import', () => {
  const lists = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8');
  const imported = [...lists.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((each) => each.trim().split(' as ').at(-1) ?? '')
      .filter((name) => name !== '' && name !== 'default' && name !== 'WebSocket'),
  );
  expect(imported.length).toBeGreaterThan(40);
  const aliases = /^ {2}export (?:type|import) (\w+)/gm;
  expect(namesIn('../entry/require.d.cts', aliases)).toEqual(imported.sort());
});
