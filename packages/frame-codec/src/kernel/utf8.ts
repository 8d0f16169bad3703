/*
 * UTF-8 byte by byte (§8.1, RFC 3629 §4), for the script kernel. The state between two bytes is 0 between characters;
 * inside one: how many bytes are still needed, and the range of the next (needed | lowest << 8 | highest << 16).
 */

const ANY = (0x80 << 8) | (0xbf << 16);

/** The state after each lead byte, 0xC2 … 0xF4: the rows of the table of RFC 3629 §4. */
const LEADS: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x80) return 0;
  if (byte < 0xc2 || byte > 0xf4) return -1;
  if (byte < 0xe0) return 1 | ANY;
  if (byte === 0xe0) return 2 | (0xa0 << 8) | (0xbf << 16);
  if (byte === 0xed) return 2 | (0x80 << 8) | (0x9f << 16);
  if (byte < 0xf0) return 2 | ANY;
  if (byte === 0xf0) return 3 | (0x90 << 8) | (0xbf << 16);
  return byte === 0xf4 ? 3 | (0x80 << 8) | (0x8f << 16) : 3 | ANY;
});

/** One byte further; −1 when no byte can mend it. */
export function utf8Step(state: number, byte: number): number {
  if (state === 0) return LEADS[byte] ?? -1;
  if (byte < ((state >> 8) & 0xff) || byte > state >> 16) return -1;
  const needed = (state & 0xff) - 1;
  return needed === 0 ? 0 : needed | ANY;
}
