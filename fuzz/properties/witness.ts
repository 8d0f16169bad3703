import { ProtocolError } from '@x/frame-codec';
import { HandshakeError } from '@x/handshake';
import type { WebSocket } from '@x/node-adapter';
import { saw } from './meter.js';
import { TAG, Transcript } from './transcript.js';

/** Errors of a handshake that are none of the protocol's: of Node's parser of HTTP, and of the operating system. */
const OTHER_CODES = /^(HPE_[A-Z_]+|ECONNRESET|EPIPE|ECONNREFUSED)$/;
/** An answer that is no 101, in the words of npm `ws`. */
const NO_UPGRADE = /^Unexpected server response: \d{3}$/;

/** Writes down what a `WebSocket` tells, and holds it to the order and the types that are promised. */
export class Witness {
  readonly told: Transcript = new Transcript();
  /** What was told that never may be. */
  readonly faults: string[] = [];
  opened: boolean;
  #errors = 0;
  #closes = 0;

  /** @param opened whether the connection is open already, as it is where a server hands it out */
  constructor(websocket: WebSocket, opened: boolean) {
    this.opened = opened;
    websocket.on('open', () => {
      this.opened = true;
    });
    websocket.on('message', (data, isBinary) => {
      this.#note(isBinary ? TAG.binary : TAG.text, data as Buffer);
      websocket.send(data as Buffer, { binary: isBinary });
    });
    websocket.on('ping', (data) => this.#note(TAG.ping, data));
    websocket.on('pong', (data) => this.#note(TAG.pong, data));
    websocket.on('error', (error) => this.#error(error));
    websocket.on('close', (code, reason) => {
      this.#note(TAG.close, [code >> 8, code & 255, ...reason]);
      if (++this.#closes > 1) this.faults.push('close is told twice');
    });
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#closes > 0;
  }

  #note(tag: (typeof TAG)[keyof typeof TAG], payload: ArrayLike<number>): void {
    if (this.closed) this.faults.push(`something is told behind close: tag ${tag}`);
    this.told.begin(tag);
    this.told.put(payload);
  }

  #error(error: Error): void {
    if (++this.#errors > 1) this.faults.push('error is told twice');
    if (this.closed) this.faults.push('error is told behind close');
    const { cause } = error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (cause instanceof ProtocolError && code !== '') {
      saw(cause.violation);
      this.told.begin(TAG.error);
      this.told.latin1(
        cause.position === undefined ? cause.violation : `${cause.violation} at ${cause.position}`,
      );
      return;
    }
    if (!this.opened && cause instanceof HandshakeError) {
      saw(`handshake:${cause.violation}`);
      return;
    }
    const known = OTHER_CODES.test(code) || NO_UPGRADE.test(error.message);
    if (this.opened || !known) this.faults.push(`an error without a type: ${code} ${error.stack}`);
  }
}
