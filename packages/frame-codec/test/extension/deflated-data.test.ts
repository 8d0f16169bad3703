import { describe, expect, it } from 'vitest';
import { deflated, deflatingClient, HELLO, HELLO_AGAIN } from '../support/deflate.js';
import { concat, hex, toHex, utf8 } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import type { Recorded } from '../support/recorder.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('data of permessage-deflate ($name)', ({ codec }) => {
  const client = (engine?: PakoEngine, parameters = {}, limits = {}): Recorded =>
    deflatingClient(codec(), engine, parameters, limits);

  describe('final blocks (§7.2.3.4)', () => {
    const FINAL = 'f3 48 cd c9 c9 07 00';
    it.each([
      ['at the end, without the byte that begins the tail', `c1 07 ${FINAL}`, ['text Hello']],
      ['inside a message', `c1 0e ${FINAL} ${HELLO}`, ['text HelloHello']],
      ['two of them, and the tail', `c1 0f ${FINAL} ${FINAL} 00`, ['text HelloHello']],
      ['two of them, and no tail', `c1 0e ${FINAL} ${FINAL}`, ['text HelloHello']],
      ['at the end of a fragment', `41 07 ${FINAL} 80 07 ${HELLO}`, ['text HelloHello']],
      ['cut by fragments', '41 03 f3 48 cd 00 04 c9 c9 07 00 80 01 00', ['text Hello']],
      ['of no bytes', 'c1 03 03 00 00', ['text ']],
      ['that the tail itself finishes', 'c1 01 01', ['text ']],
      ['of a message before', `c1 08 ${FINAL} 00 c1 07 ${HELLO}`, ['text Hello', 'text Hello']],
      ['of a message before, without a tail', `c1 07 ${FINAL} c1 07 ${FINAL}`, ['text Hello', 'text Hello']],
      ['that the tail of a message before finished', `c1 01 01 c1 07 ${HELLO}`, ['text ', 'text Hello']],
    ])('may stand %s', (_, bytes, events) => {
      for (const parameters of [{}, { serverNoContextTakeover: true }]) {
        for (const size of [100, 1, 5]) {
          const { connection, events: seen } = client(new PakoEngine(3), parameters);
          const stream = hex(bytes);
          for (let at = 0; at < stream.length; at += size) connection.receive(stream.subarray(at, at + size));
          expect(seen).toEqual(events);
        }
      }
    });

    it('may be many', () => {
      const { connection, events } = client();
      const empty = concat(...Array.from({ length: 2000 }, () => hex('03 00')));
      connection.receive(wire({ first: 0xc2, payload: concat(empty, hex(HELLO)) }));
      expect(events).toEqual(['binary 48 65 6c 6c 6f']);
    });

    it('may be followed by data that is broken: 1007', () => {
      const { connection, events } = client();
      connection.receive(hex(`c1 08 ${FINAL} 07`));
      expect(events).toEqual(['error extension-data-invalid 1007', 'end']);
    });
  });

  describe('data that is wrong', () => {
    it.each([
      ['a block of the reserved type', 'c1 01 07'],
      ['a stored block whose lengths do not agree', 'c1 05 00 05 00 00 00'],
      ['a distance too far back', `c1 05 ${HELLO_AGAIN}`],
      ['a distance too far back, in a fragment', `41 05 ${HELLO_AGAIN}`],
    ])('fails with 1007: %s (§7.2.2)', (_, bytes) => {
      const { connection, events, frames } = client();
      connection.receive(hex(bytes));
      expect(events).toEqual(['error extension-data-invalid 1007', 'end']);
      expect(toHex(frames()[0]?.payload.subarray(0, 2) ?? hex(''))).toBe('03 ef');
    });

    it.each([
      ['a byte that no character has', hex('61 ff')],
      ['a surrogate', hex('ed a0 80')],
      ['half a character at the end', hex('61 e2 82')],
    ])('fails with 1007 when text is not UTF-8 once inflated: %s (§8.1)', (_, bytes) => {
      for (const blockLength of [1, 4096]) {
        const { connection, events } = client(new PakoEngine(blockLength));
        connection.receive(wire({ first: 0xc1, payload: deflated(bytes) }));
        expect(events).toEqual(['error text-not-utf8 1007', 'end']);
        const binary = client(new PakoEngine(blockLength));
        binary.connection.receive(wire({ first: 0xc2, payload: deflated(bytes) }));
        expect(binary.events).toEqual([`binary ${toHex(bytes)}`]);
      }
    });

    it('fails at the byte at fault, within an unfinished message (§8.1)', () => {
      const { connection, events } = client();
      const fragment = concat(deflated(hex('61 ff')), hex('00 00 ff ff'));
      connection.receive(wire({ first: 0x41, payload: fragment }).subarray(0, -4));
      expect(events).toEqual(['error text-not-utf8 1007', 'end']);
    });

    it('is checked in characters that output blocks cut', () => {
      const text = 'a€😀é'.repeat(50);
      for (const blockLength of [1, 2, 3, 5, 64]) {
        const { connection, events } = client(new PakoEngine(blockLength));
        connection.receive(wire({ first: 0xc1, payload: deflated(utf8(text)) }));
        expect(events).toEqual([`text ${text}`]);
      }
    });

    it('is checked in messages that are not compressed too (§8.1)', () => {
      const { connection, events } = client();
      connection.receive(hex('81 7e 01 00 61 ff'));
      expect(events).toEqual(['error text-not-utf8 1007', 'end']);
    });
  });

  describe('bombs (§10.4)', () => {
    // 1 MiB of zeros takes about 1 KiB.
    const bomb = deflated(new Uint8Array(1024 * 1024));

    it('never inflate to more than the limit and one output block', () => {
      for (const blockLength of [100, 4096, 16_384]) {
        for (const size of [bomb.length, 64]) {
          const engine = new PakoEngine(blockLength);
          const { connection, events } = client(engine, {}, { maxMessageLength: 50_000 });
          const stream = wire({ first: 0xc2, payload: bomb });
          for (let at = 0; at < stream.length; at += size) connection.receive(stream.subarray(at, at + size));
          expect(events).toEqual(['error message-too-long 1009', 'end']);
          expect(engine.usage.inflatedLength).toBeGreaterThan(50_000);
          expect(engine.usage.inflatedLength).toBeLessThanOrEqual(50_000 + blockLength);
          expect(connection.retainedLength).toBe(0);
        }
      }
    });

    it('are found over fragments and final blocks too', () => {
      const engine = new PakoEngine(1000);
      const { connection, events } = client(engine, {}, { maxMessageLength: 50_000 });
      const fragment = deflated(new Uint8Array(20_000));
      const flushed = concat(fragment, hex('00 00 ff ff 03 00'));
      connection.receive(wire({ first: 0x42, payload: flushed }));
      connection.receive(wire({ first: 0x00, payload: flushed }));
      expect(events).toEqual([]);
      connection.receive(wire({ first: 0x00, payload: flushed }));
      expect(events).toEqual(['error message-too-long 1009', 'end']);
      expect(engine.usage.inflatedLength).toBe(51_000);
    });

    it('pass at the very limit, message after message', () => {
      const { connection, events } = client(undefined, {}, { maxMessageLength: 300 });
      for (let count = 0; count < 3; count++) {
        connection.receive(wire({ first: 0xc2, payload: deflated(new Uint8Array(300)) }));
      }
      expect(events.map((event) => event.length)).toEqual([906, 906, 906]);
      connection.receive(wire({ first: 0xc2, payload: deflated(new Uint8Array(301)) }));
      expect(events.slice(3)).toEqual(['error message-too-long 1009', 'end']);
    });
  });
});
