import { describe, expect, it } from 'vitest';
import { type Connection, ProtocolError } from '../../src/index.js';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

/** A message of `length` bytes in two fragments, the first of which is short. */
function fragmented(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const payload = pattern(length, seed);
  return concat(
    wire({ first: 0x02, payload: payload.subarray(0, 9) }),
    wire({ first: 0x80, payload: payload.subarray(9) }),
  );
}

describe.each(CODECS)('memory of a message that arrives ($name)', ({ codec }) => {
  it('grows with what has arrived, not with what was announced', () => {
    const { connection } = record({ role: 'client', codec: codec() });
    connection.receive(hex('82 7f 00 00 00 00 01 00 00 00'));
    expect(connection.retainedLength).toBeLessThanOrEqual(1024);
    connection.receive(new Uint8Array(1000));
    expect(connection.retainedLength).toBeGreaterThanOrEqual(1000);
    expect(connection.retainedLength).toBeLessThanOrEqual(16_384);
    connection.receive(new Uint8Array(300_000));
    expect(connection.retainedLength).toBeLessThanOrEqual(4 * 301_000);
  });

  it('holds at most four times what has arrived, fragment by fragment', () => {
    const { connection } = record({ role: 'client', codec: codec() });
    connection.receive(hex('02 00'));
    for (let arrived = 1000; arrived <= 200_000; arrived += 1000) {
      connection.receive(concat(hex('00 7e 03 e8'), new Uint8Array(1000)));
      expect(connection.retainedLength).toBeGreaterThanOrEqual(arrived);
      expect(connection.retainedLength).toBeLessThanOrEqual(4 * arrived + 1024);
    }
  });

  it('is let go when the message has been handed out, and when the connection fails or ends', () => {
    const handed = record({ role: 'client', codec: codec() });
    handed.connection.receive(hex('02 01 01 80 01 02'));
    expect(handed.connection.retainedLength).toBe(0);
    const failed = record({ role: 'client', codec: codec() });
    failed.connection.receive(hex('02 01 01 83 00'));
    expect(failed.connection.retainedLength).toBe(0);
    const ended = record({ role: 'client', codec: codec() });
    ended.connection.receive(hex('02 01 01'));
    expect(ended.connection.retainedLength).toBeGreaterThan(0);
    ended.connection.receiveEnd();
    expect(ended.connection.retainedLength).toBe(0);
  });

  it.each<[string, (connection: Connection<undefined>) => void]>([
    ['fails it', (connection) => connection.fail(new ProtocolError('extension-data-invalid'))],
    ['ends it', (connection) => connection.receiveEnd()],
    ['closes it', (connection) => connection.close(1000)],
    ['pauses it', (connection) => connection.pause()],
  ])('stays that of the handler until it returns, though it %s and others receive', (_, act) => {
    const shared = codec();
    let seen = '';
    const { connection } = record(
      { role: 'client', codec: shared },
      {
        binary: (self, payload) => {
          act(self);
          record({ role: 'client', codec: shared }).connection.receive(fragmented(5000, 100));
          seen = toHex(payload);
        },
      },
    );
    connection.receive(fragmented(5000, 1));
    expect(seen === toHex(pattern(5000, 1))).toBe(true);
  });

  it('of many connections is kept apart, though it is used again', () => {
    const shared = codec();
    const all = Array.from({ length: 20 }, (_, seed) => ({
      seed,
      ...record({ role: 'client', codec: shared }),
    }));
    for (let round = 0; round < 3; round++) {
      for (const { connection, seed } of all) {
        connection.receive(fragmented(3000, seed + round).subarray(0, 1500));
      }
      for (const { connection, seed, events } of all) {
        connection.receive(fragmented(3000, seed + round).subarray(1500));
        expect(events.pop() === `binary ${toHex(pattern(3000, seed + round))}`).toBe(true);
      }
    }
  });
});
