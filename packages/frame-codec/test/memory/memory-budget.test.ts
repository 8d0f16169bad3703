import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type Codec,
  Connection,
  Endpoint,
  FrameDecoder,
  LimitError,
  MemoryBudget,
  PreparedMessage,
} from '../../src/index.js';
import { deflateOf } from '../support/deflate.js';
import { concat, hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Also, type Recorded, record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

const MIB = 2 ** 20;

describe('MemoryBudget', () => {
  it('is a whole number of bytes from 1', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5' as never]) {
      expect(() => new MemoryBudget(wrong)).toThrow(RangeError);
    }
    expect(new MemoryBudget(1)).toMatchObject({ most: 1, used: 0, isOverdrawn: false });
  });

  it('gives all or none, and counts what is held already beyond its bound', () => {
    const budget = new MemoryBudget(10);
    expect([budget.take(10), budget.take(1), budget.used]).toEqual([true, false, 10]);
    budget.charge(5);
    expect([budget.used, budget.isOverdrawn, budget.take(-1), budget.used]).toEqual([15, true, true, 14]);
    budget.give(4);
    expect([budget.isOverdrawn, budget.take(0), budget.take(1)]).toEqual([false, true, false]);
  });

  it('is what an endpoint takes, and nothing else', () => {
    // @ts-expect-error: the caller is wrong
    expect(() => new Endpoint({ role: 'server', memory: { take: () => true } })).toThrow(TypeError);
    expect(new Endpoint({ role: 'server' }).memory).toBe(undefined);
  });
});

/** Connections that share a budget. */
function sharing(
  most: number,
  codec: Codec,
  also: Also = {},
): { budget: MemoryBudget; next: () => Recorded } {
  const budget = new MemoryBudget(most);
  const options = { role: 'client', codec, memory: budget, maxMessageLength: 64 * MIB } as const;
  return { budget, next: () => record(options, also, [deflateOf('client', new PakoEngine())]) };
}

const EXHAUSTED = ['error memory-exhausted 1013', 'end'];

function deflated(length: number): Uint8Array {
  const payload = deflateRawSync(new Uint8Array(length), { finishFlush: 2 }).subarray(0, -4);
  return wire({ first: 0xc2, payload });
}

