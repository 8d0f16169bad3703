const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 0x3d;

const CODES = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));

const DIGITS = new Uint8Array(256);
for (const code of CODES) DIGITS[code] = 1;

/** Base64 with padding: RFC 4648 §4. Four characters at a time, which engines make without an array. */
export function encodeBase64(bytes: Uint8Array): string {
  const { length } = bytes;
  let text = '';
  for (let i = 0; i < length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += String.fromCharCode(
      codeOf(group >> 18),
      codeOf((group >> 12) & 63),
      i + 1 < length ? codeOf((group >> 6) & 63) : PADDING,
      i + 2 < length ? codeOf(group & 63) : PADDING,
    );
  }
  return text;
}

function codeOf(sextet: number): number {
  return CODES[sextet] ?? PADDING;
}

/** Whether the first `count` characters are of the base64 alphabet. */
export function isBase64(text: string, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || DIGITS[code] !== 1) return false;
  }
  return true;
}
