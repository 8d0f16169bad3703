import { describe, expect, it } from 'vitest';
import { byteLength, toBytes } from '../../src/values/payload.js';

describe('what is sent', () => {
  it('is the bytes themselves, or a view of the same memory (§5.6)', () => {
    const bytes = Buffer.from('abc');
    expect(toBytes(bytes)).toBe(bytes);
    const view = new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2);
    expect([...toBytes(view)]).toEqual([2, 3]);
    expect([...toBytes(new Uint8Array([7, 8]).buffer)]).toEqual([7, 8]);
  });

  it('is one payload where it came as fragments (§5.4)', () => {
    expect(Buffer.from(toBytes([Buffer.from('ab'), Buffer.from('c')])).toString()).toBe('abc');
    expect(byteLength([Buffer.from('ab'), Buffer.from('c')])).toBe(3);
  });

  it('is the digits of a number, and nothing for what is nothing', () => {
    expect(Buffer.from(toBytes(42)).toString()).toBe('42');
    expect(toBytes(undefined).length).toBe(0);
    expect([...toBytes([1, 2, 3])]).toEqual([1, 2, 3]);
  });

  it('is refused where it stands for no bytes', () => {
    expect(() => toBytes({})).toThrow(TypeError);
    expect(() => toBytes(Symbol('no'))).toThrow(TypeError);
  });
});
