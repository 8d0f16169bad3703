import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { acceptRequest, permessageDeflate } from '@x/handshake';
import { WebSocketServer } from 'ws';

const load = createRequire(import.meta.url);
const lib = join(dirname(load.resolve('ws/package.json')), 'lib');

/** The parsers of ws, which it does not export. */
export const wsParsers = {
  extensions: load(join(lib, 'extension.js')).parse,
  subprotocols: load(join(lib, 'subprotocol.js')).parse,
};

const wire = Buffer.alloc(64 * 1024);

/** Where both sides write their response: its text becomes bytes, as on a socket, and is counted. */
export const sink = {
  readable: true,
  writable: true,
  written: 0,
  on() {},
  once() {},
  removeListener() {},
  /** @param {string} text */
  write(text) {
    this.written += wire.latin1Write(text);
  },
};

const SUBPROTOCOLS = ['chat.v2', 'chat.v1'];

/** Takes the place of the connection, whose making is no part of the handshake. */
class Nothing {
  setSocket() {}
}

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: true,
  handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  WebSocket: /** @type {any} */ (Nothing),
});
const head = Buffer.alloc(0);
const done = () => {};

/** The whole of `handleUpgrade` of ws, but for the connection at its end. */
export function upgradeWithWs(request) {
  server.handleUpgrade(request, /** @type {any} */ (sink), head, done);
}

const portable = { subprotocols: SUBPROTOCOLS, extensions: [permessageDeflate()] };

/** With the SHA-1 of Node, which ws takes too. */
const options = { ...portable, sha1: (text) => crypto.hash('sha1', text, 'base64') };

/** The same job by this package. */
export function upgrade(request) {
  const answer = acceptRequest(request, options);
  sink.write(answer.head);
}

/** The same again with the SHA-1 that runs everywhere. */
export function upgradePortably(request) {
  const answer = acceptRequest(request, portable);
  sink.write(answer.head);
}
