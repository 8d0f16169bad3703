import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionHandler, Endpoint, ProtocolError } from '../src/index.js';
import { concat, cut, hex, pattern, toHex } from './support/hex.js';
import { CODECS } from './support/kernels.js';
import { record } from './support/recorder.js';
import { wire } from './support/wire.js';

describe.each(CODECS)('messages ($name)', { timeout: 60_000 }, ({ codec }) => {
  const server = () => record({ role: 'server', codec: codec() });
  const client = () => record({ role: 'client', codec: codec() });

  it('hands out a masked text message (§5.7)', () => {
    const { connection, events } = server();
    connection.receive(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'));
    expect(events).toEqual(['text Hello']);
  });

  it('hands out text and binary messages of a server, empty ones too (§5.6)', () => {
    const { connection, events } = client();
    connection.receive(hex('81 05 48 65 6c 6c 6f 82 03 00 80 ff 81 00 82 00'));
    expect(events).toEqual(['text Hello', 'binary 00 80 ff', 'text ', 'binary ']);
  });

  it('puts fragments together (§5.4)', () => {
    const { connection, events } = client();
    connection.receive(hex('01 03 48 65 6c'));
    connection.receive(hex('00 00 00 01 6c'));
    expect(events).toEqual([]);
    connection.receive(hex('80 01 6f 02 01 01 80 01 02'));
    expect(events).toEqual(['text Hello', 'binary 01 02']);
  });

  it('hands out an empty message that came in empty fragments (§5.4)', () => {
    const { connection, events } = client();
    connection.receive(hex('01 00 00 00 80 00 02 00 80 00'));
    expect(events).toEqual(['text ', 'binary ']);
  });

  it('puts text together whose characters the fragments cut (§5.6, §8.1)', () => {
    const { connection, events } = client();
    connection.receive(hex('01 01 f0 00 01 9f 00 00 00 01 98 80 02 80 21'));
    expect(events).toEqual(['text 😀!']);
  });

  it('keeps a byte order mark at the start of a text, and U+0000 in it', () => {
    const { connection, events } = client();
    connection.receive(hex('81 05 ef bb bf 61 00'));
    connection.receive(hex('01 02 ef bb 80 02 bf 61'));
    expect(events).toEqual(['text \ufeffa\0', 'text \ufeffa']);
  });

  it('hands out control frames between the fragments, before the message (§5.4)', () => {
    const { connection, events } = client();
    connection.receive(hex('01 01 61 89 01 31 00 01 62 8a 01 32 80 01 63'));
    expect(events).toEqual(['ping 31', 'pong 32', 'text abc']);
  });

  it('puts a message of 10,000 fragments together', () => {
    const { connection, events } = client();
    connection.receive(
      concat(hex('02 01 07'), ...Array.from({ length: 9998 }, () => hex('00 01 08')), hex('80 01 09')),
    );
    expect(events).toHaveLength(1);
    expect(events[0]?.length).toBe('binary '.length + 10_000 * 3 - 1);
    expect(events[0]?.startsWith('binary 07 08')).toBe(true);
    expect(events[0]?.endsWith('08 09')).toBe(true);
  });

  it('puts together a message that is longer than the inbox, in one frame and in fragments, text and binary', () => {
    const long = pattern(300_001);
    const text = new TextEncoder().encode(`a${'€'.repeat(60_000)}`);
    const key = '1a 2b 3c 4d';
    const received: Uint8Array[] = [];
    const texts: string[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'server', codec: codec() }),
      {
        write: () => true,
        end: () => {},
        binary: (_, payload) => received.push(payload.slice()),
        text: (_, string) => texts.push(string),
      },
      undefined,
    );
    const stream = concat(
      wire({ first: 0x82, payload: long, key }),
      wire({ first: 0x01, payload: text.subarray(0, 70_000), key }),
      wire({ first: 0x80, payload: text.subarray(70_000), key }),
      wire({ first: 0x02, payload: long.subarray(0, 3), key }),
      wire({ first: 0x80, payload: long.subarray(3), key }),
    );
    for (const size of [stream.length, 1000, 65536, 65537]) {
      for (let at = 0; at < stream.length; at += size) connection.receive(stream.subarray(at, at + size));
    }
    expect(received).toHaveLength(8);
    for (const payload of received) expect(payload.findIndex((byte, at) => byte !== long[at])).toBe(-1);
    for (const { length } of received) expect(length).toBe(long.length);
    expect(texts).toHaveLength(4);
    for (const string of texts) expect(string === `a${'€'.repeat(60_000)}`).toBe(true);
  });

  it('hands text out as checked bytes where the handler asks for those', () => {
    const seen: string[] = [];
    const handler: ConnectionHandler<undefined> = {
      write: () => true,
      end: () => {},
      text: () => expect.unreachable(),
      textBytes: (_, payload) => seen.push(toHex(payload)),
    };
    const connection = new Connection(new Endpoint({ role: 'client', codec: codec() }), handler, undefined);
    connection.receive(hex('81 02 c3 a9 01 01 c3 80 01 a8 81 00'));
    expect(seen).toEqual(['c3 a9', 'c3 a8', '']);
  });

  it('hands messages out where they lie, whole or put together, where the handler asks for that', () => {
    const seen: string[] = [];
    const handler: ConnectionHandler<undefined> = {
      write: () => true,
      end: () => {},
      text: () => expect.unreachable(),
      textBytes: () => expect.unreachable(),
      binary: () => expect.unreachable(),
      message: (_, { bytes, buffer }, start, length, isBinary) => {
        expect(bytes.buffer).toBe(buffer);
        seen.push(`${isBinary ? 'binary' : 'text'} ${toHex(bytes.subarray(start, start + length))}`);
      },
    };
    const connection = new Connection(new Endpoint({ role: 'client', codec: codec() }), handler, undefined);
    connection.receive(hex('81 02 c3 a9 82 01 ff 01 01 c3 80 01 a8 02 01 fe 80 01 fd 81 00'));
    expect(seen).toEqual(['text c3 a9', 'binary ff', 'text c3 a8', 'binary fe fd', 'text ']);
  });

  it('gives each event the connection it speaks of, and its context', () => {
    const seen: string[] = [];
    const handler: ConnectionHandler<string> = {
      write: () => true,
      end: ({ context }) => seen.push(`${context} ends`),
      text: ({ context }, text) => seen.push(`${context}: ${text}`),
    };
    const endpoint = new Endpoint({ role: 'client', codec: codec() });
    const [one, other] = [
      new Connection(endpoint, handler, 'one'),
      new Connection(endpoint, handler, 'other'),
    ];
    one.receive(hex('81 01 61'));
    other.receive(hex('81 01 62'));
    one.context = 'the first';
    one.receive(hex('88 00'));
    expect(seen).toEqual(['one: a', 'other: b', 'the first ends']);
  });

  it('needs no handler for any message', () => {
    const handler: ConnectionHandler<undefined> = { write: () => true, end: () => {} };
    const connection = new Connection(new Endpoint({ role: 'client', codec: codec() }), handler, undefined);
    connection.receive(hex('81 01 61 82 01 61 01 00 80 00 89 00 8a 00 88 00'));
    connection.receiveEnd();
    expect(connection.isOpen).toBe(false);
  });

  it('hands out text that is not UTF-8, mended, where validateText is off', () => {
    const { connection, events } = record({ role: 'client', codec: codec(), validateText: false });
    connection.receive(hex('81 02 61 ff 01 01 e2 80 01 61'));
    expect(events).toEqual(['text a\ufffd', 'text \ufffda']);
  });

  it('hands out the same however the stream is cut', () => {
    const key = 'a0 b1 c2 d3';
    const stream = concat(
      wire({ first: 0x01, payload: hex('61 e2 82'), key }),
      wire({ first: 0x89, payload: hex('01 02 03'), key }),
      wire({ first: 0x80, payload: hex('ac 62'), key }),
      wire({ first: 0x82, payload: pattern(130), key }),
      wire({ first: 0x88, payload: hex('03 e8 62 79 65'), key }),
      hex('81 00'),
    );
    const whole = server();
    whole.connection.receive(stream);
    expect(whole.events.map((event) => event.split(' ')[0])).toEqual([
      'ping',
      'text',
      'binary',
      'closing',
      'end',
    ]);
    for (let at = 0; at <= stream.length; at++) {
      const { connection, events, wire: written } = server();
      for (const chunk of cut(stream, [at])) connection.receive(chunk);
      expect(events).toEqual(whole.events);
      expect(written()).toEqual(whole.wire());
    }
  });
});

