// RFC 6455 §5.2: one call walks every frame in a chunk. Each head is checked as soon as its bytes are there, before
// any payload; payloads are unmasked and text is validated in place; one record a frame (or part of one) is written.

import {
  CONFIG, CONFIG_CONTINUATION_RSV, CONFIG_FIRST_RSV, CONFIG_MASKED, CONFIG_TEXT,
  CONFIG_TRANSFORMED_RSV, CONSUMED, CONTINUATION_UNEXPECTED, CONTROL_FRAGMENTED, CONTROL_TOO_LONG, FRAGMENTS,
  FRAGMENTS_TOO_MANY, FRAME, FRAME_OPEN, FRAME_TOO_LONG, LENGTH_NOT_MINIMAL, LENGTH_TOP_BIT_SET, MASKING_KEY,
  MASK_MISSING, MASK_UNEXPECTED, MAX_FRAGMENTS, MAX_FRAME_LENGTH, MAX_MESSAGE_LENGTH, MESSAGE, MESSAGE_INTERLEAVED,
  MESSAGE_LENGTH, MESSAGE_TOO_LONG, OPCODE_RESERVED, RECORDS, RECORDS_END, RECORD_ASCII, RECORD_FIRST, RECORD_LAST,
  RECORD_LENGTH, REMAINING, RESERVED_BIT_SET, TEXT_NOT_UTF8, UTF8, VIOLATION, VIOLATION_AT,
} from '../packages/frame-codec/src/kernel/memory-map';
import { mask, maskText, turn } from './unmask';
import { validate } from './utf8';

// @ts-ignore: decorators are AssemblyScript's
@inline const FIN: i32 = 0x80;
// @ts-ignore
@inline const RSV: i32 = 0x70;
// @ts-ignore
@inline const CONTROL: i32 = 0x08;
// @ts-ignore
@inline const TEXT: i32 = 0x01;
/** One bit for each opcode that §5.2 defines: 0, 1, 2, 8, 9, 10. */
// @ts-ignore
@inline const OPCODES: i32 = 0b0000_0111_0000_0111;

// @ts-ignore
@inline
function register(index: i32): i32 {
  return load<i32>(index << 2);
}

// @ts-ignore
@inline
function wide(index: i32): u64 {
  return <u64>load<f64>(index << 3);
}

/**
 * Scans from `position` to `end` in the state that the registers hold, until the bytes or the records are used up or a
 * rule is broken. Returns how many records were written.
 */
