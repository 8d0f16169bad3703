import { describe, expect, it } from 'vitest';
import {
  Connection,
  DeflatePool,
  Endpoint,
  PermessageDeflate,
  PreparedMessage,
  ProtocolError,
} from '../../src/index.js';
import {
  deflateOf,
  deflatingClient,
  deflatingServer,
  HELLO,
  HELLO_AGAIN,
  PRESET,
  shown,
} from '../support/deflate.js';
import { concat, hex, pattern, toHex, utf8 } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { pair } from '../support/pair.js';
import { PakoEngine } from '../support/pako-engine.js';
import { type Recorded, record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('permessage-deflate ($name)', ({ codec }) => {
  const client = (engine?: PakoEngine, parameters = {}, limits = {}): Recorded =>
    deflatingClient(codec(), engine, parameters, limits);
  const server = (engine?: PakoEngine, parameters = {}, threshold = 0): Recorded =>
    deflatingServer(codec(), engine, parameters, threshold);

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