describe.each(CODECS)('failing the connection (§7.1.7, $name)', ({ codec }) => {
  it('fails with 1007 at the byte at fault, within an unfinished frame (§8.1)', () => {
    const { connection, events, wire: written } = record({ role: 'client', codec: codec() });
    connection.receive(hex('01 7e 03 e8 61 62'));
    connection.receive(hex('e2 82'));
    expect(events).toEqual([]);
    connection.receive(hex('41'));
    expect(events).toEqual(['error text-not-utf8 1007', 'end']);
    expect(toHex(written()).slice(0, 5)).toBe('88 99');
  });

  it('hands out what came before the fault, and nothing behind it', () => {
    const { connection, events } = record({ role: 'client', codec: codec() });
    connection.receive(hex('81 01 61 82 01 62 83 00 81 01 63'));
    connection.receive(hex('81 01 64'));
    expect(events).toEqual(['text a', 'binary 62', 'error opcode-reserved 1002', 'end']);
    expect(connection.isOpen).toBe(false);
  });

  it('says in its close frame what was wrong, in a frame of its role', () => {
    const server = record({ role: 'server', codec: codec() });
    server.connection.receive(hex('81 00'));
    // 1002, «frame of a client is not masked»
    expect(toHex(server.wire())).toBe(
      '88 21 03 ea 66 72 61 6d 65 20 6f 66 20 61 20 63 6c 69 65 6e 74 20 69 73 20 6e 6f 74 20 6d 61 73 6b 65 64',
    );
    const client = record({ role: 'client', codec: codec() });
    client.connection.receive(hex('81 80'));
    const [close] = client.frames();
    expect(close?.key).toBeTypeOf('number');
    expect(toHex(close?.payload.subarray(0, 2) ?? hex(''))).toBe('03 ea');
  });

  it('sends no second close frame when it fails in the closing handshake (§5.5.1)', () => {
    const { connection, events, frames } = record({ role: 'server', codec: codec() });
    connection.close(1000);
    connection.receive(hex('83 80'));
    expect(events).toEqual(['error opcode-reserved 1002', 'end']);
    expect(frames()).toHaveLength(1);
  });

  it('can be asked for by the caller, once', () => {
    const { connection, events, frames } = record({ role: 'server', codec: codec() });
    connection.fail(new ProtocolError('extension-data-invalid'));
    connection.fail(new ProtocolError('text-not-utf8'));
    connection.receive(hex('81 80 00 00 00 00'));
    connection.receiveEnd();
    connection.receiveEnd();
    expect(events).toEqual(['error extension-data-invalid 1007', 'end', 'close 1006']);
    expect(frames()).toHaveLength(1);
  });

  it('stops at once when a handler fails the connection in the middle of a chunk', () => {
    const { connection, events } = record(
      { role: 'client', codec: codec() },
      { text: (self) => self.fail(new ProtocolError('extension-data-invalid')) },
    );
    connection.receive(hex('81 01 61 81 01 62'));
    expect(events).toEqual(['text a', 'error extension-data-invalid 1007', 'end']);
  });

  it('writes nothing behind the end, whatever is asked of it', () => {
    const { connection, events, writes } = record({ role: 'server', codec: codec() });
    connection.receive(hex('83 80'));
    const written = writes.length;
    expect(connection.sendText('a')).toBe(false);
    expect(connection.sendBinary(hex('01'))).toBe(false);
    expect(connection.sendTextBytes(hex('61'))).toBe(false);
    expect(connection.ping(hex(''))).toBe(false);
    expect(connection.pong(hex(''))).toBe(false);
    connection.close(1000);
    connection.cork();
    connection.uncork();
    connection.resume();
    connection.receiveEnd();
    expect(writes).toHaveLength(written);
    expect(events.at(-1)).toBe('close 1006');
  });
});

