/** Bytes that say where they come from, so that two messages of a program differ where they are longer than a few bytes. */

/** Text of so many bytes, all of them ASCII. */
export function textOf(id: string, size: number, random: boolean): string {
  if (!random) return `${id};`.repeat(Math.ceil(size / (id.length + 1))).slice(0, size);
  const characters = new Array<string>(Math.ceil(size / 4));
  let state = seedOf(id);
  for (let index = 0; index < characters.length; index++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    characters[index] = (state >>> 12).toString(36).padStart(4, 'z').slice(-4);
  }
  return `${id};${characters.join('')}`.slice(0, size);
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
  let seed = 0x811c9dc5;
  for (const character of id) seed = Math.imul(seed ^ character.charCodeAt(0), 0x01000193);
  return seed;
}
