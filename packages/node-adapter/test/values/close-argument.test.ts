import { once } from 'node:events';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { checkClose } from '../../src/values/close-argument.js';
import type { Bytes } from '../../src/values/payload.js';
import { pair } from '../loopback.js';

describe('what close is called with', () => {
  it('is the reason as text, and none without a code (§5.5.1)', () => {
    expect(checkClose(1000, 'bye')).toBe('bye');
    expect(checkClose(1000, Buffer.from('späße'))).toBe('späße');
    expect(checkClose(1000, undefined)).toBe('');
    expect(checkClose(undefined, 'bye')).toBe('');
  });

  it('may be a reason of 123 bytes, and not of 124 (§5.5)', () => {
    expect(checkClose(1000, 'x'.repeat(123))).toHaveLength(123);
    expect(() => checkClose(1000, 'x'.repeat(124))).toThrow(RangeError);
    expect(() => checkClose(1000, 'ä'.repeat(62))).toThrow(RangeError);
  });

  it.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 4000.5, Number.NaN])(
    'is not the code %s (§7.4)',
    (code) => {
      expect(() => checkClose(code, '')).toThrow(TypeError);
    },
  );

  it('is no code as text, and no reason that has a length and is neither text nor bytes', () => {
    expect(() => checkClose('1000' as unknown as number, '')).toThrow(TypeError);
    for (const reason of [['b', 'y', 'e'], new String('bye'), (why: string) => why]) {
      expect(() => checkClose(1000, reason)).toThrow('Second argument must be a string or a Uint8Array');
    }
  });

  it.each([null, 5, true, {}, new Error('why'), [], () => undefined])(
    'may be %s, which has no length and is no reason, as with npm ws',
    (reason) => {
      expect(checkClose(1000, reason)).toBe('');
    },
  );

  it('has its length as text, where bytes are no UTF-8 (§5.5)', () => {
    expect(checkClose(1000, Buffer.alloc(41, 0xff))).toBe('\ufffd'.repeat(41));
    expect(() => checkClose(1000, Buffer.alloc(42, 0xff))).toThrow(RangeError);
  });
});

const BYTES = Buffer.from('.bye.');
const { buffer } = Uint8Array.from(BYTES.subarray(1, 4));
const shared = new SharedArrayBuffer(3);
new Uint8Array(shared).set(new Uint8Array(buffer));
const REASONS: readonly (readonly [string, () => Bytes])[] = [
  ['a part of a Buffer', () => BYTES.subarray(1, 4)],
  ['a DataView', () => new DataView(BYTES.buffer, BYTES.byteOffset + 1, 3)],
  ['an Int8Array', () => new Int8Array(buffer)],
  ['an ArrayBuffer', () => buffer],
  ['a SharedArrayBuffer', () => shared],
  ['an ArrayBuffer of another realm', () => runInNewContext('new Uint8Array([98, 121, 101]).buffer')],
  ['a view of another realm', () => runInNewContext('new DataView(new Uint8Array([98, 121, 101]).buffer)')],
];

describe('a connection closes with a reason (§7.1.6)', () => {
  it.each(REASONS)('given as %s', async (_what, make) => {
    for (const side of ['client', 'peer'] as const) {
      const both = await pair();
      const closed = once(side === 'client' ? both.peer : both.client, 'close');
      both[side].close(4000, make());
      expect((await closed).map(String)).toEqual(['4000', 'bye']);
    }
  });

  it('that is wrong not at all: the connection stays open', async () => {
    const { client, peer } = await pair();
    expect(() => client.close(4000, Buffer.alloc(123, 0xff))).toThrow(RangeError);
    const list: unknown = ['bye'];
    expect(() => client.close(4000, list as string)).toThrow(TypeError);
    client.send('open');
    expect(String((await once(peer, 'message'))[0])).toBe('open');
  });
});
