import { sha1 } from '@noble/hashes/legacy.js';
import { encodeBase64 } from './base64.js';
import { isKey } from './key.js';

/** SHA-1 (RFC 3174) of an ASCII text, as base64. */
export type Sha1 = (text: string) => string;

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY_LENGTH = 24;

const message = new Uint8Array(KEY_LENGTH + GUID.length);

/*
 * A hash that has read nothing is copied into one that is used again: making a new one each time costs two thirds more
 * (`upgrade` in the benchmarks of the handshake).
 */
const fresh = sha1.create();
const hash = sha1.create();
const digest = new Uint8Array(hash.outputLen);

/** SHA-1 of a key and the GUID, on any runtime. */
function portableSha1(text: string): string {
  for (let i = 0; i < message.length; i++) message[i] = text.charCodeAt(i);
  fresh._cloneInto(hash).update(message).digestInto(digest);
  return encodeBase64(digest);
}

/**
 * The `Sec-WebSocket-Accept` that answers a key: base64 of the SHA-1 of key and GUID (§4.2.2).
 *
 * @param sha1 the runtime's own SHA-1, where it has one that answers at once
 * @throws TypeError when the text is not a key
 */
export function acceptValue(key: string, sha1?: Sha1 | undefined): string {
  if (!isKey(key)) throw new TypeError('not a Sec-WebSocket-Key');
  return acceptValueOf(key, sha1);
}

/** The same for a text that is known to be a key. */
export function acceptValueOf(key: string, sha1: Sha1 | undefined = portableSha1): string {
  return sha1(key + GUID);
}
