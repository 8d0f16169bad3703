import { Random } from '../arbitraries/random.js';

/** Bytes that say where they come from, so that two messages of a program differ where they are longer than a few bytes. */

/** Letters and digits by chance, made once: messages take their bytes from somewhere in there. */
const NOISE = noise(400_000);
const NOISE_STEP = 97;

function noise(size: number): string {
  const random = new Random(1);
  let text = '';
  while (text.length < size) text += random.next().toString(36).padStart(6, 'z').slice(-6);
  return text;
}

/** Text of so many bytes, all of them ASCII. */
export function textOf(id: string, size: number, random: boolean): string {
  if (!random) return `${id};`.repeat(Math.ceil(size / (id.length + 1))).slice(0, size);
  const from = (seedOf(id) % 1000) * NOISE_STEP;
  return `${id};${NOISE.slice(from, from + size)}`.slice(0, size);
}

/** So many bytes. */
export function bytesOf(id: string, size: number, random: boolean): Buffer {
  const bytes = Buffer.from(textOf(id, size, random));
  // Above ASCII, so that it is no text.
  const from = Math.min(size, id.length + 1);
  for (let index = from; index < size; index += 1 + (index & 7)) bytes[index] = 0x80 | (bytes[index] ?? 0);
  return bytes;
}

/** So many bytes that are no UTF-8. */
export function badText(id: string, size: number, random: boolean): Buffer {
  const bytes = Buffer.from(textOf(id, size, random));
  if (size > 0) bytes[size - 1] = 0xff;
  return bytes;
}

function seedOf(id: string): number {
  let seed = 7;
  for (const character of id) seed = seed * 31 + character.charCodeAt(0);
  return seed;
}
