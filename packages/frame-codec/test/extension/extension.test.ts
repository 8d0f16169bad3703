import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, type DataPart, Endpoint, type Extension, RSV, type RsvClaims } from '../../src/index.js';
import { ChecksumExtension } from '../support/checksum-extension.js';
import { deflateOf } from '../support/deflate.js';
import { concat, cut, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { pair } from '../support/pair.js';
import { PakoEngine } from '../support/pako-engine.js';
import { record } from '../support/recorder.js';
import { wire } from '../support/wire.js';

/** An extension that claims bits and does nothing. */
function idle(name: string, first: number, continuation = 0): Extension {
  const claims: RsvClaims = { first, continuation };
  return {
    name,
    claims,
    decodes: 'marked',
    decode(payload, _, emit) {
      emit(payload);
      return payload.length;
    },
    encode: (payload) => payload,
    close: () => {},
  };
}

describe('claims of RSV bits (§5.2, §9.1)', () => {
  const open = (...extensions: Extension[]): Connection =>
    new Connection(
      new Endpoint({ role: 'client' }),
      { write: () => true, end: () => {} },
      undefined,
      extensions,
    );

  it('may be for a bit each', () => {
    open(idle('a', RSV.rsv1), idle('b', RSV.rsv2, RSV.rsv2), idle('c', 0, RSV.rsv3));
    open(idle('a', 0), idle('b', 0));
  });

  it.each([
    ['on the first frame', [idle('a', RSV.rsv1), idle('b', RSV.rsv1)]],
    ['on continuations', [idle('a', 0, RSV.rsv3), idle('b', 0, RSV.rsv3)]],
    ['on different frames', [idle('a', RSV.rsv2), idle('b', RSV.rsv3), idle('c', 0, RSV.rsv2)]],
  ])('throw a TypeError when two are for the same bit %s', (_, extensions) => {
    expect(() => open(...extensions)).toThrow(/claims an RSV bit that is taken/);
    expect(() => open(...extensions)).toThrow(TypeError);
  });

  it.each([0x80, 0x08, 0x01, 0x100, -1])('throw a TypeError when they are for 0x%x, no RSV bit', (bits) => {
    expect(() => open(idle('a', bits))).toThrow(TypeError);
    expect(() => open(idle('a', 0, bits))).toThrow(TypeError);
  });
});

describe.each(CODECS)('bits that an extension did not claim ($name)', ({ codec }) => {
  it.each([
    ['RSV1 of a message', 'c1'],
    ['RSV3 of a message', '92'],
    ['RSV2 and RSV3 together', 'b1'],
    ['RSV2 of a ping', 'a9'],
    ['RSV2 of a close frame', 'a8'],
    ['RSV1 of a continuation', '01 00 c0'],
  ])('fail with 1002: %s (§5.2)', (_, bytes) => {
    const { connection, events } = record({ role: 'client', codec: codec() }, {}, [new ChecksumExtension()]);
    connection.receive(hex(bytes));
    expect(events).toEqual(['error reserved-bit-set 1002', 'end']);
  });

  it('fail with 1002 on a continuation when claimed for first frames alone (RFC 7692 §6)', () => {
    const { connection, events } = record({ role: 'client', codec: codec() }, {}, [idle('a', RSV.rsv1)]);
    connection.receive(hex('c2 01 61'));
    expect(events).toEqual(['binary 61']);
    connection.receive(hex('42 01 61 40'));
    expect(events).toEqual(['binary 61', 'error reserved-bit-set 1002', 'end']);
  });

  it('fail with 1002 on a first frame when claimed for continuations alone', () => {
    const { connection, events } = record({ role: 'client', codec: codec() }, {}, [idle('a', 0, RSV.rsv1)]);
    connection.receive(hex('02 01 61 c0 01 62'));
    expect(events).toEqual(['binary 61 62']);
    connection.receive(hex('c2'));
    expect(events.slice(1)).toEqual(['error reserved-bit-set 1002', 'end']);
  });
});

describe.each(CODECS)('an extension that changes single frames ($name)', ({ codec }) => {
  // «Hi»: 48 69 turned by 5a is 12 33, whose sum is 45.
  it('encodes what is sent', () => {
    const { connection, wire: written } = record({ role: 'server', codec: codec() }, {}, [
      new ChecksumExtension(),
    ]);
    connection.sendText('Hi');
    connection.sendBinary(hex('48 69'));
    connection.sendTextBytes(hex('48 69'));
    connection.sendText('');
    expect(toHex(written())).toBe('a1 03 12 33 45 a2 03 12 33 45 a1 03 12 33 45 a1 01 00');
  });

  it('leaves control frames alone, both ways (§5.8)', () => {
    const {
      connection,
      events,
      wire: written,
    } = record({ role: 'server', codec: codec() }, {}, [new ChecksumExtension()]);
    connection.ping(hex('01'));
    connection.receive(hex('89 81 00 00 00 00 61 88 82 00 00 00 00 03 e8'));
    expect(events).toEqual(['ping 61', 'closing 1000', 'end']);
    expect(toHex(written())).toBe('89 01 01 8a 01 61 88 02 03 e8');
  });

  it('decodes what is marked, and leaves the rest, frame by frame', () => {
    const { connection, events } = record({ role: 'client', codec: codec() }, {}, [new ChecksumExtension()]);
    connection.receive(hex('a1 03 12 33 45 81 02 48 69 a2 01 00'));
    connection.receive(hex('21 03 12 33 45 00 02 48 69 89 00 a0 03 12 33 45'));
    connection.receive(hex('02 01 01 a0 02 58 58'));
    expect(events).toEqual(['text Hi', 'text Hi', 'binary ', 'ping ', 'text HiHiHi', 'binary 01 02']);
  });

  it.each([
    ['a wrong sum', 'a2 03 12 33 46'],
    ['no sum at all', 'a2 00'],
    ['a wrong sum in a continuation', '02 01 61 a0 02 58 59'],
  ])('fails with 1007: %s (§9)', (_, bytes) => {
    const { connection, events, frames } = record({ role: 'client', codec: codec() }, {}, [
      new ChecksumExtension(),
    ]);
    connection.receive(hex(bytes));
    expect(events).toEqual(['error extension-data-invalid 1007', 'end']);
    expect(frames().map(({ first, payload }) => `${first} ${toHex(payload.subarray(0, 2))}`)).toEqual([
      '136 03 ef',
    ]);
  });

  it('fails with 1007 when text is not UTF-8 behind it, at the byte at fault or at the end (§8.1)', () => {
    // a5 turned is ff; b8 d8 turned are e2 82, half of a character
    for (const bytes of ['21 02 a5 a5', 'a1 03 b8 d8 90', '01 01 ff', '81 02 e2 82']) {
      const { connection, events } = record({ role: 'client', codec: codec() }, {}, [
        new ChecksumExtension(),
      ]);
      connection.receive(hex(bytes));
      expect(events, bytes).toEqual(['error text-not-utf8 1007', 'end']);
    }
  });

  it('joins a character of text that frames cut', () => {
    // e2 | 82 ac: b8, sum b8; d8 f6, sum ce
    const { connection, events } = record({ role: 'client', codec: codec() }, {}, [new ChecksumExtension()]);
    connection.receive(hex('21 02 b8 b8 a0 03 d8 f6 ce'));
    expect(events).toEqual(['text €']);
  });

  it('sees where each part stands', () => {
    const checksum = new ChecksumExtension();
    const { connection, events } = record({ role: 'client', codec: codec() }, {}, [checksum]);
    connection.receive(hex('21 03 12'));
    connection.receive(hex('33'));
    connection.receive(hex('45'));
    connection.receive(hex('a0 03 12 33 45'));
    expect(events).toEqual(['text HiHi']);
    expect(checksum.seen).toEqual([
      'text message[ frame[ 1',
      'text 1',
      'text 1 ]frame',
      'text frame[ 3 ]frame ]message',
    ]);
  });

  it('is closed when the connection is over, and not before', () => {
    const checksum = new ChecksumExtension();
    const { connection } = record({ role: 'client', codec: codec() }, {}, [checksum]);
    connection.receive(hex('a1 03 12 33 45'));
    connection.close(1000);
    expect(checksum.closed).toBe(0);
    connection.receive(hex('a2 03 12 33 45 88 02 03 e8'));
    expect(checksum.closed).toBeGreaterThan(0);
  });

  it('is asked whether the caller lets a message be made smaller', () => {
    const asked: boolean[] = [];
    const extension: Extension = {
      ...idle('a', 0),
      encode: (payload, _, compress) => {
        asked.push(compress);
        return payload;
      },
    };
    const { connection } = record({ role: 'server', codec: codec() }, {}, [extension]);
    connection.sendText('a');
    connection.sendBinary(hex('01'), { compress: false });
    connection.sendTextBytes(hex('61'), { compress: true });
    connection.startMessage('text', { compress: false }).end('b');
    expect(asked).toEqual([true, false, true, false]);
  });

  it('tells an extension where each frame that is sent stands', () => {
    const parts: DataPart[] = [];
    const extension: Extension = {
      ...idle('a', 0),
      encode: (payload, part) => {
        parts.push({ ...part });
        return payload;
      },
    };
    const { connection } = record({ role: 'server', codec: codec() }, {}, [extension]);
    const writer = connection.startMessage('text');
    writer.write('a');
    writer.write('b');
    writer.end('c');
    connection.sendBinary(hex('01'));
    const flags = parts.map(({ text, firstOfMessage, lastOfMessage }) => [
      text,
      firstOfMessage,
      lastOfMessage,
    ]);
    expect(flags).toEqual([
      [true, true, false],
      [true, false, false],
      [true, false, true],
      [false, true, true],
    ]);
    for (const part of parts) expect(part).toMatchObject({ firstOfFrame: true, lastOfFrame: true, rsv: 0 });
  });
});

describe.each(CODECS)('several extensions together (§9.1, $name)', ({ codec }) => {
  /** Both sides of a connection with the extensions in the order given. */
  function both(order: 'checksum first' | 'deflate first', blockLength: number): ReturnType<typeof pair> {
    const side = (role: 'client' | 'server'): Extension[] => {
      const extensions = [new ChecksumExtension(), deflateOf(role, new PakoEngine(blockLength))];
      return order === 'checksum first' ? extensions : extensions.reverse();
    };
    return pair(codec(), {
      client: { extensions: side('client') },
      server: { extensions: side('server') },
    });
  }

  it('encode in the order of the negotiation', () => {
    const { client, server } = both('deflate first', 4096);
    // RFC 7692 §7.2.3.1: «Hello» is f2 48 cd c9 c9 07 00; by 5a: a8 12 97 93 93 5d 5a, sum 12c + ...
    server.connection.sendText('Hello');
    const turned = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00].map((byte) => byte ^ 0x5a);
    const sum = turned.reduce((total, byte) => total + byte, 0) & 0xff;
    expect([...server.wire()]).toEqual([0x80 + 0x40 + 0x20 + 0x01, 8, ...turned, sum]);
    client.connection.receive(server.wire());
    expect(client.events).toEqual(['text Hello']);
  });

  for (const order of ['deflate first', 'checksum first'] as const) {
    for (const blockLength of [1, 7, 4096]) {
      it(`decode in the opposite order: ${order}, inflated by blocks of ${blockLength}`, () => {
        const { client, server, exchange } = both(order, blockLength);
        const long = pattern(300);
        client.connection.sendText('Hello, Hello, Hello €');
        client.connection.sendBinary(long);
        const writer = client.connection.startMessage('binary');
        for (const part of cut(long, [10, 70, 71])) writer.write(part);
        writer.end(hex('01'));
        client.connection.sendText('');
        exchange();
        exchange(1);
        expect(server.events).toEqual([
          'text Hello, Hello, Hello €',
          `binary ${toHex(long)}`,
          `binary ${toHex(long)} 01`,
          'text ',
        ]);
      });

      it(`decode what comes in single bytes: ${order}, inflated by blocks of ${blockLength}`, () => {
        const { client, server, exchange } = both(order, blockLength);
        client.connection.sendText('Hello, Hello, Hello €');
        client.connection.startMessage('text').end('');
        exchange(1);
        expect(server.events).toEqual(['text Hello, Hello, Hello €', 'text ']);
      });
    }
  }

  it('leave out the one whose bit is not set', () => {
    const { client, server, exchange } = both('deflate first', 4096);
    client.connection.sendText('Hi', { compress: false });
    exchange();
    expect(client.frames().map(({ first, payload }) => `${first.toString(16)} ${toHex(payload)}`)).toEqual([
      'a1 12 33 45',
    ]);
    expect(server.events).toEqual(['text Hi']);
  });

  it('give the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('deflate first' as const, 'checksum first' as const),
        fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(1, 5, 4096),
        (order, texts, size, blockLength) => {
          const { client, server, exchange } = both(order, blockLength);
          for (const text of texts) client.connection.sendText(text);
          exchange(size);
          expect(server.events).toEqual(texts.map((text) => `text ${text}`));
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe.each(CODECS)('frames cut anywhere ($name)', ({ codec }) => {
  it('give an extension that changes frames the same frames', () => {
    const stream = concat(
      wire({ first: 0x21, payload: hex('12 33 45'), key: '01 02 03 04' }),
      wire({ first: 0x00, payload: hex('48 69'), key: '11 12 13 14' }),
      wire({ first: 0x89, payload: hex('70'), key: '21 22 23 24' }),
      wire({ first: 0xa0, payload: hex('b8 d8 f6 86'), key: '31 32 33 34' }),
      wire({ first: 0xa2, payload: hex('00'), key: '41 42 43 44' }),
    );
    for (let at = 0; at <= stream.length; at++) {
      const { connection, events } = record({ role: 'server', codec: codec() }, {}, [
        new ChecksumExtension(),
      ]);
      for (const chunk of cut(stream, [at])) connection.receive(chunk);
      expect(events).toEqual(['ping 70', 'text HiHi€', 'binary ']);
    }
  });
});
