import { encodeBase64 } from './base64.js';
import { isKey } from './key.js';

/*
 * SHA-1 (RFC 3174) of one message, 60 bytes long: a key and the GUID of §1.3. It proves to a client that the server has read
 * the key and protects nothing. Written out because the length never varies: two blocks, of which the second holds only the
 * length and so is known beforehand. A general implementation costs three times as much, which is half of an upgrade
 * (benchmarks/handshake).
 */

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY_CHARACTERS = 24;
const MESSAGE_BITS = 8 * (KEY_CHARACTERS + GUID.length);

/** A message schedule: 80 words of 32 bits. Little-endian, as most machines are: they read it without turning the bytes. */
const SCHEDULE_LENGTH = 4 * 80;

/** The schedule of the first block: the key, the GUID, and the bit that ends the message. */
const first = new DataView(new ArrayBuffer(SCHEDULE_LENGTH));
for (let i = 0; i < GUID.length; i += 4) first.setInt32(KEY_CHARACTERS + i, wordAt(GUID, i), true);
first.setInt32(KEY_CHARACTERS + GUID.length, 0x80000000, true);

/** The schedule of the second block: zeros, then the length of the message. */
const second = new DataView(new ArrayBuffer(SCHEDULE_LENGTH));
second.setInt32(60, MESSAGE_BITS, true);
expand(second);

const digest = new Uint8Array(20);
const state = new DataView(digest.buffer);

/**
 * The `Sec-WebSocket-Accept` that answers a key: base64 of the SHA-1 of key and GUID (§4.2.2).
 *
 * @throws TypeError when the text is not a key
 */
export function acceptValue(key: string): string {
  if (!isKey(key)) throw new TypeError('not a Sec-WebSocket-Key');
  return acceptValueOf(key);
}

/** The same for a text that is known to be a key. */
export function acceptValueOf(key: string): string {
  for (let i = 0; i < KEY_CHARACTERS; i += 4) first.setInt32(i, wordAt(key, i), true);
  expand(first);
  // RFC 3174 §6.1: H0 to H4.
  state.setInt32(0, 0x67452301);
  state.setInt32(4, 0xefcdab89);
  state.setInt32(8, 0x98badcfe);
  state.setInt32(12, 0x10325476);
  state.setInt32(16, 0xc3d2e1f0);
  compress(first);
  compress(second);
  return encodeBase64(digest);
}

/** Four ASCII characters as a big-endian word. */
function wordAt(text: string, i: number): number {
  return (
    (text.charCodeAt(i) << 24) |
    (text.charCodeAt(i + 1) << 16) |
    (text.charCodeAt(i + 2) << 8) |
    text.charCodeAt(i + 3)
  );
}

/** RFC 3174 §6.1, step b. */
function expand(words: DataView): void {
  for (let t = 64; t < SCHEDULE_LENGTH; t += 4) {
    const word =
      words.getInt32(t - 12, true) ^
      words.getInt32(t - 32, true) ^
      words.getInt32(t - 56, true) ^
      words.getInt32(t - 64, true);
    words.setInt32(t, (word << 1) | (word >>> 31), true);
  }
}

/**
 * RFC 3174 §6.1, steps c to e: four rounds of twenty steps, which differ in the function of b, c and d and in the constant
 * (§5). Five steps in a row, each with the names turned by one, so that no value has to move.
 */
