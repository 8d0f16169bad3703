import type { Limits, Role, Violation } from '../../src/index.js';

/** Bytes that break one rule. */
export interface Example {
  what: string;
  /** who receives them */
  role: Role;
  limits?: Partial<Limits>;
  /** hex, up to the byte that proves it: none of the payload of a frame whose head is at fault */
  bytes: string;
  /** bytes of the stream before what is at fault; absent where the error speaks of a message, not of a place */
  position?: number;
}

/** For each row of `VIOLATIONS` that bytes of the peer can break: every way to break it. */
export const EXAMPLES: { readonly [Name in Exclude<Violation, ProvokedOtherwise>]: readonly Example[] } = {
  'reserved-bit-set': [
    { what: 'RSV1 of a text frame', role: 'client', bytes: 'c1', position: 0 },
    { what: 'RSV2 of a binary frame', role: 'client', bytes: 'a2', position: 0 },
    { what: 'RSV3 of a text frame', role: 'server', bytes: '91', position: 0 },
    { what: 'all of them on a continuation', role: 'client', bytes: '01 00 f0', position: 2 },
    { what: 'RSV1 of a ping', role: 'client', bytes: 'c9', position: 0 },
    { what: 'RSV2 of a pong', role: 'client', bytes: '81 01 61 aa', position: 3 },
    { what: 'RSV3 of a close frame', role: 'server', bytes: '98', position: 0 },
  ],
  'opcode-reserved': [
    ...['3', '4', '5', '6', '7', 'b', 'c', 'd', 'e', 'f'].map((digit) => ({
      what: `opcode 0x${digit}`,
      role: 'client' as const,
      bytes: `81 01 61 8${digit}`,
      position: 3,
    })),
    { what: 'a fragment with opcode 0x3', role: 'server', bytes: '03', position: 0 },
    { what: 'a fragment with opcode 0xb', role: 'server', bytes: '0b', position: 0 },
  ],
  'control-fragmented': [
    { what: 'a close frame without FIN', role: 'client', bytes: '08', position: 0 },
    { what: 'a ping without FIN', role: 'client', bytes: '09', position: 0 },
    { what: 'a pong without FIN', role: 'server', bytes: '0a', position: 0 },
    { what: 'a ping without FIN inside a message', role: 'client', bytes: '01 01 61 09', position: 3 },
  ],
  'continuation-unexpected': [
    { what: 'at the start', role: 'client', bytes: '80', position: 0 },
    { what: 'without FIN', role: 'server', bytes: '00', position: 0 },
    { what: 'behind a whole message', role: 'client', bytes: '81 01 61 80', position: 3 },
    { what: 'behind the last fragment', role: 'client', bytes: '01 01 61 80 01 62 80', position: 6 },
    { what: 'behind a ping', role: 'client', bytes: '89 00 00', position: 2 },
  ],
  'message-interleaved': [
    { what: 'text inside a text', role: 'client', bytes: '01 01 61 81', position: 3 },
    { what: 'binary inside a text', role: 'client', bytes: '01 01 61 82', position: 3 },
    { what: 'text inside a binary message', role: 'client', bytes: '02 01 61 00 01 62 01', position: 6 },
    { what: 'behind a ping inside a message', role: 'client', bytes: '02 00 89 00 82', position: 4 },
  ],
  'fragments-too-many': [
    {
      what: 'a third of two',
      role: 'client',
      limits: { maxFragments: 2 },
      bytes: '01 00 00 00 80',
      position: 4,
    },
  ],
  'mask-missing': [
    { what: 'an empty text frame', role: 'server', bytes: '81 00', position: 0 },
    { what: 'a short binary frame', role: 'server', bytes: '82 05', position: 0 },
    { what: 'a frame with a 16-bit length', role: 'server', bytes: '82 7e', position: 0 },
    { what: 'a frame with a 64-bit length', role: 'server', bytes: '82 7f', position: 0 },
    { what: 'a ping', role: 'server', bytes: '89 00', position: 0 },
    { what: 'a close frame', role: 'server', bytes: '88 02', position: 0 },
    { what: 'a continuation', role: 'server', bytes: '01 80 00 00 00 00 80 00', position: 6 },
  ],
  'mask-unexpected': [
    { what: 'an empty text frame', role: 'client', bytes: '81 80', position: 0 },
    { what: 'a binary frame with a 64-bit length', role: 'client', bytes: '82 ff', position: 0 },
    { what: 'a pong', role: 'client', bytes: '8a 85', position: 0 },
  ],
  'control-too-long': [
    { what: 'a ping of 126 bytes', role: 'client', bytes: '89 7e', position: 0 },
    { what: 'a masked ping of 126 bytes', role: 'server', bytes: '89 fe', position: 0 },
    { what: 'a pong with a 64-bit length', role: 'client', bytes: '8a 7f', position: 0 },
    { what: 'a close frame of 126 bytes', role: 'server', bytes: '88 fe', position: 0 },
  ],
  'length-not-minimal': [
    { what: '0 in 16 bits', role: 'client', bytes: '82 7e 00 00', position: 0 },
    { what: '125 in 16 bits', role: 'client', bytes: '81 7e 00 7d', position: 0 },
    { what: '125 in 16 bits, masked', role: 'server', bytes: '81 fe 00 7d', position: 0 },
    { what: '5 in 64 bits', role: 'client', bytes: '82 7f 00 00 00 00 00 00 00 05', position: 0 },
    { what: '65,535 in 64 bits', role: 'server', bytes: '82 ff 00 00 00 00 00 00 ff ff', position: 0 },
    { what: 'on a continuation', role: 'client', bytes: '01 00 80 7e 00 7d', position: 2 },
  ],
  'length-top-bit-set': [
    { what: 'alone', role: 'client', bytes: '82 7f 80 00 00 00 00 00 00 00', position: 0 },
    { what: 'with all others', role: 'server', bytes: '82 ff ff ff ff ff ff ff ff ff', position: 0 },
    { what: 'with a short length', role: 'client', bytes: '82 7f 80 00 00 00 00 00 00 05', position: 0 },
  ],
  'frame-too-long': [
    { what: '6 of 5 bytes', role: 'client', limits: { maxFrameLength: 5 }, bytes: '82 06', position: 0 },
    {
      what: '6 of 5 bytes, masked',
      role: 'server',
      limits: { maxFrameLength: 5 },
      bytes: '82 86',
      position: 0,
    },
    {
      what: '126 of 125 bytes',
      role: 'server',
      limits: { maxFrameLength: 125 },
      bytes: '82 fe 00 7e',
      position: 0,
    },
    { what: '2^53 bytes', role: 'client', bytes: '82 7f 00 20 00 00 00 00 00 00', position: 0 },
  ],
  'message-too-long': [
    { what: '6 of 5 bytes', role: 'client', limits: { maxMessageLength: 5 }, bytes: '81 06', position: 0 },
    {
      what: '3 and 3 of 5 bytes',
      role: 'client',
      limits: { maxMessageLength: 5 },
      bytes: '02 03 61 62 63 80 03',
      position: 5,
    },
    { what: '16 MiB and a byte', role: 'server', bytes: '82 ff 00 00 00 00 01 00 00 01', position: 0 },
  ],
  'text-not-utf8': [
    { what: 'a byte that no character has', role: 'client', bytes: '81 05 61 ff', position: 3 },
    { what: 'a continuation byte alone', role: 'client', bytes: '01 7e 10 00 80', position: 4 },
    { what: 'a surrogate', role: 'client', bytes: '81 03 ed a0', position: 3 },
    { what: 'an overlong slash', role: 'client', bytes: '81 02 c0', position: 2 },
    { what: 'above U+10FFFF', role: 'client', bytes: '81 04 f4 90', position: 3 },
    { what: 'masked', role: 'server', bytes: '81 85 01 02 03 04 60 fd', position: 7 },
    { what: 'in the second fragment', role: 'client', bytes: '01 01 e2 80 05 82 28', position: 6 },
    { what: 'a message that ends within a character', role: 'client', bytes: '81 02 e2 82', position: 4 },
    {
      what: 'an empty last fragment behind half a character',
      role: 'client',
      bytes: '01 01 c3 80 00',
      position: 5,
    },
  ],
  'close-code-truncated': [
    { what: 'one byte', role: 'client', bytes: '88 01 03' },
    { what: 'one byte, masked', role: 'server', bytes: '88 81 00 00 00 00 03' },
  ],
  'close-code-invalid': [
    { what: '999', role: 'client', bytes: '88 02 03 e7' },
    { what: '1005', role: 'client', bytes: '88 02 03 ed' },
    { what: '1006, masked', role: 'server', bytes: '88 82 00 00 00 00 03 ee' },
    { what: '1015 with a reason', role: 'client', bytes: '88 03 03 f7 61' },
  ],
  'close-reason-not-utf8': [
    { what: 'a byte that no character has', role: 'client', bytes: '88 03 03 e8 ff' },
    { what: 'half a character', role: 'client', bytes: '88 04 03 e8 e2 82' },
    { what: 'a surrogate, masked', role: 'server', bytes: '88 85 00 00 00 00 03 e8 ed a0 80' },
  ],
};

/** Rows that bytes alone do not provoke; `violation.test.ts` shows how each comes about. */
export type ProvokedOtherwise = 'retained-too-much' | 'extension-data-invalid' | 'memory-exhausted';
