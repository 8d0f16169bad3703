import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../../src/kernel/kernel.js';
import { loadKernel } from '../../src/kernel/load-kernel.js';
import * as map from '../../src/kernel/memory-map.js';
import { arbitraryStream, chunksOf, nearlyValidStream, places, validStream } from '../support/arbitraries.js';
import { hex, pattern } from '../support/hex.js';
import { KERNELS } from '../support/kernels.js';

/** What the registers of a kernel are set to before a scan. */
interface Setting {
  config: number;
  maxFragments: number;
  maxFrameLength: number;
  maxMessageLength: number;
}

const ALL: Setting = {
  config: map.CONFIG_TEXT,
  maxFragments: 0x7fff_ffff,
  maxFrameLength: 2 ** 53 - 1,
  maxMessageLength: 2 ** 53 - 1,
};

function set(kernel: Kernel, setting: Setting): void {
  const { words, lengths } = kernel;
  kernel.bytes.fill(0, map.RECORDS);
  words.fill(0, 0, map.CONSTANTS / 4);
  words[map.CONFIG] = setting.config;
  words[map.MAX_FRAGMENTS] = setting.maxFragments;
  lengths[map.MAX_FRAME_LENGTH] = setting.maxFrameLength;
  lengths[map.MAX_MESSAGE_LENGTH] = setting.maxMessageLength;
}

/** Position of the first word, constants of the kernel aside, that differs; −1 when none does. */
function firstDifference(one: Kernel, other: Kernel): number {
  const { words } = one;
  for (let index = 0; index < words.length; index++) {
    if (words[index] === other.words[index]) continue;
    const at = index * 4;
    if (at < map.CONSTANTS || at >= map.RECORDS) return at;
  }
  return -1;
}

/** Scans `chunks` with both kernels, side by side, and compares all of their memory after each scan. */
function compare(one: Kernel, other: Kernel, setting: Setting, chunks: readonly Uint8Array[]): void {
  set(one, setting);
  set(other, setting);
  let carry = new Uint8Array(0);
  for (const chunk of chunks) {
    let start = map.INBOX - carry.length;
    const end = map.INBOX + chunk.length;
    for (const { bytes } of [one, other]) {
      bytes.set(carry, start);
      bytes.set(chunk, map.INBOX);
    }
    let count = 0;
    do {
      count = one.scan(start, end);
      expect(other.scan(start, end)).toBe(count);
      expect(firstDifference(one, other)).toBe(-1);
      if (one.words[map.VIOLATION] !== 0) return;
      start = one.words[map.CONSUMED] ?? end;
    } while (count === (map.RECORDS_END - map.RECORDS) / map.RECORD_LENGTH);
    carry = one.bytes.slice(start, end);
    expect(carry.length).toBeLessThanOrEqual(map.INBOX - map.RECORDS_END);
  }
}

const setting: fc.Arbitrary<Setting> = fc.record({
  config: fc.nat(0x7fff).map((bits) => bits & ~map.CONFIG_MASKED),
  maxFragments: fc.constantFrom(1, 2, 3, 0x7fff_ffff),
  maxFrameLength: fc.constantFrom(0, 5, 125, 126, 65535, 65536, 2 ** 53 - 1),
  maxMessageLength: fc.constantFrom(0, 6, 130, 70_000, 2 ** 32, 2 ** 53 - 1),
});

/** Wide settings far more often: a strict one ends a stream soon. */
const settings: fc.Arbitrary<Setting> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(ALL, { ...ALL, config: 0 }, { ...ALL, config: 0x7772 }) },
  { weight: 1, arbitrary: setting },
);