function compress(words: DataView): void {
  let a = state.getInt32(0);
  let b = state.getInt32(4);
  let c = state.getInt32(8);
  let d = state.getInt32(12);
  let e = state.getInt32(16);
  let t = 0;
  for (; t < 80; t += 20) {
    e = (turn(a, 5) + ((d ^ (b & (c ^ d))) + (e + 0x5a827999 + words.getInt32(t, true)))) | 0;
    b = turn(b, 30);
    d = (turn(e, 5) + ((c ^ (a & (b ^ c))) + (d + 0x5a827999 + words.getInt32(t + 4, true)))) | 0;
    a = turn(a, 30);
    c = (turn(d, 5) + ((b ^ (e & (a ^ b))) + (c + 0x5a827999 + words.getInt32(t + 8, true)))) | 0;
    e = turn(e, 30);
    b = (turn(c, 5) + ((a ^ (d & (e ^ a))) + (b + 0x5a827999 + words.getInt32(t + 12, true)))) | 0;
    d = turn(d, 30);
    a = (turn(b, 5) + ((e ^ (c & (d ^ e))) + (a + 0x5a827999 + words.getInt32(t + 16, true)))) | 0;
    c = turn(c, 30);
  }
  for (; t < 160; t += 20) {
    e = (turn(a, 5) + ((b ^ c ^ d) + (e + 0x6ed9eba1 + words.getInt32(t, true)))) | 0;
    b = turn(b, 30);
    d = (turn(e, 5) + ((a ^ b ^ c) + (d + 0x6ed9eba1 + words.getInt32(t + 4, true)))) | 0;
    a = turn(a, 30);
    c = (turn(d, 5) + ((e ^ a ^ b) + (c + 0x6ed9eba1 + words.getInt32(t + 8, true)))) | 0;
    e = turn(e, 30);
    b = (turn(c, 5) + ((d ^ e ^ a) + (b + 0x6ed9eba1 + words.getInt32(t + 12, true)))) | 0;
    d = turn(d, 30);
    a = (turn(b, 5) + ((c ^ d ^ e) + (a + 0x6ed9eba1 + words.getInt32(t + 16, true)))) | 0;
    c = turn(c, 30);
  }
  for (; t < 240; t += 20) {
    e = (turn(a, 5) + (((b & c) | (d & (b | c))) + (e + 0x8f1bbcdc + words.getInt32(t, true)))) | 0;
    b = turn(b, 30);
    d = (turn(e, 5) + (((a & b) | (c & (a | b))) + (d + 0x8f1bbcdc + words.getInt32(t + 4, true)))) | 0;
    a = turn(a, 30);
    c = (turn(d, 5) + (((e & a) | (b & (e | a))) + (c + 0x8f1bbcdc + words.getInt32(t + 8, true)))) | 0;
    e = turn(e, 30);
    b = (turn(c, 5) + (((d & e) | (a & (d | e))) + (b + 0x8f1bbcdc + words.getInt32(t + 12, true)))) | 0;
    d = turn(d, 30);
    a = (turn(b, 5) + (((c & d) | (e & (c | d))) + (a + 0x8f1bbcdc + words.getInt32(t + 16, true)))) | 0;
    c = turn(c, 30);
  }
  for (; t < 320; t += 20) {
    e = (turn(a, 5) + ((b ^ c ^ d) + (e + 0xca62c1d6 + words.getInt32(t, true)))) | 0;
    b = turn(b, 30);
    d = (turn(e, 5) + ((a ^ b ^ c) + (d + 0xca62c1d6 + words.getInt32(t + 4, true)))) | 0;
    a = turn(a, 30);
    c = (turn(d, 5) + ((e ^ a ^ b) + (c + 0xca62c1d6 + words.getInt32(t + 8, true)))) | 0;
    e = turn(e, 30);
    b = (turn(c, 5) + ((d ^ e ^ a) + (b + 0xca62c1d6 + words.getInt32(t + 12, true)))) | 0;
    d = turn(d, 30);
    a = (turn(b, 5) + ((c ^ d ^ e) + (a + 0xca62c1d6 + words.getInt32(t + 16, true)))) | 0;
    c = turn(c, 30);
  }
  state.setInt32(0, state.getInt32(0) + a);
  state.setInt32(4, state.getInt32(4) + b);
  state.setInt32(8, state.getInt32(8) + c);
  state.setInt32(12, state.getInt32(12) + d);
  state.setInt32(16, state.getInt32(16) + e);
}

/** RFC 3174 §3: the circular left shift. */
function turn(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
