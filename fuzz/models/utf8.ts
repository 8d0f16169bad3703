/** Code points that characters of 1 to 4 bytes may have (RFC 3629 §3), by their number of bytes. */
const RANGES: readonly (readonly [low: number, high: number])[] = [
  [0, -1],
  [0, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xffff],
  [0x10000, 0x10ffff],
];

/**
 * UTF-8 a byte at a time, by its meaning rather than by a table of bytes: what has come of a character leaves a range of
 * code points open, and as long as one of them is a character, a byte can mend it (RFC 6455 §8.1).
 */
export class Utf8Model {
  #value = 0;
  #length = 0;
  #missing = 0;

  /** Whether no character is left unfinished. */
  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Takes a byte; `false` when no byte can mend it. */
  push(byte: number): boolean {
    if (this.#missing === 0) {
      if (byte < 0x80) return true;
      // RFC 3629 §3: the leading ones of the first byte are the number of bytes, two to four.
      if (byte >= 0xc0 && byte < 0xe0) this.#begin(2, byte - 0xc0);
      else if (byte >= 0xe0 && byte < 0xf0) this.#begin(3, byte - 0xe0);
      else if (byte >= 0xf0 && byte < 0xf8) this.#begin(4, byte - 0xf0);
      else return false;
    } else {
      if (byte < 0x80 || byte > 0xbf) return false;
      this.#value = this.#value * 64 + (byte - 0x80);
      this.#missing--;
    }
    return this.#isMendable();
  }

  #begin(length: number, bits: number): void {
    this.#length = length;
    this.#missing = length - 1;
    this.#value = bits;
  }

  #isMendable(): boolean {
    const open = 64 ** this.#missing;
    const [least, most] = RANGES[this.#length] ?? [0, -1];
    const low = Math.max(least, this.#value * open);
    const high = Math.min(most, this.#value * open + open - 1);
    const onlySurrogates = low >= 0xd800 && high <= 0xdfff;
    return low <= high && !onlySurrogates;
  }
}

/** How the bytes begin a text: whole characters, up to within one, or with bytes that nothing can mend. */
export function startsUtf8(bytes: Iterable<number>): 'whole' | 'open' | 'broken' {
  const model = new Utf8Model();
  for (const byte of bytes) if (!model.push(byte)) return 'broken';
  return model.complete ? 'whole' : 'open';
}

/** Whether the bytes are UTF-8, to their end. */
export function isUtf8(bytes: Iterable<number>): boolean {
  return startsUtf8(bytes) === 'whole';
}
