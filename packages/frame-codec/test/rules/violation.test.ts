import { describe, expect, it } from 'vitest';
import { LimitError, MemoryBudget, ProtocolError, VIOLATIONS, type Violation } from '../../src/index.js';
import * as map from '../../src/kernel/memory-map.js';
import { VIOLATION_NAMES } from '../../src/rules/violation.js';
import { hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { decoderOf } from '../support/parts.js';
import { type Recorded, record } from '../support/recorder.js';
import { readWire } from '../support/wire.js';
import { EXAMPLES, type ProvokedOtherwise } from './violation-examples.js';

/** What is found by the message layer alone: a frame decoder hands these frames out. */
const OF_MESSAGES: readonly string[] = [
  'close-code-truncated',
  'close-code-invalid',
  'close-reason-not-utf8',
];

const CASES = Object.entries(EXAMPLES).flatMap(([violation, examples]) =>
  examples.map((example) => ({ violation: violation as keyof typeof EXAMPLES, ...example })),
);

/** How the peer brings about what no single run of bytes does. */
const PROVOKED: { [Name in ProvokedOtherwise]: (recorded: Recorded) => void } = {
  'retained-too-much': ({ connection }) => {
    connection.pause();
    connection.receive(hex('81 01 61 81'));
    for (let count = 0; count < 4; count++) connection.receive(hex('01 61 81'));
  },
  // The memory of one connection, or of all: it makes no difference to the one that asks.
  'memory-exhausted': ({ connection }) => connection.receive(hex('01 01 61')),
  // What an extension throws while it decodes comes to the connection this way.
  'extension-data-invalid': ({ connection }) => connection.fail(new ProtocolError('extension-data-invalid')),
};

describe('VIOLATIONS', () => {
  it('has an example for each row', () => {
    const shown = [...Object.keys(EXAMPLES), ...Object.keys(PROVOKED)];
    expect(shown.sort()).toEqual(Object.keys(VIOLATIONS).sort());
    for (const [violation, examples] of Object.entries(EXAMPLES))
      expect(examples, violation).not.toHaveLength(0);
  });

  it('earns the close code that §7.4.1 has for it', () => {
    const codes = Object.fromEntries(
      Object.entries(VIOLATIONS).map(([name, { closeCode }]) => [name, closeCode]),
    );
    expect(codes).toEqual({
      'reserved-bit-set': 1002,
      'opcode-reserved': 1002,
      'control-fragmented': 1002,
      'continuation-unexpected': 1002,
      'message-interleaved': 1002,
      'fragments-too-many': 1008,
      'mask-missing': 1002,
      'mask-unexpected': 1002,
      'control-too-long': 1002,
      'length-not-minimal': 1002,
      'length-top-bit-set': 1002,
      'frame-too-long': 1009,
      'message-too-long': 1009,
      'text-not-utf8': 1007,
      'close-code-truncated': 1002,
      'close-code-invalid': 1002,
      'close-reason-not-utf8': 1007,
      'extension-data-invalid': 1007,
      'retained-too-much': 1008,
      'memory-exhausted': 1013,
    });
  });

  it('says each rule in words that fit into a close frame (§5.5)', () => {
    for (const { message } of Object.values(VIOLATIONS)) {
      expect(new TextEncoder().encode(message).length).toBeLessThanOrEqual(123);
    }
  });

  it('stands in the order of the numbers of the kernel', () => {
    const numbers: Partial<Record<Violation, number>> = {
      'reserved-bit-set': map.RESERVED_BIT_SET,
      'opcode-reserved': map.OPCODE_RESERVED,
      'control-fragmented': map.CONTROL_FRAGMENTED,
      'continuation-unexpected': map.CONTINUATION_UNEXPECTED,
      'message-interleaved': map.MESSAGE_INTERLEAVED,
      'fragments-too-many': map.FRAGMENTS_TOO_MANY,
      'mask-missing': map.MASK_MISSING,
      'mask-unexpected': map.MASK_UNEXPECTED,
      'control-too-long': map.CONTROL_TOO_LONG,
      'length-not-minimal': map.LENGTH_NOT_MINIMAL,
      'length-top-bit-set': map.LENGTH_TOP_BIT_SET,
      'frame-too-long': map.FRAME_TOO_LONG,
      'message-too-long': map.MESSAGE_TOO_LONG,
      'text-not-utf8': map.TEXT_NOT_UTF8,
    };
    for (const [name, number] of Object.entries(numbers)) expect(VIOLATION_NAMES[number]).toBe(name);
    expect(VIOLATION_NAMES[0]).toBeUndefined();
  });
});

describe.each(CODECS)('the examples of VIOLATIONS ($name)', ({ codec }) => {
  const framing = CASES.filter(({ violation }) => !OF_MESSAGES.includes(violation));

  it.each(framing)('$violation: $what', ({ violation, role, limits, bytes, position }) => {
    const { closeCode, section } = VIOLATIONS[violation];
    const { decoder } = decoderOf({ role, ...limits, codec: codec() });
    try {
      decoder.receive(hex(bytes));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ violation, closeCode, section, position });
    }
  });

  it.each(framing)(
    '$violation, byte by byte, and not one byte late: $what',
    ({ violation, role, limits, bytes, position }) => {
      const { decoder } = decoderOf({ role, ...limits, codec: codec() });
      const stream = hex(bytes);
      for (const byte of stream.subarray(0, -1)) decoder.receive(Uint8Array.of(byte));
      try {
        decoder.receive(stream.subarray(-1));
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ violation, position });
      }
    },
  );

  it.each(CASES)('fails the connection (§7.1.7): $violation: $what', ({ violation, role, limits, bytes }) => {
    const { closeCode, message } = VIOLATIONS[violation];
    const recorded = record({ role, ...limits, codec: codec() });
    recorded.connection.receive(hex(bytes));
    expect(recorded.events.slice(-2)).toEqual([`error ${violation} ${closeCode}`, 'end']);
    const [close, ...more] = recorded.frames().filter(({ first }) => first !== 0x8a);
    expect(more).toEqual([]);
    expect(close?.first).toBe(0x88);
    expect(close?.key === undefined).toBe(role === 'server');
    expect(toHex(close?.payload.subarray(0, 2) ?? hex(''))).toBe(
      toHex(Uint8Array.of(closeCode >> 8, closeCode & 255)),
    );
    expect(new TextDecoder().decode(close?.payload.subarray(2))).toBe(message);
    // §7.1.5: no close frame of the peer was received, or none that says anything.
    recorded.connection.receiveEnd();
    expect(recorded.events.at(-1)).toBe('close 1006');
  });

  it.each(Object.entries(PROVOKED))('fails the connection: %s', (violation, provoke) => {
    const { closeCode } = VIOLATIONS[violation as ProvokedOtherwise];
    const recorded = record({
      role: 'client',
      maxRetainedLength: 15,
      memory: new MemoryBudget(1000),
      codec: codec(),
    });
    provoke(recorded);
    expect(recorded.events).toEqual([`error ${violation} ${closeCode}`, 'end']);
    expect(readWire(recorded.wire()).map(({ first }) => first)).toEqual([0x88]);
  });
});

