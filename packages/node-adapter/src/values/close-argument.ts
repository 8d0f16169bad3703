import { isSendableCloseCode, MAX_CLOSE_REASON_LENGTH } from '@x/frame-codec';
import { checkOptional, toText } from './payload.js';

/**
 * The reason of a close frame as text; without a code there is none.
 *
 * @throws {TypeError} when the code must not be sent (§7.4), or the reason is neither text nor bytes, and has a length
 * @throws {RangeError} when the reason has more than 123 bytes (§5.5)
 */
export function checkClose(code: number | undefined, reason: unknown): string {
  if (code === undefined) return '';
  if (typeof code !== 'number' || !Number.isInteger(code) || !isSendableCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number');
  }
  const text = toText(checkOptional(reason, 'Second argument must be a string or a Uint8Array'));
  // Of the text: what is no UTF-8 has grown.
  if (Buffer.byteLength(text) > MAX_CLOSE_REASON_LENGTH) {
    throw new RangeError('The message must not be greater than 123 bytes');
  }
  return text;
}
