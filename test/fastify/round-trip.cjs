'use strict';

// @fastify/websocket as it is published, with this package in the place of `ws`: over a socket, and by injectWS in memory.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const websocketPlugin = require('@fastify/websocket');
const fastify = require('fastify');
const WebSocket = require('ws');

const TEXT = 'grüße 🎉 '.repeat(10_000);
const BINARY = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => index >> 3));

/** An application with a route that echoes, one that fails and one that is guarded. */
async function application() {
  const app = fastify();
  const failures = [];
  await app.register(websocketPlugin, {
    options: { maxPayload: 1 << 20, perMessageDeflate: true },
    errorHandler(error, socket) {
      failures.push(error.message);
      socket.close(1011, error.message);
    },
  });
  app.get('/echo', { websocket: true }, (socket, request) => {
    socket.send(`hello ${request.headers['x-name']}`);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('close', (code, reason) => app.log.info({ code, reason: String(reason) }));
  });
  app.get('/fails', { websocket: true }, async () => {
    throw new Error('handler');
  });
  app.get('/guarded', {
    websocket: true,
    preValidation: async (_request, reply) => reply.code(401).send('no'),
    handler: (socket) => socket.terminate(),
  });
  app.get('/page', () => 'a page');
  await app.ready();
  return { app, failures };
}

async function echoes(client, messages) {
  for (const sent of [TEXT, BINARY, '']) {
    client.send(sent);
    const [data, isBinary] = await messages();
    assert.equal(isBinary, typeof sent !== 'string');
    assert.ok(Buffer.from(sent).equals(data));
  }
  const ponged = once(client, 'pong');
  client.ping('?');
  assert.equal(String((await ponged)[0]), '?');
}

/** Messages in their order, from now on. */
function messagesOf(client) {
  const waiting = [];
  const arrived = [];
  client.on('message', (...message) => {
    const next = waiting.shift();
    if (next === undefined) arrived.push(message);
    else next(message);
  });
  return () => (arrived.length > 0 ? arrived.shift() : new Promise((resolve) => waiting.push(resolve)));
}

async function overSockets() {
  const { app, failures } = await application();
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = new WebSocket(`${address}/echo`, { headers: { 'X-Name': 'you' } });
  const messages = messagesOf(client);
  await once(client, 'open');
  assert.equal(client.extensions, 'permessage-deflate');
  assert.equal(String((await messages())[0]), 'hello you');
  assert.equal(app.websocketServer.clients.size, 1);
  await echoes(client, messages);

  for (const [path, status] of [
    ['/guarded', 401],
    ['/nowhere', 404],
  ]) {
    const [error] = await once(new WebSocket(address + path), 'error');
    assert.equal(error.message, `Unexpected server response: ${status}`);
  }
  const failing = new WebSocket(`${address}/fails`);
  const [code, reason] = await once(failing, 'close');
  assert.deepEqual([code, String(reason), failures], [1011, 'handler', ['handler']]);
  // A route for pages that somebody upgrades is closed.
  assert.equal((await once(new WebSocket(`${address}/page`), 'close'))[0], 1005);
  assert.equal(await (await fetch(`${address}/page`)).text(), 'a page');

  const closed = once(client, 'close');
  await app.close();
  assert.equal((await closed)[0], 1005);
}

async function inMemory() {
  const { app, failures } = await application();
  let messages;
  const client = await app.injectWS(
    '/echo',
    { headers: { 'x-name': 'you' } },
    {
      onInit: (websocket) => {
        messages = messagesOf(websocket);
      },
    },
  );
  assert.equal(String((await messages())[0]), 'hello you');
  await echoes(client, messages);
  const [peer] = app.websocketServer.clients;
  const closed = once(peer, 'close');
  client.close(4000, 'enough');
  assert.deepEqual((await closed).map(String), ['4000', 'enough']);

  await assert.rejects(app.injectWS('/guarded'), /Unexpected server response: 401/);
  const failing = await app.injectWS('/fails');
  if (failing.readyState !== WebSocket.CLOSED) await once(failing, 'close');
  assert.deepEqual(failures, ['handler']);
  const other = await app.injectWS('/echo');
  const end = once(other, 'close');
  await app.close();
  await end;
}

async function main() {
  const theirs = require(require.resolve('ws', { paths: [require.resolve('@fastify/websocket')] }));
  assert.equal(theirs, WebSocket);
  assert.equal(typeof WebSocket.PreparedMessage, 'function', 'not the package under test');
  await overSockets();
  await inMemory();
  console.log('fastify works');
}

main();
