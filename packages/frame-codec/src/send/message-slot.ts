/** The place of a message whose bytes are not there yet, among what a connection sends: see `Connection.sendLater`. */
export class MessageSlot {
  /**
   * The bytes are there: they are sent when it is their turn, text as UTF-8 that is not checked. They are held as they are
   * until they have left. Nothing happens where the connection has ended, or this was called before.
   *
   * @throws {RangeError} when a ping or pong has more than 125 bytes (§5.5); its place is still kept
   */
  readonly fill: (payload: Uint8Array) => void;
  /** The bytes cannot be had. What was accepted behind them cannot be sent in order: the connection ends with code 1011. */
  readonly fail: (error: Error) => void;

  /** @internal */
  constructor(fill: (payload: Uint8Array) => void, fail: (error: Error) => void) {
    this.fill = fill;
    this.fail = fail;
  }
}
