import { describe, expect, it } from 'vitest';
import { fromHex } from '../campaign/hex.js';
import { FrameModel, type FrameRules } from '../models/frames.js';
import { acceptFor, readExtensions, requestFaults } from '../models/handshake.js';
import { readHead } from '../models/head.js';
import { outcomeOf } from '../models/messages.js';
import { isUtf8 } from '../models/utf8.js';

const RULES: FrameRules = {
  masked: false,
  rsv1: false,
  checkText: true,
  maxFrameLength: 1000,
  maxMessageLength: 1000,
  maxFragments: 3,
};

function read(hex: string, rules: Partial<FrameRules> = {}): FrameModel {
  const model = new FrameModel({ ...RULES, ...rules });
  model.push(fromHex(hex));
  return model;
}

describe('the model of UTF-8 (§8.1, RFC 3629)', () => {
  it('agrees with the runtime on each code point, and on each surrogate', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for (
      let code = 0;
      code < 0x11_0000;
      code += code < 0x3000 || (code > 0xd700 && code < 0xe100) ? 1 : 251
    ) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const bytes = new TextEncoder().encode(String.fromCodePoint(code));
      expect(isUtf8(bytes)).toBe(true);
      expect(isUtf8(bytes.subarray(0, -1))).toBe(bytes.length === 1);
      const spoilt = bytes.slice();
      spoilt[0] = (spoilt[0] ?? 0) ^ 0x20;
      let valid = true;
      try {
        decoder.decode(spoilt);
      } catch {
        valid = false;
      }
      expect(isUtf8(spoilt)).toBe(valid);
    }
  });

  it.each([
    '80',
    'c0 80',
    'c1 bf',
    'e0 80 80',
    'e0 9f bf',
    'ed a0 80',
    'f0 80 80 80',
    'f4 90 80 80',
    'f5',
    'ff',
  ])('refuses %s', (bytes) => {
    expect(isUtf8(fromHex(bytes))).toBe(false);
  });
});

describe('the model of frames (§5)', () => {
  it('reads the examples of §5.7', () => {
    expect(read('81 05 48 65 6c 6c 6f').frames).toEqual([
      { first: 0x81, payload: [0x48, 0x65, 0x6c, 0x6c, 0x6f], whole: true },
    ]);
    expect(read('81 85 37 fa 21 3d 7f 9f 4d 51 58', { masked: true }).frames).toEqual([
      { first: 0x81, payload: [0x48, 0x65, 0x6c, 0x6c, 0x6f], whole: true },
    ]);
    expect(read('01 03 48 65 6c 80 02 6c 6f').frames.map(({ first }) => first)).toEqual([0x01, 0x80]);
  });

  it.each([
    ['c1', 'reserved-bit-set', 0],
    ['81 00 83', 'opcode-reserved', 2],
    ['09', 'control-fragmented', 0],
    ['80', 'continuation-unexpected', 0],
    ['01 00 81', 'message-interleaved', 2],
    ['01 00 00 00 00 00 00', 'fragments-too-many', 6],
    ['81 80', 'mask-unexpected', 0],
    ['89 7e', 'control-too-long', 0],
    ['82 7e 00 7d', 'length-not-minimal', 0],
    ['82 7f 80 00 00 00 00 00 00 00', 'length-top-bit-set', 0],
    ['82 7e 03 e9', 'frame-too-long', 0],
    ['81 03 61 ed a0', 'text-not-utf8', 4],
    ['01 01 c3 80 00', 'text-not-utf8', 5],
  ])('calls %s %s at %i', (bytes, violation, position) => {
    expect(read(bytes).fault).toEqual({ violation, position });
  });

  it('knows limits of whole messages (§10.4)', () => {
    expect(read('02 7e 01 f4', { maxMessageLength: 499 }).fault?.violation).toBe('message-too-long');
  });
});

describe('the model of connections (§5.4, §5.5, §7)', () => {
  it('puts fragments together, answers pings, and echoes close codes', () => {
    const { events, replies, closeCode } = outcomeOf(read('01 01 61 89 01 70 80 01 62 88 02 03 e8 81 01 63'));
    expect(events).toEqual([
      { kind: 'ping', payload: [0x70] },
      { kind: 'text', payload: [0x61, 0x62] },
      { kind: 'closing', code: 1000, reason: [] },
    ]);
    expect(replies).toEqual([
      { opcode: 10, payload: [0x70], anyReason: false },
      { opcode: 8, payload: [3, 0xe8], anyReason: false },
    ]);
    expect(closeCode).toBe(1000);
  });

  it.each([
    ['88 01 03', 'close-code-truncated', 1002],
    ['88 02 03 ed', 'close-code-invalid', 1002],
    ['88 03 03 e8 ff', 'close-reason-not-utf8', 1007],
    ['82 7e 03 e9', 'frame-too-long', 1009],
    ['c1', 'reserved-bit-set', 1002],
  ])('fails on %s: %s, %i', (bytes, violation, code) => {
    const { events, replies } = outcomeOf(read(bytes));
    expect(events.at(-1)).toMatchObject({ kind: 'error', violation });
    expect(replies.at(-1)?.payload).toEqual([code >> 8, code & 255]);
  });
});

describe('the model of the handshake (§4)', () => {
  it('computes the accept value of §1.3', () => {
    expect(acceptFor('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  it('names every rule that a request breaks', () => {
    const fields = [['Connection', 'close'] as const, ['Origin', 'a'] as const, ['origin', 'b'] as const];
    expect([...requestFaults({ method: 'POST', target: 'x', version: '1.0', fields })].sort()).toEqual([
      'connection-not-upgrade',
      'host-missing',
      'http-version',
      'key-missing',
      'method-not-get',
      'origin-repeated',
      'request-target',
      'upgrade-not-websocket',
      'version-missing',
    ]);
  });

  it('reads lists of extensions (§9.1)', () => {
    expect(readExtensions([' a ; b = "c\\d" ;e,, f']).extensions).toEqual([
      {
        name: 'a',
        params: [
          ['b', 'cd'],
          ['e', true],
        ],
      },
      { name: 'f', params: [] },
    ]);
    expect(readExtensions(['a; b="c,d"']).extensions).toBeUndefined();
    expect(readExtensions(['a;']).extensions).toBeUndefined();
  });

  it('reads a head line by line (RFC 9112 §2–§5)', () => {
    const head = (text: string) => readHead(Buffer.from(text, 'latin1'), 'request', 1000, 2);
    expect(head('GET / HTTP/1.1\r\nA:  b \r\n\r\nrest')).toEqual({
      start: ['GET', '/', '1.1'],
      fields: ['A', 'b'],
      length: 26,
    });
    expect(head('GET / HTTP/1.1\r\nA : b\r\n')).toEqual({ violation: 'head-space-before-colon' });
    expect(head('GET / HTTP/1.1\nA: b\r\n')).toEqual({ violation: 'head-bare-lf' });
    expect(head('GET / HTTP/1.1\r\nA: b')).toBeUndefined();
  });
});