describe('ProtocolError', () => {
  it('names the rule, the section, and where', () => {
    const error = new ProtocolError('mask-missing', 7);
    expect(error.message).toBe('frame of a client is not masked (RFC 6455 §5.1)');
    expect(error).toMatchObject({
      name: 'ProtocolError',
      violation: 'mask-missing',
      closeCode: 1002,
      section: '5.1',
      summary: 'frame of a client is not masked',
      position: 7,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(LimitError);
  });

  it('says what was found: the first byte of the frame, or the close code', () => {
    const found: [string, number][] = [
      ['c1', 0xc1],
      ['83', 0x83],
      ['09', 0x09],
      ['80', 0x80],
      ['88 02 03 ed', 1005],
    ];
    for (const [bytes, expected] of found) {
      let seen: number | undefined;
      const { connection } = record(
        { role: 'client' },
        {
          error: (_, error) => {
            seen = error.found;
          },
        },
      );
      connection.receive(hex(bytes));
      expect(seen, bytes).toBe(expected);
    }
  });

  it('is a LimitError that says what was allowed where a limit was passed', () => {
    const error = new LimitError('frame-too-long', 125);
    expect(error.message).toBe('frame is longer than allowed: 125 allowed (RFC 6455 §10.4)');
    expect(error).toMatchObject({ name: 'LimitError', allowed: 125, closeCode: 1009, position: undefined });
    expect(error).toBeInstanceOf(ProtocolError);
  });
});
