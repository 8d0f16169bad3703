import { CONTROL, FIN, OPCODE_BITS, RSV_BITS } from '../rules/first-byte.js';
import { isDefined, OPCODES } from '../rules/opcode.js';
import { type Kernel, viewsOf } from './kernel.js';
import {
  CONFIG,
  CONFIG_CONTINUATION_RSV,
  CONFIG_FIRST_RSV,
  CONFIG_MASKED,
  CONFIG_TEXT,
  CONFIG_TRANSFORMED_RSV,
  CONSUMED,
  CONTINUATION_UNEXPECTED,
  CONTROL_FRAGMENTED,
  CONTROL_TOO_LONG,
  FRAGMENTS,
  FRAGMENTS_TOO_MANY,
  FRAME,
  FRAME_OPEN,
  FRAME_TOO_LONG,
  LENGTH_NOT_MINIMAL,
  LENGTH_TOP_BIT_SET,
  MASK_MISSING,
  MASK_UNEXPECTED,
  MASKING_KEY,
  MAX_FRAGMENTS,
  MAX_FRAME_LENGTH,
  MAX_MESSAGE_LENGTH,
  MEMORY_LENGTH,
  MESSAGE,
  MESSAGE_INTERLEAVED,
  MESSAGE_LENGTH,
  MESSAGE_TOO_LONG,
  OPCODE_RESERVED,
  RECORD_ASCII,
  RECORD_FIRST,
  RECORD_LAST,
  RECORD_LENGTH,
  RECORDS,
  RECORDS_END,
  REMAINING,
  RESERVED_BIT_SET,
  TEXT_NOT_UTF8,
  UTF8,
  VIOLATION,
  VIOLATION_AT,
} from './memory-map.js';
import { utf8Step } from './utf8.js';

/**
 * The kernel in TypeScript, for runtimes that allow no WebAssembly. It follows `assembly/` line by line: the same
 * memory, the same order of checks, the same results.
 */