describe('two kernels', { timeout: 60_000 }, () => {
  const wasm = loadKernel('wasm');
  const script = loadKernel('script');

  it.each([
    ['streams that keep the framing rules', validStream, 300],
    ['streams with a byte gone wrong', nearlyValidStream, 500],
    ['streams without sense', arbitraryStream, 500],
  ])(
    'write the same registers, records and bytes for %s, however cut and set (property)',
    (_, stream, numRuns) => {
      fc.assert(
        fc.property(settings, stream, places, (wanted, { masked, bytes }, cuts) => {
          const config = wanted.config | (masked ? map.CONFIG_MASKED : 0);
          compare(wasm, script, { ...wanted, config }, chunksOf(bytes, cuts, map.INBOX_LENGTH));
        }),
        { numRuns },
      );
    },
  );

  it('write the same for a stream of every head of two bytes, in both directions', () => {
    for (const config of [map.CONFIG_TEXT, map.CONFIG_TEXT | map.CONFIG_MASKED, 0x4442, 0x7773]) {
      for (let head = 0; head < 2 ** 16; head++) {
        for (const kernel of [wasm, script]) {
          kernel.words.fill(0, 0, map.CONSTANTS / 4);
          kernel.words[map.CONFIG] = config;
          kernel.words[map.MAX_FRAGMENTS] = 9;
          kernel.lengths[map.MAX_FRAME_LENGTH] = kernel.lengths[map.MAX_MESSAGE_LENGTH] = 2 ** 53 - 1;
          kernel.bytes.fill(0x41, map.INBOX, map.INBOX + 160);
          kernel.bytes[map.INBOX] = head >> 8;
          kernel.bytes[map.INBOX + 1] = head;
          kernel.scan(map.INBOX, map.INBOX + 150);
        }
        for (let index = 0; index < map.CONSTANTS / 4; index++) {
          if (wasm.words[index] !== script.words[index])
            expect.unreachable(`${head.toString(16)}: register ${index}`);
        }
      }
    }
    expect(firstDifference(wasm, script)).toBe(-1);
  });

  it('write the same for every length near a power of two, in 16 and in 64 bits', () => {
    const near = (power: number): number[] => [-1, 0, 1].map((by) => 2 ** power + by);
    const chunks = new Uint8Array(14);
    const view = new DataView(chunks.buffer);
    for (let power = 0; power < 64; power++) {
      for (const length of near(power)) {
        for (const maxFrameLength of [...near(16), ...near(power), 2 ** 53 - 1]) {
          chunks[0] = 0x82;
          chunks[1] = 0x7f;
          view.setBigUint64(2, BigInt.asUintN(64, BigInt(length)));
          const most = Math.min(maxFrameLength, 2 ** 53 - 1);
          compare(wasm, script, { ...ALL, maxFrameLength: most }, [chunks]);
          compare(wasm, script, { ...ALL, maxMessageLength: most }, [chunks]);
        }
      }
    }
    for (let length = 0; length < 65536; length += length < 300 ? 1 : 977) {
      compare(wasm, script, ALL, [Uint8Array.of(0x82, 0x7e, length >> 8, length)]);
    }
  });
});

