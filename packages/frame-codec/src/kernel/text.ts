import { web } from '../runtime/web.js';
import type { Kernel } from './kernel.js';
import { SCRATCH, SCRATCH_LENGTH } from './memory-map.js';

/*
 * Text in and out by the fastest right way that the runtime has. Node's own methods of Buffer work on any Uint8Array
 * and cost a third of TextDecoder and TextEncoder for small texts.
 */

const buffer = web.Buffer?.prototype;
// ignoreBOM keeps a byte order mark: it belongs to the text (WHATWG WebSockets, «UTF-8 decode without BOM»).
const decoder = web.TextDecoder && new web.TextDecoder('utf-8', { ignoreBOM: true });
const encoder = web.TextEncoder && new web.TextEncoder();

/** Up to here a loop over the characters is quicker than a call into the runtime. */
const SHORT_TEXT = 24;

type Slice = (this: Uint8Array, start: number, end: number) => string;

const utf8Slice: Slice =
  buffer?.utf8Slice ??
  function (start, end) {
    if (decoder === undefined) throw new TypeError('this runtime has neither TextDecoder nor Buffer');
    return decoder.decode(this.subarray(start, end));
  };
const latin1Slice: Slice = buffer?.latin1Slice ?? utf8Slice;

/** The text of `bytes[start … end)`, which were checked to be UTF-8; `ascii` when every one is below 0x80. */
export function decodeText(bytes: Uint8Array, start: number, end: number, ascii: boolean): string {
  if (!ascii) return utf8Slice.call(bytes, start, end);
  const length = end - start;
  if (length > 16 || start + 16 > bytes.length) return latin1Slice.call(bytes, start, end);
  const text = sixteenCharacters(bytes, start);
  return length === 16 ? text : text.substring(0, length);
}

/**
 * Half the time of a call into the runtime (`decode: 16 B text` in the benchmarks), even where the characters that are
 * too many are cut off again.
 */
function sixteenCharacters(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    bytes[at] ?? 0,
    bytes[at + 1] ?? 0,
    bytes[at + 2] ?? 0,
    bytes[at + 3] ?? 0,
    bytes[at + 4] ?? 0,
    bytes[at + 5] ?? 0,
    bytes[at + 6] ?? 0,
    bytes[at + 7] ?? 0,
    bytes[at + 8] ?? 0,
    bytes[at + 9] ?? 0,
    bytes[at + 10] ?? 0,
    bytes[at + 11] ?? 0,
    bytes[at + 12] ?? 0,
    bytes[at + 13] ?? 0,
    bytes[at + 14] ?? 0,
    bytes[at + 15] ?? 0,
  );
}

/** Most bytes that `text` may take as UTF-8: three for each unit of UTF-16. */
export function maxUtf8Length(text: string): number {
  return text.length * 3;
}

/**
 * Writes `text` as UTF-8 at `target[at …]`, where there must be room for {@link maxUtf8Length}; returns how many bytes
 * were written. A lone surrogate becomes U+FFFD.
 */
export function encodeTextInto(text: string, target: Uint8Array, at: number): number {
  if (text.length <= SHORT_TEXT) {
    let position = at;
    let index = 0;
    for (; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) break;
      target[position++] = unit;
    }
    if (index === text.length) return index;
  }
  if (buffer?.utf8Write !== undefined) return buffer.utf8Write.call(target, text, at, maxUtf8Length(text));
  return encoderOf().encodeInto(text, target.subarray(at)).written;
}

/** `text` as UTF-8, owned by the caller. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  if (encoder !== undefined || buffer?.utf8Write === undefined) return encoderOf().encode(text);
  const room = new Uint8Array(maxUtf8Length(text));
  return room.slice(0, encodeTextInto(text, room, 0));
}

function encoderOf(): NonNullable<typeof encoder> {
  if (encoder === undefined) throw new TypeError('this runtime has neither TextEncoder nor Buffer');
  return encoder;
}

/** Bytes at the end of `bytes[start … end)`, which is UTF-8 up to there, that begin a character and do not finish it. */
export function cutLength(bytes: Uint8Array, start: number, end: number): number {
  for (let back = 1; back <= 3 && end - back >= start; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? back : 0;
  }
  return 0;
}

/** Checks bytes outside of a kernel's memory to be UTF-8 (§8.1), piece by piece. */
export class Utf8Checker {
  readonly #kernel: Kernel;
  #state = 0;
  /** Whether every byte of the last piece, and of a character cut before it, is below 0x80. */
  ascii = true;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Whether what was checked does not end inside a character. */
  get complete(): boolean {
    return this.#state === 0;
  }

  /** Another checker that stands where this one does. */
  fork(): Utf8Checker {
    const fork = new Utf8Checker(this.#kernel);
    fork.#state = this.#state;
    return fork;
  }

  /** Checks the next piece, which may end inside a character; `false` when no byte can mend it. */
  check(piece: Uint8Array): boolean {
    const { bytes } = this.#kernel;
    this.ascii = true;
    for (let at = 0; at < piece.length; at += SCRATCH_LENGTH) {
      const length = Math.min(SCRATCH_LENGTH, piece.length - at);
      bytes.set(length === piece.length ? piece : piece.subarray(at, at + length), SCRATCH);
      // Masking with 0 changes nothing, and tells whether a byte is 0x80 or above.
      if (this.#state === 0 && this.#kernel.maskText(SCRATCH, length, 0) === 0) continue;
      this.ascii = false;
      this.#state = this.#kernel.validate(SCRATCH, SCRATCH + length, this.#state);
      if (this.#state < 0) return false;
    }
    return true;
  }
}