describe.each(CODECS)('a budget that connections share (§10.4, $name)', ({ codec }) => {
  it('fails the one that asks for more with 1013, and leaves the others alone', () => {
    const { budget, next } = sharing(20_000, codec());
    const [first, second, third] = [next(), next(), next()];
    for (const { connection } of [first, second])
      connection.receive(wire({ first: 0x02, payload: pattern(8000) }));
    expect(budget.used).toBe(16_000);
    third.connection.receive(wire({ first: 0x02, payload: pattern(8000) }));
    expect(third.events).toEqual(EXHAUSTED);
    expect(budget.used).toBe(16_000);
    // 1013 and the reason, in a close frame.
    expect(third.frames()[0]?.payload.subarray(0, 2)).toEqual(hex('03 f5'));
    for (const { connection, events } of [first, second]) {
      connection.receive(hex('80 00'));
      expect(events).toHaveLength(1);
    }
    expect(budget.used).toBe(0);
  });

  it('tells what was allowed', () => {
    let error: unknown;
    const { next } = sharing(20_000, codec(), {
      error: (_, found) => {
        error = found;
      },
    });
    next().connection.receive(wire({ first: 0x02, payload: pattern(30_000) }));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      violation: 'memory-exhausted',
      allowed: 20_000,
      closeCode: 1013,
      section: '10.4',
    });
  });

  it('counts nothing of messages that come whole', () => {
    const { budget, next } = sharing(1, codec());
    const { connection, events } = next();
    connection.receive(
      concat(hex('81 01 61'), wire({ first: 0x82, payload: pattern(60_000) }), hex('89 00')),
    );
    expect(events.map((event) => event.split(' ', 1)[0])).toEqual(['text', 'binary', 'ping']);
    expect(budget.used).toBe(0);
  });

  it('counts the memory of a message as it grows, and not what it was copied from', () => {
    const { budget, next } = sharing(MIB, codec());
    const { connection, events } = next();
    const whole = wire({ first: 0x82, payload: pattern(0.8 * MIB) });
    for (let at = 0; at < whole.length - 1; at += 10_000) {
      connection.receive(whole.subarray(at, Math.min(at + 10_000, whole.length - 1)));
      expect(budget.used).toBe(connection.retainedLength);
    }
    expect(budget.used).toBeGreaterThan(0.5 * MIB);
    connection.receive(whole.subarray(-1));
    expect(events).toHaveLength(1);
    expect(budget.used).toBe(0);
  });

  it('counts what is inflated, and ends a bomb where there is no room for it (RFC 7692 §8)', () => {
    const { budget, next } = sharing(2 * MIB, codec());
    const bomb = next();
    bomb.connection.receive(deflated(40 * MIB));
    expect(bomb.events).toEqual(EXHAUSTED);
    expect(budget.used).toBe(0);
    const sound = next();
    sound.connection.receive(deflated(MIB / 2));
    expect(sound.events).toHaveLength(1);
    expect(budget.used).toBe(0);
  });

  it('counts an inflated message twice while it is put together', () => {
    const shared = codec();
    const held: number[] = [];
    for (const [most, expected] of [
      [8 * MIB, 'binary'],
      [5 * MIB, 'error'],
    ] as const) {
      const { budget, next } = sharing(most, shared, { yield: () => undefined });
      const { connection, events } = next();
      connection.receive(deflated(3 * MIB));
      while (connection.isYielding) {
        held.push(budget.used);
        expect(budget.used).toBe(connection.retainedLength);
        connection.proceed();
      }
      expect(events[0]?.split(' ', 1)[0]).toBe(expected);
      expect(budget.used).toBe(0);
    }
    expect(Math.max(...held)).toBeGreaterThan(5 * MIB);
  });

  it('counts what a pause holds back', () => {
    const { budget, next } = sharing(50_000, codec());
    const { connection, events } = next();
    connection.pause();
    for (let count = 0; count < 4; count++)
      connection.receive(wire({ first: 0x82, payload: pattern(10_000) }));
    expect(budget.used).toBe(connection.retainedLength);
    expect(budget.used).toBeGreaterThanOrEqual(40_000);
    connection.receive(wire({ first: 0x82, payload: pattern(20_000) }));
    expect(events).toEqual(EXHAUSTED);
    expect(budget.used).toBe(0);
  });

  it.each([
    ['the records of a chunk', 20_000, 1],
    ['the rest of a chunk that was not scanned', 1000, 2000],
  ])('fails where a pause amid a chunk leaves more than there is room for: %s', (_, length, count) => {
    const { budget, next } = sharing(10_000, codec(), { ping: (connection) => connection.pause() });
    const { connection, events } = next();
    const frames = Array.from({ length: count }, () =>
      wire({ first: 0x82, payload: pattern(length / count) }),
    );
    connection.receive(concat(hex('89 00'), ...frames, wire({ first: 0x82, payload: pattern(12_000) })));
    expect(events).toEqual(['ping', ...EXHAUSTED].map((event, at) => (at === 0 ? 'ping ' : event)));
    expect(budget.used).toBe(0);
  });

  it('counts what waits for a turn, though that is no fault of anybody', () => {
    for (const [most, failed] of [
      [200_000, false],
      [10_000, true],
    ] as const) {
      const { budget, next } = sharing(most, codec(), {
        ping: (connection) => connection.giveTurn(),
        yield: () => undefined,
      });
      const { connection, events } = next();
      connection.receive(concat(hex('89 00'), wire({ first: 0x82, payload: pattern(30_000) })));
      expect(events).toEqual(failed ? ['ping ', ...EXHAUSTED] : ['ping ']);
      expect(budget.used).toBe(connection.retainedLength);
      connection.receiveEnd();
      connection.proceed();
      expect(budget.used).toBe(0);
    }
  });

  it('counts what comes while all kernels are in use', () => {
    const shared = codec();
    const { budget, next } = sharing(10_000, shared, { yield: () => undefined });
    const innermost: string[][] = [];
    let waiting: Recorded['connection'] | undefined;
    const nest = (depth: number): void => {
      if (depth === 0) {
        const { connection, events } = next();
        connection.receive(wire({ first: 0x82, payload: pattern(9000) }));
        expect(budget.used).toBe(connection.retainedLength);
        expect(budget.used).toBeGreaterThan(9000);
        const late = next();
        late.connection.receive(wire({ first: 0x82, payload: pattern(9000) }));
        innermost.push(events, late.events);
        waiting = connection;
        return;
      }
      const options = { role: 'client', codec: shared } as const;
      record(options, { ping: () => nest(depth - 1) }).connection.receive(hex('89 00'));
    };
    nest(64);
    expect(innermost[1]).toEqual(EXHAUSTED);
    waiting?.proceed();
    expect(innermost[0]).toHaveLength(1);
    expect(budget.used).toBe(0);
  });

  it.each(['terminate', 'receiveEnd', 'fail'] as const)(
    'has back what is handed out when the handler ends the connection and throws: %s',
    (how) => {
      const { budget, next } = sharing(100_000, codec(), {
        binary: (connection) => {
          if (how === 'fail') connection.fail(connection.endpoint.exhausted());
          else connection[how]();
          throw new Error('of the handler');
        },
      });
      const { connection } = next();
      connection.pause();
      for (let count = 0; count < 3; count++)
        connection.receive(wire({ first: 0x82, payload: pattern(5000) }));
      expect(() => connection.resume()).toThrow('of the handler');
      try {
        connection.receiveEnd();
      } catch {
        // What is left is handed out at the end of a transport.
      }
      expect(budget.used).toBe(0);
    },
  );

  it('leaves frames alone that a decoder keeps behind a handler that threw: it has no end', () => {
    const budget = new MemoryBudget(1);
    const decoder = new FrameDecoder(new Endpoint({ role: 'client', codec: codec(), memory: budget }), () => {
      throw new Error('of the handler');
    });
    expect(() =>
      decoder.receive(concat(hex('81 01 61'), wire({ first: 0x82, payload: pattern(500) }))),
    ).toThrow('of the handler');
    expect(budget.used).toBe(0);
  });
});

