// A program of the older kind.
const WebSocket = require('@x/node-adapter');
const { sharedCodec } = require('@x/frame-codec');
const { acceptValue } = require('@x/handshake');
const { echo } = require('./echo.cjs');

echo(WebSocket).then((text) => {
  console.log(text, sharedCodec().kind, acceptValue('dGhlIHNhbXBsZSBub25jZQ=='));
});
