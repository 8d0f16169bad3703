import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Borrowed,
  Connection,
  Endpoint,
  type Extension,
  type Limits,
  ProtocolError,
  RSV,
} from '../../src/index.js';
import { ChecksumExtension } from '../support/checksum-extension.js';
import { deflateOf } from '../support/deflate.js';
import { concat, cut, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Also, type Recorded, record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

const KIB = 1024;
const BLOCK = 4 * KIB;
const TURN = 16 * KIB;

/** `data` as one message, compressed by itself by a way that shares nothing with the code under test. */
function deflated(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new PakoEngine().deflater(15).deflate(data).slice(0, -4);
}

/** A message of so many bytes 0x61, which takes about a thousandth of them. */
function bomb(length: number, first = 0xc2): Uint8Array<ArrayBuffer> {
  return wire({ first, payload: deflated(new Uint8Array(length).fill(0x61)) });
}

describe.each(CODECS)('a connection that inflates by turns ($name)', ({ codec }) => {
  interface Subject extends Recorded {
    engine: PakoEngine;
    /** how often it has yielded */
    turns: () => number;
  }

  /** A client whose events tell the length of binary messages, not their bytes. */
  function client(limits: Partial<Limits> = {}, also: Also = {}, blockLength = BLOCK): Subject {
    const engine = new PakoEngine(blockLength);
    let turns = 0;
    const handler: Also = {
      yield: () => {
        turns++;
      },
      ...also,
    };
    const recorded = record({ role: 'client', codec: codec(), maxTurnLength: TURN, ...limits }, handler, [
      deflateOf('client', engine, { serverNoContextTakeover: true }),
    ]);
    return { ...recorded, engine, turns: () => turns };
  }

  /** Events, with what is long shortened to its length. */
  function told({ events }: Recorded): string[] {
    return events.map((event) =>
      event.length < 60 ? event : `${event.slice(0, 6)} of ${(event.length - 6) / 3}`,
    );
  }

  it('stops in the middle of a frame, behind maxTurnLength bytes and the block that passes it', () => {
    const subject = client();
    const { connection, engine } = subject;
    connection.receive(bomb(10 * TURN));
    for (let turn = 1; turn < 10; turn++) {
      expect(engine.usage.inflatedLength).toBe(turn * TURN);
      expect(subject.turns()).toBe(turn);
      expect(connection.isYielding).toBe(true);
      expect(told(subject)).toEqual([]);
      connection.proceed();
    }
    expect(told(subject)).toEqual([`binary of ${10 * TURN}`]);
    expect(subject.turns()).toBe(9);
    expect(connection.isYielding).toBe(false);
    expect(connection.retainedLength).toBe(0);
  });

  it('does not yield when there is nothing left to decode', () => {
    const subject = client();
    subject.connection.receive(bomb(TURN));
    expect(told(subject)).toEqual([`binary of ${TURN}`]);
    expect(subject.turns()).toBe(0);
  });

  it('stops between messages, and keeps the order of all that follows (§5.4, §5.5)', () => {
    const subject = client();
    const { connection } = subject;
    connection.receive(
      concat(
        hex('89 01 01'),
        bomb(TURN - BLOCK),
        bomb(TURN),
        hex('89 01 02 81 01 61'),
        bomb(100),
        hex('8a 00 42 00 89 01 03 80 01 00'),
      ),
    );
    expect(told(subject)).toEqual(['ping 01', `binary of ${TURN - BLOCK}`]);
    connection.proceed();
    expect(told(subject).slice(2)).toEqual([
      `binary of ${TURN}`,
      'ping 02',
      'text a',
      'binary of 100',
      'pong ',
      'ping 03',
      'binary ',
    ]);
  });

  it('takes what is not compressed although its turn is over', () => {
    const subject = client();
    subject.connection.receive(concat(bomb(TURN), hex('81 01 61 89 01 01'), bomb(1), hex('81 01 62')));
    expect(told(subject)).toEqual([`binary of ${TURN}`, 'text a', 'ping 01']);
    subject.connection.proceed();
    expect(told(subject).slice(3)).toEqual(['binary 61', 'text b']);
  });

  it('goes on at once where the handler has no yield', () => {
    const engine = new PakoEngine(BLOCK);
    const recorded = record({ role: 'client', codec: codec(), maxTurnLength: 1 }, {}, [
      deflateOf('client', engine),
    ]);
    recorded.connection.receive(concat(bomb(5 * TURN), hex('81 01 61')));
    expect(told(recorded)).toEqual([`binary of ${5 * TURN}`, 'text a']);
    expect(recorded.connection.isYielding).toBe(false);
  });

  it('goes on at once where yield itself says so', () => {
    const subject = client({}, { yield: (connection) => connection.proceed() });
    subject.connection.receive(concat(bomb(5 * TURN), hex('81 01 61')));
    expect(told(subject)).toEqual([`binary of ${5 * TURN}`, 'text a']);
  });

  it('keeps what comes while it waits', () => {
    const subject = client();
    const { connection } = subject;
    const stream = concat(bomb(3 * TURN), bomb(2 * TURN), hex('81 01 61'));
    for (const byte of stream) connection.receive(Uint8Array.of(byte));
    expect(told(subject)).toEqual([]);
    while (connection.isYielding) connection.proceed();
    expect(told(subject)).toEqual([`binary of ${3 * TURN}`, `binary of ${2 * TURN}`, 'text a']);
    expect(subject.turns()).toBe(4);
  });

  it('fails with 1008 when more comes than it may keep (§10.4)', () => {
    const subject = client({ maxRetainedLength: 50_000 });
    subject.connection.receive(bomb(3 * TURN));
    subject.connection.receive(wire({ first: 0x82, payload: pattern(60_000) }));
    expect(told(subject)).toEqual(['error retained-too-much 1008', 'end']);
    subject.connection.proceed();
    subject.connection.receiveEnd();
    expect(told(subject).slice(2)).toEqual(['close 1006']);
    expect(subject.engine.usage.open).toBe(0);
  });

  it('keeps what one read brought, whatever maxRetainedLength says of more', () => {
    const subject = client({ maxRetainedLength: 0 });
    subject.connection.receive(concat(bomb(3 * TURN), hex('81 01 61')));
    while (subject.connection.isYielding) subject.connection.proceed();
    expect(told(subject)).toEqual([`binary of ${3 * TURN}`, 'text a']);
  });

  describe('beside pause and resume', () => {
    it('waits for both, in either order', () => {
      for (const order of ['proceed first', 'resume first']) {
        const subject = client();
        const { connection } = subject;
        connection.receive(bomb(3 * TURN));
        connection.pause();
        expect([connection.isPaused, connection.isYielding]).toEqual([true, true]);
        if (order === 'proceed first') connection.proceed();
        else connection.resume();
        expect(subject.engine.usage.inflatedLength).toBe(TURN);
        expect(subject.turns()).toBe(1);
        if (order === 'proceed first') connection.resume();
        else connection.proceed();
        expect(subject.engine.usage.inflatedLength).toBe(2 * TURN);
        connection.resume();
        connection.resume();
        expect(subject.engine.usage.inflatedLength).toBe(2 * TURN);
        connection.proceed();
        expect(told(subject)).toEqual([`binary of ${3 * TURN}`]);
      }
    });

    it('hands out nothing behind a message whose handler pauses', () => {
      const subject = client({}, { binary: (connection) => connection.pause() });
      const { connection } = subject;
      connection.receive(concat(bomb(2 * TURN), bomb(2), hex('81 01 61')));
      connection.proceed();
      expect(told(subject)).toEqual([`binary of ${2 * TURN}`]);
      expect([connection.isPaused, connection.isYielding]).toEqual([true, false]);
      connection.resume();
      expect([connection.isPaused, connection.isYielding]).toEqual([false, true]);
      connection.proceed();
      connection.resume();
      expect(told(subject).slice(1)).toEqual(['binary 61 61', 'text a']);
    });
  });

  describe('at its end', () => {
    it('sends a close frame while it waits, and hands out what came before the answer (§5.5.1)', () => {
      const subject = client();
      const { connection } = subject;
      connection.receive(concat(bomb(3 * TURN), hex('88 02 03 e8'), hex('81 01 61')));
      connection.close(1000);
      expect(subject.frames().map(({ first }) => first)).toEqual([0x88]);
      connection.proceed();
      connection.proceed();
      expect(told(subject)).toEqual([`binary of ${3 * TURN}`, 'closing 1000', 'end']);
      connection.receiveEnd();
      expect(told(subject).at(-1)).toBe('close 1000 clean');
    });

    it('hands out everything behind the end of the transport, and tells of it then', () => {
      const subject = client();
      const { connection, engine } = subject;
      connection.receive(concat(bomb(3 * TURN), hex('81 01 61'), bomb(2 * TURN)));
      connection.receiveEnd();
      connection.receiveEnd();
      expect(told(subject)).toEqual([]);
      expect(engine.usage.inflatedLength).toBe(TURN);
      for (let turn = 2; turn < 5; turn++) {
        connection.proceed();
        expect(engine.usage.inflatedLength).toBe(turn * TURN);
      }
      connection.proceed();
      expect(told(subject)).toEqual([
        `binary of ${3 * TURN}`,
        'text a',
        `binary of ${2 * TURN}`,
        'close 1006',
      ]);
      expect(connection.retainedLength).toBe(0);
      connection.proceed();
      connection.resume();
      expect(told(subject)).toHaveLength(4);
    });

    it('hands out nothing more when it was failed, and lets the engine go (§7.1.7)', () => {
      const subject = client();
      const { connection, engine } = subject;
      connection.receive(concat(bomb(3 * TURN), hex('81 01 61')));
      expect(engine.usage.open).toBe(1);
      connection.fail(new ProtocolError('retained-too-much'));
      expect(engine.usage.open).toBe(0);
      expect(connection.retainedLength).toBe(0);
      connection.proceed();
      connection.receive(hex('81 01 61'));
      connection.receiveEnd();
      expect(told(subject)).toEqual(['error retained-too-much 1008', 'end', 'close 1006']);
    });

    it('may be failed by yield', () => {
      const subject = client(
        {},
        { yield: (connection) => connection.fail(new ProtocolError('retained-too-much')) },
      );
      subject.connection.receive(concat(bomb(3 * TURN), hex('81 01 61')));
      subject.connection.proceed();
      subject.connection.receiveEnd();
      expect(told(subject)).toEqual(['error retained-too-much 1008', 'end', 'close 1006']);
      expect(subject.engine.usage).toMatchObject({ open: 0, inflatedLength: TURN });
      expect(subject.connection.retainedLength).toBe(0);
    });
  });

  describe('and puts a long message together', () => {
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

  it('fails with 1009 in the turn in which a message passes its limit (§10.4)', () => {
    const subject = client({ maxMessageLength: 3 * TURN - 1 });
    const { connection, engine } = subject;
    connection.receive(bomb(100 * TURN));
    connection.proceed();
    expect(told(subject)).toEqual([]);
    connection.proceed();
    expect(told(subject)).toEqual(['error message-too-long 1009', 'end']);
    expect(engine.usage.inflatedLength).toBe(3 * TURN);
    expect(engine.usage.open).toBe(0);
    expect(connection.retainedLength).toBe(0);
  });

  it('fails with 1007 in the turn in which it comes upon bad data (RFC 7692 §7.2.2)', () => {
    const subject = client();
    const payload = concat(deflated(new Uint8Array(3 * TURN)), hex('00 00 ff ff ff ff ff'));
    subject.connection.receive(concat(wire({ first: 0xc2, payload }), hex('81 01 61')));
    subject.connection.proceed();
    expect(told(subject)).toEqual([]);
    subject.connection.proceed();
    expect(told(subject)).toEqual(['error extension-data-invalid 1007', 'end']);
  });

  describe('whose handler throws', () => {
    const thrower = (): never => {
      throw new Error('of the handler');
    };

    it('loses nothing when that is yield', () => {
      const subject = client({}, { yield: thrower });
      const { connection } = subject;
      expect(() => connection.receive(concat(bomb(3 * TURN), hex('81 01 61')))).toThrow('of the handler');
      expect(() => connection.proceed()).toThrow('of the handler');
      expect(connection.isYielding).toBe(true);
      connection.proceed();
      expect(told(subject)).toEqual([`binary of ${3 * TURN}`, 'text a']);
    });

    it('loses nothing when that is another', () => {
      let throws = true;
      const subject = client(
        {},
        {
          binary: () => {
            if (throws) thrower();
          },
        },
      );
      const { connection } = subject;
      connection.receive(concat(bomb(2 * TURN), bomb(3), hex('81 01 61')));
      expect(() => connection.proceed()).toThrow('of the handler');
      throws = false;
      connection.receive(hex(''));
      expect(connection.isYielding).toBe(true);
      connection.proceed();
      expect(told(subject)).toEqual([`binary of ${2 * TURN}`, 'binary 61 61 61', 'text a']);
    });
  });

  it('serves several connections of one codec, each by its own turns, fed from each other’s handlers', () => {
    const shared = codec();
    const engine = new PakoEngine(BLOCK);
    const open = (also: Also): Recorded =>
      record({ role: 'client', codec: shared, maxTurnLength: TURN }, { yield: () => {}, ...also }, [
        deflateOf('client', engine),
      ]);
    const inner = open({});
    const outer = open({
      text: () => inner.connection.receive(bomb(2 * TURN)),
      yield: () => inner.connection.receive(hex('81 01 62')),
    });
    const other = open({});
    outer.connection.receive(concat(bomb(2 * TURN), hex('81 01 61')));
    other.connection.receive(bomb(3 * TURN));
    expect([told(outer), told(inner), told(other)]).toEqual([[], ['text b'], []]);
    outer.connection.proceed();
    expect(told(outer)).toEqual([`binary of ${2 * TURN}`, 'text a']);
    expect([inner.connection.isYielding, other.connection.isYielding]).toEqual([true, true]);
    other.connection.proceed();
    inner.connection.proceed();
    other.connection.proceed();
    expect(told(inner)).toEqual(['text b', `binary of ${2 * TURN}`]);
    expect(told(other)).toEqual([`binary of ${3 * TURN}`]);
  });

  describe('that hands out parts', () => {
    /** A client that takes parts, and does something at each. */
    function inParts(act: (connection: Connection, part: string) => void): {
      connection: Connection;
      parts: string[];
      engine: PakoEngine;
    } {
      const engine = new PakoEngine(BLOCK);
      const parts: string[] = [];
      const tell = (connection: Connection, part: string): void => {
        parts.push(part);
        act(connection, part);
      };
      const endpoint = new Endpoint({ role: 'client', codec: codec(), maxTurnLength: TURN });
      const handler = {
        write: () => true,
        end: () => {},
        yield: () => parts.push('yield'),
        textPart: (self: Connection, text: string, last: boolean) =>
          tell(self, `text ${text.length}${last ? ' last' : ''}`),
        binaryPart: (self: Connection, payload: Uint8Array, last: boolean) =>
          tell(self, `binary ${payload.length}${last ? ' last' : ''}`),
      };
      return {
        connection: new Connection(endpoint, handler, undefined, [deflateOf('client', engine)]),
        parts,
        engine,
      };
    }

    it('yields between them', () => {
      const { connection, parts } = inParts(() => {});
      connection.receive(concat(bomb(TURN + BLOCK, 0xc1), hex('82 01 61')));
      connection.proceed();
      const block = `text ${BLOCK}`;
      expect(parts).toEqual([block, block, block, block, 'yield', block, 'text 0 last', 'binary 1 last']);
    });

    it('stops at the part whose handler pauses', () => {
      const { connection, parts, engine } = inParts((self) => self.pause());
      const payload = deflated(concat(new Uint8Array(3 * BLOCK), pattern(2000)));
      connection.receive(concat(wire({ first: 0xc2, payload }), hex('82 01 61')));
      for (let count = 1; count <= 3; count++) {
        expect(parts).toHaveLength(count);
        expect(engine.usage.inflatedLength).toBe(count * BLOCK);
        connection.resume();
      }
      connection.resume();
      const block = `binary ${BLOCK}`;
      expect(parts).toEqual([block, block, block, 'binary 2000', 'binary 0 last', 'binary 1 last']);
    });

    it('loses none when a handler throws at one and the turn is over', () => {
      let count = 0;
      const { connection, parts } = inParts(() => {
        if (++count === 2) throw new Error('of the handler');
      });
      expect(() => connection.receive(concat(bomb(2 * TURN), hex('82 01 61')))).toThrow('of the handler');
      expect(parts).toHaveLength(5);
      connection.proceed();
      expect(parts.filter((part) => part === `binary ${BLOCK}`)).toHaveLength(8);
      expect(parts.slice(-2)).toEqual(['binary 0 last', 'binary 1 last']);
    });
  });

  it('gives an extension what it left, as parts of the same frame (§5.8)', () => {
    const seen: string[] = [];
    /** Leaves all but two bytes at a time, where it may. */
    const reluctant: Extension = {
      name: 'x-reluctant',
      claims: { first: RSV.rsv1, continuation: 0 },
      decodes: 'marked',
      decode(payload, { firstOfMessage, firstOfFrame, lastOfFrame, lastOfMessage }, emit) {
        const where = [firstOfMessage, firstOfFrame, lastOfFrame, lastOfMessage].map(Number).join('');
        seen.push(`${toHex(payload)} ${where}`);
        for (let at = 0; at < payload.length; at += 2) {
          if (!emit(payload.subarray(at, at + 2))) return Math.min(at + 2, payload.length);
        }
        return payload.length;
      },
      encode: (payload) => payload,
      close: () => {},
    };
    const { connection, events } = record(
      { role: 'client', codec: codec(), maxTurnLength: 1 },
      { yield: () => {} },
      [reluctant],
    );
    connection.receive(hex('42 05 01 02 03 04 05 80 03 06 07 08 c1 02 61 62'));
    while (connection.isYielding) connection.proceed();
    expect(seen).toEqual([
      '01 02 03 04 05 1110',
      '03 04 05 0010',
      '05 0010',
      '06 07 08 0111',
      '08 0011',
      '61 62 1111',
    ]);
    expect(events).toEqual(['binary 01 02 03 04 05 06 07 08', 'text ab']);
  });

  it('is fed little by little where several extensions decode a message', () => {
    const engine = new PakoEngine(BLOCK);
    const orders = (): Extension[][] => [
      [deflateOf('client', engine), new ChecksumExtension()],
      [new ChecksumExtension(), deflateOf('client', engine)],
    ];
    const noise = Uint8Array.from({ length: 5 * KIB }, (_, index) => Math.imul(index + 7, 2654435761) >>> 24);
    const payload = concat(new Uint8Array(TURN), noise, new Uint8Array(2 * TURN));
    for (const [index, extensions] of orders().entries()) {
      let turns = 0;
      const handler = {
        yield: () => {
          turns++;
        },
      };
      const { connection, events } = record(
        { role: 'client', codec: codec(), maxTurnLength: KIB },
        handler,
        extensions,
      );
      const peer = record({ role: 'server', codec: codec() }, {}, [
        ...(index === 0
          ? [deflateOf('server', new PakoEngine()), new ChecksumExtension()]
          : [new ChecksumExtension(), deflateOf('server', new PakoEngine())]),
      ]);
      peer.connection.sendBinary(payload);
      peer.connection.sendText('a');
      connection.receive(peer.wire());
      while (connection.isYielding) connection.proceed();
      expect(turns).toBeGreaterThan(1);
      expect(events).toEqual([`binary ${toHex(payload)}`, 'text a']);
    }
  });

  it('tells the same whatever the turns, blocks, cuts and pauses are (property)', () => {
    const message = fc.record({
      kind: fc.constantFrom('text', 'binary'),
      compress: fc.constantFrom(true, true, false),
      length: fc.oneof(fc.nat(40), fc.nat(3000)),
      period: fc.integer({ min: 1, max: 26 }),
      /** a block marked as final ends the message (RFC 7692 §7.2.3.4) */
      final: fc.boolean(),
      cuts: fc.array(fc.nat(80), { maxLength: 3 }),
      ping: fc.boolean(),
    });
    const acts = fc.array(fc.constantFrom('proceed', 'proceed', 'resume', 'pause', 'feed', 'end'), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.constantFrom(1, 7, 256),
        fc.array(fc.nat(500), { maxLength: 6 }),
        acts,
        fc.boolean(),
        (messages, maxTurnLength, blockLength, places, steps, pauses) => {
          const expected: string[] = [];
          const stream = concat(
            ...messages.flatMap(({ kind, compress, length, period, final, cuts, ping }) => {
              const data = Uint8Array.from({ length }, (_, index) => 0x61 + (index % period));
              const plain =
                kind === 'text' ? `text ${new TextDecoder().decode(data)}` : `binary ${toHex(data)}`;
              const end = hex(final ? '00 00 ff ff 03 00' : '');
              const payload = compress
                ? concat(length === 0 ? hex('00') : deflated(data), length === 0 ? hex('') : end)
                : data;
              const parts = cut(
                payload,
                cuts.filter((at) => at <= payload.length),
              );
              if (ping && parts.length > 1) expected.push('ping 70');
              expected.push(plain);
              return parts.flatMap((part, index) => [
                ...(ping && index === 1 ? [hex('89 01 70')] : []),
                wire({
                  first:
                    (index === 0 ? (compress ? 0x40 : 0) | (kind === 'text' ? 1 : 2) : 0) |
                    (index === parts.length - 1 ? 0x80 : 0),
                  payload: part,
                }),
              ]);
            }),
          );
          const most = maxTurnLength + blockLength;
          const also: Also = pauses ? { text: (self) => self.pause(), ping: (self) => self.pause() } : {};
          const subject = client({ maxTurnLength }, also, blockLength);
          const { connection, engine, events } = subject;
          let inflated = 0;
          /** What one call inflates, over and above what the tails push out. */
          const bounded = (step: () => void): void => {
            step();
            const before = inflated;
            inflated = engine.usage.inflatedLength;
            expect(inflated - before).toBeLessThanOrEqual(most + events.length * 300);
          };
          const chunks = cut(
            stream,
            places.filter((place) => place <= stream.length),
          );
          let ended = false;
          for (const step of steps) {
            if (step === 'pause') connection.pause();
            else if (step === 'end' && chunks.length === 0) ended = true;
            else if (step === 'feed' || step === 'end')
              bounded(() => connection.receive(chunks.shift() ?? hex('')));
            else bounded(() => connection[step]());
            if (ended) bounded(() => connection.receiveEnd());
          }
          while (chunks.length > 0) bounded(() => connection.receive(chunks.shift() ?? hex('')));
          bounded(() => connection.receiveEnd());
          while (connection.isPaused || connection.isYielding) {
            bounded(() => connection.proceed());
            bounded(() => connection.resume());
          }
          expect(events).toEqual([...expected, 'close 1006']);
          expect(connection.retainedLength).toBe(0);
          expect(engine.usage.open).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 80 },
    );
  });
});
