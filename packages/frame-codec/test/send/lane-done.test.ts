import { describe, expect, it } from 'vitest';
import { type Connection, type Done, PreparedMessage } from '../../src/index.js';
import { hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { deflateFor, sendingOf } from '../support/sending.js';
import { wire } from '../support/wire.js';

const KEY = '01 02 03 04';
type Ways = Record<string, (connection: Connection<undefined>, done: Done) => unknown>;

/** Each sends `61` and calls `done` right before. */
const AT_ONCE: Ways = {
  sendText: (connection, done) => connection.sendText('a', { done }),
  sendBinary: (connection, done) => connection.sendBinary(hex('61'), { done }),
  sendPrepared: (connection, done) => connection.sendPrepared(new PreparedMessage('a'), done),
  sendRaw: (connection, done) => connection.sendRaw(hex('81 01 61'), done),
  ping: (connection, done) => connection.ping(hex('61'), done),
  sendLater: (connection, done) => connection.sendLater('text', 1, { done })?.fill(hex('61')),
  end: (connection, done) => connection.startMessage('text').end('a', done),
};
/** The same, behind something that waits. */
const IN_TURN: Ways = Object.fromEntries(
  Object.entries(AT_ONCE).map(([name, send]) => [
    `${name} in its turn`,
    (connection, done) => {
      const slot = connection.sendLater('pong', 0);
      send(connection, done);
      slot?.fill(hex(''));
    },
  ]),
);

describe.each(CODECS)('what done calls ($name)', ({ codec }) => {
  describe.each(Object.entries({ ...AT_ONCE, ...IN_TURN }))('of %s', (_name, send) => {
    it('goes behind the frame at hand, close frames too (§5.5.1)', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      send(connection, () => {
        connection.sendText('b');
        connection.close(1000);
      });
      const own = frames().filter((frame) => frame !== '8a');
      expect(own.map((frame) => frame.slice(3))).toEqual(['61', '62', '03 e8']);
    });

    it('may start the next message in parts', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      send(connection, () => connection.startMessage('binary').end(hex('62')));
      expect(frames().slice(-2)[0]?.slice(3)).toBe('61');
      expect(frames().at(-1)).toBe('82 62');
    });
  });

  it('of a part may be the next part, or the end (§5.4)', () => {
    for (const waits of [false, true]) {
      const { connection, frames } = sendingOf({ codec: codec() });
      const slot = waits ? connection.sendLater('pong', 0) : undefined;
      const writer = connection.startMessage('binary');
      writer.write(hex('01'), () => writer.write(hex('02'), () => writer.end(hex('03'))));
      connection.sendText('a');
      slot?.fill(hex(''));
      expect(frames().slice(-4)).toEqual(['02 01', '00 02', '80 03', '81 61']);
    }
  });

  it('of the first part may promise the next, which does not begin the message anew (§5.4)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('binary');
    writer.write(hex('01'), () => writer.writeLater(1, true)?.fill(hex('02')));
    expect(frames()).toEqual(['02 01', '80 02']);
  });

  it('of the first part cannot take the message back', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('binary');
    writer.write(hex('01'), () => expect(writer.discard()).toBe(false));
    writer.end();
    expect(frames()).toEqual(['02 01', '80']);
  });

  it('of a last part finds the message ended', () => {
    const { connection } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('binary');
    writer.end(hex('01'), () => expect(() => writer.write(hex('02'))).toThrow('has ended'));
  });

  it('of a prepared message is compressed without reference to what came before it (RFC 7692 §7.2.3)', () => {
    const { connection, read } = sendingOf({ codec: codec(), extensions: [deflateFor('server')] });
    const text = 'the same text, the same text';
    connection.sendText(text);
    connection.sendPrepared(new PreparedMessage('prepared'), () => connection.sendText(text));
    const [first, , third] = read().map(({ payload }) => toHex(payload));
    expect(third).toBe(first);
  });

  it('and throws, is not called again, and fails what waits', () => {
    const { connection, told, frames } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('text', 1, {
      done: (error) => {
        told.push(`done ${error?.message}`);
        throw new Error('by done');
      },
    });
    connection.sendText('behind', { done: (error) => told.push(`behind ${error?.message}`) });
    slot?.fill(hex('61'));
    expect(told).toEqual(['done undefined', 'behind by done', 'failed by done']);
    expect(frames()).toEqual(['88 03 f3']);
  });

  it('is told of the error that a message failed with, also where it throws at that', () => {
    const { connection, told } = sendingOf({
      codec: codec(),
      role: 'client',
      maskingKey: () => {
        throw new Error('no key');
      },
    });
    const slot = connection.sendLater('text', 1, {
      done: (error) => {
        if (error === undefined) return;
        told.push(error.message);
        throw new Error('by done');
      },
    });
    expect(() => slot?.fill(hex('61'))).toThrow('by done');
    expect(told).toContain('failed no key');
    expect(connection.isOpen).toBe(false);
  });

  it('and throws, for each of many that are dropped, keeps none from being told', () => {
    const { connection } = sendingOf({ codec: codec() });
    connection.sendLater('text', 1);
    let told = 0;
    for (let count = 0; count < 20_000; count++) {
      connection.sendText('a', {
        done: () => {
          told++;
          throw new Error('by done');
        },
      });
    }
    expect(() => connection.terminate()).toThrow('by done');
    expect(told).toBe(20_000);
  });

  it('cannot send where a message before it has failed amid its parts (§5.4)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('binary');
    writer.write(hex('01'));
    const slot = writer.writeLater(1, false);
    connection.sendText('a', { done: (error) => error && connection.sendText('b') });
    slot?.fail(new Error('no file'));
    expect(frames()).toEqual(['02 01', '88 03 f3']);
  });
});

