import { toHex } from '../campaign/hex.js';

/** What an entry of a {@link Transcript} speaks of. */
export const TAG = {
  frame: 0,
  text: 1,
  binary: 2,
  close: 5,
  error: 6,
  end: 7,
  closing: 8,
  ping: 9,
  pong: 10,
} as const;

/** One of {@link TAG}. */
export type Tag = (typeof TAG)[keyof typeof TAG];

const NAMES = new Map<number, string>(Object.entries(TAG).map(([name, tag]) => [tag, name]));

/**
 * What happened, as bytes: a tag, four bytes of length, and so many bytes. Two of them are compared in one go, which is
 * what makes a campaign quick; they become text only where they differ.
 */
export class Transcript {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #entry = 0;

  get length(): number {
    return this.#length;
  }

  /** Begins an entry, which goes on until the next begins. */
  begin(tag: Tag): void {
    this.#entry = this.#length;
    this.#room(5);
    this.#bytes[this.#length] = tag;
    this.#length += 5;
    this.#close();
  }

  byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = byte;
    this.#close();
  }

  put(bytes: ArrayLike<number>): void {
    const { length } = bytes;
    this.#room(length);
    if (length < 32) {
      for (let index = 0; index < length; index++) this.#bytes[this.#length + index] = bytes[index] ?? 0;
    } else {
      this.#bytes.set(bytes, this.#length);
    }
    this.#length += length;
    this.#close();
  }

  latin1(text: string): void {
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index));
  }

  /** Takes the last entry back. */
  drop(): void {
    this.#length = this.#entry;
  }

  clear(): void {
    this.#length = 0;
    this.#entry = 0;
  }

  equals(other: Transcript): boolean {
    return Buffer.compare(this.#view, other.#view) === 0;
  }

  /** Whether this is how `other` begins. */
  begins(other: Transcript): boolean {
    return (
      this.#length <= other.#length &&
      Buffer.compare(this.#view, other.#bytes.subarray(0, this.#length)) === 0
    );
  }

  /** The bytes of the only entry. */
  payloadOfOnly(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(5, this.#length);
  }

  /** One line an entry. */
  lines(): string[] {
    const lines: string[] = [];
    const view = new DataView(this.#bytes.buffer);
    for (let at = 0; at < this.#length; ) {
      const tag = this.#bytes[at] ?? 0;
      const length = view.getUint32(at + 1);
      const bytes = this.#bytes.subarray(at + 5, at + 5 + length);
      const shown = tag === TAG.error ? String.fromCharCode(...bytes) : toHex(bytes.subarray(0, 40));
      lines.push(`${NAMES.get(tag) ?? tag} ${shown}${length > 40 ? ` … (${length} bytes)` : ''}`.trimEnd());
      at += 5 + length;
    }
    return lines;
  }

  get #view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #close(): void {
    const length = this.#length - this.#entry - 5;
    const bytes = this.#bytes;
    bytes[this.#entry + 1] = length >>> 24;
    bytes[this.#entry + 2] = length >>> 16;
    bytes[this.#entry + 3] = length >>> 8;
    bytes[this.#entry + 4] = length;
  }

  #room(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + length));
    grown.set(this.#view);
    this.#bytes = grown;
  }
}

/** Says where two transcripts part. */
export function difference(nameA: string, a: Transcript, nameB: string, b: Transcript): string {
  const linesA = a.lines();
  const linesB = b.lines();
  let at = 0;
  while (at < linesA.length && linesA[at] === linesB[at]) at++;
  const shared =
    at > 0 ? `after ${at} equal entries, the last of them "${linesA[at - 1]}"` : 'from the start on';
  return `${nameA} and ${nameB} part ${shared}\n  ${nameA}: ${linesA[at] ?? '(nothing more)'}\n  ${nameB}: ${linesB[at] ?? '(nothing more)'}`;
}

/** Throws where they are not the same. */
export function same(nameA: string, a: Transcript, nameB: string, b: Transcript): void {
  if (!a.equals(b)) throw new Error(difference(nameA, a, nameB, b));
}
