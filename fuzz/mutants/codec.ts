import { inFile, type Mutant } from './mutant.js';

/** Faults of the codec around the kernels. */
export const CODEC: readonly Mutant[] = [
  ...inFile(
    'packages/frame-codec/src/kernel/utf8.ts',
    ['F5 begins a character', 'byte > 0xf4', 'byte > 0xf5'],
    ['surrogates pass', '(0x9f << 16)', '(0xbf << 16)'],
    ['the highest next byte is not looked at', 'byte > state >> 16', 'byte > 0xbf'],
  ),
  ...inFile(
    'packages/frame-codec/src/receive/scanner.ts',
    [
      'what waits may have twice its room',
      'append(chunk, 0, chunk.length, allowed)',
      'append(chunk, 0, chunk.length)',
    ],
    ['what a handler that threw has not seen is lost', '(thrown && flowOf(this)', '(!thrown && flowOf(this)'],
    [
      'what is parked stays counted behind a handler that ends and throws',
      '      if (thrown && this.#parked !== parked) parked.release();\n',
      '      if (thrown && this.#parked !== parked) parked.next = 0;\n',
    ],
    [
      'what is parked stays counted where there is no room for more',
      '    parked.release();\n    this.forget();',
      '    void parked;\n    this.forget();',
    ],
  ),
  ...inFile('packages/frame-codec/src/kernel/kernel-error.ts', [
    'positions are told one too high',
    '(words[VIOLATION_AT] ?? INBOX) - INBOX;',
    '(words[VIOLATION_AT] ?? INBOX) - INBOX + 1;',
  ]),
  ...inFile(
    'packages/frame-codec/src/receive/message-receiver.ts',
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
    'packages/frame-codec/src/closing/close-frame.ts',
    ['half a close code is taken', 'if (length === 1)', 'if (length === 126)'],
    ['the high byte of the code is halved', '((memory[start] ?? 0) << 8)', '((memory[start] ?? 0) << 7)'],
    ['a reason may end within a character', '!utf8.check(reason) || !utf8.complete', '!utf8.check(reason)'],
  ),
  ...inFile(
    'packages/frame-codec/src/rules/close-code.ts',
    ['1004 passes', 'code !== 1004 && ', ''],
    ['1015 passes', 'code <= 1014', 'code <= 1015'],
    ['5000 passes', 'code <= 4999', 'code <= 5000'],
  ),
  ...inFile('packages/frame-codec/src/rules/violation.ts', [
    'a frame that is too long closes with 1002',
    "'frame-too-long': { closeCode: 1009",
    "'frame-too-long': { closeCode: 1002",
  ]),
  ...inFile(
    'packages/frame-codec/src/send/frame-encoder.ts',
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
  ...inFile(
    'packages/frame-codec/src/receive/pieces.ts',
    [
      'a piece that is joined in several turns begins anew',
      'bytes.append(piece.memory, this.#at, length);',
      'bytes.append(piece.memory, 0, length);',
    ],
    ['pieces stay counted', 'this.#budget?.give(memory.length);', 'this.#budget?.give(0 * memory.length);'],
  ),
  ...inFile(
    'packages/frame-codec/src/receive/growing-bytes.ts',
    ['memory that grows is counted twice', '.take(bytes.length - this.capacity)', '.take(bytes.length)'],
    ['memory that comes back stays counted', '    this.#budget?.give(this.capacity);\n', ''],
  ),
  ...inFile('packages/frame-codec/src/memory/memory-budget.ts', [
    'there is one byte more than there is',
    'this.#used + bytes > this.most) return',
    'this.#used + bytes > this.most + 1) return',
  ]),
  ...inFile('packages/frame-codec/src/extension/deflate-pool.ts', [
    'a pool that is closed keeps its engines open',
    'for (const engine of engines) engine.close();',
    'engines.length = 0;',
  ]),
  ...inFile(
    'packages/frame-codec/src/extension/permessage-deflate.ts',
    [
      'contexts are kept where they must not be',
      'lastOfMessage && !this.#in.takeover',
      'lastOfMessage && this.#in.takeover',
    ],
    [
      'the tail is put back behind short parts only',
      'cut off is put back.\n      if (lastOfMessage)',
      'cut off is put back.\n      if (lastOfMessage && payload.length < 10)',
    ],
  ),
];
