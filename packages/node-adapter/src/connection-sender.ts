import { Sender } from './sender.js';
import type { Sent, SocketConnection } from './socket-connection.js';

/** Lets frames that were made elsewhere go out on a connection, in their turn behind what it gathers. */
export class ConnectionSender extends Sender {
  readonly #connection: SocketConnection;

  constructor(connection: SocketConnection) {
    super(connection.socket);
    this.#connection = connection;
  }

  override sendFrame(list: readonly Uint8Array[], sent?: Sent): void {
    this.#connection.flush();
    super.sendFrame(list, sent);
  }
}
