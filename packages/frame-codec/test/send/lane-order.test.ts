import { describe, expect, it } from 'vitest';
import { hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { deflateFor, sendingOf } from '../support/sending.js';

describe.each(CODECS)('the order of the lane ($name)', { timeout: 60_000 }, ({ codec }) => {
  describe('while something waits', () => {
    it('counts what waits until it leaves, parts and what was not announced too', () => {
      const { connection } = sendingOf({ codec: codec() });
      const first = connection.sendLater('text', 1);
      const writer = connection.startMessage('binary');
      writer.write(pattern(10));
      writer.write(pattern(20));
      const part = writer.writeLater(5, true);
      const last = connection.sendLater('text', 100);
      expect(connection.queuedLength).toBe(1 + 10 + 20 + 5 + 100);
      part?.fill(pattern(7));
      expect(connection.queuedLength).toBe(1 + 10 + 20 + 7 + 100);
      first?.fill(hex('61'));
      expect(connection.queuedLength).toBe(100);
      last?.fill(pattern(3));
      expect(connection.queuedLength).toBe(0);
    });

    it('counts a message down as its slices leave', () => {
      const { connection } = sendingOf({
        codec: codec(),
        also: { yieldSending: () => undefined },
        extensions: [deflateFor('server')],
      });
      connection.sendBinary(pattern(200_000));
      connection.sendLater('text', 10);
      const counted = [connection.queuedLength];
      for (; connection.isYieldingSend; counted.push(connection.queuedLength)) connection.proceedSending();
      const slice = 65_536;
      expect(counted).toEqual([200_010 - slice, 200_010 - 2 * slice, 200_010 - 3 * slice, 10]);
    });

    it('keeps the place of what is sent behind the parts of a message', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      const slot = connection.sendLater('text', 1);
      const writer = connection.startMessage('binary');
      writer.write(hex('01'));
      writer.write(hex('02'));
      connection.sendText('x');
      connection.ping(hex('04'));
      writer.end(hex('03'));
      slot?.fill(hex('61'));
      expect(frames()).toEqual(['81 61', '02 01', '00 02', '80 03', '81 78', '89 04']);
    });

    it('goes on with a message of which all parts have left', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      const writer = connection.startMessage('binary');
      writer.writeLater(1, false)?.fill(hex('01'));
      connection.sendText('x');
      writer.write(hex('02'));
      const last = writer.writeLater(1, true);
      expect(() => writer.write(hex('04'))).toThrow(TypeError);
      last?.fill(hex('03'));
      expect(frames()).toEqual(['02 01', '00 02', '80 03', '81 78']);
    });

    it('has a ping wait behind a message of which nothing was sent', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      const slot = connection.sendLater('text', 1);
      connection.ping(hex('01'));
      expect(frames()).toEqual([]);
      slot?.fill(hex('61'));
      expect(frames()).toEqual(['81 61', '89 01']);
    });

    it('lets a ping that was made elsewhere go between the parts of a message, and a message not (§5.4)', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      const writer = connection.startMessage('text');
      writer.write('a');
      const slot = writer.writeLater(1, false);
      connection.sendRaw(hex('89 00'));
      slot?.fill(hex('62'));
      expect(frames()).toEqual(['01 61', '00 62', '89']);
      connection.sendRaw(hex('82 01 05'));
      writer.end();
      expect(frames().slice(3)).toEqual(['80', '82 05']);
    });

    it('takes the bytes for a place once', () => {
      const { connection, frames, told } = sendingOf({ codec: codec() });
      const first = connection.sendLater('text', 1);
      const second = connection.sendLater('text', 1);
      second?.fill(hex('62'));
      second?.fill(hex('63'));
      second?.fail(new Error('too late'));
      first?.fill(hex('61'));
      first?.fail(new Error('too late'));
      expect(frames()).toEqual(['81 61', '81 62']);
      expect(told).toEqual([]);
    });

    it('has a close frame wait for the last slice of a message (§5.4)', () => {
      const { connection, read } = sendingOf({
        codec: codec(),
        also: { yieldSending: () => undefined },
        extensions: [deflateFor('server')],
      });
      connection.sendBinary(pattern(200_000));
      connection.close(1000);
      while (connection.isYieldingSend) connection.proceedSending();
      expect(read().map(({ first }) => first)).toEqual([0x42, 0, 0, 0x80, 0x88]);
    });
  });

  describe('where done', () => {
    it('flushes, sends what is behind in its turn', () => {
      const { connection, frames } = sendingOf({ codec: codec() });
      const flush = (): void => connection.flush();
      const slot = connection.sendLater('text', 1, { done: flush });
      connection.ping(hex('01'), flush);
      connection.sendText('b', { done: flush });
      slot?.fill(hex('61'));
      expect(frames()).toEqual(['81 61', '89 01', '81 62']);
    });

    it('is given with an empty part, it is told of that too', () => {
      const { connection, told } = sendingOf({ codec: codec() });
      const writer = connection.startMessage('text');
      writer.write('', () => told.push('empty'));
      writer.end('', () => told.push('last'));
      expect(told).toEqual(['empty', 'last']);
    });

    it('is told of a long message once, with its last slice', () => {
      const { connection, told } = sendingOf({
        codec: codec(),
        also: { yieldSending: () => undefined },
        extensions: [deflateFor('server')],
      });
      connection.sendBinary(pattern(200_000), { done: () => told.push('done') });
      expect(told).toEqual([]);
      while (connection.isYieldingSend) connection.proceedSending();
      expect(told).toEqual(['done']);
    });
  });

  describe('while the transport is given bytes', () => {
    it.each(
      [100, 40_000].flatMap((length) => [
        ['a ping', '89 01', length] as const,
        ['a frame made elsewhere', '81 65', length] as const,
        ['a close frame', '88 03 e8', length] as const,
        ['a message behind which it closes', '88 03 e8', length] as const,
      ]),
    )('has %s wait until it has them, as %s, behind %d bytes', (what, frame, length) => {
      const sender = sendingOf({ codec: codec() });
      const { connection, frames } = sender;
      sender.inWrite = () => {
        sender.inWrite = undefined;
        if (what === 'a ping') connection.ping(hex('01'));
        if (what === 'a frame made elsewhere') connection.sendRaw(hex('81 01 65'));
        if (what.includes('a message')) connection.sendText('a');
        if (what.includes('close')) connection.close(1000);
      };
      connection.sendBinary(pattern(length));
      expect(frames()[0]).toBe(`82 of ${length}`);
      expect(frames().at(-1)).toBe(frame);
    });

    it('has a part of the message at hand wait until it has them', () => {
      const sender = sendingOf({ codec: codec() });
      const writer = sender.connection.startMessage('binary');
      writer.write(hex('00'));
      sender.inWrite = () => {
        sender.inWrite = undefined;
        writer.end(pattern(40_000));
      };
      writer.write(pattern(100));
      expect(sender.frames()).toEqual(['02 00', '00 of 100', '80 of 40000']);
    });

    it('closes behind the frame at hand, without what was sent meanwhile', () => {
      const sender = sendingOf({ codec: codec() });
      const { connection, told } = sender;
      sender.inWrite = () => {
        sender.inWrite = undefined;
        connection.sendText('dropped', { done: (error) => told.push(`done ${error instanceof Error}`) });
        connection.abandon(1008);
      };
      connection.sendBinary(pattern(100));
      expect(sender.frames()).toEqual(['82 of 100', '88 03 f0']);
      expect(told).toEqual(['done true']);
    });
  });

  it('announces nothing of a long frame whose masking key throws: what was gathered before it leaves (§5.3)', () => {
    let broken = false;
    const sender = sendingOf({
      codec: codec(),
      role: 'client',
      maskingKey: () => {
        if (broken) throw new Error('no key');
        return 0x01020304;
      },
    });
    const announced: boolean[] = [];
    sender.inWrite = (more) => announced.push(more);
    sender.connection.cork();
    sender.connection.sendText('a');
    broken = true;
    expect(() => sender.connection.sendBinary(pattern(40_000))).toThrow('no key');
    sender.connection.uncork();
    expect(sender.frames()).toEqual(['81 61']);
    expect(announced).toEqual([false]);
  });

  it('tells of what was to be written and could not be', () => {
    let broken = false;
    const { connection, told } = sendingOf({
      codec: codec(),
      role: 'client',
      maskingKey: () => {
        if (broken) throw new Error('no key');
        return 0x01020304;
      },
    });
    const done = (error?: Error): number => told.push(`done ${error?.message}`);
    const slot = connection.sendLater('text', 1, { done });
    broken = true;
    slot?.fill(hex('61'));
    expect(told).toEqual(['done undefined', 'done no key', 'end', 'failed no key']);
  });
});