describe.each(CODECS)('what waits to be sent counts, too ($name)', ({ codec }) => {
  function sender(most: number): {
    connection: Connection;
    budget: MemoryBudget;
    told: unknown[];
    lost: unknown[];
    wrote: number[];
  } {
    const budget = new MemoryBudget(most);
    const told: unknown[] = [];
    const wrote: number[] = [];
    const handler = {
      write: (_: Connection, bytes: Uint8Array) => wrote.push(...bytes) > 0,
      end: () => told.push('end'),
      sendingFailed: (_: Connection, error: Error) => told.push(error),
    };
    const connection = new Connection(
      new Endpoint({ role: 'server', codec: codec(), memory: budget }),
      handler,
      0,
    );
    return { connection, budget, told, lost: [], wrote };
  }

  it('as long as it waits', () => {
    const { connection, budget, told } = sender(1000);
    const slot = connection.sendLater('text', 10);
    connection.sendText('abc');
    connection.sendPrepared(new PreparedMessage('abcd'));
    expect(budget.used).toBe(connection.queuedLength);
    slot?.fill(pattern(5));
    expect([budget.used, told]).toEqual([0, []]);
  });

  it.each<[string, (connection: Connection, done: (error?: Error) => void) => void]>([
    ['a message', (connection, done) => connection.sendBinary(pattern(990), { done })],
    [
      'a place for one',
      (connection, done) => connection.sendLater('binary', 990, { done })?.fill(pattern(990)),
    ],
    [
      'a message that is longer than its place',
      (connection, done) => connection.sendLater('binary', 1, { done })?.fill(pattern(990)),
    ],
    ['a part', (connection, done) => connection.startMessage('binary').write(pattern(990), done)],
    ['frames', (connection, done) => connection.sendRaw(wire({ first: 0x82, payload: pattern(990) }), done)],
  ])('and closes with 1013 where it is too much: %s', (_, send) => {
    const { connection, budget, told, lost, wrote } = sender(1000);
    connection.sendLater('text', 20);
    send(connection, (error) => lost.push(error));
    expect(lost).toEqual([expect.any(LimitError)]);
    expect(told).toEqual([expect.objectContaining({ violation: 'memory-exhausted' })]);
    expect(wrote.slice(0, 4)).toEqual([0x88, wrote.length - 2, 0x03, 0xf5]);
    expect([connection.isOpen, budget.used]).toEqual([false, 0]);
    connection.receiveEnd();
    expect(budget.used).toBe(0);
  });

  it('but not of pings and close frames: these go out all the same', () => {
    const { connection, budget, told } = sender(10);
    connection.sendLater('text', 8);
    connection.ping(pattern(100));
    connection.close(1000);
    expect([told, budget.used]).toEqual([[], 110]);
    connection.receiveEnd();
    expect(budget.used).toBe(0);
  });
});
