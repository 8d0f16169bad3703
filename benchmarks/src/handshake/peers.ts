import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { acceptRequest, permessageDeflate, type UpgradeRequest } from '@x/handshake';

const wire = Buffer.alloc(64 * 1024);

/** Where both sides write their response: its text becomes bytes, as on a socket, and is counted. */
export const sink = {
  readable: true,
  writable: true,
  written: 0,
  on(): void {},
  once(): void {},
  removeListener(): void {},
  write(text: string): void {
    this.written += wire.write(text, 'latin1');
  },
};

const SUBPROTOCOLS = ['chat.v2', 'chat.v1'];
const portable = { subprotocols: SUBPROTOCOLS, extensions: [permessageDeflate()] };
/** With the SHA-1 of Node, which `ws` takes too. */
const options = { ...portable, sha1: (text: string) => hash('sha1', text, 'base64') };

/** Accepts a request by this project's package. */
export function upgrade(request: UpgradeRequest): void {
  sink.write(acceptRequest(request, options).head);
}

/** The same with the SHA-1 that runs everywhere. */
export function upgradePortably(request: UpgradeRequest): void {
  sink.write(acceptRequest(request, portable).head);
}

/** What `ws` does of an opening handshake. */
export interface WsHandshake {
  /** the whole of its `handleUpgrade`, but for the connection at the end */
  upgrade(request: UpgradeRequest): void;
  /** its parsers, which it does not export */
  extensions(value: string): unknown;
  subprotocols(value: string): unknown;
}

interface WsModule {
  WebSocketServer: new (
    options: object,
  ) => {
    handleUpgrade(request: UpgradeRequest, socket: object, head: Buffer, done: () => void): void;
  };
}

/** Takes the place of the connection, whose making is no part of the handshake. */
class Nothing {
  setSocket(): void {}
}

/** Nothing where `ws` is not installed. */
export function loadWsHandshake(): WsHandshake | undefined {
  const load = createRequire(import.meta.url);
  let lib: string;
  try {
    lib = join(dirname(load.resolve('ws/package.json')), 'lib');
  } catch {
    return undefined;
  }
  const { WebSocketServer }: WsModule = load('ws');
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: true,
    handleProtocols: (offered: Set<string>) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    WebSocket: Nothing,
  });
  const head = Buffer.alloc(0);
  const done = (): void => {};
  return {
    upgrade: (request) => server.handleUpgrade(request, sink, head, done),
    extensions: load(join(lib, 'extension.js')).parse,
    subprotocols: load(join(lib, 'subprotocol.js')).parse,
  };
}
