import type { Limits } from '../rules/limit.js';
import { LimitError, ProtocolError, VIOLATION_NAMES } from '../rules/violation.js';
import type { Kernel } from './kernel.js';
import { INBOX, VIOLATION, VIOLATION_AT } from './memory-map.js';

/** What a kernel has found to be wrong; `received` bytes came before those in its inbox. */
export function errorOf(
  { bytes, words }: Kernel,
  received: number,
  { maxFragments, maxFrameLength, maxMessageLength }: Limits,
): ProtocolError {
  const name = VIOLATION_NAMES[words[VIOLATION] ?? 0] ?? 'reserved-bit-set';
  const position = received + (words[VIOLATION_AT] ?? INBOX) - INBOX;
  switch (name) {
    case 'fragments-too-many':
      return new LimitError(name, maxFragments, position);
    case 'frame-too-long':
      return new LimitError(name, maxFrameLength, position);
    case 'message-too-long':
      return new LimitError(name, maxMessageLength, position);
    default:
      return new ProtocolError(
        name,
        position,
        name === 'text-not-utf8' ? undefined : bytes[words[VIOLATION_AT] ?? INBOX],
      );
  }
}
