import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Codec, Connection, Endpoint } from '../src/index.js';
import { BytePool } from '../src/memory/byte-pool.js';
import { deflateOf } from './support/deflate.js';
import { concat, hex, pattern } from './support/hex.js';
import { CODECS } from './support/kernels.js';
import { PakoEngine } from './support/pako-engine.js';
import { type Recorded, record } from './support/recorder.js';
import { wire } from './support/wire.js';

describe.each(CODECS)('memory of a message that is arriving (§10.4, $name)', ({ codec }) => {
  const GIB = '40 00 00 00';

  it('is none for a head that announces 1 GiB, and grows with what arrives', () => {
    const { connection, events } = record({ role: 'server', codec: codec(), maxMessageLength: 2 ** 31 });
    connection.receive(hex(`82 ff 00 00 00 00 ${GIB} 01 02 03 04`));
    expect(connection.retainedLength).toBe(0);
    connection.receive(pattern(10));
    expect(connection.retainedLength).toBeLessThanOrEqual(1024);
    connection.receive(pattern(10_000));
    expect(connection.retainedLength).toBeLessThanOrEqual(4 * 10_010);
    for (let arrived = 20_010; arrived < 3_000_000; arrived += 10_000) {
      connection.receive(pattern(10_000));
      // From 16 KiB on 1 MiB is granted, and beyond it four times of what has arrived.
      expect(connection.retainedLength).toBeLessThanOrEqual(Math.max(2 ** 20, 4 * arrived));
    }
    expect(events).toEqual([]);
  });

  it('is hardly any for a last fragment that announces 1 GiB behind a small one', () => {
    const { connection } = record({ role: 'client', codec: codec(), maxMessageLength: 2 ** 31 });
    connection.receive(hex(`02 01 61 80 7f 00 00 00 00 ${GIB} 62`));
    expect(connection.retainedLength).toBeLessThanOrEqual(1024);
  });

  it('is given up when the message is whole, when it fails, and when the transport ends', () => {
    const whole = record({ role: 'client', codec: codec() });
    whole.connection.receive(hex('02 01 61'));
    expect(whole.connection.retainedLength).toBeGreaterThan(0);
    whole.connection.receive(hex('80 00'));
    expect(whole.connection.retainedLength).toBe(0);
    const failed = record({ role: 'client', codec: codec() });
    failed.connection.receive(hex('02 01 61 83'));
    expect(failed.connection.retainedLength).toBe(0);
    const ended = record({ role: 'client', codec: codec() });
    ended.connection.receive(hex('02 01 61'));
    ended.connection.receiveEnd();
    expect(ended.connection.retainedLength).toBe(0);
  });

  it('is bounded by maxMessageLength, to the very byte', () => {
    const { connection, events } = record({ role: 'client', codec: codec(), maxMessageLength: 4 });
    connection.receive(hex('02 02 01 02 80 02 03 04'));
    connection.receive(hex('02 02 01 02 00 02 03 04 00'));
    expect(events).toEqual(['binary 01 02 03 04']);
    connection.receive(hex('01'));
    expect(events.slice(1)).toEqual(['error message-too-long 1009', 'end']);
  });
});

describe.each(CODECS)('memory that a codec lends to messages ($name)', ({ codec }) => {
  /** A codec, and how many pieces of memory its pool has lent out. */
  function watched(): { codec: Codec; lent: () => number } {
    const taken: { pool: BytePool; memory: Uint8Array<ArrayBuffer> }[] = [];
    const { take } = BytePool.prototype;
    vi.spyOn(BytePool.prototype, 'take').mockImplementation(function (this: BytePool, length) {
      const memory = take.call(this, length);
      taken.push({ pool: this, memory });
      return memory;
    });
    return {
      codec: codec(),
      lent: () => taken.filter(({ pool, memory }) => pool.isLent(memory)).length,
    };
  }

  afterEach(() => {
    vi.restoreAllMocks();
  });

  const fragments = concat(
    wire({ first: 0x02, payload: pattern(3000) }),
    wire({ first: 0x80, payload: pattern(3000) }),
  );

  it.each<[string, (recorded: Recorded) => void]>([
    ['a message is whole', ({ connection }) => connection.receive(fragments)],
    [
      'a message is whole, compressed',
      ({ connection }) => connection.receive(hex('42 0b f2 48 cd c9 c9 07 00 00 00 ff ff 80 01 00')),
    ],
    [
      'the transport ends within a message',
      ({ connection }) => {
        connection.receive(fragments.subarray(0, 4000));
        connection.receive(fragments.subarray(4000, 6000));
        connection.receiveEnd();
      },
    ],
    [
      'the peer breaks a rule within a message',
      ({ connection }) => {
        connection.receive(fragments.subarray(0, 3004));
        connection.receive(hex('83'));
      },
    ],
    [
      'a paused connection has gone on',
      ({ connection }) => {
        connection.pause();
        connection.receive(fragments);
        connection.receive(fragments);
        connection.resume();
      },
    ],
    [
      'a paused connection has gone on in small steps',
      ({ connection }) => {
        for (let at = 0; at < fragments.length; at += 1000) {
          connection.pause();
          connection.receive(fragments.subarray(at, at + 500));
          connection.receive(fragments.subarray(at + 500, at + 1000));
          connection.resume();
        }
      },
    ],
    [
      'a paused connection fails',
      ({ connection }) => {
        connection.pause();
        connection.receive(fragments);
        connection.receive(fragments);
        connection.receive(new Uint8Array(30_000));
      },
    ],
    [
      'a paused connection goes on to a close frame',
      ({ connection }) => {
        connection.pause();
        connection.receive(hex('88 00 81 00'));
        connection.receive(fragments);
        connection.resume();
        connection.receiveEnd();
      },
    ],
  ])('comes back when %s', (_, use) => {
    const { codec: shared, lent } = watched();
    const recorded = record({ role: 'client', codec: shared, maxRetainedLength: 40_000 }, {}, [
      deflateOf('client', new PakoEngine()),
    ]);
    use(recorded);
    expect(recorded.events.length).toBeGreaterThan(0);
    expect(lent()).toBe(0);
    expect(recorded.connection.retainedLength).toBe(0);
  });

  it('is lent while the message is there', () => {
    const { codec: shared, lent } = watched();
    const { connection } = record({ role: 'client', codec: shared });
    connection.receive(fragments.subarray(0, 4000));
    expect(lent()).toBe(1);
  });

  it('comes back when a connection pauses within a chunk, again and again', () => {
    const { codec: shared, lent } = watched();
    const recorded = record({ role: 'client', codec: shared }, { binary: (self) => self.pause() });
    recorded.connection.receive(concat(...Array.from({ length: 1200 }, () => hex('82 01 07'))));
    for (let count = 0; count < 1200; count++) recorded.connection.resume();
    expect(recorded.events).toHaveLength(1200);
    expect(lent()).toBe(0);
  });

  it('comes back when the handler throws', () => {
    const { codec: shared, lent } = watched();
    const { connection } = record(
      { role: 'client', codec: shared },
      {
        binary: () => {
          throw new Error('of the handler');
        },
      },
    );
    expect(() => connection.receive(fragments)).toThrow('of the handler');
    connection.resume();
    expect(lent()).toBe(0);
  });

  it('is used again for the next message', () => {
    const seen: ArrayBuffer[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'client', codec: codec() }),
      { write: () => true, end: () => {}, binary: (_, payload) => seen.push(payload.buffer) },
      undefined,
    );
    connection.receive(fragments);
    connection.receive(fragments);
    expect(seen).toHaveLength(2);
    expect(seen[1] === seen[0]).toBe(true);
  });
});
