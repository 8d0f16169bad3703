import type { StreamInput } from './stream-input.js';

/** Where the head and the payload of each frame stand; the last piece may be anything. */
export interface Piece {
  readonly from: number;
  /** bytes of the length behind the second byte: 0, 2 or 8 */
  readonly lengthSize: number;
  readonly masked: boolean;
  readonly payload: number;
  readonly end: number;
}

/** Takes a stream apart by its lengths alone, whether they are allowed or not. */
export function piecesOf(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < bytes.length; ) {
    const second = bytes[from + 1] ?? 0;
    const masked = second >= 0x80;
    const lengthSize = (second & 0x7f) === 127 ? 8 : (second & 0x7f) === 126 ? 2 : 0;
    let length = lengthSize === 0 ? second & 0x7f : 0;
    for (let index = 0; index < lengthSize; index++) length = length * 256 + (bytes[from + 2 + index] ?? 0);
    const payload = Math.min(bytes.length, from + 2 + lengthSize + (masked ? 4 : 0));
    const end = Math.min(bytes.length, payload + length);
    pieces.push({ from, lengthSize, masked, payload, end });
    from = end;
  }
  return pieces;
}

function without(input: StreamInput, from: number, end: number): StreamInput {
  const { bytes, cuts } = input;
  const rest = new Uint8Array(bytes.length - (end - from));
  rest.set(bytes.subarray(0, from));
  rest.set(bytes.subarray(end), from);
  const moved = cuts.map((cut) => (cut <= from ? cut : Math.max(from, cut - (end - from))));
  return { ...input, bytes: rest, cuts: moved.filter((cut) => cut > 0 && cut < rest.length) };
}

/** Smaller streams: fewer cuts, fewer frames, shorter payloads, plainer bytes. */
export function* shrinkStream(input: StreamInput): Iterable<StreamInput> {
  const { bytes, cuts } = input;
  if (cuts.length > 1) yield { ...input, cuts: [] };
  const pieces = piecesOf(bytes);
  // Half of the frames, a quarter …, one.
  for (let size = pieces.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= pieces.length; at += size) {
      const first = pieces[at];
      const last = pieces[at + size - 1];
      if (first !== undefined && last !== undefined) yield without(input, first.from, last.end);
    }
  }
  for (const cut of cuts.slice(0, 30)) yield { ...input, cuts: cuts.filter((other) => other !== cut) };
  for (const { from, lengthSize, payload, end } of pieces.slice(0, 60)) {
    const length = end - payload;
    if (lengthSize !== 0 || length === 0) continue;
    for (const less of new Set([length, length >> 1, 1])) {
      if (less === 0) continue;
      const shorter = without(input, end - less, end);
      shorter.bytes[from + 1] = (shorter.bytes[from + 1] ?? 0) - less;
      yield shorter;
    }
  }
  for (const less of [bytes.length >> 1, 16, 4, 1]) {
    if (less > 0 && less < bytes.length) yield without(input, bytes.length - less, bytes.length);
  }
  if (bytes.length > 80) return;
  for (const { payload, masked, end } of pieces) {
    for (let at = masked ? payload - 4 : payload; at < end; at++) {
      if (bytes[at] === 0) continue;
      const plainer = bytes.slice();
      plainer[at] = 0;
      yield { ...input, bytes: plainer };
    }
  }
}
