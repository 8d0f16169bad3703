/** What the tests use of `faye-websocket`, which has no types. */
declare module 'faye-websocket' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  class FayeWebSocket extends EventEmitter {
    constructor(request: IncomingMessage, socket: Duplex, head: Buffer);
    send(data: string | Buffer): void;
    close(code?: number): void;
    static readonly Client: new (
      url: string,
    ) => FayeWebSocket;
  }
  export default FayeWebSocket;
}
