// A user's module: ESM, no build step.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import * as codec from '@x/frame-codec';
import { acceptValue } from '@x/handshake';
import { WebSocket, WebSocketServer } from '@x/node-adapter';

// The example of RFC 6455 §1.3.
assert.equal(acceptValue('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
assert.notEqual(Object.keys(codec).length, 0);
// For runtimes that take a module only if it was compiled before.
const kernel = await readFile(new URL(import.meta.resolve('@x/frame-codec/kernel.wasm')));
assert.notEqual(WebAssembly.Module.exports(new WebAssembly.Module(kernel)).length, 0);

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
await once(server, 'listening');
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
await once(client, 'open');
client.send('hello, κόσμε');
const [text, textIsBinary] = await once(client, 'message');
assert.deepEqual([text.toString(), textIsBinary], ['hello, κόσμε', false]);
client.send(new Uint8Array([0, 127, 128, 255]));
const [bytes, bytesAreBinary] = await once(client, 'message');
assert.deepEqual([[...bytes], bytesAreBinary], [[0, 127, 128, 255], true]);
client.close(1000, 'done');
const [code, reason] = await once(client, 'close');
assert.deepEqual([code, reason.toString()], [1000, 'done']);
server.close();
console.log('import works');
