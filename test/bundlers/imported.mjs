// A program of ES modules.
import { sharedCodec } from '@x/frame-codec';
import { acceptValue } from '@x/handshake';
import WebSocket, { WebSocketServer } from '@x/node-adapter';
import { echo } from './echo.cjs';

if (WebSocket.WebSocketServer !== WebSocketServer) throw new Error('there are two servers');
echo(WebSocket).then((text) =>
  console.log(text, sharedCodec().kind, acceptValue('dGhlIHNhbXBsZSBub25jZQ==')),
);
