// A user of TypeScript whose own modules are still CommonJS.
import adapter = require('@x/node-adapter');
import handshake = require('@x/handshake');

export const server: adapter.WebSocketServer = new adapter.WebSocketServer({ noServer: true });
export const accept: string = handshake.acceptValue('dGhlIHNhbXBsZSBub25jZQ==');
