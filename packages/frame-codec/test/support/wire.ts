import { concat, hex } from './hex.js';

/*
 * Frames for the tests, by a way that shares nothing with the code under test: the head is written by hand, or as plainly
 * as §5.2 draws it; the payload is masked byte by byte as §5.3 says.
 */

/** `payload` masked with `key`, four bytes in hex (§5.3: j = i MOD 4). */
export function masked(key: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const octets = hex(key);
  return payload.map((octet, index) => octet ^ (octets[index % 4] ?? 0)) as Uint8Array<ArrayBuffer>;
}

/** What a frame of a test is made of. */
export interface WireFrame {
  /** FIN, RSV bits and opcode */
  first: number;
  payload: Uint8Array;
  /** the masking key in hex; absent for frames of a server */
  key?: string | undefined;
}

/** A frame in bytes (§5.2). */
export function wire({ first, payload, key }: WireFrame): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const mask = key === undefined ? 0 : 0x80;
  const head =
    length < 126
      ? [first, mask + length]
      : length < 65536
        ? [first, mask + 126, length >> 8, length & 0xff]
        : [
            first,
            mask + 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 0xff,
            (length >> 8) & 0xff,
            length & 0xff,
          ];
  if (key === undefined) return concat(Uint8Array.from(head), payload);
  return concat(Uint8Array.from(head), hex(key), masked(key, payload));
}

/** A frame read back: what {@link readWire} found. */
export interface ReadFrame {
  first: number;
  /** unmasked */
  payload: Uint8Array<ArrayBuffer>;
  /** as a big-endian number; undefined when the frame is not masked */
  key: number | undefined;
  /** bytes of the length field: 1, 3 or 9 with the seven bits in front */
  lengthField: 1 | 3 | 9;
}

/** Reads whole frames (§5.2); throws when bytes are left over. */
export function readWire(bytes: Uint8Array): ReadFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: ReadFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = view.getUint8(at);
    const second = view.getUint8(at + 1);
    let length = second & 0x7f;
    let lengthField: 1 | 3 | 9 = 1;
    if (length === 126) {
      length = view.getUint16(at + 2);
      lengthField = 3;
    } else if (length === 127) {
      length = Number(view.getBigUint64(at + 2));
      lengthField = 9;
    }
    at += 1 + lengthField;
    const isMasked = second >= 0x80;
    const key = isMasked ? view.getUint32(at) : undefined;
    const keyBytes = isMasked ? bytes.slice(at, at + 4) : new Uint8Array(4);
    if (isMasked) at += 4;
    if (at + length > bytes.length) throw new RangeError('the last frame is not whole');
    const payload = bytes.slice(at, at + length).map((octet, index) => octet ^ (keyBytes[index % 4] ?? 0));
    frames.push({ first, payload: payload as Uint8Array<ArrayBuffer>, key, lengthField });
    at += length;
  }
  return frames;
}
