import { describe, expect, it } from 'vitest';
import { Codec, Connection, DeflatePool, Endpoint, PreparedMessage } from '../../src/index.js';

describe('Endpoint', () => {
  it('masks as a client, and not as a server (§5.1)', () => {
    expect(new Endpoint({ role: 'client' }).masks).toBe(true);
    expect(new Endpoint({ role: 'server' }).masks).toBe(false);
  });

  it('answers pings and checks text where nothing else was said', () => {
    const { autoPong } = new Endpoint({ role: 'server' });
    expect(autoPong).toBe(true);
    expect(new Endpoint({ role: 'server', autoPong: false }).autoPong).toBe(false);
  });

  it('throws a TypeError at what is no role', () => {
    for (const role of ['Client', '', undefined, null, 1]) {
      // @ts-expect-error: the caller is wrong
      expect(() => new Endpoint({ role })).toThrow(TypeError);
    }
  });

  it('is told of options that there are not: misspelt, they would leave a limit off', () => {
    // @ts-expect-error: the caller is wrong
    expect(() => new Endpoint()).toThrow(new TypeError('options must be an object, not undefined'));
    // @ts-expect-error: the caller is wrong
    expect(() => new Endpoint({ role: 'server', maxMessageLenght: 1 })).toThrow(
      /^there is no option maxMessageLenght; there are role, codec, .*maxMessageLength/,
    );
    // @ts-expect-error: the caller is wrong
    expect(() => new Codec({ kernal: 'script' })).toThrow(
      /^there is no option kernal; there are kernel, poison$/,
    );
    // @ts-expect-error: the caller is wrong
    expect(() => new PreparedMessage('a', { binary: true })).toThrow(
      /^there is no option binary; there are /,
    );
    // @ts-expect-error: the caller is wrong
    expect(() => new DeflatePool({ level: 9 })).toThrow(
      /^there is no option level; there are engine, threshold$/,
    );
  });
});

describe('Connection', () => {
  it('is made of an endpoint and of a handler that writes', () => {
    const endpoint = new Endpoint({ role: 'server' });
    const handler = { write: () => true, end: () => {} };
    // @ts-expect-error: the caller is wrong
    expect(() => new Connection({ role: 'server' }, handler, 0)).toThrow(
      new TypeError('endpoint must be an Endpoint'),
    );
    for (const wrong of [undefined, null, {}, { end: () => {} }]) {
      // @ts-expect-error: the caller is wrong
      expect(() => new Connection(endpoint, wrong, 0)).toThrow(
        new TypeError('handler must have a method write'),
      );
    }
  });

  it('says which close codes may be sent (§7.4)', () => {
    const connection = new Connection(
      new Endpoint({ role: 'server' }),
      { write: () => true, end: () => {} },
      0,
    );
    expect(() => connection.close(1005)).toThrow(
      new RangeError('close code 1005 must not be sent; 1000 to 1003, 1007 to 1014 and 3000 to 4999 may'),
    );
  });
});
