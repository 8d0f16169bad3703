import type { Kernel } from '../kernel/kernel.js';
import { decodeText, encodeText, Utf8Checker } from '../kernel/text.js';
import { CLOSE_CODES, isSendableCloseCode, MAX_CLOSE_REASON_LENGTH, SENDABLE } from '../rules/close-code.js';
import { ProtocolError } from '../rules/violation.js';

/** What a close frame says (§5.5.1); code 1005 when it says nothing (§7.1.5). */
export interface CloseStatus {
  readonly code: number;
  readonly reason: string;
}

/**
 * The payload of a close frame (§5.5.1): nothing, or a code and a reason.
 *
 * @throws {TypeError} when the code is no number, the reason no string, or a reason comes without a code
 * @throws {RangeError} when the code must not be sent (§7.4), or the reason has more than 123 bytes of UTF-8
 */
export function encodeClose(code: number | undefined, reason: string): Uint8Array<ArrayBuffer> {
  if (typeof reason !== 'string') throw new TypeError('close reason must be a string');
  if (code === undefined) {
    if (reason !== '') throw new TypeError('a close reason needs a close code');
    return new Uint8Array(0);
  }
  if (typeof code !== 'number') throw new TypeError('close code must be a number');
  if (!Number.isInteger(code) || !isSendableCloseCode(code)) {
    throw new RangeError(`close code ${code} must not be sent; ${SENDABLE} may`);
  }
  const text = encodeText(reason);
  if (text.length > MAX_CLOSE_REASON_LENGTH) {
    throw new RangeError(`close reason has at most ${MAX_CLOSE_REASON_LENGTH} bytes, not ${text.length}`);
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}

/** Reads the payload of a close frame: at most 125 bytes of `memory` from `start` on. */
export function decodeClose(
  kernel: Kernel,
  memory: Uint8Array,
  start: number,
  length: number,
): CloseStatus | ProtocolError {
  if (length === 0) return { code: CLOSE_CODES.noStatus, reason: '' };
  if (length === 1) return new ProtocolError('close-code-truncated');
  const code = ((memory[start] ?? 0) << 8) | (memory[start + 1] ?? 0);
  if (!isSendableCloseCode(code)) return new ProtocolError('close-code-invalid', undefined, code);
  const reason = memory.slice(start + 2, start + length);
  const utf8 = new Utf8Checker(kernel);
  if (!utf8.check(reason) || !utf8.complete) return new ProtocolError('close-reason-not-utf8');
  return { code, reason: decodeText(reason, 0, reason.length, false) };
}
