// Jest gives each test file classes of its own, and requires what it imports.
const WebSocket = require('@x/node-adapter');
const { acceptValue } = require('@x/handshake');
const { sharedCodec } = require('@x/frame-codec');

function echo(message) {
  return new Promise((resolve, reject) => {
    const server = new WebSocket.WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
      const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
      client.on('error', reject);
      client.on('open', () => client.send(message));
      client.on('message', (data, isBinary) => {
        client.close();
        server.close(() => resolve(isBinary ? [...data] : String(data)));
      });
    });
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
  });
}

test('the class is what require gives', () => {
  expect(typeof WebSocket).toBe('function');
  expect(WebSocket.WebSocket).toBe(WebSocket);
});

test('text and bytes of this realm are echoed', async () => {
  expect(await echo('hello')).toBe('hello');
  expect(await echo(new Uint8Array([1, 2, 128]))).toEqual([1, 2, 128]);
  expect(await echo(new Uint8Array([3]).buffer)).toEqual([3]);
});

test('the lower packages work', () => {
  expect(acceptValue('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  expect(['wasm', 'script']).toContain(sharedCodec().kind);
});
