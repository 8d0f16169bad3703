import { describe, expect, it } from 'vitest';
import { extension, subprotocol } from '../../src/index.js';

describe('extension and subprotocol', () => {
  it('parse and format what npm ws does', () => {
    const header = 'permessage-deflate; client_max_window_bits; server_max_window_bits=10, foo; bar="baz"';
    const parsed = extension.parse(header);
    expect(parsed).toEqual(
      Object.assign(Object.create(null), {
        'permessage-deflate': [{ client_max_window_bits: [true], server_max_window_bits: ['10'] }],
        foo: [{ bar: ['baz'] }],
      }),
    );
    expect(
      extension.format({
        'permessage-deflate': { client_max_window_bits: true, server_max_window_bits: 10 },
      }),
    ).toBe('permessage-deflate; client_max_window_bits; server_max_window_bits=10');
    expect(subprotocol.parse('a, b')).toEqual(new Set(['a', 'b']));
  });

  it.each(['', 'a, a', 'a b', ','])('refuse the subprotocols %j', (header) => {
    expect(() => subprotocol.parse(header)).toThrow(SyntaxError);
  });

  it.each([';', 'a;', 'a;b=', 'a;b="', 'a b'])('refuse the extensions %j', (header) => {
    expect(() => extension.parse(header)).toThrow(SyntaxError);
  });
});
