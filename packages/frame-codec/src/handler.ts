import type { Borrowed, Memory } from './memory/borrowed.js';
import type { ProtocolError } from './rules/violation.js';

/**
 * The methods of a `ConnectionHandler`, for connections of whatever class: `connection.ts`, which needs these methods,
 * says which, so that nothing here has to know it.
 */
export interface HandlerOf<Connection> {
  /**
   * Takes bytes to the transport.
   *
   * @param bytes lent until the transport has taken them
   * @param more whether more bytes follow at once (a hint to gather)
   * @returns `true` when the bytes have left and their memory may be used again at once; `false` when the transport
   * still holds them: then they stay as they are until they are sent, and `drained` of the connection is to be called
   * when all have been. They may be other people's too, a prepared message's or the caller's: they must not be changed.
   * @throws nothing, at best: where it throws, nothing can be sent any more, and the transport is to be ended
   */
  write(connection: Connection, bytes: Uint8Array<ArrayBuffer>, more: boolean): boolean;
  /**
   * Nothing more will be written: both close frames have passed, the connection failed (§7.1.7), or the peer's stream
   * has ended and what was accepted is sent. A server closes the transport at once; a client gives the server a while to
   * do so (§7.1.1).
   */
  end(connection: Connection): void;
  /** A whole text message. */
  text?(connection: Connection, text: string): void;
  /** A whole binary message. */
  binary?(connection: Connection, payload: Borrowed): void;
  /** A whole text message as UTF-8, checked; when this is there, `text` is not called. */
  textBytes?(connection: Connection, payload: Borrowed): void;
  /**
   * A whole message, for who copies it anyway and has no need of a view of it (`echo: 16 B text` in the benchmarks);
   * when this is there, `text`, `textBytes` and `binary` are not called.
   *
   * @param memory borrowed as payloads are; the message is `length` bytes from `start`, and what else there is in it is
   * nobody's business
   * @param isBinary `false` for text, which is UTF-8, checked
   */
  message?(connection: Connection, memory: Memory, start: number, length: number, isBinary: boolean): void;
  /**
   * Part of a text message, as it arrives: only whole characters. When this or `binaryPart` is there, no message is put
   * together, and `text`, `textBytes`, `message` and `binary` are not called. The last part may be empty.
   */
  textPart?(connection: Connection, text: string, last: boolean): void;
  /** Part of a binary message, as it arrives; see `textPart`. */
  binaryPart?(connection: Connection, payload: Borrowed, last: boolean): void;
  /**
   * So much was decoded (inflated, mostly) that others should have their turn: `maxTurnLength` of the endpoint. What is
   * left waits until `proceed` of the connection is called, in a later task (as by `setImmediate`), also when the
   * transport has ended meanwhile; until then the transport is not to be read. Without this method nothing waits.
   */
  yield?(connection: Connection): void;
  /**
   * So much of what waits to be sent has left that others should have their turn: `proceedSending` of the connection is
   * to be called in a later task. Without this method nothing is put off, and long messages are compressed in one go.
   */
  yieldSending?(connection: Connection): void;
  /**
   * Something that was accepted could not be sent, as `fail` of a `MessageSlot` says, or as an extension or a masking key
   * threw when its turn came: the connection closes with 1011, `end` and `close` follow. The same, with 1013 and a
   * `LimitError`, where what waits passes the `memory` of the endpoint.
   */
  sendingFailed?(connection: Connection, error: Error): void;
  /** A ping (§5.5.2); it is answered already, unless the endpoint's `autoPong` is off. */
  ping?(connection: Connection, payload: Borrowed): void;
  /** A pong (§5.5.3), asked for or not. */
  pong?(connection: Connection, payload: Borrowed): void;
  /** The peer broke a rule or passed a limit: the connection has failed, `end` and `close` follow. */
  error?(connection: Connection, error: ProtocolError): void;
  /**
   * The peer's close frame came; the answer is sent, or waits behind what was accepted before. Messages cannot be sent any
   * more.
   */
  closing?(connection: Connection, closeCode: number, reason: string): void;
  /**
   * The connection is over; the last call.
   *
   * @param closeCode the peer's, or 1005 when its close frame had none, or 1006 when no close frame came (§7.1.5)
   * @param clean whether both close frames passed (§7.1.4)
   */
  close?(connection: Connection, closeCode: number, reason: string, clean: boolean): void;
}
