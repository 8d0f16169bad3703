import { describe, expect, it } from 'vitest';
import { type Limits, ProtocolError } from '../../src/index.js';
import { deflated, deflateOf } from '../support/deflate.js';
import { concat, hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Also, type Recorded, record } from '../support/recorder.js';
import { BLOCK, bomb, TURN, type Turning, told, turning } from '../support/turns.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('a connection that inflates by turns ($name)', ({ codec }) => {
  const client = (limits?: Partial<Limits>, also?: Also, blockLength?: number): Turning =>
    turning(codec(), limits, also, blockLength);

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
});
