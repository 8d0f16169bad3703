import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Connection,
  DeflatePool,
  Endpoint,
  PermessageDeflate,
  PreparedMessage,
  ProtocolError,
} from '../../src/index.js';
import { deflateOf, PRESET } from '../support/deflate.js';
import { concat, cut, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { pair } from '../support/pair.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Also, type Recorded, record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

/** «Hello», compressed by itself (RFC 7692 §7.2.3.1), and again with the first in the window (§7.2.3.2). */
const HELLO = 'f2 48 cd c9 c9 07 00';
const HELLO_AGAIN = 'f2 00 11 00 00';

/** `data` as one message, compressed by itself by a way that shares nothing with the code under test. */
function deflated(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const deflater = new PakoEngine().deflater(15);
  const out = deflater.deflate(data);
  if (toHex(out.subarray(-4)) !== '00 00 ff ff') throw new Error('no flush');
  return out.slice(0, -4);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** `16 Hello` of a run of frames: the first byte and the payload of each, in hex. */
function shown(recorded: Recorded): string[] {
  return recorded.frames().map(({ first, payload }) => `${first.toString(16)} ${toHex(payload)}`.trimEnd());
}

describe.each(CODECS)('permessage-deflate ($name)', ({ codec }) => {
  /** A client with the extension, fed by hand. */
  const client = (engine = new PakoEngine(), parameters = {}, limits = {}, also: Also = {}): Recorded =>
    record({ role: 'client', codec: codec(), ...limits }, also, [deflateOf('client', engine, parameters)]);
  const server = (engine = new PakoEngine(), parameters = {}, threshold = 0): Recorded =>
    record({ role: 'server', codec: codec() }, {}, [deflateOf('server', engine, parameters, threshold)]);

  describe('decodes the examples of the RFC', () => {
    it.each([
      ['one block (RFC 7692 §7.2.3.1)', `c1 07 ${HELLO}`, ['text Hello']],
      ['one block in two fragments (§7.2.3.1)', '41 03 f2 48 cd 80 04 c9 c9 07 00', ['text Hello']],
      ['a shared window (§7.2.3.2)', `c1 07 ${HELLO} c1 05 ${HELLO_AGAIN}`, ['text Hello', 'text Hello']],
      ['a block without compression (§7.2.3.3)', 'c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00', ['text Hello']],
      ['a final block (§7.2.3.4)', 'c1 08 f3 48 cd c9 c9 07 00 00', ['text Hello']],
      ['two blocks (§7.2.3.5)', 'c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00', ['text Hello']],
      ['an empty fragment (§7.2.3.6)', `41 0b ${HELLO} 00 00 ff ff 80 01 00`, ['text Hello']],
      ['an empty message (§7.2.3.6)', 'c1 01 00 c2 01 00', ['text ', 'binary ']],
    ])('%s', (_, bytes, events) => {
      for (const blockLength of [1, 3, 4096]) {
        const whole = client(new PakoEngine(blockLength));
        whole.connection.receive(hex(bytes));
        expect(whole.events).toEqual(events);
        const split = client(new PakoEngine(blockLength));
        for (const byte of hex(bytes)) split.connection.receive(Uint8Array.of(byte));
        expect(split.events).toEqual(events);
      }
    });
  });

  it('encodes the examples of the RFC (§7.2.3.1, §7.2.3.2, §7.2.3.6)', () => {
    const recorded = server();
    recorded.connection.sendText('Hello');
    recorded.connection.sendText('Hello');
    recorded.connection.sendText('');
    recorded.connection.sendBinary(hex(''));
    expect(shown(recorded)).toEqual([`c1 ${HELLO}`, `c1 ${HELLO_AGAIN}`, 'c1 00', 'c2 00']);
    const { connection, events } = client();
    connection.receive(recorded.wire());
    expect(events).toEqual(['text Hello', 'text Hello', 'text ', 'binary ']);
  });

  describe('keeps its window from message to message or not (§7.1.1)', () => {
    for (const serverNoContextTakeover of [false, true]) {
      for (const clientNoContextTakeover of [false, true]) {
        const name = `server ${serverNoContextTakeover ? 'does not' : 'does'}, client ${clientNoContextTakeover ? 'does not' : 'does'}`;
        it(name, () => {
          const parameters = { serverNoContextTakeover, clientNoContextTakeover };
          const engine = new PakoEngine(16);
          const joined = pair(codec(), {
            client: { extensions: [deflateOf('client', engine, parameters)] },
            server: { extensions: [deflateOf('server', engine, parameters)] },
          });
          for (const side of [joined.client, joined.server]) {
            side.connection.sendText('Hello');
            side.connection.sendBinary(utf8('Hello'));
          }
          joined.exchange();
          const again = (alone: boolean): string => (alone ? HELLO : HELLO_AGAIN);
          expect(shown(joined.client)).toEqual([`c1 ${HELLO}`, `c2 ${again(clientNoContextTakeover)}`]);
          expect(shown(joined.server)).toEqual([`c1 ${HELLO}`, `c2 ${again(serverNoContextTakeover)}`]);
          const hellos = ['text Hello', 'binary 48 65 6c 6c 6f'];
          expect(joined.client.events).toEqual(hellos);
          expect(joined.server.events).toEqual(hellos);
        });
      }
    }

    it('a reference to a window that was given up fails with 1007', () => {
      const kept = client(undefined, { clientNoContextTakeover: true });
      kept.connection.receive(hex(`c1 07 ${HELLO} c1 05 ${HELLO_AGAIN}`));
      expect(kept.events).toEqual(['text Hello', 'text Hello']);
      const given = client(undefined, { serverNoContextTakeover: true });
      given.connection.receive(hex(`c1 07 ${HELLO} c1 05 ${HELLO_AGAIN}`));
      expect(given.events).toEqual(['text Hello', 'error extension-data-invalid 1007', 'end']);
    });

    it('messages that are not compressed leave it as it is', () => {
      const recorded = server();
      recorded.connection.sendText('Hello');
      recorded.connection.sendText('other', { compress: false });
      recorded.connection.sendText('Hello');
      expect(shown(recorded)).toEqual([`c1 ${HELLO}`, '81 6f 74 68 65 72', `c1 ${HELLO_AGAIN}`]);
      const { connection, events } = client();
      connection.receive(recorded.wire());
      expect(events).toEqual(['text Hello', 'text other', 'text Hello']);
    });
  });

  describe('window bits (§7.1.2)', () => {
    it('are those of the side that compresses', () => {
      const parameters = { serverMaxWindowBits: 9, clientMaxWindowBits: 12 };
      const engine = new PakoEngine();
      const recorded = server(engine, parameters);
      recorded.connection.sendText('Hello');
      recorded.connection.receive(wire({ first: 0xc1, payload: hex(HELLO), key: '01 02 03 04' }));
      expect(engine.usage.asked).toEqual(['deflate 9', 'inflate 12']);
      const other = new PakoEngine();
      const { connection } = client(other, parameters);
      connection.sendText('Hello');
      connection.receive(hex(`c1 07 ${HELLO}`));
      expect(other.usage.asked).toEqual(['deflate 12', 'inflate 9']);
    });

    it.each([8, 9, 10, 15])('of %i are enough for the peer', (bits) => {
      const parameters = { serverMaxWindowBits: bits };
      const joined = pair(codec(), {
        client: { extensions: [deflateOf('client', new PakoEngine(100), parameters)] },
        server: { extensions: [deflateOf('server', new PakoEngine(), parameters)] },
      });
      const message = concat(pattern(1200), pattern(700, 3), pattern(1200));
      const binary = `binary ${toHex(message)}`;
      joined.server.connection.sendBinary(message);
      joined.server.connection.sendBinary(message);
      joined.exchange();
      expect(joined.client.events.map((event) => event === binary)).toEqual([true, true]);
    });

    it('bound how far back a message refers: a smaller window compresses less', () => {
      const lengths = [9, 15].map((bits) => {
        const recorded = server(undefined, { serverMaxWindowBits: bits });
        recorded.connection.sendBinary(concat(pattern(2000), pattern(2000)));
        return recorded.wire().length;
      });
      expect(lengths[0]).toBeGreaterThan((lengths[1] ?? 0) + 10);
    });
  });

  describe('threshold', () => {
    it('is the shortest message that is compressed', () => {
      const recorded = server(undefined, {}, 5);
      recorded.connection.sendText('Hell');
      recorded.connection.sendText('Hello');
      // four characters, but five bytes
      recorded.connection.sendText('Héll');
      recorded.connection.sendBinary(hex('01 02 03 04'));
      expect(recorded.frames().map(({ first }) => first.toString(16))).toEqual(['81', 'c1', 'c1', '82']);
    });

    it('is 1024 bytes without being told', () => {
      const pool = new DeflatePool({ engine: new PakoEngine() });
      const recorded = record({ role: 'server', codec: codec() }, {}, [
        new PermessageDeflate('server', PRESET, pool),
      ]);
      recorded.connection.sendBinary(new Uint8Array(1023));
      recorded.connection.sendBinary(new Uint8Array(1024));
      expect(recorded.frames().map(({ first }) => first.toString(16))).toEqual(['82', 'c2']);
    });

    it('does not hold for messages of unknown length', () => {
      const recorded = server(undefined, {}, 1000);
      const writer = recorded.connection.startMessage('text');
      writer.write('Hello');
      writer.end();
      recorded.connection.startMessage('text', { compress: false }).end('Hello');
      expect(shown(recorded)).toEqual([`41 ${HELLO} 00 00 ff ff`, '80 00', '81 48 65 6c 6c 6f']);
    });

    it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('of %d throws a RangeError', (threshold) => {
      expect(() => new DeflatePool({ engine: new PakoEngine(), threshold })).toThrow(RangeError);
    });
  });

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

  describe('fragmented messages (§7.2.1)', () => {
    it('are put together, with control frames in between that are not compressed', () => {
      const { connection, events } = client();
      connection.receive(
        hex('41 03 f2 48 cd 89 01 70 00 01 c9 8a 00 00 00 80 03 c9 07 00 81 01 61 88 02 03 e8'),
      );
      expect(events).toEqual(['ping 70', 'pong ', 'text Hello', 'text a', 'closing 1000', 'end']);
    });

    it('carry RSV1 on their first frame alone, and end without 00 00 ff ff (§7.2.1)', () => {
      const recorded = server();
      const writer = recorded.connection.startMessage('text');
      writer.write('He');
      recorded.connection.ping(hex('01'));
      writer.write('llo');
      writer.end(', Hello');
      const frames = recorded.frames();
      expect(frames.map(({ first }) => first.toString(16))).toEqual(['41', '89', '0', '80']);
      expect(toHex(frames[0]?.payload.slice(-4) ?? hex(''))).toBe('00 00 ff ff');
      expect(toHex(frames[3]?.payload.slice(-4) ?? hex(''))).not.toBe('00 00 ff ff');
      const { connection, events } = client();
      connection.receive(recorded.wire());
      expect(events).toEqual(['ping 01', 'text Hello, Hello']);
    });

    it.each([
      ['a continuation', '41 01 f2 c0'],
      ['a continuation that is not the last', '41 01 f2 40'],
      ['a continuation of a message that is not compressed', '01 01 61 c0'],
      ['a ping', 'c9'],
      ['a close frame', 'c8'],
    ])('fail with 1002 when RSV1 is set on %s (RFC 7692 §6)', (_, bytes) => {
      const { connection, events } = client();
      connection.receive(hex(bytes));
      expect(events).toEqual(['error reserved-bit-set 1002', 'end']);
    });

    it('fail with 1002 when RSV2 or RSV3 is set beside RSV1 (§5.2)', () => {
      for (const first of ['e1', 'd1']) {
        const { connection, events } = client();
        connection.receive(hex(first));
        expect(events).toEqual(['error reserved-bit-set 1002', 'end']);
      }
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

  describe('engines', () => {
    const ALONE = { serverNoContextTakeover: true, clientNoContextTakeover: true };

    it('are not held by idle connections without takeover: one serves them all', () => {
      const engine = new PakoEngine();
      const pool = new DeflatePool({ engine, threshold: 0 });
      const connections = Array.from({ length: 20 }, () =>
        record({ role: 'client', codec: codec() }, {}, [
          new PermessageDeflate('client', { ...PRESET, ...ALONE }, pool),
        ]),
      );
      for (const { connection, events } of connections) {
        connection.sendText('Hello');
        connection.receive(hex(`c1 07 ${HELLO}`));
        expect(events).toEqual(['text Hello']);
      }
      expect(engine.usage.made).toBe(2);
      for (const recorded of connections) expect(shown(recorded)).toEqual([`c1 ${HELLO}`]);
    });

    it('serve interleaved fragmented messages of many connections, one each', () => {
      const engine = new PakoEngine(2);
      const pool = new DeflatePool({ engine, threshold: 0 });
      const connections = Array.from({ length: 7 }, () =>
        record({ role: 'client', codec: codec() }, {}, [
          new PermessageDeflate('client', { ...PRESET, ...ALONE }, pool),
        ]),
      );
      const stream = wire({ first: 0xc1, payload: deflated(utf8('Hello, Hello €')) });
      for (let round = 0; round < 2; round++) {
        const writers = connections.map(({ connection }) => connection.startMessage('text'));
        for (const byte of stream) {
          for (const { connection } of connections) connection.receive(Uint8Array.of(byte));
        }
        for (const part of ['Hel', 'lo']) for (const writer of writers) writer.write(part);
        for (const writer of writers) writer.end('!');
      }
      for (const recorded of connections) {
        expect(recorded.events).toEqual(['text Hello, Hello €', 'text Hello, Hello €']);
        const peer = record({ role: 'server', codec: codec() }, {}, [
          deflateOf('server', new PakoEngine(), ALONE),
        ]);
        peer.connection.receive(recorded.wire());
        expect(peer.events).toEqual(['text Hello!', 'text Hello!']);
      }
      // Four of a kind are kept; the second round made three more of each.
      expect(engine.usage).toMatchObject({ made: 20, open: 8 });
    });

    it('with takeover belong to one connection, and are made when they are needed', () => {
      const engine = new PakoEngine();
      const [one, other, idle] = [client(engine), client(engine), client(engine)];
      expect(engine.usage.made).toBe(0);
      one.connection.receive(hex('81 01 61'));
      expect(engine.usage.made).toBe(0);
      one.connection.receive(hex(`c1 07 ${HELLO}`));
      other.connection.receive(hex(`c1 07 ${HELLO}`));
      one.connection.sendText('Hello');
      expect(engine.usage.made).toBe(3);
      for (const { connection } of [one, other, idle]) connection.receiveEnd();
      expect(engine.usage.open).toBe(0);
    });

    it.each<[string, (recorded: Recorded) => void]>([
      ['the transport ends', ({ connection }) => connection.receiveEnd()],
      ['the peer closes', ({ connection }) => connection.receive(hex('88 02 03 e8'))],
      ['the connection fails', ({ connection }) => connection.receive(hex('83'))],
      ['the extension itself fails', ({ connection }) => connection.receive(hex('80 01 07'))],
    ])('are closed, once, when %s', (_, finish) => {
      for (const parameters of [{}, ALONE]) {
        const engine = new PakoEngine();
        const recorded = client(engine, parameters);
        recorded.connection.startMessage('text').write('Hello');
        recorded.connection.receive(hex(`41 0b ${HELLO} 00 00 ff ff`));
        expect(engine.usage).toMatchObject({ made: 2, open: 2 });
        finish(recorded);
        expect(engine.usage.open).toBe(0);
        recorded.connection.receiveEnd();
        expect(engine.usage.open).toBe(0);
      }
    });

    it('stay open for what a closing peer still sends (§7.1.2)', () => {
      const { connection, events } = client();
      connection.receive(hex(`c1 07 ${HELLO}`));
      connection.close(1000);
      connection.receive(hex(`c1 05 ${HELLO_AGAIN} 88 02 03 e8`));
      expect(events).toEqual(['text Hello', 'text Hello', 'closing 1000', 'end']);
    });

    it('are as new for the next connection, whatever the last one did with them', () => {
      const engine = new PakoEngine();
      const pool = new DeflatePool({ engine, threshold: 0 });
      const open = (): Recorded =>
        record({ role: 'client', codec: codec() }, {}, [
          new PermessageDeflate('client', { ...PRESET, ...ALONE }, pool),
        ]);
      const first = open();
      // The last block is cut: the tail is taken for its data.
      first.connection.receive(hex('c2 07 00 0a 00 f5 ff 48 65'));
      expect(first.events).toHaveLength(1);
      const second = open();
      second.connection.receive(hex(`c1 07 ${HELLO}`));
      expect(second.events).toEqual(['text Hello']);
      expect(engine.usage.made).toBe(1);
    });
  });

  describe('prepared messages', () => {
    it('are compressed by themselves, and the messages behind them can be decoded', () => {
      const joined = pair(codec(), {
        client: { extensions: [deflateOf('client', new PakoEngine())] },
        server: { extensions: [deflateOf('server', new PakoEngine())] },
      });
      const prepared = new PreparedMessage('Hello');
      joined.server.connection.sendText('Hello, you');
      joined.server.connection.sendPrepared(prepared);
      joined.server.connection.sendText('Hello, you');
      joined.server.connection.sendText('Hello, you');
      joined.exchange();
      expect(shown(joined.server)[1]).toBe(`c1 ${HELLO}`);
      expect(joined.client.events).toEqual([
        'text Hello, you',
        'text Hello',
        'text Hello, you',
        'text Hello, you',
      ]);
    });
  });

  describe('properties', () => {
    const message = fc.record({
      text: fc.boolean(),
      payload: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 50 }).map(utf8),
        fc.tuple(fc.nat(250), fc.nat(2000)).map(([seed, length]) => utf8(String(seed).repeat(length))),
      ),
      compress: fc.boolean(),
      /** where its compressed bytes are cut into frames */
      cuts: fc.array(fc.nat(60), { maxLength: 4 }),
      ping: fc.boolean(),
    });

    it('decodes compressed and plain messages, however they are fragmented and the stream is cut', () => {
      fc.assert(
        fc.property(
          fc.array(message, { maxLength: 5 }),
          fc.array(fc.nat(400), { maxLength: 8 }),
          fc.constantFrom(1, 7, 4096),
          fc.boolean(),
          (messages, places, blockLength, serverNoContextTakeover) => {
            const deflater = new PakoEngine().deflater(15);
            const expected: string[] = [];
            const stream = concat(
              ...messages.flatMap(({ text, payload, compress, cuts, ping }) => {
                const whole = compress ? deflater.deflate(payload).slice(0, -4) : payload;
                // Nothing comes out where nothing went in.
                const bytes = compress && whole.length === 0 ? hex('00') : whole;
                if (serverNoContextTakeover) deflater.reset();
                const parts = cut(
                  bytes,
                  cuts.map((place) => place % (bytes.length + 1)),
                );
                if (ping && parts.length > 1) expected.push('ping 70');
                expected.push(
                  text
                    ? `text ${new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload)}`
                    : `binary ${toHex(payload)}`,
                );
                return parts.flatMap((part, index) => [
                  ...(ping && index === 1 ? [hex('89 01 70')] : []),
                  wire({
                    first:
                      (index === 0 ? (compress ? 0x40 : 0) | (text ? 1 : 2) : 0) |
                      (index === parts.length - 1 ? 0x80 : 0),
                    payload: part,
                  }),
                ]);
              }),
            );
            const { connection, events } = client(new PakoEngine(blockLength), { serverNoContextTakeover });
            for (const chunk of cut(
              stream,
              places.filter((place) => place <= stream.length),
            )) {
              connection.receive(chunk);
            }
            expect(events).toEqual(expected);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('brings every message to the other side', () => {
      fc.assert(
        fc.property(
          fc.array(message, { maxLength: 6 }),
          fc.record({
            serverNoContextTakeover: fc.boolean(),
            clientNoContextTakeover: fc.boolean(),
            serverMaxWindowBits: fc.integer({ min: 8, max: 15 }),
            clientMaxWindowBits: fc.integer({ min: 8, max: 15 }),
          }),
          fc.integer({ min: 1, max: 300 }),
          (messages, parameters, size) => {
            const joined = pair(codec(), {
              client: { extensions: [deflateOf('client', new PakoEngine(64), parameters, 20)] },
              server: { extensions: [deflateOf('server', new PakoEngine(64), parameters, 20)] },
            });
            const expected: string[] = [];
            for (const { text, payload, compress, cuts } of messages) {
              expected.push(
                text
                  ? `text ${new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload)}`
                  : `binary ${toHex(payload)}`,
              );
              for (const { connection } of [joined.client, joined.server]) {
                if (cuts.length === 0) {
                  if (text) connection.sendTextBytes(payload, { compress });
                  else connection.sendBinary(payload, { compress });
                  continue;
                }
                const writer = connection.startMessage(text ? 'text' : 'binary', { compress });
                for (const part of cut(
                  payload,
                  cuts.filter((place) => place <= payload.length),
                )) {
                  writer.write(part);
                }
                writer.end();
              }
            }
            joined.exchange(size);
            expect(joined.client.events).toEqual(expected);
            expect(joined.server.events).toEqual(expected);
          },
        ),
        { numRuns: 60 },
      );
    });
  });
});

describe('messages in parts behind permessage-deflate', () => {
  it('end where the handler ends the connection, without a throw', () => {
    for (const parameters of [{}, { serverNoContextTakeover: true }]) {
      for (const how of ['fail', 'end'] as const) {
        const engine = new PakoEngine(2);
        const parts: string[] = [];
        const endpoint = new Endpoint({ role: 'client' });
        const connection = new Connection(
          endpoint,
          {
            write: () => true,
            end: () => {},
            textPart: (self, text) => {
              parts.push(text);
              if (how === 'end') self.receiveEnd();
              else self.fail(new ProtocolError('retained-too-much'));
            },
          },
          undefined,
          [deflateOf('client', engine, parameters)],
        );
        connection.receive(hex(`c1 07 ${HELLO} c1 07 ${HELLO}`));
        connection.receiveEnd();
        expect(parts).toEqual(['He']);
        expect(engine.usage.open).toBe(0);
      }
    }
  });
});
