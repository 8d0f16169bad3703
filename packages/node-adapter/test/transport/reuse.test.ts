import { Duplex } from 'node:stream';
import { Endpoint } from '@x/frame-codec';
import { expect, it } from 'vitest';
import { Transport } from '../../src/index.js';

it('never writes again to bytes that a stream has taken, though it says at once that they have left', async () => {
  const taken: Buffer[] = [];
  const stream = new Duplex({
    read: () => undefined,
    // As a stream does that passes bytes on without a copy.
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk);
      done();
    },
  });
  const connection = new Transport(new Endpoint({ role: 'server' }), {}).attach(stream, undefined);
  for (const text of ['first', 'again', 'third']) {
    connection.sendText(text);
    expect(stream.writableLength).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(Buffer.concat(taken).toString('latin1')).toBe('\x81\x05first\x81\x05again\x81\x05third');
  connection.destroy();
});
