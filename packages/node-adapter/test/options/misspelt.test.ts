import { once } from 'node:events';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.js';
import { after } from '../loopback.js';

/** What Node is warned of by the next misspelt option. */
async function warned(act: () => void): Promise<[message: string, code: unknown]> {
  const warning = once(process, 'warning');
  act();
  const [{ message, code }] = await warning;
  return [message, code];
}

function server(options: object): void {
  new WebSocketServer({ noServer: true, ...options }).close();
}

function client(options: object): void {
  const websocket = new WebSocket('ws://127.0.0.1:9', options);
  websocket.on('error', () => {});
  after(() => websocket.terminate());
}

it.each([
  ['orgin', 'origin', server],
  ['maxPayLoad', 'maxPayload', server],
  ['maxConnectons', 'maxConnections', server],
  ['closeTiemout', 'closeTimeout', server],
  ['pingIntervall', 'pingInterval', client],
  ['folowRedirects', 'followRedirects', client],
])('%s is warned of, as %s may be meant', async (name, meant, make) => {
  const message = `there is no option ${name}; ${meant} may be meant`;
  expect(await warned(() => make({ [name]: 1 }))).toEqual([message, 'WS_OPTION_MISSPELT']);
});

it('what others take, or nobody does, is passed over, and each name is warned of once', async () => {
  client({ protocol: 'ws:', headers: {}, rejectUnauthorized: false, hostname: 'localhost' });
  server({ cors: true, pathRewrite: {}, ports: 1 });
  server({ ports: 1 });
  expect(await warned(() => server({ ports: 1, hosts: 1 }))).toEqual([
    'there is no option ports; port may be meant',
    'WS_OPTION_MISSPELT',
  ]);
});

it('options of another kind are refused where they are given', () => {
  expect(() => server({ perMessageDeflate: 'yes' })).toThrow(
    new TypeError('perMessageDeflate must be a boolean or an object, not a string'),
  );
  expect(() => server({ perMessageDeflate: { serverNoContextTakeover: 'no' } })).toThrow(
    new TypeError('option serverNoContextTakeover must be a boolean, not a string'),
  );
  expect(() => client({ perMessageDeflate: 1 })).toThrow(TypeError);
  for (const origin of ['https://example.org', null]) {
    expect(() => server({ origin })).toThrow(/^origin must be a function, as originPolicy makes it, not /);
  }
  expect(() => server({ path: 'ws' })).toThrow(new TypeError('path must begin with a slash, not ws'));
});