describe.each(CODECS)('pings (§5.5.2, $name)', ({ codec }) => {
  it('answers each with a pong of the same payload, and tells the handler', () => {
    const { connection, events, wire: written } = record({ role: 'server', codec: codec() });
    connection.receive(hex('89 85 37 fa 21 3d 7f 9f 4d 51 58 89 80 00 00 00 00'));
    expect(events).toEqual(['ping 48 65 6c 6c 6f', 'ping ']);
    expect(toHex(written())).toBe('8a 05 48 65 6c 6c 6f 8a 00');
  });

  it('answers masked as a client (§5.1)', () => {
    const { connection, frames } = record({ role: 'client', codec: codec() });
    connection.receive(concat(hex('89 7d'), pattern(125)));
    const [pong, ...more] = frames();
    expect(pong).toMatchObject({ first: 0x8a, payload: pattern(125) });
    expect(pong?.key).toBeGreaterThan(0);
    expect(more).toEqual([]);
  });

  it('leaves the answer to the handler where autoPong is off', () => {
    const { connection, events, writes } = record({ role: 'server', codec: codec(), autoPong: false });
    connection.receive(hex('89 81 00 00 00 00 61'));
    expect(events).toEqual(['ping 61']);
    expect(writes).toEqual([]);
  });

  it('does not answer a pong (§5.5.3)', () => {
    const { connection, events, writes } = record({ role: 'server', codec: codec() });
    connection.receive(hex('8a 81 00 00 00 00 61'));
    expect(events).toEqual(['pong 61']);
    expect(writes).toEqual([]);
  });

  it('sends pings, and pongs that nobody asked for (§5.5.3)', () => {
    const { connection, wire: written } = record({ role: 'server', codec: codec() });
    expect(connection.ping(hex('01 02'))).toBe(true);
    expect(connection.pong(hex(''))).toBe(true);
    expect(connection.ping(pattern(125))).toBe(true);
    expect(toHex(written().subarray(0, 8))).toBe('89 02 01 02 8a 00 89 7d');
  });

  it('throws at a payload of 126 bytes, or one that is no Uint8Array, and sends nothing (§5.5)', () => {
    const { connection, writes } = record({ role: 'server', codec: codec() });
    expect(() => connection.ping(pattern(126))).toThrow(RangeError);
    expect(() => connection.pong(pattern(126))).toThrow(RangeError);
    // @ts-expect-error: the caller is wrong
    expect(() => connection.ping('a')).toThrow(TypeError);
    // @ts-expect-error: the caller is wrong
    expect(() => connection.pong()).toThrow(TypeError);
    expect(writes).toEqual([]);
  });
});
