import { describe, expect, it } from 'vitest';
import { PreparedMessage } from '../../src/index.js';
import { concat, hex, pattern } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { sendingOf } from '../support/sending.js';
import { wire } from '../support/wire.js';

const KEY = '01 02 03 04';

describe.each(CODECS)('the lane ($name)', ({ codec }) => {
  it('keeps a place for a message whose bytes come later, and what is sent behind it in order', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('text', 3);
    connection.sendText('b');
    connection.sendBinary(hex('01'));
    connection.sendTextBytes(hex('63'));
    connection.sendPrepared(new PreparedMessage('d'));
    connection.sendRaw(hex('81 01 65'));
    connection.ping(hex('66'));
    connection.close(1000);
    expect(frames()).toEqual([]);
    expect(connection.queuedLength).toBe(3 + 1 + 1 + 1 + 1 + 3 + 1 + 2);
    slot?.fill(hex('61'));
    expect(frames()).toEqual(['81 61', '81 62', '82 01', '81 63', '81 64', '81 65', '89 66', '88 03 e8']);
    expect(connection.queuedLength).toBe(0);
    expect(connection.isQueueing).toBe(false);
  });

  it('answers pings at once, also behind what waits: no caller waits for that (§5.5.3)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    connection.sendLater('text', 1);
    connection.receive(wire({ first: 0x89, payload: hex('07'), key: KEY }));
    expect(frames()).toEqual(['8a 07']);
  });

  it('keeps a place for pings and pongs, of 125 bytes at most (§5.5)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('pong', 1);
    connection.ping(hex('02'));
    expect(() => connection.sendLater('ping', 126)).toThrow(RangeError);
    expect(() => slot?.fill(pattern(126))).toThrow(RangeError);
    slot?.fill(hex('01'));
    expect(frames()).toEqual(['8a 01', '89 02']);
  });

  it('copies short payloads that wait: their memory may be used again', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('text', 1);
    const payload = hex('01 02');
    connection.sendBinary(payload);
    connection.ping(payload);
    payload.fill(9);
    slot?.fill(hex('61'));
    expect(frames()).toEqual(['81 61', '82 01 02', '89 01 02']);
  });

  it('has a close wait behind all that was accepted, and accepts nothing more (§5.5.1)', () => {
    const { connection, frames, told } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('binary', 1);
    connection.close(1001);
    expect(connection.closingState).toBe('close-queued');
    expect(connection.sendText('late')).toBe(false);
    expect(connection.sendLater('text', 1)).toBeUndefined();
    connection.receive(wire({ first: 0x88, payload: hex('03 e8'), key: KEY }));
    expect(frames()).toEqual([]);
    expect(told).toEqual(['closing 1000']);
    slot?.fill(hex('01'));
    expect(frames()).toEqual(['82 01', '88 03 e9']);
    expect(told).toEqual(['closing 1000', 'end']);
    connection.receiveEnd();
    expect(told.at(-1)).toBe('close 1000 clean');
  });

  it('has the answer to a close frame wait, too (§5.5.1), and the close frame of a failure (§7.1.7)', () => {
    for (const [frame, answer] of [
      [{ first: 0x88, payload: hex('0f a0'), key: KEY }, '88 0f a0'],
      [{ first: 0x83, payload: hex(''), key: KEY }, '88 '],
    ] as const) {
      const { connection, frames, told } = sendingOf({ codec: codec() });
      const slot = connection.sendLater('binary', 1);
      connection.receive(wire(frame));
      expect(frames()).toEqual([]);
      expect(told).not.toContain('end');
      slot?.fill(hex('01'));
      expect(frames()[1]?.startsWith(answer)).toBe(true);
      expect(told.at(-1)).toBe('end');
    }
  });

  it('lets a message in parts have its parts, and whole messages wait for its end (§5.4)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('text');
    writer.write('a');
    connection.sendText('whole');
    connection.sendRaw(hex('82 01 05'));
    connection.ping(hex(''));
    writer.write('b');
    writer.end('c');
    connection.sendText('last');
    expect(frames()).toEqual([
      '01 61',
      '00 62',
      '80 63',
      '81 77 68 6f 6c 65',
      '82 05',
      '89',
      '81 6c 61 73 74',
    ]);
  });

  it('lets pings pass between the frames of a message in parts where nothing else waits (§5.4)', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('text');
    writer.write('a');
    connection.ping(hex(''));
    writer.end();
    expect(frames()).toEqual(['01 61', '89', '80']);
  });

  it('starts a message in parts behind what waits', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('text', 1);
    const writer = connection.startMessage('binary');
    writer.write(hex('01'));
    connection.sendText('behind');
    const later = writer.writeLater(1, false);
    writer.write(hex('03'));
    slot?.fill(hex('61'));
    expect(frames()).toEqual(['81 61', '02 01']);
    writer.end(hex('04'));
    later?.fill(hex('02'));
    expect(frames()).toEqual(['81 61', '02 01', '00 02', '00 03', '80 04', '81 62 65 68 69 6e 64']);
  });

  it('closes amid a message in parts that was not ended, and drops what waited for its end', () => {
    const { connection, frames, told } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('text');
    writer.write('a');
    connection.sendText('dropped', { done: (error) => told.push(error?.message ?? 'sent') });
    connection.close();
    expect(writer.end('b')).toBe(false);
    expect(frames()).toEqual(['01 61', '88']);
    expect(told).toEqual(['The connection was closed amid a message that came before']);
  });

  it('closes without a message in parts of which nothing was sent, and sends what waited for it', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    connection.startMessage('text');
    connection.sendText('whole');
    connection.close();
    expect(frames()).toEqual(['81 77 68 6f 6c 65', '88']);
  });

  it('ends behind the peer’s stream amid a message in parts, without what waited for its end', () => {
    const { connection, frames, told } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('text');
    writer.write('a');
    connection.sendText('dropped', { done: (error) => told.push(`dropped ${error !== undefined}`) });
    connection.receivePeerEnd();
    expect(frames()).toEqual(['01 61']);
    expect(told).toEqual(['dropped true', 'end']);
  });

  it('forgets a message in parts that is given up before anything of it was sent, and no other', () => {
    const { connection, frames } = sendingOf({ codec: codec() });
    const writer = connection.startMessage('text');
    connection.sendText('whole');
    expect(writer.discard()).toBe(true);
    expect(() => writer.write('late')).toThrow(TypeError);
    const other = connection.startMessage('binary');
    other.write(hex('01'));
    expect(other.discard()).toBe(false);
    other.end();
    expect(frames()).toEqual(['81 77 68 6f 6c 65', '02 01', '80']);
  });

  it('ends behind the peer’s stream also where what waits is dropped', () => {
    const { connection, frames, told } = sendingOf({ codec: codec() });
    connection.sendLater('text', 1);
    connection.receivePeerEnd();
    connection.abandon(1011);
    expect(frames()).toEqual(['88 03 f3']);
    expect(told).toEqual(['end']);
  });

  it('tells what became of each message once, when its last frame is written or it is lost', () => {
    const { connection, told } = sendingOf({ codec: codec() });
    const done = (name: string) => (error?: Error) => told.push(`${name} ${error === undefined}`);
    connection.sendText('a', { done: done('a') });
    const slot = connection.sendLater('text', 1, { done: done('slot') });
    connection.sendText('b', { done: done('b') });
    connection.ping(hex(''), done('ping'));
    expect(told).toEqual(['a true']);
    slot?.fill(hex('61'));
    expect(told).toEqual(['a true', 'slot true', 'b true', 'ping true']);
    connection.sendLater('text', 1, { done: done('lost') });
    connection.sendText('c', { done: done('c') });
    connection.receiveEnd();
    slot?.fill(hex('61'));
    expect(told.slice(4)).toEqual(['lost false', 'c false', 'close 1006']);
  });

  it('tells all that are lost, also where one of them throws', () => {
    const { connection, told } = sendingOf({ codec: codec() });
    const done = () => {
      told.push('told');
      throw new Error('thrown by the caller');
    };
    for (let count = 0; count < 3; count++) connection.sendLater('text', 1, { done });
    expect(() => connection.receiveEnd()).toThrow('thrown by the caller');
    expect(told).toEqual(['told', 'told', 'told', 'close 1006']);
  });

  it('closes with 1011 where what was accepted cannot be sent, with the error for what waits behind it', () => {
    const { connection, frames, told } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('text', 1, { done: (error) => told.push(String(error?.message)) });
    connection.sendText('behind', { done: (error) => told.push(String(error?.message)) });
    slot?.fail(new Error('unreadable'));
    expect(frames()).toEqual(['88 03 f3']);
    expect(told).toEqual(['unreadable', 'unreadable', 'failed unreadable']);
  });

  it('closes without what waits where it is told so, and still hands out what the peer sent before its answer', () => {
    const { connection, frames, told } = sendingOf({
      codec: codec(),
      also: { text: (_, text) => told.push(text) },
    });
    connection.sendLater('text', 1);
    connection.sendText('dropped', { done: () => told.push('dropped') });
    connection.close(1000);
    connection.abandon(1008);
    expect(frames()).toEqual(['88 03 f0']);
    expect(told).toEqual(['dropped']);
    connection.receive(
      concat(
        wire({ first: 0x81, payload: hex('61'), key: KEY }),
        wire({ first: 0x88, payload: hex('03 f0'), key: KEY }),
      ),
    );
    expect(told).toEqual(['dropped', 'a', 'closing 1008', 'end']);
  });

  it('sends what was accepted before the peer’s stream ended, and then has the transport end', () => {
    const { connection, frames, told } = sendingOf({ codec: codec() });
    const slot = connection.sendLater('text', 1);
    connection.receivePeerEnd();
    expect(connection.sendText('late')).toBe(false);
    expect(told).toEqual([]);
    slot?.fill(hex('61'));
    expect(frames()).toEqual(['81 61']);
    expect(told).toEqual(['end']);
  });

  it('hands out what a pause held back before it answers the end of the peer’s stream', () => {
    const { connection, frames, told } = sendingOf({
      codec: codec(),
      also: { text: (_, text) => told.push(text) },
    });
    connection.pause();
    connection.receive(concat(wire({ first: 0x81, payload: hex('61'), key: KEY }), hex('88 80 00 00 00 00')));
    connection.receivePeerEnd();
    expect(told).toEqual([]);
    connection.resume();
    expect(told).toEqual(['a', 'closing 1005', 'end']);
    expect(frames()).toEqual(['88']);
  });
});
