import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, isSendableCloseCode, MAX_CLOSE_REASON_LENGTH } from '../../src/index.js';
import { concat, hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

/** §7.4.1, §7.4.2 and the IANA registry: what may stand in a close frame. */
const SENDABLE = new Set([
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
  ...Array.from({ length: 2000 }, (_, index) => 3000 + index),
]);

function closeFrame(code: number, key?: string): Uint8Array<ArrayBuffer> {
  return wire({ first: 0x88, payload: Uint8Array.of(code >> 8, code), key });
}

describe('isSendableCloseCode', () => {
  it('knows every code from 0 to 65535 (§7.4)', () => {
    for (let code = 0; code < 65536; code++) {
      if (isSendableCloseCode(code) !== SENDABLE.has(code)) expect.unreachable(`${code}`);
    }
  });

  it('holds for the named codes, but those that are never on the wire (§7.4.1)', () => {
    const never = ['noStatus', 'abnormal', 'tlsHandshake'];
    for (const [name, code] of Object.entries(CLOSE_CODES)) {
      expect(isSendableCloseCode(code), name).toBe(!never.includes(name));
    }
    expect(CLOSE_CODES.noStatus).toBe(1005);
    expect(CLOSE_CODES.abnormal).toBe(1006);
    expect(CLOSE_CODES.tlsHandshake).toBe(1015);
    expect(MAX_CLOSE_REASON_LENGTH).toBe(123);
  });
});

describe.each(CODECS)('the closing handshake ($name)', { timeout: 60_000 }, ({ codec, name }) => {
  const shared = codec();

  // Codes are looked at by the same code over each kernel: once is enough for all of them, elsewhere those around the bounds.
  const codes = Array.from({ length: name === 'wasm' ? 65536 : 5100 }, (_, code) => code);

  it.each(['server', 'client'] as const)('a %s takes every close code, or fails with 1002 (§7.4)', (role) => {
    const key = role === 'server' ? '37 fa 21 3d' : undefined;
    for (const code of codes) {
      const { connection, events, frames } = record({ role, codec: shared });
      connection.receive(closeFrame(code, key));
      connection.receiveEnd();
      // The answer carries the code that came (§5.5.1).
      const { payload } = frames()[0] ?? { payload: hex('') };
      const answered = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
      const seen = `${events.join(', ')}; answered ${answered}`;
      const expected = SENDABLE.has(code)
        ? `closing ${code}, end, close ${code} clean; answered ${code}`
        : 'error close-code-invalid 1002, end, close 1006; answered 1002';
      if (seen !== expected) expect.unreachable(`${code}: ${seen}`);
    }
  });

  it('sends every close code that may be sent, and throws a RangeError at each that must not be (§7.4)', () => {
    for (const code of codes) {
      const { connection, writes } = record({ role: 'server', codec: shared });
      let thrown: unknown;
      try {
        connection.close(code);
      } catch (error) {
        thrown = error;
      }
      if (SENDABLE.has(code)) {
        if (thrown !== undefined || toHex(concat(...writes)) !== toHex(closeFrame(code)))
          expect.unreachable(`${code}`);
      } else if (!(thrown instanceof RangeError) || writes.length > 0 || !connection.isOpen) {
        expect.unreachable(`${code}`);
      }
    }
  });

  it.each([
    ['is no whole number', 1000.5, RangeError],
    ['is not a number', Number.NaN, RangeError],
    ['is negative', -1, RangeError],
    ['is 65,536 more than a right one', 66536, RangeError],
    ['is a string', '1000', TypeError],
    ['is null', null, TypeError],
  ])('throws when the code %s, and sends nothing', (_, code, kind) => {
    const { connection, writes } = record({ role: 'server', codec: shared });
    // @ts-expect-error: the caller is wrong
    expect(() => connection.close(code)).toThrow(kind);
    expect(writes).toEqual([]);
    expect(connection.isOpen).toBe(true);
  });

  it('carries reasons of up to 123 bytes of UTF-8 (§5.5)', () => {
    for (const reason of ['', 'a', 'bye', 'é'.repeat(61), 'x'.repeat(123), '€'.repeat(41), '😀'.repeat(30)]) {
      const { connection, frames } = record({ role: 'client', codec: shared });
      connection.close(4000, reason);
      const [close] = frames();
      expect(close?.first).toBe(0x88);
      expect(toHex(close?.payload ?? hex(''))).toBe(
        toHex(concat(hex('0f a0'), new TextEncoder().encode(reason))),
      );
    }
  });

  it('throws a RangeError at a reason of 124 bytes, counted as UTF-8, and sends nothing (§5.5)', () => {
    const { connection, writes } = record({ role: 'server', codec: shared });
    for (const reason of ['x'.repeat(124), '€'.repeat(42), '😀'.repeat(31), 'é'.repeat(62)]) {
      expect(() => connection.close(1000, reason)).toThrow(RangeError);
    }
    // @ts-expect-error: the caller is wrong
    expect(() => connection.close(1000, 5)).toThrow(TypeError);
    expect(() => connection.close(undefined, 'no code')).toThrow(TypeError);
    expect(writes).toEqual([]);
    expect(connection.isOpen).toBe(true);
  });

  it('sends a reason with lone surrogates as U+FFFD', () => {
    const { connection, wire: written } = record({ role: 'server', codec: shared });
    connection.close(1000, 'a\ud800');
    expect(toHex(written())).toBe('88 06 03 e8 61 ef bf bd');
  });

  it('sends an empty close frame when no code is given (§5.5.1)', () => {
    const { connection, wire: written } = record({ role: 'server', codec: shared });
    connection.close();
    expect(toHex(written())).toBe('88 00');
  });

  it('answers an empty close frame with an empty one, and tells 1005, which is never on the wire (§7.1.5)', () => {
    const { connection, events, wire: written } = record({ role: 'server', codec: shared });
    connection.receive(hex('88 80 01 02 03 04'));
    connection.receiveEnd();
    expect(toHex(written())).toBe('88 00');
    expect(events).toEqual(['closing 1005', 'end', 'close 1005 clean']);
  });

  it('answers with the code and the reason that came (§5.5.1)', () => {
    const { connection, events, wire: written } = record({ role: 'server', codec: shared });
    connection.receive(wire({ first: 0x88, payload: hex('03 e9 c3 a9 e2 82 ac'), key: '01 02 03 04' }));
    expect(events).toEqual(['closing 1001 é€', 'end']);
    expect(toHex(written())).toBe('88 07 03 e9 c3 a9 e2 82 ac');
  });

  it('takes a reason of 123 bytes, and keeps its byte order mark', () => {
    const long = record({ role: 'client', codec: shared });
    long.connection.receive(concat(hex('88 7d 0b b8'), new Uint8Array(123).fill(0x78)));
    expect(long.events[0]).toBe(`closing 3000 ${'x'.repeat(123)}`);
    const marked = record({ role: 'client', codec: shared });
    marked.connection.receive(hex('88 06 03 e8 ef bb bf 61'));
    expect(marked.events[0]).toBe('closing 1000 \ufeffa');
    expect(toHex(marked.frames()[0]?.payload ?? hex(''))).toBe('03 e8 ef bb bf 61');
  });

  it('does not answer the answer (§5.5.1), and ends (§7.1.4)', () => {
    const { connection, events, frames } = record({ role: 'client', codec: shared });
    connection.close(1001, 'going');
    expect(connection.isOpen).toBe(false);
    expect(events).toEqual([]);
    connection.receive(hex('88 02 03 e9'));
    connection.receiveEnd();
    expect(frames()).toHaveLength(1);
    expect(events).toEqual(['closing 1001', 'end', 'close 1001 clean']);
  });

  it('tells the code of the peer, though it answered with another (§7.1.5)', () => {
    const { connection, events } = record({ role: 'server', codec: shared });
    connection.close(4001);
    connection.receive(closeFrame(4002, '01 02 03 04'));
    connection.receiveEnd();
    expect(events).toEqual(['closing 4002', 'end', 'close 4002 clean']);
  });

  it('hands out messages after its own close frame, until the one of the peer comes (§5.5.1)', () => {
    const { connection, events, frames } = record({ role: 'client', codec: shared });
    connection.receive(hex('01 01 61'));
    connection.close(1000);
    connection.receive(hex('80 01 62 82 01 07 8a 00 88 02 03 e8 81 01 63'));
    expect(events).toEqual(['text ab', 'binary 07', 'pong ', 'closing 1000', 'end']);
    expect(frames()).toHaveLength(1);
  });

  it('sends nothing behind its own close frame but the answers to pings (§5.5.1, §5.5.2)', () => {
    const { connection, frames } = record({ role: 'server', codec: shared });
    connection.close(1000);
    expect(connection.sendText('a')).toBe(false);
    expect(connection.sendBinary(hex('01'))).toBe(false);
    connection.close(1001);
    connection.close();
    // «MUST send a Pong frame in response, unless it already received a Close frame».
    connection.receive(hex('89 81 00 00 00 00 61'));
    expect(frames().map(({ first, payload }) => `${first.toString(16)} ${toHex(payload)}`)).toEqual([
      '88 03 e8',
      '8a 61',
    ]);
  });

  it('takes nothing behind the close frame of the peer, not even a fault (§5.5.1)', () => {
    const { connection, events } = record({ role: 'client', codec: shared });
    connection.receive(hex('88 00 81 01 61 83'));
    connection.receive(hex('ff ff'));
    expect(events).toEqual(['closing 1005', 'end']);
  });

  it('sends nothing behind the close frame of the peer: a handler of closing is too late', () => {
    const { connection, frames } = record(
      { role: 'client', codec: shared },
      { closing: (self) => expect(self.sendText('late')).toBe(false) },
    );
    connection.receive(hex('88 00'));
    expect(frames().map(({ first }) => first)).toEqual([0x88]);
  });

  it('takes a close frame between the fragments of a message, which is never handed out (§5.4)', () => {
    const { connection, events } = record({ role: 'client', codec: shared });
    connection.receive(hex('01 01 61 88 00 80 01 62'));
    expect(events).toEqual(['closing 1005', 'end']);
  });

  it('a handler of a message may close: what comes behind it is still handed out', () => {
    const { connection, events, frames } = record(
      { role: 'client', codec: shared },
      { text: (self) => self.close(1000) },
    );
    connection.receive(hex('81 01 61 81 01 62 88 02 03 e8'));
    expect(events).toEqual(['text a', 'text b', 'closing 1000', 'end']);
    expect(frames()).toHaveLength(1);
  });

  describe('when the transport ends', () => {
    it('is 1006 when no close frame came, whatever was sent (§7.1.5)', () => {
      const quiet = record({ role: 'client', codec: shared });
      quiet.connection.receiveEnd();
      expect(quiet.events).toEqual(['close 1006']);
      const closing = record({ role: 'client', codec: shared });
      closing.connection.close(1000, 'bye');
      closing.connection.receiveEnd();
      expect(closing.events).toEqual(['close 1006']);
      const inside = record({ role: 'client', codec: shared });
      inside.connection.receive(hex('01 05 61 62'));
      inside.connection.receiveEnd();
      expect(inside.events).toEqual(['close 1006']);
    });

    it('is the last event: nothing is taken or sent any more', () => {
      const { connection, events, writes } = record({ role: 'client', codec: shared });
      connection.receiveEnd();
      connection.receiveEnd();
      connection.receive(hex('81 01 61'));
      connection.close(1000);
      expect(connection.sendText('a')).toBe(false);
      expect(events).toEqual(['close 1006']);
      expect(writes).toEqual([]);
    });

    it('writes nothing behind it, though something was gathered', () => {
      const order: string[] = [];
      const { connection, writes } = record(
        { role: 'server', codec: shared },
        {
          text: (self) => {
            self.sendText('answer');
            self.receiveEnd();
          },
          close: () => order.push(`close behind ${writes.length}`),
        },
      );
      connection.receive(hex('81 80 00 00 00 00'));
      expect(order).toEqual([`close behind ${writes.length}`]);
    });

    it('hands out what waited for a resume before it tells the end, which is not clean where no answer could be sent (§7.1.4)', () => {
      const { connection, events } = record({ role: 'client', codec: shared });
      connection.pause();
      connection.receive(hex('81 01 61 88 02 03 e8'));
      connection.receiveEnd();
      connection.resume();
      expect(events).toEqual(['text a', 'closing 1000', 'close 1000']);
    });
  });
});
