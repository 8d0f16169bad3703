import { sha1 } from '@noble/hashes/legacy.js';
import { encodeBase64 } from './base64.js';

/** The bytes of a nonce: §4.1. */
export const KEY_LENGTH = 16;

/** What the server appends to the key to prove that it speaks WebSocket: §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/*
 * 16 bytes in base64: 22 characters and two of padding.
 * Looser than RFC 4648 §3.5: the four bits after the 128th need not be zero; some clients fill them.
 */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** Whether the text is a `Sec-WebSocket-Key`: base64 of 16 bytes (§4.2.1). */
export function isKey(text: string): boolean {
  return text.length === 24 && KEY.test(text);
}

/**
 * A `Sec-WebSocket-Key` from 16 bytes of the caller's strong random source (§4.1, §10.3).
 *
 * @throws RangeError when there are not exactly 16 bytes
 */
export function encodeKey(nonce: Uint8Array): string {
  if (nonce.length !== KEY_LENGTH)
    throw new RangeError(`a key is made of ${KEY_LENGTH} bytes, not ${nonce.length}`);
  return encodeBase64(nonce);
}

/** Key and GUID, 60 bytes; the call is synchronous, so one buffer serves all. */
const message = new Uint8Array(60);
for (let i = 0; i < GUID.length; i++) message[24 + i] = GUID.charCodeAt(i);

/**
 * The `Sec-WebSocket-Accept` that answers a key: base64 of the SHA-1 of key and GUID (§4.2.2).
 *
 * @throws TypeError when the text is not a key
 */
export function acceptValue(key: string): string {
  if (!isKey(key)) throw new TypeError('not a Sec-WebSocket-Key');
  for (let i = 0; i < 24; i++) message[i] = key.charCodeAt(i);
  return encodeBase64(sha1(message));
}
