import { type ByteWriter, writeFrame } from './byte-writer.js';
import { anyLength, octets, text } from './payload.js';
import type { Random } from './random.js';

/*
 * Streams are written in groups: a message with the control frames between its fragments, or a control frame alone. A
 * stream without some of its groups is a stream too, which is how failures shrink.
 */

/** What the application is to be told of a group: whole messages and control frames, in the order in which they end. */
export interface Told {
  readonly kind: 'text' | 'binary' | 'ping' | 'pong';
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Where groups are written, and what they are to come to. */
export interface Sheet {
  readonly writer: ByteWriter;
  readonly random: Random;
  readonly masked: boolean;
  readonly told: Told[];
  frames: number;
}

export const FIN = 0x80;
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Writes one frame. */
export function frame(sheet: Sheet, first: number, payload: Uint8Array): void {
  writeFrame(sheet.writer, first, payload, sheet.masked, sheet.random);
  sheet.frames++;
}

/** A ping or a pong. */
export function control(sheet: Sheet): void {
  const { random } = sheet;
  const kind = random.pick(['ping', 'pong'] as const);
  const payload = octets(random, random.once(8) ? random.pick([124, 125]) : random.below(12));
  frame(sheet, FIN | OPCODE[kind], payload);
  sheet.told.push({ kind, payload });
}

/** A message of one frame or of several, cut anywhere, with control frames between them. */
export function message(sheet: Sheet, maxLength: number, maxFragments: number): void {
  const { random, told } = sheet;
  const kind = random.pick(['text', 'binary'] as const);
  const length = Math.min(anyLength(random), maxLength);
  const made = kind === 'text' ? text(random, length) : octets(random, length);
  // The last character of a text may have gone over.
  const payload = made.length > maxLength ? text(random, 0) : made;
  const count = random.once(4) ? Math.min(maxFragments, 1 + random.below(4)) : 1;
  let from = 0;
  for (let index = 0; index < count; index++) {
    const last = index === count - 1;
    const end = last ? payload.length : random.between(from, payload.length);
    if (index > 0 && random.once(4)) control(sheet);
    frame(sheet, (last ? FIN : 0) | (index === 0 ? OPCODE[kind] : 0), payload.subarray(from, end));
    from = end;
  }
  told.push({ kind, payload });
}

/** A message that has begun and not ended. */
export function openMessage(sheet: Sheet, kind: 'text' | 'binary', fragments: number): void {
  const { random } = sheet;
  for (let index = 0; index < fragments; index++) {
    if (index > 0 && random.once(4)) control(sheet);
    const payload = kind === 'text' ? text(random, 0) : octets(random, 0);
    frame(sheet, index === 0 ? OPCODE[kind] : 0, payload);
  }
  if (random.once(3)) control(sheet);
}
