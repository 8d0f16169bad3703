import { describe, expect, it } from 'vitest';
import {
  Connection,
  type ConnectionHandler,
  type DeflateEngine,
  Endpoint,
  FrameEncoder,
  OPCODES,
  PreparedMessage,
  ProtocolError,
} from '../src/index.js';
import { deflateOf } from './support/deflate.js';
import { concat, hex, pattern, toHex } from './support/hex.js';
import { CODECS } from './support/kernels.js';
import { PakoEngine } from './support/pako-engine.js';
import { record } from './support/recorder.js';

/*
 * What handlers, transports and callers do at the worst moment: nothing is left open, and nobody else pays for it.
 */

describe.each(CODECS)('mishaps ($name)', ({ codec }) => {
  it('closes engines only when they have returned, where a handler ends the connection inside a message', () => {
    for (const how of ['fail', 'end'] as const) {
      const engine = new PakoEngine(16);
      const sender = record({ role: 'client', codec: codec() }, {}, [deflateOf('client', engine)]);
      sender.connection.sendBinary(pattern(5000));
      const receiving = new PakoEngine(16);
      let torn = 0;
      const watched: DeflateEngine = {
        deflater: (windowBits) => receiving.deflater(windowBits),
        inflater: (windowBits) => {
          const inflater = receiving.inflater(windowBits);
          let inside = false;
          return {
            inflate: (data, emit) => {
              inside = true;
              try {
                return inflater.inflate(data, emit);
              } finally {
                inside = false;
              }
            },
            reset: () => inflater.reset(),
            close: () => {
              if (inside) torn++;
              inflater.close();
            },
          };
        },
      };
      let parts = 0;
      const handler: ConnectionHandler<undefined> = {
        write: () => true,
        end: () => {},
        binaryPart: (connection) => {
          parts++;
          if (how === 'fail') connection.fail(new ProtocolError('message-too-long'));
          else connection.receiveEnd();
        },
      };
      const connection = new Connection(
        new Endpoint({ role: 'server', codec: codec() }),
        handler,
        undefined,
        [deflateOf('server', watched)],
      );
      connection.receive(sender.wire());
      connection.receiveEnd();
      expect(parts).toBe(1);
      expect(torn).toBe(0);
      expect(receiving.usage.open).toBe(0);
    }
  });

  it('tells of the end of a connection whose handlers all throw, and of each message before it', () => {
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      {
        text: () => {
          throw new Error('a handler');
        },
      },
    );
    expect(() => connection.receive(hex('81 01 30 81 01 31 81 01 32'))).toThrow('a handler');
    expect(() => connection.receiveEnd()).toThrow('a handler');
    expect(events.slice(0, 3)).toEqual(['text 0', 'text 1', 'text 2']);
    expect(events.slice(3).map((event) => event.slice(0, 10))).toEqual(['close 1006']);
  });

  it('does not take an error that a handler throws for one of the peer, in one frame or in two', () => {
    for (const bytes of ['82 02 01 02', '02 01 01 80 01 02']) {
      const { connection, events } = record(
        { role: 'client', codec: codec() },
        {
          binary: () => {
            throw new ProtocolError('mask-missing');
          },
        },
      );
      expect(() => connection.receive(hex(bytes))).toThrow(ProtocolError);
      expect(connection.isOpen).toBe(true);
      expect(events).toEqual(['binary 01 02']);
    }
  });

  it('sends nothing behind a write that threw, and still ends the transport', () => {
    let ended = 0;
    const handler: ConnectionHandler<undefined> = {
      write: () => {
        throw new Error('the transport');
      },
      end: () => {
        ended++;
      },
    };
    const connection = new Connection(new Endpoint({ role: 'client', codec: codec() }), handler, undefined);
    expect(() => connection.sendBinary(pattern(40_000))).toThrow('the transport');
    expect(connection.isOpen).toBe(false);
    expect(connection.sendText('behind')).toBe(false);
    const closing = new Connection(new Endpoint({ role: 'client', codec: codec() }), handler, undefined);
    expect(() => closing.receive(hex('88 02 03 e8'))).toThrow('the transport');
    expect(ended).toBe(1);
  });

  it('lets no pong between the head and the payload of a long frame (§5.4)', () => {
    const written: Uint8Array[] = [];
    let takes = false;
    const handler: ConnectionHandler<undefined> = {
      write: (connection, bytes) => {
        written.push(bytes.slice());
        if (takes) connection.drained();
        return takes;
      },
      end: () => {},
    };
    const endpoint = new Endpoint({ role: 'server', codec: codec(), maxQueuedPongs: 0 });
    const connection = new Connection(endpoint, handler, undefined);
    connection.sendText('held');
    connection.receive(hex('89 80 00 00 00 00'));
    takes = true;
    connection.sendBinary(pattern(40_000));
    const wire = toHex(concat(...written));
    expect(wire.slice(0, 18)).toBe('81 04 68 65 6c 64 ');
    expect(wire.slice(18, 30)).toBe('82 7e 9c 40 ');
    expect(wire.slice(-6)).toBe(' 8a 00');
  });

  it('answers every ping again when a write has left at once (§5.5.2)', () => {
    let pongs = 0;
    let takes = false;
    const handler: ConnectionHandler<undefined> = {
      write: (_, bytes) => {
        if (bytes[0] === 0x8a) pongs++;
        return takes;
      },
      end: () => {},
    };
    const connection = new Connection(new Endpoint({ role: 'client', codec: codec() }), handler, undefined);
    connection.sendText('held');
    takes = true;
    for (let count = 0; count < 100; count++) connection.receive(hex('89 00'));
    expect(pongs).toBe(100);
  });

  it('throws a TypeError at what is no ProtocolError, and goes on', () => {
    const { connection, events } = record({ role: 'client', codec: codec() });
    // @ts-expect-error: the caller is wrong
    expect(() => connection.fail(new Error('no'))).toThrow(TypeError);
    connection.receive(hex('81 01 30'));
    expect(events).toEqual(['text 0']);
  });

  it('throws a TypeError where a handler says that the inbox, which is in use, holds bytes', () => {
    const shared = codec();
    const other = record({ role: 'client', codec: shared });
    const errors: unknown[] = [];
    const { connection } = record(
      { role: 'client', codec: shared },
      {
        text: () => {
          try {
            other.connection.receiveInbox(3);
          } catch (error) {
            errors.push(error);
          }
        },
      },
    );
    connection.receive(hex('81 01 30'));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(TypeError);
    expect(other.events).toEqual([]);
  });

  it('owns only memory that holds nothing else', () => {
    const shared = codec();
    const owned: Uint8Array[] = [];
    const { connection } = record(
      { role: 'client', codec: shared },
      {
        binary: (self, payload) => {
          owned.push(shared.own(payload));
          self.pause();
        },
      },
    );
    connection.receive(concat(hex('82 03 01 02 03 82 03 04 05 06 82 03 07 08 09')));
    connection.resume();
    connection.resume();
    expect(owned.map((bytes) => toHex(bytes))).toEqual(['01 02 03', '04 05 06', '07 08 09']);
    for (const bytes of owned) expect(bytes.buffer.byteLength).toBe(3);
  });

  it('masks the payload of a long frame of a client piece by piece (§5.3)', () => {
    const endpoint = new Endpoint({ role: 'client', codec: codec(), maskingKey: () => 0x78563412 });
    const encoder = new FrameEncoder(endpoint);
    const head = new Uint8Array(14);
    const behind = encoder.encodeHead(head, 0, OPCODES.binary, 300);
    expect(toHex(head.subarray(0, behind))).toBe('82 fe 01 2c 12 34 56 78');
    const payload = pattern(300);
    const pieces = [payload.slice(0, 3), payload.slice(3, 120), payload.slice(120, 121), payload.slice(121)];
    for (const piece of pieces) encoder.maskPayload(piece);
    const key = [0x12, 0x34, 0x56, 0x78];
    expect(toHex(concat(...pieces))).toBe(toHex(payload.map((byte, index) => byte ^ (key[index & 3] ?? 0))));
  });

  it('keeps the window of a connection where a prepared message went out as it is (RFC 7692 §7.1.1)', () => {
    const lengths = ['plain', 'small'].map((between) => {
      const engine = new PakoEngine();
      const { connection, writes } = record({ role: 'server', codec: codec() }, {}, [
        deflateOf('server', engine, {}, 100),
      ]);
      const text = 'the same again '.repeat(40);
      connection.sendText(text);
      if (between === 'small') connection.sendPrepared(new PreparedMessage('tick'));
      connection.sendText(text);
      return writes.at(-1)?.length;
    });
    expect(lengths[1]).toBe(lengths[0]);
  });

  it('prepares text that is UTF-8 already, and leaves it as it is where it is told to', () => {
    const engine = new PakoEngine();
    const { connection, writes } = record({ role: 'server', codec: codec() }, {}, [
      deflateOf('server', engine),
    ]);
    connection.sendPrepared(new PreparedMessage(hex('c3 a9'), { text: true, compress: false }));
    expect(toHex(writes[0] ?? hex(''))).toBe('81 02 c3 a9');
    expect(() => new PreparedMessage(hex('c3'), { text: true })).toThrow(TypeError);
  });
});