describe.each(CODECS)('what comes while the transport is given bytes ($name)', ({ codec }) => {
  it.each(['server', 'client'] as const)(
    'the end of the stream of the peer of a %s waits for the frame',
    (role) => {
      const sender = sendingOf({ codec: codec(), role });
      const lengths: number[] = [];
      sender.inWrite = () => {
        lengths.push(sender.told.length);
        sender.connection.receivePeerEnd();
      };
      sender.connection.sendBinary(pattern(70_000));
      expect(lengths).toEqual(lengths.map(() => 0));
      expect(sender.frames()).toEqual(['82 of 70000']);
      expect(sender.told).toEqual(['end']);
    },
  );

  it('the close frame of the peer, too', () => {
    const sender = sendingOf({ codec: codec() });
    const { connection } = sender;
    connection.cork();
    connection.sendText('a');
    connection.close(1000);
    sender.inWrite = () => {
      sender.inWrite = undefined;
      connection.receive(wire({ first: 0x88, payload: hex('03 e8'), key: KEY }));
      expect(sender.told).toEqual(['closing 1000']);
    };
    connection.uncork();
    expect(sender.frames()).toEqual(['81 61', '88 03 e8']);
    expect(sender.told).toEqual(['closing 1000', 'end']);
  });

  it('an uncork too many, too', () => {
    const sender = sendingOf({ codec: codec() });
    sender.inWrite = () => sender.connection.uncork();
    sender.connection.sendBinary(pattern(70_000));
    sender.connection.sendText('a');
    expect(sender.frames()).toEqual(['82 of 70000', '81 61']);
  });

  it('a transport that throws then ends the connection, and not cleanly (§7.1.4)', () => {
    const sender = sendingOf({ codec: codec() });
    sender.inWrite = () => {
      throw new Error('by the transport');
    };
    expect(() => sender.connection.sendText('a')).toThrow('by the transport');
    sender.connection.receive(wire({ first: 0x88, payload: hex('03 e8'), key: KEY }));
    sender.connection.receiveEnd();
    expect(sender.told).toEqual(['closing 1000', 'end', 'close 1000']);
  });
});

describe.each(CODECS)('the lane ($name)', ({ codec }) => {
  it('counts no bytes that are there too late', () => {
    const sender = sendingOf({ codec: codec() });
    const { connection } = sender;
    const slot = connection.sendLater('text', 1);
    const first = connection.sendLater('ping', 0);
    sender.inWrite = () => {
      sender.inWrite = undefined;
      connection.abandon(1008);
      slot?.fill(pattern(100));
      first?.fill(pattern(100));
      expect(connection.queuedLength).toBe(2);
    };
    connection.probe(hex(''));
    expect(sender.frames()).toEqual(['89', '88 03 f0']);
  });

  it('lets no part pass a ping that was accepted before it (§5.4)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('binary');
    writer.write(hex('01'));
    const slot = connection.sendLater('ping', 0);
    writer.write(hex('02'));
    connection.sendText('a');
    writer.end(hex('03'));
    slot?.fill(hex(''));
    expect(frames()).toEqual(['02 01', '89', '00 02', '80 03', '81 61']);
  });

  it('is passed by a probe, whatever waits (§5.5.2)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    connection.sendLater('text', 1);
    connection.sendText('a');
    expect(connection.probe(hex('01'))).toBe(true);
    expect(frames()).toEqual(['89 01']);
    expect(() => connection.probe(pattern(126))).toThrow(RangeError);
    expect(() => connection.probe('' as never)).toThrow(TypeError);
    connection.close(1000);
    expect(connection.probe(hex('01'))).toBe(false);
  });

  it('lets a message in parts start where one was cut off by the end', () => {
    const { connection } = sendingOf({ codec: codec() });
    connection.startMessage('text');
    connection.terminate();
    expect(connection.startMessage('text').end('a')).toBe(false);
  });
});
