import { describe, expect, it } from 'vitest';
import { type Borrowed, Connection, Endpoint, type Limits, ProtocolError } from '../../src/index.js';
import { deflateOf } from '../support/deflate.js';
import { concat, hex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { BLOCK, KIB } from '../support/turns.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('a connection that puts a long message together ($name)', ({ codec }) => {
  const MIB = 1024 * KIB;
  const turn = 128 * KIB;
  // Neither its bytes nor its pieces repeat where a power of two would hide what is out of place.
  const plain = Uint8Array.from({ length: 3 * MIB + 12_345 }, (_, index) => (index >> 12) % 251);
  const deflater = new PakoEngine().deflater(15);
  // The second refers to the first, which holds it, too.
  const payloads = [plain, plain.slice(-300)].map((data) => deflater.deflate(data).slice(0, -4));
  const stream = concat(...payloads.map((payload) => wire({ first: 0xc2, payload })), hex('81 01 61'));

  /** A client that keeps its messages, and what its codec's pool has lent. */
  function keeper(extra: Partial<Limits> = {}): {
    connection: Connection;
    engine: PakoEngine;
    messages: (Uint8Array | string)[];
    turns: () => number;
  } {
    const engine = new PakoEngine(BLOCK);
    const messages: (Uint8Array | string)[] = [];
    let turns = 0;
    const endpoint = new Endpoint({ role: 'client', codec: codec(), maxTurnLength: turn, ...extra });
    const handler = {
      write: () => true,
      end: () => {},
      text: (_: Connection, text: string) => messages.push(text),
      binary: (self: Connection, payload: Borrowed) => messages.push(self.endpoint.codec.own(payload)),
      yield: () => {
        turns++;
      },
    };
    const connection = new Connection(endpoint, handler, undefined, [deflateOf('client', engine)]);
    return { connection, engine, messages, turns: () => turns };
  }

  it('by turns, too, when all of it is there', () => {
    const { connection, engine, messages, turns } = keeper();
    connection.receive(stream);
    while (engine.usage.inflatedLength < plain.length) connection.proceed();
    const inflating = turns();
    expect(inflating).toBeGreaterThanOrEqual(24);
    expect(messages).toEqual([]);
    while (connection.isYielding) connection.proceed();
    // 3 MiB and a bit, four times as fast.
    expect(turns() - inflating).toBeGreaterThanOrEqual(5);
    expect(messages).toHaveLength(3);
    const [message, again, text] = messages;
    expect(message instanceof Uint8Array && Buffer.compare(message, plain) === 0).toBe(true);
    expect(again).toEqual(plain.slice(-300));
    expect(text).toBe('a');
    expect(connection.retainedLength).toBe(0);
  });

  it('in memory of just its length, so that nobody copies it to own it', () => {
    const { connection, messages } = keeper({ maxTurnLength: Number.MAX_SAFE_INTEGER });
    connection.receive(stream);
    const [message] = messages;
    expect(message instanceof Uint8Array && message.buffer.byteLength).toBe(plain.length);
  });

  it('unless it ends before that', () => {
    for (const how of ['fail', 'close', 'pause'] as const) {
      const { connection, engine, messages } = keeper();
      connection.receive(stream);
      while (engine.usage.inflatedLength < plain.length) connection.proceed();
      expect(connection.isYielding).toBe(true);
      if (how === 'fail') connection.fail(new ProtocolError('retained-too-much'));
      if (how === 'close') connection.receiveEnd();
      if (how === 'pause') connection.pause();
      for (let count = 0; count < 20; count++) connection.proceed();
      expect(messages).toHaveLength(how === 'close' ? 3 : 0);
      if (how === 'pause') connection.resume();
      while (connection.isYielding) connection.proceed();
      expect(messages).toHaveLength(how === 'fail' ? 0 : 3);
      expect(connection.retainedLength).toBe(0);
    }
  });
});
