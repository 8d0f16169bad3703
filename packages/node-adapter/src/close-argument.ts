import { types } from 'node:util';
import { isSendableCloseCode, MAX_CLOSE_REASON_LENGTH } from '@x/frame-codec';

/**
 * The reason of a close frame as text; without a code there is none.
 *
 * @throws {TypeError} when the code must not be sent (§7.4), or the reason is neither text nor bytes
 * @throws {RangeError} when the reason has more than 123 bytes (§5.5)
 */
export function checkClose(code: number | undefined, reason: string | Uint8Array | undefined): string {
  if (code === undefined) return '';
  if (typeof code !== 'number' || !Number.isInteger(code) || !isSendableCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number');
  }
  if (reason === undefined) return '';
  if (typeof reason !== 'string' && !types.isUint8Array(reason)) {
    throw new TypeError('Second argument must be a string or a Uint8Array');
  }
  if (Buffer.byteLength(reason) > MAX_CLOSE_REASON_LENGTH) {
    throw new RangeError('The message must not be greater than 123 bytes');
  }
  return typeof reason === 'string' ? reason : Buffer.from(reason).toString();
}
