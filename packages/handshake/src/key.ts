import { encodeBase64, isBase64 } from './base64.js';
import { isBytes } from './bytes.js';

/** The bytes of a nonce: §4.1. */
export const KEY_LENGTH = 16;

/**
 * Whether the text is a `Sec-WebSocket-Key`: base64 of 16 bytes, so 22 characters and two of padding (§4.2.1).
 * Looser than RFC 4648 §3.5: the four bits after the 128th need not be zero; some clients fill them.
 */
export function isKey(text: string): boolean {
  return text.length === 24 && text.endsWith('==') && isBase64(text, 22);
}

/**
 * A `Sec-WebSocket-Key` from 16 bytes of the caller's strong random source (§4.1, §10.3).
 *
 * @throws TypeError when it is no Uint8Array; RangeError when there are not exactly 16 bytes
 */
export function encodeKey(nonce: Uint8Array): string {
  if (!isBytes(nonce)) throw new TypeError('a nonce is a Uint8Array');
  if (nonce.length !== KEY_LENGTH)
    throw new RangeError(`a key is made of ${KEY_LENGTH} bytes, not ${nonce.length}`);
  return encodeBase64(nonce);
}
