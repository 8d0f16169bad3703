import { describe, expect, it } from 'vitest';
import { Connection, Endpoint } from '../src/index.js';
import { CODECS } from './kernels.js';

describe.each(CODECS)('Connection ($name)', ({ codec }) => {
  it('hands out a masked text message (§5.7)', () => {
    const texts: string[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'server', codec: codec() }),
      { write: () => true, end: () => {}, text: (_, text) => texts.push(text) },
      undefined,
    );
    connection.receive(Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58));
    expect(texts).toEqual(['Hello']);
  });
});
