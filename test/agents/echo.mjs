// A program that an agent watches: messages of both kinds, there and back, as many at once as there are connections.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import net from 'node:net';
import { isWrapped } from '@opentelemetry/instrumentation';
import { WebSocket, WebSocketServer } from '@x/node-adapter';

if (process.argv[2] === 'opentelemetry') assert(isWrapped(net.Socket.prototype.connect), 'net is watched');
else assert(globalThis[Symbol.for('dd-trace')], 'dd-trace runs');

const http = createServer();
const server = new WebSocketServer({ server: http });
http.listen(0, '127.0.0.1');
await once(http, 'listening');
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});

async function talk(name) {
  const client = new WebSocket(`ws://127.0.0.1:${http.address().port}`);
  await once(client, 'open');
  for (const length of [1, 200, 40_000, 200_000]) {
    for (const sent of [name.repeat(length), Buffer.from(name.repeat(length))]) {
      client.send(sent);
      const [data, isBinary] = await once(client, 'message');
      assert.equal(isBinary, typeof sent !== 'string');
      assert.equal(data.toString(), sent.toString());
    }
  }
  client.close(1000);
  const [code] = await once(client, 'close');
  assert.equal(code, 1000);
}

await Promise.all(['a', 'b', 'c', 'd'].map(talk));
console.log('echo works');
// An agent keeps timers.
process.exit();