export function loadScriptKernel(): Kernel {
  const views = viewsOf(new ArrayBuffer(MEMORY_LENGTH));
  const { bytes, words, lengths } = views;

  // The views are always long enough: `?? 0` only says so to the compiler and costs nothing.
  const byteAt = (position: number): number => bytes[position] ?? 0;
  const register = (index: number): number => words[index] ?? 0;

  function mask(position: number, length: number, maskingKey: number): void {
    const end = position + length;
    let key = maskingKey;
    let at = position;
    while (at < end && (at & 3) !== 0) {
      bytes[at] = byteAt(at) ^ (key & 0xff);
      key = (key >>> 8) | (key << 24);
      at++;
    }
    // Four bytes at a time.
    const endWord = end >> 2;
    for (let index = at >> 2; index < endWord; index++) words[index] = (words[index] ?? 0) ^ key;
    at = Math.max(at, endWord << 2);
    while (at < end) {
      bytes[at] = byteAt(at) ^ (key & 0xff);
      key = (key >>> 8) | (key << 24);
      at++;
    }
  }

  function maskText(position: number, length: number, maskingKey: number): number {
    if (maskingKey !== 0) mask(position, length, maskingKey);
    const end = position + length;
    let seen = 0;
    let at = position;
    while (at < end && (at & 3) !== 0) seen |= byteAt(at++);
    const endWord = end >> 2;
    for (let index = at >> 2; index < endWord; index++) {
      if (((words[index] ?? 0) & 0x80808080) !== 0) return 1;
    }
    at = Math.max(at, endWord << 2);
    while (at < end) seen |= byteAt(at++);
    return seen >> 7;
  }

  function validate(position: number, end: number, startState: number): number {
    let state = startState;
    for (let at = position; at < end; ) {
      if (state === 0) {
        // ASCII four bytes at a time.
        if ((at & 3) === 0) {
          while (at + 4 <= end && ((words[at >> 2] ?? 0) & 0x80808080) === 0) at += 4;
          if (at >= end) break;
        }
      }
      state = utf8Step(state, byteAt(at));
      if (state < 0) {
        words[VIOLATION_AT] = at;
        return -1;
      }
      at++;
    }
    return state;
  }

  function scan(start: number, end: number): number {
    const config = register(CONFIG);
    const masked = (config & CONFIG_MASKED) !== 0;
    let position = start;
    let message = register(MESSAGE);
    let fragments = register(FRAGMENTS);
    let utf8 = register(UTF8);
    let frame = register(FRAME);
    let maskingKey = register(MASKING_KEY);
    let remaining = lengths[REMAINING] ?? 0;
    let messageLength = lengths[MESSAGE_LENGTH] ?? 0;
    let violation = 0;
    let record = RECORDS;
    let head = frame & 0xff;

    while (record < RECORDS_END) {
      if (frame === 0) {
        const available = end - position;
        if (available < 1) break;
        head = byteAt(position);
        const opcode = head & OPCODE_BITS;
        const control = (opcode & CONTROL) !== 0;
        const claimed = control
          ? 0
          : opcode === 0
            ? config >> CONFIG_CONTINUATION_RSV
            : config >> CONFIG_FIRST_RSV;
        // §5.2: reserved bits and opcodes.
        if ((head & RSV_BITS & ~(claimed << 4)) !== 0) {
          violation = RESERVED_BIT_SET;
          break;
        }
        if (!isDefined(opcode)) {
          violation = OPCODE_RESERVED;
          break;
        }
        // §5.5: control frames are not fragmented; §5.4: the frames of a message follow each other.
        if (control) {
          if ((head & FIN) === 0) {
            violation = CONTROL_FRAGMENTED;
            break;
          }
        } else if (opcode === 0) {
          if (message === 0) {
            violation = CONTINUATION_UNEXPECTED;
            break;
          }
          if (fragments >>> 0 >= register(MAX_FRAGMENTS) >>> 0) {
            violation = FRAGMENTS_TOO_MANY;
            break;
          }
        } else if (message !== 0) {
          violation = MESSAGE_INTERLEAVED;
          break;
        }

        if (available < 2) break;
        const second = byteAt(position + 1);
        // §5.1: who masks.
        if (second >> 7 !== (config & CONFIG_MASKED)) {
          violation = masked ? MASK_MISSING : MASK_UNEXPECTED;
          break;
        }
        let length = second & 0x7f;
        let headLength = 2;
        // §5.2: the length in as few bytes as it needs; §5.5: at most 125 in a control frame.
        if (length > 125) {
          if (control) {
            violation = CONTROL_TOO_LONG;
            break;
          }
          if (length === 126) {
            headLength = 4;
            if (available < 4) break;
            length = (byteAt(position + 2) << 8) | byteAt(position + 3);
            if (length < 126) {
              violation = LENGTH_NOT_MINIMAL;
              break;
            }
          } else {
            headLength = 10;
            if (available < 10) break;
            if (byteAt(position + 2) > 0x7f) {
              violation = LENGTH_TOP_BIT_SET;
              break;
            }
            // Beyond 2^53 the sum is rounded, and too long in any case.
            length = 0;
            for (let at = position + 2; at < position + 10; at++) length = length * 256 + byteAt(at);
            if (length < 0x10000) {
              violation = LENGTH_NOT_MINIMAL;
              break;
            }
          }
        }
        if (control) {
          if (available < headLength + (masked ? 4 : 0) + length) break;
        } else {
          if (length > (lengths[MAX_FRAME_LENGTH] ?? 0)) {
            violation = FRAME_TOO_LONG;
            break;
          }
          if ((opcode === 0 ? messageLength : 0) + length > (lengths[MAX_MESSAGE_LENGTH] ?? 0)) {
            violation = MESSAGE_TOO_LONG;
            break;
          }
          if (masked && available < headLength + 4) break;
          if (opcode !== 0) {
            message = head & 0x7f;
            fragments = 0;
            messageLength = 0;
            utf8 = 0;
          }
          fragments++;
          messageLength += length;
        }
        position += headLength;
        if (masked) {
          maskingKey =
            byteAt(position) |
            (byteAt(position + 1) << 8) |
            (byteAt(position + 2) << 16) |
            (byteAt(position + 3) << 24);
          position += 4;
        }
        remaining = length;
        frame = head | RECORD_FIRST;
      } else {
        frame = head;
        if (position >= end) {
          frame |= FRAME_OPEN;
          break;
        }
      }

      // `frame` is the head of the record from here on.
      const length = Math.min(remaining, end - position);
      const text =
        (head & CONTROL) === 0 &&
        (config & CONFIG_TEXT) !== 0 &&
        (message & OPCODE_BITS) === OPCODES.text &&
        (message & RSV_BITS & ((config >> CONFIG_TRANSFORMED_RSV) << 4)) === 0;
      remaining -= length;
      if (remaining === 0) frame |= RECORD_LAST;
      if (text) {
        const seen = maskText(position, length, masked ? maskingKey : 0);
        if (seen !== 0 || utf8 !== 0) {
          utf8 = validate(position, position + length, utf8);
          if (utf8 < 0) {
            violation = TEXT_NOT_UTF8;
            break;
          }
        } else {
          frame |= RECORD_ASCII;
        }
        if (utf8 !== 0 && remaining === 0 && (head & FIN) !== 0) {
          // The message ends within a character.
          words[VIOLATION_AT] = position + length;
          violation = TEXT_NOT_UTF8;
          break;
        }
      } else if (masked) {
        mask(position, length, maskingKey);
      }
      if ((head & CONTROL) === 0 && remaining === 0 && (head & FIN) !== 0) message = 0;
      const index = record >> 2;
      words[index] = frame;
      words[index + 1] = position;
      words[index + 2] = length;
      record += RECORD_LENGTH;
      position += length;
      if (remaining !== 0) {
        const turn = (length & 3) << 3;
        if (turn !== 0) maskingKey = (maskingKey >>> turn) | (maskingKey << (32 - turn));
        frame = head | FRAME_OPEN;
        break;
      }
      frame = 0;
    }

    words[MESSAGE] = message;
    words[FRAGMENTS] = fragments;
    words[UTF8] = utf8;
    words[FRAME] = frame;
    words[MASKING_KEY] = maskingKey;
    lengths[REMAINING] = remaining;
    lengths[MESSAGE_LENGTH] = messageLength;
    words[CONSUMED] = position;
    words[VIOLATION] = violation;
    if (violation !== 0 && violation !== TEXT_NOT_UTF8) words[VIOLATION_AT] = position;
    return (record - RECORDS) / RECORD_LENGTH;
  }

  return { kind: 'script', ...views, scan, mask, maskText, validate };
}
