import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { WebSocketServer } from '../src/index.js';

it('has the defaults that are documented', () => {
  const { options } = new WebSocketServer({ noServer: true });
  expect(options).toMatchObject({
    allowSynchronousEvents: true,
    autoPong: true,
    backlog: null,
    clientTracking: true,
    closeTimeout: 30_000,
    handleProtocols: null,
    host: null,
    maxFragments: 1_048_576,
    maxPayload: 104_857_600,
    path: null,
    perMessageDeflate: false,
    skipUTF8Validation: false,
    verifyClient: null,
  });
});

it('takes undefined for an option that is not given', () => {
  const server = createServer();
  const { options } = new WebSocketServer({ server, maxPayload: undefined, clientTracking: undefined });
  expect([options.maxPayload, options.clientTracking]).toEqual([104_857_600, true]);
});
