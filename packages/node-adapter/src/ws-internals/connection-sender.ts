import { SendCallback, type Sent } from '../transport/send-callback.js';
import type { SocketConnection } from '../transport/socket-connection.js';
import { Sender } from './sender.js';

/** Lets frames that were made elsewhere go out on a connection, in their turn behind what it sent before. */
export class ConnectionSender extends Sender {
  readonly #connection: SocketConnection;

  constructor(connection: SocketConnection) {
    super(connection.socket);
    this.#connection = connection;
  }

  override sendFrame(list: readonly Uint8Array[], sent?: Sent): void {
    const connection = this.#connection;
    connection.gather();
    const callback = sent === undefined ? undefined : new SendCallback(sent, connection);
    if (!connection.sendRaw(Buffer.concat(list), callback?.done)) {
      callback?.tellLater(new Error('The WebSocket is not open'));
    }
    connection.tellOverflow();
  }
}