describe.each(KERNELS)('scan ($kind)', ({ kind, kernel: load }) => {
  const kernel = load();
  const { bytes, words, lengths } = kernel;

  function scan(setting: Setting, stream: Uint8Array): number {
    set(kernel, setting);
    bytes.set(stream, map.INBOX);
    return kernel.scan(map.INBOX, map.INBOX + stream.length);
  }

  it('is the kernel that was asked for, with memory of its own', () => {
    expect(kernel.kind).toBe(kind);
    expect(bytes.length).toBe(map.MEMORY_LENGTH);
    expect(load().bytes.buffer).not.toBe(bytes.buffer);
    expect(words.buffer).toBe(bytes.buffer);
    expect(lengths.buffer).toBe(bytes.buffer);
  });

  it('writes one record a frame: head, position, length', () => {
    expect(scan(ALL, hex('81 01 61 02 00 89 02 62 63'))).toBe(3);
    const first = map.RECORDS / 4;
    expect([...words.subarray(first, first + 9)]).toEqual([
      ...[0x81 | map.RECORD_FIRST | map.RECORD_LAST | map.RECORD_ASCII, map.INBOX + 2, 1],
      ...[0x02 | map.RECORD_FIRST | map.RECORD_LAST, map.INBOX + 5, 0],
      ...[0x89 | map.RECORD_FIRST | map.RECORD_LAST, map.INBOX + 7, 2],
    ]);
    expect(words[map.CONSUMED]).toBe(map.INBOX + 9);
    expect(words[map.MESSAGE]).toBe(2);
    expect(words[map.FRAGMENTS]).toBe(1);
    expect(words[map.VIOLATION]).toBe(0);
  });

  it('calls text ASCII only when every byte of the part is below 0x80 and text is checked', () => {
    const head = (setting: Setting, stream: string): number => {
      scan(setting, hex(stream));
      return words[map.RECORDS / 4] ?? 0;
    };
    expect(head(ALL, '81 02 7f 00') & map.RECORD_ASCII).not.toBe(0);
    expect(head(ALL, '81 00') & map.RECORD_ASCII).not.toBe(0);
    expect(head(ALL, '81 02 c3 a9') & map.RECORD_ASCII).toBe(0);
    expect(head(ALL, '82 02 61 62') & map.RECORD_ASCII).toBe(0);
    expect(head({ ...ALL, config: 0 }, '81 02 61 62') & map.RECORD_ASCII).toBe(0);
  });

  it('does not call a part ASCII that finishes a character', () => {
    expect(scan(ALL, hex('01 01 c3 80 02 a9 61'))).toBe(2);
    expect((words[map.RECORDS / 4 + 3] ?? 0) & map.RECORD_ASCII).toBe(0);
  });

  it('stops when the records are full, and goes on where it stopped', () => {
    const most = (map.RECORDS_END - map.RECORDS) / map.RECORD_LENGTH;
    const stream = new Uint8Array((most + 3) * 2);
    for (let at = 0; at < stream.length; at += 2) stream[at] = 0x82;
    expect(scan(ALL, stream)).toBe(most);
    expect(words[map.CONSUMED]).toBe(map.INBOX + most * 2);
    expect(kernel.scan(map.INBOX + most * 2, map.INBOX + stream.length)).toBe(3);
  });

  it('writes nothing outside of registers, records, and the payloads that it unmasks', () => {
    const stream = hex('81 85 37 fa 21 3d 7f 9f 4d 51 58 82 83 01 02 03 04 00 00 00');
    set(kernel, { ...ALL, config: ALL.config | map.CONFIG_MASKED });
    // What lies before the inbox, behind the chunk and behind the records must stay.
    const before = pattern(map.MEMORY_LENGTH, 9);
    bytes.set(before.subarray(map.RECORDS), map.RECORDS);
    const constants = bytes.slice(map.CONSTANTS, map.RECORDS);
    bytes.set(stream, map.INBOX);
    expect(kernel.scan(map.INBOX, map.INBOX + stream.length)).toBe(2);
    const recordsEnd = map.RECORDS + 2 * map.RECORD_LENGTH;
    expect(bytes.slice(map.CONSTANTS, map.RECORDS)).toEqual(constants);
    expect(bytes.slice(recordsEnd, map.INBOX)).toEqual(before.slice(recordsEnd, map.INBOX));
    const behind = map.INBOX + stream.length;
    expect(bytes.subarray(behind).findIndex((byte, index) => byte !== before[behind + index])).toBe(-1);
    expect(bytes.slice(map.INBOX, behind)).toEqual(
      hex('81 85 37 fa 21 3d 48 65 6c 6c 6f 82 83 01 02 03 04 01 02 03'),
    );
  });

  it('keeps RSV bits that were claimed for a first frame off continuations, and off control frames (§5.2, §5.8)', () => {
    const first = { ...ALL, config: map.CONFIG_TEXT | (0b100 << map.CONFIG_FIRST_RSV) };
    expect(scan(first, hex('c1 00 41 00 00 00 80 00'))).toBe(4);
    for (const stream of ['a1 00', '91 00', '41 00 40 00', 'c9 00']) {
      scan(first, hex(stream));
      expect(words[map.VIOLATION], stream).toBe(map.RESERVED_BIT_SET);
    }
    const each = { ...ALL, config: map.CONFIG_TEXT | (0b010 << map.CONFIG_CONTINUATION_RSV) };
    expect(scan(each, hex('01 00 20 00 a0 00'))).toBe(3);
    scan(each, hex('21 00'));
    expect(words[map.VIOLATION]).toBe(map.RESERVED_BIT_SET);
  });

  it('does not check text whose first frame says that its payload is transformed', () => {
    const claimed = map.CONFIG_TEXT | (0b100 << map.CONFIG_FIRST_RSV) | (0b100 << map.CONFIG_TRANSFORMED_RSV);
    expect(scan({ ...ALL, config: claimed }, hex('41 01 ff 80 01 ff'))).toBe(2);
    scan({ ...ALL, config: claimed }, hex('41 01 ff 80 01 ff 81 01 ff'));
    expect(words[map.VIOLATION]).toBe(map.TEXT_NOT_UTF8);
  });
});
