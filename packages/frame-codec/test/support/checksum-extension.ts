import { type DataPart, type Extension, ProtocolError, RSV, type RsvClaims } from '../../src/index.js';
import { concat } from './hex.js';

/**
 * An extension that changes each frame by itself: every byte is turned around by XOR with 0x5a, and a byte with the sum
 * of the payload follows. RSV2 says of each frame, the first of its message or not, whether it was changed.
 */
export class ChecksumExtension implements Extension {
  readonly name: string = 'x-checksum';
  readonly claims: RsvClaims = { first: RSV.rsv2, continuation: RSV.rsv2 };
  readonly decodes = 'all' as const;
  /** what `decode` was told: one word a part */
  readonly seen: string[] = [];
  closed = 0;
  #sum = 0;
  /** the last byte so far: the sum, should the frame end here */
  #last: number | undefined;

  decode(payload: Uint8Array, part: DataPart, emit: (bytes: Uint8Array) => boolean): number {
    this.seen.push(describe(part, payload.length));
    if ((part.rsv & RSV.rsv2) === 0) {
      emit(payload);
      return payload.length;
    }
    if (part.firstOfFrame) {
      this.#sum = 0;
      this.#last = undefined;
    }
    const out: number[] = [];
    for (const byte of payload) {
      if (this.#last !== undefined) out.push(this.#turn(this.#last));
      this.#last = byte;
    }
    if (part.lastOfFrame && this.#last !== this.#sum) throw new ProtocolError('extension-data-invalid');
    emit(Uint8Array.from(out));
    return payload.length;
  }

  #turn(byte: number): number {
    this.#sum = (this.#sum + byte) & 0xff;
    return byte ^ 0x5a;
  }

  encode(payload: Uint8Array, part: DataPart): Uint8Array {
    part.rsv |= RSV.rsv2;
    const turned = payload.map((byte) => byte ^ 0x5a);
    const sum = turned.reduce((total, byte) => (total + byte) & 0xff, 0);
    return concat(turned, Uint8Array.of(sum));
  }

  close(): void {
    this.closed++;
  }
}

function describe(part: DataPart, length: number): string {
  return [
    part.text ? 'text' : 'binary',
    ...(part.firstOfMessage ? ['message['] : []),
    ...(part.firstOfFrame ? ['frame['] : []),
    length,
    ...(part.lastOfFrame ? [']frame'] : []),
    ...(part.lastOfMessage ? [']message'] : []),
  ].join(' ');
}
