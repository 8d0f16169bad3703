import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** RFC 7692 §7.2.1: these four bytes are taken from the end of each message, and §7.2.2: put there again. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
const WINDOW = 32_768;
const NOTHING = Buffer.alloc(0);

/** The raw peer's half of permessage-deflate. Context takeover is a dictionary: the last 32 KiB (RFC 7692 §7.1.1). */
export class PeerDeflate {
  readonly #takeover: boolean;
  #sent: Buffer = NOTHING;
  #received: Buffer = NOTHING;

  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  compress(payload: Buffer): Buffer {
    const out = deflateRawSync(payload, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#sent.length > 0 ? { dictionary: this.#sent } : {}),
    });
    this.#sent = this.#remember(this.#sent, payload);
    return out.subarray(0, out.length - TAIL.length);
  }

  /** @throws {Error} where the bytes are not what was agreed on */
  decompress(payload: Uint8Array): Buffer {
    const out = inflateRawSync(Buffer.concat([payload, TAIL]), {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#received.length > 0 ? { dictionary: this.#received } : {}),
    });
    this.#received = this.#remember(this.#received, out);
    return out;
  }

  #remember(before: Buffer, message: Buffer): Buffer {
    if (!this.#takeover) return NOTHING;
    if (message.length >= WINDOW) return message.subarray(message.length - WINDOW);
    return Buffer.concat([before.subarray(Math.max(0, before.length + message.length - WINDOW)), message]);
  }
}