export function scan(position: i32, end: i32): i32 {
  const config = register(CONFIG);
  const masked = (config & CONFIG_MASKED) != 0;
  let message = register(MESSAGE);
  let fragments = register(FRAGMENTS);
  let utf8 = register(UTF8);
  let frame = register(FRAME);
  let maskingKey = <u32>register(MASKING_KEY);
  let remaining = wide(REMAINING);
  let messageLength = wide(MESSAGE_LENGTH);
  let violation = 0;
  let record = RECORDS;
  let head = frame & 0xff;

  while (record < RECORDS_END) {
    if (frame == 0) {
      const available = end - position;
      if (available < 1) break;
      head = <i32>load<u8>(position);
      const opcode = head & 0x0f;
      const control = (opcode & CONTROL) != 0;
      const claimed = control
        ? 0
        : opcode == 0
          ? config >> CONFIG_CONTINUATION_RSV
          : config >> CONFIG_FIRST_RSV;
      // §5.2: reserved bits and opcodes.
      if ((head & RSV & ~(claimed << 4)) != 0) {
        violation = RESERVED_BIT_SET;
        break;
      }
      if (((OPCODES >> opcode) & 1) == 0) {
        violation = OPCODE_RESERVED;
        break;
      }
      // §5.5: control frames are not fragmented; §5.4: the frames of a message follow each other.
      if (control) {
        if ((head & FIN) == 0) {
          violation = CONTROL_FRAGMENTED;
          break;
        }
      } else if (opcode == 0) {
        if (message == 0) {
          violation = CONTINUATION_UNEXPECTED;
          break;
        }
        if (<u32>fragments >= <u32>register(MAX_FRAGMENTS)) {
          violation = FRAGMENTS_TOO_MANY;
          break;
        }
      } else if (message != 0) {
        violation = MESSAGE_INTERLEAVED;
        break;
      }

      if (available < 2) break;
      const second = <i32>load<u8>(position, 1);
      // §5.1: who masks.
      if ((second & 0x80) != 0 ? !masked : masked) {
        violation = masked ? MASK_MISSING : MASK_UNEXPECTED;
        break;
      }
      let length = <u64>(second & 0x7f);
      let headLength = 2;
      // §5.2: the length in as few bytes as it needs; §5.5: at most 125 in a control frame.
      if (length > 125) {
        if (control) {
          violation = CONTROL_TOO_LONG;
          break;
        }
        if (length == 126) {
          headLength = 4;
          if (available < 4) break;
          length = <u64>bswap<u16>(load<u16>(position, 2));
          if (length < 126) {
            violation = LENGTH_NOT_MINIMAL;
            break;
          }
        } else {
          headLength = 10;
          if (available < 10) break;
          length = bswap<u64>(load<u64>(position, 2));
          if (<i64>length < 0) {
            violation = LENGTH_TOP_BIT_SET;
            break;
          }
          if (length < 0x10000) {
            violation = LENGTH_NOT_MINIMAL;
            break;
          }
        }
      }
      if (control) {
        if (available < headLength + (masked ? 4 : 0) + <i32>length) break;
      } else {
        if (length > wide(MAX_FRAME_LENGTH)) {
          violation = FRAME_TOO_LONG;
          break;
        }
        if ((opcode == 0 ? messageLength : 0) + length > wide(MAX_MESSAGE_LENGTH)) {
          violation = MESSAGE_TOO_LONG;
          break;
        }
        if (masked && available < headLength + 4) break;
        if (opcode != 0) {
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
        maskingKey = load<u32>(position);
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
    const length = <i32>min(remaining, <u64>(end - position));
    const text =
      (head & CONTROL) == 0 &&
      (config & CONFIG_TEXT) != 0 &&
      (message & 0x0f) == TEXT &&
      (message & RSV & ((config >> CONFIG_TRANSFORMED_RSV) << 4)) == 0;
    remaining -= length;
    if (remaining == 0) frame |= RECORD_LAST;
    if (text) {
      const seen = maskText(position, length, masked ? maskingKey : 0);
      if (seen || utf8 != 0) {
        utf8 = validate(position, position + length, utf8);
        if (utf8 < 0) {
          violation = TEXT_NOT_UTF8;
          break;
        }
      } else {
        frame |= RECORD_ASCII;
      }
      if (utf8 != 0 && remaining == 0 && (head & FIN) != 0) {
        // The message ends within a character.
        store<i32>(VIOLATION_AT << 2, position + length);
        violation = TEXT_NOT_UTF8;
        break;
      }
    } else if (masked) {
      mask(position, length, maskingKey);
    }
    if ((head & CONTROL) == 0 && remaining == 0 && (head & FIN) != 0) message = 0;
    store<i32>(record, frame);
    store<i32>(record, position, 4);
    store<i32>(record, length, 8);
    record += RECORD_LENGTH;
    position += length;
    if (remaining != 0) {
      maskingKey = turn(maskingKey, length);
      frame = head | FRAME_OPEN;
      break;
    }
    frame = 0;
  }

  store<i32>(MESSAGE << 2, message);
  store<i32>(FRAGMENTS << 2, fragments);
  store<i32>(UTF8 << 2, utf8);
  store<i32>(FRAME << 2, frame);
  store<i32>(MASKING_KEY << 2, maskingKey);
  store<f64>(REMAINING << 3, <f64>remaining);
  store<f64>(MESSAGE_LENGTH << 3, <f64>messageLength);
  store<i32>(CONSUMED << 2, position);
  store<i32>(VIOLATION << 2, violation);
  if (violation != 0 && violation != TEXT_NOT_UTF8) store<i32>(VIOLATION_AT << 2, position);
  return (record - RECORDS) / RECORD_LENGTH;
}
