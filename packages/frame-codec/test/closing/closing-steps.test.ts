import { describe, expect, it } from 'vitest';
import { ChecksumExtension } from '../support/checksum-extension.js';
import { concat, hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { type Sending, sendingOf } from '../support/sending.js';
import { wire } from '../support/wire.js';

const KEY = '01 02 03 04';
const CLOSE = { first: 0x88, payload: hex('0f a0') };
const RESERVED = { first: 0x83, payload: hex('') };

describe.each(CODECS)('the steps of the closing handshake ($name)', ({ codec }) => {
  const server = (): Sending => sendingOf({ codec: codec() });

  it('answers close frames, says what it failed for, and ends behind either (§5.5.1, §7.1.7)', () => {
    for (const [frame, answer, events] of [
      [CLOSE, '88 0f a0', ['closing 4000', 'end', 'close 4000 clean']],
      [{ first: 0x88, payload: hex('') }, '88', ['closing 1005', 'end', 'close 1005 clean']],
      [
        RESERVED,
        '88 03 ea 6f 70 63 6f 64 65 20 69 73 20 72 65 73 65 72 76 65 64',
        ['error opcode-reserved', 'end', 'close 1006'],
      ],
    ] as const) {
      const { connection, frames, told } = server();
      connection.receive(wire({ ...frame, key: KEY }));
      expect(frames()).toEqual([answer]);
      connection.receiveEnd();
      expect(told).toEqual(events);
    }
  });

  it('fails behind its own close frame without another (§5.5.1)', () => {
    const { connection, frames, told } = server();
    connection.close(1000);
    connection.receive(wire({ ...RESERVED, key: KEY }));
    expect(frames()).toEqual(['88 03 e8']);
    expect(told).toEqual(['error opcode-reserved', 'end']);
  });

  it('is over without a clean end where no answer could be sent (§7.1.4)', () => {
    const { connection, told } = server();
    connection.pause();
    connection.receive(wire({ ...CLOSE, key: KEY }));
    connection.receiveEnd();
    expect(told).toEqual([]);
    connection.resume();
    expect(told).toEqual(['closing 4000', 'close 4000']);
  });

  it('ends behind a peer that ends its stream without an answer (§7.1.5)', () => {
    const { connection, told } = server();
    connection.close(1000);
    expect(told).toEqual([]);
    connection.receivePeerEnd();
    expect(told).toEqual(['end']);
    connection.receiveEnd();
    expect(told).toEqual(['end', 'close 1006']);
  });

  it('sends one close frame where that of the peer is handed out behind the end of its stream (§5.5.1)', () => {
    for (const waits of [false, true]) {
      const { connection, frames, told } = server();
      const slot = waits ? connection.sendLater('text', 1) : undefined;
      connection.pause();
      connection.receive(wire({ ...CLOSE, key: KEY }));
      connection.close(1000);
      connection.receivePeerEnd();
      connection.resume();
      slot?.fill(hex('61'));
      expect(frames()).toEqual([...(waits ? ['81 61'] : []), '88 03 e8']);
      expect(told).toEqual(['closing 4000', 'end']);
      connection.receiveEnd();
      expect(told.at(-1)).toBe('close 4000 clean');
    }
  });

  it('answers with all of the reason that came (§5.5.1)', () => {
    const { connection, frames, read } = server();
    const payload = hex(`0f a0 ${'61 '.repeat(123)}`);
    connection.receive(wire({ first: 0x88, payload, key: KEY }));
    expect(frames()).toHaveLength(1);
    expect(read()[0]?.payload).toEqual(payload);
  });

  it('gives up what waits where it is open', () => {
    const { connection, frames, told } = server();
    const slot = connection.sendLater('text', 1, { done: (error) => told.push(`done ${error?.name}`) });
    connection.abandon(1008);
    slot?.fill(hex('61'));
    expect(frames()).toEqual(['88 03 f0']);
    expect(told).toEqual(['done Error']);
  });

  it.each([
    ['the peer has closed', CLOSE, 'closing 4000', '88 03 f0'],
    // What the peer broke is told with its own code.
    [
      'it has failed (§7.1.7)',
      RESERVED,
      'error opcode-reserved',
      `88 03 ea ${toHex(new TextEncoder().encode('opcode is reserved'))}`,
    ],
  ])('gives up what waits where %s', (_when, frame, event, close) => {
    const { connection, frames, told } = server();
    const slot = connection.sendLater('text', 1, { done: (error) => told.push(`done ${error?.name}`) });
    connection.receive(wire({ ...frame, key: KEY }));
    expect(told).toEqual([event]);
    connection.abandon(1008);
    slot?.fill(hex('61'));
    expect(frames()).toEqual([close]);
    expect(told).toEqual([event, 'done Error', 'end']);
  });

  it('tells at terminate of what it drops, and writes nothing more', () => {
    const { connection, frames, told } = server();
    connection.cork();
    connection.sendText('gathered');
    const slot = connection.sendLater('text', 1, { done: (error) => told.push(`done ${error?.name}`) });
    connection.terminate();
    expect(told).toEqual(['done Error']);
    slot?.fill(hex('61'));
    connection.uncork();
    connection.flush();
    connection.receiveEnd();
    expect(frames()).toEqual([]);
    expect(told).toEqual(['done Error', 'close 1006']);
  });

  it('drops what waits at terminate behind the end of the peer, too', () => {
    const { connection, frames, told } = server();
    const slot = connection.sendLater('text', 1, { done: (error) => told.push(`done ${error?.name}`) });
    connection.receivePeerEnd();
    connection.terminate();
    expect(told).toEqual(['done Error']);
    slot?.fill(hex('61'));
    connection.receiveEnd();
    expect(frames()).toEqual([]);
    expect(told).toEqual(['done Error', 'close 1006']);
  });

  it.each([
    ['a close frame', CLOSE, ['closing 4000', 'close 4000']],
    ['a fault', RESERVED, ['error opcode-reserved', 'close 1006']],
  ])('tells of %s that came before terminate behind a pause', (_what, frame, events) => {
    const { connection, frames, told } = server();
    connection.pause();
    connection.receive(wire({ ...frame, key: KEY }));
    connection.terminate();
    expect(told).toEqual([]);
    connection.resume();
    connection.receiveEnd();
    expect(told).toEqual(events);
    expect(frames()).toEqual([]);
  });

  it('tells of its end behind what a pause held back, where a handler says that the transport is gone', () => {
    const { connection, told } = sendingOf({
      codec: codec(),
      also: {
        text: (each, text) => {
          told.push(text);
          if (text === 'a') each.pause();
          if (text === 'b') each.receiveEnd();
        },
      },
    });
    connection.receive(
      concat(...[hex('61'), hex('62'), hex('63')].map((payload) => wire({ first: 0x81, payload, key: KEY }))),
    );
    connection.resume();
    expect(told).toEqual(['a', 'b', 'c', 'close 1006']);
  });

  it('writes nothing to a transport that is gone, where done flushes', () => {
    const { connection, frames } = server();
    connection.cork();
    connection.sendText('gathered');
    connection.sendLater('text', 1, { done: () => connection.flush() });
    connection.receiveEnd();
    expect(frames()).toEqual([]);
  });

  it('sends an empty message that waits before it answers the end of the peer', () => {
    const { connection, frames, told } = server();
    const slot = connection.sendLater('text', 0);
    connection.receivePeerEnd();
    expect(told).toEqual([]);
    slot?.fill(hex(''));
    expect(frames()).toEqual(['81']);
    expect(told).toEqual(['end']);
  });

  it('writes what was gathered before it has the transport end (§7.1.1)', () => {
    const { connection, frames, told } = sendingOf({
      codec: codec(),
      also: { end: () => told.push(`end behind ${frames().length}`) },
    });
    connection.cork();
    connection.sendText('gathered');
    connection.receive(wire({ ...CLOSE, key: KEY }));
    expect(told).toEqual(['closing 4000', 'end behind 2']);
  });

  it('closes the extensions where nothing but the transport ends', () => {
    for (const act of ['end', 'close, end'] as const) {
      const extension = new ChecksumExtension();
      const { connection } = sendingOf({ codec: codec(), extensions: [extension] });
      if (act.includes('close')) connection.close(1000);
      expect(extension.closed).toBe(0);
      connection.receiveEnd();
      expect(extension.closed).toBe(1);
    }
  });

  describe('without a masking key for the close frame of a client', () => {
    let broken = false;
    const client = (): Sending => {
      broken = false;
      const maskingKey = (): number => {
        if (broken) throw new Error('no key');
        return 0x01020304;
      };
      return sendingOf({ codec: codec(), role: 'client', maskingKey });
    };

    it('ends at a close, which throws', () => {
      const { connection, told } = client();
      broken = true;
      expect(() => connection.close(1000)).toThrow('no key');
      expect(told).toEqual(['end']);
    });

    it('ends at the close frame of the peer', () => {
      const { connection, told } = client();
      broken = true;
      expect(() => connection.receive(wire(CLOSE))).toThrow('no key');
      expect(told).toEqual(['closing 4000', 'end']);
    });

    it('ends where it fails, which does not throw (§7.1.7)', () => {
      const { connection, told } = client();
      broken = true;
      expect(() => connection.receive(wire(RESERVED))).not.toThrow();
      expect(told).toEqual(['error opcode-reserved', 'end']);
    });

    it.each([
      ['open', []],
      ['close-queued', []],
      ['answer-queued', ['closing 4000']],
      ['failing', ['error opcode-reserved']],
    ])('ends where what waits cannot be sent while it is %s', (state, before) => {
      const { connection, frames, told } = client();
      const slot = connection.sendLater('text', 1);
      if (state === 'close-queued') connection.close(1000);
      if (state === 'answer-queued') connection.receive(wire(CLOSE));
      if (state === 'failing') connection.receive(wire(RESERVED));
      expect(connection.closingState).toBe(state);
      broken = true;
      slot?.fill(hex('61'));
      expect(frames()).toEqual([]);
      expect(told).toEqual([...before, 'end', 'failed no key']);
    });
  });
});
