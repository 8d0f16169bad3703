import { inFile, type Mutant } from './mutant.js';

/** Faults of both kernels. */
export const KERNELS: readonly Mutant[] = [
  ...inFile(
    'assembly/scan.ts',
    ['RSV3 is not looked at', '(head & RSV & ~(claimed << 4)) != 0', '(head & 0x60 & ~(claimed << 4)) != 0'],
    ['control frames may carry claimed bits', 'const claimed = control\n', 'const claimed = false\n'],
    ['opcode B is defined', '0b0000_0111_0000_0111', '0b0000_1111_0000_0111'],
    ['control frames may be fragmented', 'if ((head & FIN) == 0) {', 'if ((head & FIN) == 1) {'],
    ['a continuation may come first', 'if (message == 0) {', 'if (message == -1) {'],
    ['one fragment too many', '<u32>fragments >= <u32>register', '<u32>fragments > <u32>register'],
    ['messages may be mixed', '} else if (message != 0) {', '} else if (message == -1) {'],
    [
      'masked frames of servers pass',
      '(second & 0x80) != 0 ? !masked : masked',
      '(second & 0x80) == 0 && masked',
    ],
    ['126 is a length', 'if (length > 125) {', 'if (length > 126) {'],
    ['125 in 16 bits passes', 'if (length < 126) {', 'if (length < 125) {'],
    ['the top bit of a length passes', 'if (<i64>length < 0) {', 'if (length == 1) {'],
    ['65,535 in 64 bits passes', 'if (length < 0x10000) {', 'if (length < 0xffff) {'],
    [
      'the longest frame is refused',
      'if (length > wide(MAX_FRAME_LENGTH)) {',
      'if (length >= wide(MAX_FRAME_LENGTH)) {',
    ],
    [
      'the longest message is refused',
      '+ length > wide(MAX_MESSAGE_LENGTH)',
      '+ length >= wide(MAX_MESSAGE_LENGTH)',
    ],
    [
      'only the last frame counts for a message',
      '(opcode == 0 ? messageLength : 0) + length',
      '<u64>0 + length',
    ],
    ['lengths of fragments are not added', 'messageLength += length;', 'messageLength = length;'],
    ['fragments are not counted', 'fragments++;', 'fragments = 1;'],
    ['the key turns too far', 'turn(maskingKey, length);', 'turn(maskingKey, length + 1);'],
    ['a cut character before ASCII is forgotten', 'if (seen || utf8 != 0) {', 'if (seen) {'],
    [
      'a message may end within a character',
      'if (utf8 != 0 && remaining == 0 && (head & FIN) != 0) {',
      'if (utf8 == 1 && remaining == 0 && (head & FIN) != 0) {',
    ],
    [
      'an error at the end of a text is told too early',
      'store<i32>(VIOLATION_AT << 2, position + length);',
      'store<i32>(VIOLATION_AT << 2, position);',
    ],
    [
      'a control frame ends a message',
      'if ((head & CONTROL) == 0 && remaining == 0 && (head & FIN) != 0) message = 0;',
      'if (remaining == 0 && (head & FIN) != 0) message = 0;',
    ],
    [
      'a control frame is taken before its last bytes',
      'headLength + (masked ? 4 : 0) + <i32>length',
      'headLength + <i32>length',
    ],
    [
      'the last byte of a key is not waited for',
      'if (masked && available < headLength + 4) break;',
      'if (masked && available < headLength + 3) break;',
    ],
    [
      'checked text is called ASCII',
      'utf8 = validate(position, position + length, utf8);',
      'utf8 = validate(position, position + length, utf8); frame |= RECORD_ASCII;',
    ],
  ),
  ...inFile(
    'assembly/utf8.ts',
    ['C0 and C1 begin characters', 'if (byte < 0xc2) return -1;', 'if (byte < 0xc0) return -1;'],
    [
      'overlong forms of three bytes pass',
      'if (byte == 0xe0) return 2 | (0xa0 << 8)',
      'if (byte == 0xe0) return 2 | (0x80 << 8)',
    ],
    [
      'surrogates pass',
      'if (byte == 0xed) return 2 | (0x80 << 8) | (0x9f << 16);',
      'if (byte == 0xed) return 2 | (0x80 << 8) | (0xbf << 16);',
    ],
    [
      'overlong forms of four bytes pass',
      'if (byte == 0xf0) return 3 | (0x90 << 8)',
      'if (byte == 0xf0) return 3 | (0x80 << 8)',
    ],
    [
      'what is above U+10FFFF passes',
      'if (byte == 0xf4) return 3 | (0x80 << 8) | (0x8f << 16);',
      'if (byte == 0xf4) return 3 | (0x80 << 8) | (0xbf << 16);',
    ],
    [
      'vectors let C0 and C1 pass',
      'TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3',
      'TOO_SHORT, TOO_SHORT, TOO_SHORT | OVERLONG_3',
    ],
    [
      'vectors let surrogates pass',
      'TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT',
      'TOO_SHORT | OVERLONG_3, TOO_SHORT',
    ],
    ['vectors expect no fourth byte behind F0', 'i8x16.splat(0x70)', 'i8x16.splat(0x71)'],
    ['vectors expect no third byte behind E0', 'i8x16.splat(0x60)', 'i8x16.splat(0x61)'],
    [
      'a character that a block of ASCII cuts passes',
      '== 0) {\n      wrong = v128.or(wrong, unfinished(before));',
      '== 0) {\n      wrong = v128.or(wrong, i8x16.splat(0));',
    ],
    [
      'two of three bytes are enough at the end of a vector',
      '<i8>0xef, <i8>0xdf, <i8>0xbf',
      '<i8>0xef, <i8>0xef, <i8>0xbf',
    ],
    ['a character that the end cuts is forgotten', 'return cut == end ? 0 : walk(cut, end, 0);', 'return 0;'],
    [
      'short text begins anew',
      'if (end - position < 16) return walk(position, end, state);',
      'if (end - position < 16) return walk(position, end, 0);',
    ],
  ),
  ...inFile(
    'assembly/unmask.ts',
    ['the key turns by one or none', '(count & 3) << 3', '(count & 1) << 3'],
    [
      'a byte behind the payload is masked',
      'while (position + 128 <= end) {',
      'while (position + 127 <= end) {',
    ],
    ['a byte behind the text is masked', 'while (position + 64 <= end) {', 'while (position + 63 <= end) {'],
    [
      'a quarter of the text is not looked at',
      'v128.or(v128.or(a, b), v128.or(c, d)));',
      'v128.or(v128.or(a, b), c));',
    ],
    ['a vector is stored twice', 'v128.store(position, h, 112);', 'v128.store(position, g, 112);'],
  ),
  ...inFile(
    'packages/frame-codec/src/kernel/script-kernel.ts',
    [
      'one fragment too many',
      'fragments >>> 0 >= register(MAX_FRAGMENTS)',
      'fragments >>> 0 > register(MAX_FRAGMENTS)',
    ],
    [
      'a word behind the payload is masked',
      'index < endWord; index++) words[index]',
      'index <= endWord; index++) words[index]',
    ],
    [
      'only three of four bytes are looked at',
      '& 0x80808080) !== 0) return 1;',
      '& 0x00808080) !== 0) return 1;',
    ],
    [
      'masked frames of servers pass',
      'second >> 7 !== (config & CONFIG_MASKED)',
      'second >> 7 < (config & CONFIG_MASKED)',
    ],
    [
      'a length in 16 bits is halved',
      '(byteAt(position + 2) << 8) | byteAt(position + 3);',
      '(byteAt(position + 2) << 7) | byteAt(position + 3);',
    ],
    [
      'the top bit of a length passes',
      'if (byteAt(position + 2) > 0x7f) {',
      'if (byteAt(position + 2) > 0xff) {',
    ],
    ['long lengths overflow', 'length = length * 256 + byteAt(at);', 'length = (length << 8) + byteAt(at);'],
    ['65,536 in 64 bits is refused', 'if (length < 0x10000) {', 'if (length <= 0x10000) {'],
    [
      'only the last frame counts for a message',
      '(opcode === 0 ? messageLength : 0) + length >',
      '0 + length >',
    ],
    ['a cut character before ASCII is forgotten', 'if (seen !== 0 || utf8 !== 0) {', 'if (seen !== 0) {'],
    ['the key turns by half', 'const turn = (length & 3) << 3;', 'const turn = (length & 3) << 2;'],
    [
      'the third byte of the key stands for the fourth',
      '(byteAt(position + 3) << 24)',
      '(byteAt(position + 2) << 24)',
    ],
    [
      'an error at the end of a text is told too early',
      'words[VIOLATION_AT] = position + length;',
      'words[VIOLATION_AT] = position;',
    ],
    ['control frames may be fragmented', 'if ((head & FIN) === 0) {', 'if ((head & FIN) === 1) {'],
    ['an open frame is not marked', 'frame = head | FRAME_OPEN;', 'frame = head;'],
  ),
];
