import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionHandler, Endpoint, type Extension } from '../../src/index.js';
import { deflateOf, HELLO } from '../support/deflate.js';
import { concat, hex, pattern, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('owning what was lent ($name)', ({ codec }) => {
  /** The payloads of a connection, each owned by `codec.own` when it is handed out. */
  function owning(extensions: readonly Extension[] = [], parts = false) {
    const shared = codec();
    const owned: Uint8Array[] = [];
    const take: ConnectionHandler<undefined>['binary'] = (_, payload) => owned.push(shared.own(payload));
    const connection = new Connection<undefined>(
      new Endpoint({ role: 'client', codec: shared }),
      {
        write: () => true,
        end: () => {},
        ping: take,
        ...(parts ? { binaryPart: take } : { binary: take, textBytes: take }),
      },
      undefined,
      extensions,
    );
    return { connection, owned };
  }

  /** Lets everything be used again that can be. */
  function churn(connection: Connection<undefined>): void {
    const other = wire({ first: 0x02, payload: new Uint8Array(3000).fill(0xee) });
    for (let count = 0; count < 3; count++) {
      connection.receive(concat(other, wire({ first: 0x80, payload: new Uint8Array(3000).fill(0xee) })));
      connection.receive(wire({ first: 0x82, payload: new Uint8Array(7000).fill(0xee) }));
    }
  }

  it('keeps payloads that came whole, in the inbox', () => {
    const { connection, owned } = owning();
    connection.receive(hex('82 02 01 02 81 01 61 89 01 70'));
    churn(connection);
    expect(owned.slice(0, 3).map(toHex)).toEqual(['01 02', '61', '70']);
  });

  it('keeps messages that were put together, without a copy where they are long', () => {
    const { connection, owned } = owning();
    connection.receive(wire({ first: 0x02, payload: pattern(3000) }));
    connection.receive(wire({ first: 0x80, payload: pattern(3000) }));
    connection.receive(hex('02 01 01 80 01 02'));
    churn(connection);
    expect(toHex(owned[0] ?? hex(''))).toBe(toHex(concat(pattern(3000), pattern(3000))));
    expect(toHex(owned[1] ?? hex(''))).toBe('01 02');
  });

  it('does not hold much memory for few bytes', () => {
    const { connection, owned } = owning();
    connection.receive(hex('02 01 01 80 01 02'));
    connection.receive(hex('82 02 03 04'));
    for (const bytes of owned) expect(bytes.buffer.byteLength).toBeLessThanOrEqual(2 * bytes.length);
  });

  it('keeps what waited for a resume', () => {
    const { connection, owned } = owning();
    connection.pause();
    connection.receive(hex('82 02 01 02 82 02 03 04'));
    connection.receive(hex('02 01 05 80 01 06'));
    connection.resume();
    churn(connection);
    expect(owned.slice(0, 3).map(toHex)).toEqual(['01 02', '03 04', '05 06']);
  });

  it('keeps parts that an extension put out, whose engine uses its output again', () => {
    const { connection, owned } = owning([deflateOf('client', new PakoEngine(3))], true);
    connection.receive(hex(`c2 07 ${HELLO}`));
    churn(connection);
    expect(owned.slice(0, 3).map(toHex)).toEqual(['48 65 6c', '6c 6f', '']);
  });

  it('keeps whole messages that an extension put out', () => {
    const { connection, owned } = owning([deflateOf('client', new PakoEngine(3))]);
    const payload = new PakoEngine().deflater(15).deflate(pattern(3000)).slice(0, -4);
    connection.receive(wire({ first: 0xc2, payload }));
    churn(connection);
    expect(toHex(owned[0] ?? hex(''))).toBe(toHex(pattern(3000)));
  });

  it('may be asked for twice, and of bytes that are owned already', () => {
    const shared = codec();
    const owned: Uint8Array[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'client', codec: shared }),
      {
        write: () => true,
        end: () => {},
        binary: (_, payload) => owned.push(shared.own(payload), shared.own(payload)),
      },
      undefined,
    );
    connection.receive(wire({ first: 0x02, payload: pattern(3000) }));
    connection.receive(hex('80 00'));
    churn(connection);
    expect(owned.slice(0, 2).map(toHex)).toEqual([toHex(pattern(3000)), toHex(pattern(3000))]);
  });

  it('is not needed to send what was lent: long payloads behind an extension or a pause arrive as they were', () => {
    for (const how of ['extension', 'pause'] as const) {
      const shared = codec();
      const held: Uint8Array[] = [];
      const out = new Connection<undefined>(
        new Endpoint({ role: 'server', codec: shared }),
        {
          write: (_, bytes) => {
            held.push(bytes);
            return false;
          },
          end: () => {},
        },
        undefined,
      );
      const source = new Connection<undefined>(
        new Endpoint({ role: 'client', codec: shared }),
        { write: () => true, end: () => {}, binaryPart: (_, payload) => out.sendBinary(payload) },
        undefined,
        how === 'pause' ? [] : [deflateOf('client', new PakoEngine(40_000))],
      );
      const message = pattern(40_000);
      if (how === 'pause') source.pause();
      source.receive(
        how === 'pause'
          ? wire({ first: 0x82, payload: message })
          : wire({ first: 0xc2, payload: new PakoEngine().deflater(15).deflate(message).slice(0, -4) }),
      );
      source.resume();
      const sent = concat(...held);
      expect(toHex(sent.subarray(0, 4))).toBe('82 7e 9c 40');
      expect(toHex(sent.subarray(4, 40_004)) === toHex(message)).toBe(true);
    }
  });
});
