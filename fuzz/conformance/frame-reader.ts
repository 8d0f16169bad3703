import { ByteWriter } from '../arbitraries/byte-writer.js';
import { isUtf8 } from '../models/utf8.js';

/** What a {@link FrameReader} finds. */
export type Found =
  | { readonly kind: 'text' | 'binary'; readonly payload: Uint8Array; readonly compressed: boolean }
  | { readonly kind: 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly kind: 'close'; readonly code: number | undefined; readonly reason: Uint8Array }
  | { readonly kind: 'broken'; readonly rule: string };

interface Head {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: number;
  readonly end: number;
}

/** §7.4.1, §7.4.2 and the registry of IANA: what may stand in a close frame. */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/**
 * Reads what the tested side sends, and sees every rule of §5 that it breaks itself. Written from the RFC, without a line
 * of the packages.
 */
export class FrameReader {
  readonly #masked: boolean;
  readonly #rsv1: boolean;
  readonly #bytes = new ByteWriter();
  #at = 0;
  #closed = false;
  /** the masking key of the last frame, and how often it came in a row */
  #key = -1;
  #sameKeys = 0;
  #broken = false;
  /** the message that is not finished */
  #message:
    | { readonly kind: 'text' | 'binary'; readonly compressed: boolean; readonly parts: Uint8Array[] }
    | undefined;

  /**
   * @param masked whether the tested side must mask (§5.1)
   * @param rsv1 whether permessage-deflate was agreed on (RFC 7692 §6)
   */
  constructor(masked: boolean, rsv1: boolean) {
    this.#masked = masked;
    this.#rsv1 = rsv1;
  }

  push(chunk: Uint8Array): Found[] {
    this.#bytes.put(chunk);
    const found: Found[] = [];
    while (!this.#broken) {
      const bytes = this.#bytes.view(this.#at);
      const head = bytes.length === 0 ? undefined : this.#head(bytes);
      if (head === undefined) break;
      const event = typeof head === 'string' ? broken(head) : this.#frame(bytes, head);
      if (event !== undefined) found.push(event);
      this.#broken = event?.kind === 'broken';
      if (typeof head !== 'string') this.#at += head.end;
    }
    if (this.#at === this.#bytes.length) {
      this.#bytes.reset();
      this.#at = 0;
    }
    return found;
  }

  /** Bytes of a frame that has not come to its end. */
  get unfinished(): number {
    return this.#bytes.length - this.#at;
  }

  /** The head of a frame that is whole, the rule it breaks, or nothing yet. */
  #head(bytes: Uint8Array): Head | string | undefined {
    const [first = 0, second = 0] = bytes;
    if (this.#closed) return 'nothing follows a close frame (§5.5.1)';
    if (bytes.length < 2) return undefined;
    const masked = second >= 0x80;
    if (masked !== this.#masked)
      return masked ? 'a server does not mask (§5.1)' : 'a client masks its frames (§5.1)';
    const short = second & 0x7f;
    const size = short === 127 ? 8 : short === 126 ? 2 : 0;
    if (bytes.length < 2 + size) return undefined;
    let length = size === 0 ? short : 0;
    for (const byte of bytes.subarray(2, 2 + size)) length = length * 256 + byte;
    if ((size === 2 && length < 126) || (size === 8 && length < 65536))
      return 'a length takes the fewest bytes (§5.2)';
    const opcode = first & 0x0f;
    if (opcode >= 8 && (first < 0x80 || length > 125))
      return 'a control frame is whole, and carries 125 bytes at most (§5.5)';
    const payload = 2 + size + (masked ? 4 : 0);
    if (bytes.length < payload + length) return undefined;
    return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode, masked, payload, end: payload + length };
  }

  #frame(bytes: Uint8Array, head: Head): Found | undefined {
    const { opcode, rsv } = head;
    const payload = bytes.slice(head.payload, head.end);
    if (head.masked) {
      const key = bytes.slice(head.payload - 4, head.payload);
      if (this.#isKeyOld(key)) return broken('each frame has a masking key of its own (§5.3)');
      for (let index = 0; index < payload.length; index++)
        payload[index] = (payload[index] ?? 0) ^ (key[index % 4] ?? 0);
    }
    const mayBeCompressed = this.#rsv1 && (opcode === 1 || opcode === 2);
    if (rsv !== 0 && !(rsv === 4 && mayBeCompressed)) return broken('reserved bits are 0 (§5.2)');
    if (opcode === 9 || opcode === 10) return { kind: opcode === 9 ? 'ping' : 'pong', payload };
    if (opcode === 8) return this.#close(payload);
    if (opcode > 2) return broken('reserved opcodes are not used (§5.2)');
    if (opcode === 0) {
      if (this.#message === undefined) return broken('a continuation continues a message (§5.4)');
    } else {
      if (this.#message !== undefined) return broken('messages are not interleaved (§5.4)');
      this.#message = { kind: opcode === 1 ? 'text' : 'binary', compressed: rsv === 4, parts: [] };
    }
    const { kind, compressed, parts } = this.#message;
    parts.push(payload);
    if (!head.fin) return undefined;
    this.#message = undefined;
    return { kind, compressed, payload: parts.length === 1 ? payload : Buffer.concat(parts) };
  }

  /** Once in 2^64 times a key is new and yet the third of its kind. */
  #isKeyOld(key: Uint8Array): boolean {
    const value = key.reduce((sum, byte) => sum * 256 + byte, 0);
    this.#sameKeys = value === this.#key ? this.#sameKeys + 1 : 1;
    this.#key = value;
    return this.#sameKeys >= 3;
  }

  #close(payload: Uint8Array): Found {
    this.#closed = true;
    // §5.5.1: no data follows, and so the message would never end; what is tested has all of it when it begins to send.
    if (this.#message !== undefined) return broken('no message is left unfinished by a close frame (§5.4)');
    if (payload.length === 0) return { kind: 'close', code: undefined, reason: payload };
    const code = (payload[0] ?? 0) * 256 + (payload[1] ?? 0);
    const reason = payload.subarray(2);
    if (payload.length === 1) return broken('a close code takes two bytes (§5.5.1)');
    if (!isCloseCode(code)) return broken(`${code} is never sent (§7.4)`);
    if (!isUtf8(reason)) return broken('a close reason is UTF-8 (§5.5.1)');
    return { kind: 'close', code, reason };
  }
}

function broken(rule: string): Found {
  return { kind: 'broken', rule };
}
