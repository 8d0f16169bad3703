import { describe, expect, it } from 'vitest';
import { PreparedMessage } from '../../src/index.js';
import { concat, hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { deflateFor, sendingOf } from '../support/sending.js';
import { wire } from '../support/wire.js';

const KEY = '01 02 03 04';

describe.each(CODECS)('the lane and its writes ($name)', { timeout: 60_000 }, ({ codec }) => {
  describe('while the transport is given bytes', () => {
    it.each(['server', 'client'] as const)('has what a %s sends wait until it has them', (role) => {
      const sender = sendingOf({ codec: codec(), role });
      const { connection, frames } = sender;
      let calls = 0;
      sender.inWrite = (more) => {
        if (calls++ > 0) return;
        connection.sendText(more ? 'amid' : 'behind');
        connection.ping(hex('01'));
        connection.receive(wire({ first: 0x89, payload: hex('02'), ...(role === 'server' && { key: KEY }) }));
        connection.flush();
      };
      connection.sendBinary(pattern(40_000));
      connection.sendText('next');
      const text = role === 'server' ? '81 61 6d 69 64' : '81 62 65 68 69 6e 64';
      expect(frames()).toEqual(['82 of 40000', text, '89 01', '8a 02', '81 6e 65 78 74']);
    });

    it('sends a close frame that a write asked for behind the data, wherever that write was', () => {
      for (const lengths of [[40_000], [60_000, 10_000], [10, 65_000], [5, 5]]) {
        const sender = sendingOf({ codec: codec() });
        const { connection, frames } = sender;
        sender.inWrite = () => connection.close(1000);
        connection.cork();
        const accepted = lengths.filter((length) => connection.sendBinary(pattern(length)));
        connection.uncork();
        expect(frames().at(-1)).toBe('88 03 e8');
        expect(sender.read().filter(({ first }) => first === 0x82)).toHaveLength(accepted.length);
      }
    });

    it('sends a part of a message from inside the write of its first as a continuation (§5.4)', () => {
      const sender = sendingOf({ codec: codec() });
      const writer = sender.connection.startMessage('binary');
      let calls = 0;
      sender.inWrite = () => {
        if (calls++ === 0) writer.end(hex('02'));
      };
      writer.write(hex('01'));
      expect(sender.frames()).toEqual(['02 01', '80 02']);
    });

    it('closes behind the frame at hand where the transport says so', () => {
      const sender = sendingOf({ codec: codec() });
      sender.inWrite = () => {
        sender.inWrite = undefined;
        sender.connection.abandon(1008);
      };
      sender.connection.sendPrepared(new PreparedMessage(pattern(40_000)));
      expect(sender.frames()).toEqual(['82 of 40000', '88 03 f0']);
      expect(sender.connection.closingState).toBe('close-sent');
    });
  });

  describe('of long messages that are compressed', () => {
    it('leaves in slices, with turns for others between them, and pings too (§5.4)', () => {
      let yields = 0;
      const { connection, read, told } = sendingOf({
        codec: codec(),
        also: { yieldSending: () => void yields++ },
        extensions: [deflateFor('server')],
      });
      connection.sendBinary(pattern(200_000), { done: () => told.push('sent') });
      connection.ping(hex(''));
      connection.sendText('behind');
      connection.ping(hex('01'));
      connection.close(1000);
      connection.receive(wire({ first: 0x88, payload: hex('03 e8'), key: KEY }));
      expect(read().map(({ first }) => first)).toEqual([0x42, 0x89]);
      expect(connection.queuedLength).toBe(200_000 - 65_536 + 6 + 1 + 2);
      for (let turn = 1; connection.isYieldingSend; turn++) {
        expect(yields).toBe(turn);
        connection.proceedSending();
      }
      expect(read().map(({ first }) => first)).toEqual([0x42, 0x89, 0, 0, 0x80, 0xc1, 0x89, 0x88]);
      expect(told).toEqual(['closing 1000', 'sent', 'end']);
    });

    it('is sent in one go where the handler gives no turns', () => {
      const { connection, read } = sendingOf({ codec: codec(), extensions: [deflateFor('server')] });
      connection.sendBinary(pattern(200_000));
      expect(read().map(({ first }) => first)).toEqual([0xc2]);
    });

    it('has no more turns once the connection is over', () => {
      let yields = 0;
      const { connection } = sendingOf({
        codec: codec(),
        also: { yieldSending: () => void yields++ },
        extensions: [deflateFor('server')],
      });
      connection.sendBinary(pattern(200_000));
      connection.receiveEnd();
      connection.proceedSending();
      expect([yields, connection.queuedLength, connection.isYieldingSend]).toEqual([1, 0, false]);
    });

    it('gives turns while many pings wait, too', () => {
      let yields = 0;
      const { connection, read } = sendingOf({ codec: codec(), also: { yieldSending: () => void yields++ } });
      const slot = connection.sendLater('text', 1);
      for (let count = 0; count < 10_000; count++) connection.ping(hex(''));
      slot?.fill(hex('61'));
      while (connection.isYieldingSend) connection.proceedSending();
      expect(yields).toBeGreaterThan(20);
      expect(read()).toHaveLength(10_001);
    });

    it('gives turns while many short messages wait, too', () => {
      let yields = 0;
      const { connection, read } = sendingOf({ codec: codec(), also: { yieldSending: () => void yields++ } });
      const slot = connection.sendLater('text', 1);
      for (let count = 0; count < 10_000; count++) connection.sendText('x');
      slot?.fill(hex('61'));
      while (connection.isYieldingSend) connection.proceedSending();
      expect(yields).toBeGreaterThan(20);
      expect(read()).toHaveLength(10_001);
    });
  });

  describe('where a masking key throws', () => {
    let broken = false;
    const key = (): number => {
      if (broken) throw new Error('no key');
      return 0x01020304;
    };

    it.each([1, 100, 40_000])(
      'sends nothing of a message of %d bytes, and goes on with the next',
      (length) => {
        for (const extensions of [[], [deflateFor('client')]]) {
          const { connection, frames } = sendingOf({
            codec: codec(),
            role: 'client',
            extensions,
            maskingKey: key,
          });
          broken = true;
          expect(() => connection.sendText('x'.repeat(length))).toThrow('no key');
          expect(() => connection.sendBinary(pattern(length))).toThrow('no key');
          expect(() => connection.ping(hex(''))).toThrow('no key');
          broken = false;
          connection.sendText('a', { compress: false });
          expect(frames()).toEqual(['81 61']);
        }
      },
    );

    it('compresses what follows without reference to what was not sent (RFC 7692 §7.2.3)', () => {
      const { connection, read } = sendingOf({
        codec: codec(),
        role: 'client',
        extensions: [deflateFor('client')],
        maskingKey: key,
      });
      broken = true;
      expect(() => connection.sendText('the same text')).toThrow('no key');
      broken = false;
      connection.sendText('the same text');
      const inflater = new PakoEngine().inflater(15);
      const out: Uint8Array[] = [];
      const { payload } = read()[0] ?? { payload: hex('') };
      inflater.inflate(concat(payload, hex('00 00 ff ff')), (block) => {
        out.push(block.slice());
        return true;
      });
      expect(new TextDecoder().decode(concat(...out))).toBe('the same text');
    });

    it('closes where it was accepted before (§7.1.7)', () => {
      const { connection, told } = sendingOf({ codec: codec(), role: 'client', maskingKey: key });
      const slot = connection.sendLater('text', 1);
      broken = true;
      expect(() => slot?.fill(hex('61'))).not.toThrow();
      broken = false;
      expect(told.at(-1)).toBe('failed no key');
      expect(connection.isOpen).toBe(false);
    });
  });
});
