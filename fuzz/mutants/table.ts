/** A fault planted in one place: `find`, which stands there once, becomes `replace`. */
export interface Mutant {
  readonly file: string;
  /** what goes wrong */
  readonly fault: string;
  readonly find: string;
  readonly replace: string;
}

type Row = readonly [fault: string, find: string, replace: string];

function inFile(file: string, ...rows: readonly Row[]): Mutant[] {
  return rows.map(([fault, find, replace]) => ({ file, fault, find, replace }));
}

/** Faults of every part, each small enough to be overlooked. */
export const MUTANTS: readonly Mutant[] = [
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
    'packages/frame-codec/src/script-kernel.ts',
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
  ...inFile(
    'packages/frame-codec/src/utf8.ts',
    ['F5 begins a character', 'byte > 0xf4', 'byte > 0xf5'],
    ['surrogates pass', '(0x9f << 16)', '(0xbf << 16)'],
    ['the highest next byte is not looked at', 'byte > state >> 16', 'byte > 0xbf'],
  ),
  ...inFile('packages/frame-codec/src/scanner.ts', [
    'positions are told one too high',
    '(words[VIOLATION_AT] ?? INBOX) - INBOX;',
    '(words[VIOLATION_AT] ?? INBOX) - INBOX + 1;',
  ]),
  ...inFile(
    'packages/frame-codec/src/message-receiver.ts',
    [
      'the longest inflated message is refused',
      'message.decodedLength > maxMessageLength',
      'message.decodedLength >= maxMessageLength',
    ],
    [
      'parts of text are cut within characters',
      'const end = bytes.length - cutLength(bytes, 0, bytes.length);',
      'const end = bytes.length - 0 * cutLength(bytes, 0, bytes.length);',
    ],
    [
      'inflated text may end within a character',
      'message.utf8 !== undefined && !message.utf8.complete',
      'message.utf8 !== undefined && message.utf8.complete === undefined',
    ],
  ),
  ...inFile(
    'packages/frame-codec/src/close-frame.ts',
    ['half a close code is taken', 'if (length === 1)', 'if (length === 126)'],
    ['the high byte of the code is halved', '((memory[start] ?? 0) << 8)', '((memory[start] ?? 0) << 7)'],
    ['a reason may end within a character', '!utf8.check(reason) || !utf8.complete', '!utf8.check(reason)'],
  ),
  ...inFile(
    'packages/frame-codec/src/close-code.ts',
    ['1004 passes', 'code !== 1004 && ', ''],
    ['1015 passes', 'code <= 1014', 'code <= 1015'],
    ['5000 passes', 'code <= 4999', 'code <= 5000'],
  ),
  ...inFile('packages/frame-codec/src/violation.ts', [
    'a frame that is too long closes with 1002',
    "'frame-too-long': { closeCode: 1009",
    "'frame-too-long': { closeCode: 1002",
  ]),
  ...inFile(
    'packages/frame-codec/src/connection.ts',
    ['the echo of a close frame has no reason', 'encodeClose(code, reason));', "encodeClose(code, ''));"],
    [
      'a second close frame is sent',
      'if (!this.#closeSent && !this.#transportEnded) this.#sendClose',
      'if (!this.#transportEnded) this.#sendClose',
    ],
  ),
  ...inFile(
    'packages/frame-codec/src/frame-encoder.ts',
    [
      'room for the head of 65,536 bytes is too small',
      'length < 126 ? 2 : length < 65536 ? 4 : 10',
      'length < 126 ? 2 : length <= 65536 ? 4 : 10',
    ],
    ['a length in 16 bits is halved', 'target[at + 2] = length >> 8;', 'target[at + 2] = length >> 9;'],
    ['bytes at the end are not masked', 'const whole = length & ~3;', 'const whole = length & ~7;'],
    [
      'a byte of the key is written twice',
      'target[at + 1] = maskingKey >> 8;',
      'target[at + 1] = maskingKey >> 16;',
    ],
  ),
  ...inFile('packages/frame-codec/src/sender.ts', [
    'text is cut where its head grows',
    'copyWithin(start, guess, guess + length)',
    'copyWithin(start, guess, guess + text.length)',
  ]),
  ...inFile('packages/frame-codec/src/message-writer.ts', [
    'pairs of surrogates are torn apart',
    'const cut = !last && isHighSurrogate(text.charCodeAt(text.length - 1));',
    'const cut = last && isHighSurrogate(text.charCodeAt(text.length - 1));',
  ]),
  ...inFile(
    'packages/frame-codec/src/permessage-deflate.ts',
    [
      'contexts are kept where they must not be',
      'lastOfMessage && !this.#in.takeover',
      'lastOfMessage && this.#in.takeover',
    ],
    [
      'the tail is not put back',
      'this.#inflate(this.#inflater, TAIL, emit);',
      'this.#inflate(this.#inflater, new Uint8Array(0), emit);',
    ],
  ),
  ...inFile(
    'packages/handshake/src/key.ts',
    ['longer keys pass', 'text.length === 24 &&', 'text.length >= 24 &&'],
    ['the last digit of a key is not looked at', 'isBase64(text, 22)', 'isBase64(text, 21)'],
  ),
  ...inFile(
    'packages/handshake/src/server.ts',
    [
      'a repeated Host is not seen',
      'if (fields.isRepeated(FIELD.host))',
      'if (fields.isRepeated(FIELD.other))',
    ],
    ['versions that hold 13 pass', "if (version !== '13')", "if (!version.includes('13'))"],
    ['odd zeros announce no body', "length !== '0'", 'Number(length) !== 0'],
    ['fragments pass', '\\x21\\x22\\x24-\\x7e', '\\x21-\\x7e'],
  ),
  ...inFile('packages/handshake/src/token.ts', [
    'blanks in a list count',
    'trimWhitespace(list.slice(from, end))',
    'list.slice(from, end)',
  ]),
  ...inFile(
    'packages/handshake/src/list-reader.ts',
    ['one element too many', 'if (this.#left === 0)', 'if (this.#left < 0)'],
    ['backslashes stay', "isEscaped ? inner.replaceAll('\\\\', '') : inner", 'isEscaped ? inner : inner'],
  ),
  ...inFile('packages/handshake/src/extension-list.ts', [
    'quoted strings are refused',
    'reader.tokenOrQuotedString()',
    'reader.token()',
  ]),
  ...inFile(
    'packages/handshake/src/client.ts',
    ['any status from 100 on opens', 'if (status !== 101)', 'if (status < 100)'],
    [
      'the beginning of the accept value is enough',
      'trimWhitespace(accept) !== acceptValue(request.key)',
      '!acceptValue(request.key).startsWith(trimWhitespace(accept))',
    ],
    [
      'any subprotocol passes',
      '!request.subprotocols.includes(subprotocol)',
      'request.subprotocols.length === 0',
    ],
  ),
  ...inFile(
    'packages/handshake/src/permessage-deflate.ts',
    ['windows may have a leading zero', '/^(?:[89]|1[0-5])$/', '/^0?(?:[89]|1[0-5])$/'],
    [
      'a larger window than was asked for passes',
      'answer.serverMaxWindowBits > offer.serverMaxWindowBits',
      'answer.serverMaxWindowBits < offer.serverMaxWindowBits',
    ],
  ),
  ...inFile(
    'packages/handshake/src/head-parser.ts',
    ['LF alone ends a line', 'if (to < from || bytes[to] !== CR)', 'if (to < from)'],
    ['the longest head is refused', '(end - from) > limit', '(end - from) >= limit'],
    ['DEL passes', ' || byte === 0x7f', ''],
    [
      'one field too many',
      'this.#fields.length === 2 * this.#limits.fieldCount',
      'this.#fields.length > 2 * this.#limits.fieldCount',
    ],
  ),
  ...inFile('packages/handshake/src/accept.ts', [
    'a digit of the GUID is wrong',
    'C5AB0DC85B11',
    'C5AB0DC85B12',
  ]),
  ...inFile('packages/handshake/src/subprotocol.ts', [
    'neighbours may be the same',
    'j < i; j++',
    'j < i - 1; j++',
  ]),
  ...inFile('packages/handshake/src/fields.ts', [
    'only the last repeated field is known',
    'this.#repeated |= 1 << field;',
    'this.#repeated = 1 << field;',
  ]),
  ...inFile('packages/handshake/src/host.ts', [
    'hosts may be of any length',
    'text.length <= 512',
    'text.length <= 5120',
  ]),
];
