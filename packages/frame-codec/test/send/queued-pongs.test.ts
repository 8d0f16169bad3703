import { describe, expect, it } from 'vitest';
import { concat } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { transport, type Written } from '../support/transport.js';
import { readWire, wire } from '../support/wire.js';

const KEY = '01 02 03 04';

describe.each(CODECS)('pongs while the transport holds bytes (§5.5.3, $name)', ({ codec }) => {
  const ping = (digit: number): Uint8Array => wire({ first: 0x89, payload: Uint8Array.of(digit), key: KEY });
  const pongs = (written: readonly Written[]): number[] =>
    readWire(concat(...written.map(({ copy }) => copy))).map(({ payload }) => payload[0] ?? -1);

  it('are counted: from maxQueuedPongs on only the latest ping is answered, when they have left', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 3 }, false);
    connection.sendText('held');
    written.length = 0;
    for (let digit = 0; digit < 10; digit++) connection.receive(ping(digit));
    expect(pongs(written)).toEqual([0, 1, 2]);
    connection.drained();
    expect(pongs(written)).toEqual([0, 1, 2, 9]);
    connection.drained();
    expect(pongs(written)).toEqual([0, 1, 2, 9]);
  });

  it('are counted anew when the bytes have left', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 2 }, false);
    connection.sendText('held');
    written.length = 0;
    for (let digit = 0; digit < 5; digit++) connection.receive(ping(digit));
    connection.drained();
    for (let digit = 5; digit < 10; digit++) connection.receive(ping(digit));
    connection.drained();
    expect(pongs(written).slice(0, 3)).toEqual([0, 1, 4]);
    expect(pongs(written).slice(3)).toContain(5);
    expect(pongs(written).at(-1)).toBe(9);
  });

  it('are not counted where the transport takes all at once', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 3 }, true);
    for (let digit = 0; digit < 10; digit++) connection.receive(ping(digit));
    expect(pongs(written)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('are counted within one chunk too', () => {
    const { connection, written } = transport({ role: 'server', codec: codec(), maxQueuedPongs: 3 }, false);
    connection.sendText('held');
    written.length = 0;
    connection.receive(concat(...Array.from({ length: 10 }, (_, digit) => ping(digit))));
    connection.drained();
    expect(pongs(written)).toEqual([0, 1, 2, 9]);
  });

  it('are 16 where nothing else was asked for', () => {
    const { connection, written } = transport({ role: 'server', codec: codec() }, false);
    connection.sendText('held');
    written.length = 0;
    for (let digit = 0; digit < 40; digit++) connection.receive(ping(digit));
    expect(pongs(written)).toHaveLength(16);
  });
});
