import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Connection,
  type ConnectionHandler,
  Endpoint,
  type EndpointOptions,
  type Extension,
} from '../../src/index.js';
import { ChecksumExtension } from '../support/checksum-extension.js';
import { deflateOf, HELLO } from '../support/deflate.js';
import { concat, cut, hex, toHex } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { PakoEngine } from '../support/pako-engine.js';
import { wire } from '../support/wire.js';

/** A connection that takes messages in parts, and what it was handed: `text He`, `text llo end`. */
interface InParts {
  connection: Connection<undefined>;
  events: string[];
}

function inParts(
  options: EndpointOptions,
  extensions: readonly Extension[] = [],
  also: (connection: Connection<undefined>, event: string) => void = () => {},
): InParts {
  const events: string[] = [];
  const seen = (connection: Connection<undefined>, event: string): void => {
    events.push(event);
    also(connection, event);
  };
  const handler: ConnectionHandler<undefined> = {
    write: () => true,
    end: (self) => seen(self, 'end'),
    text: () => expect.unreachable('a whole message'),
    binary: () => expect.unreachable('a whole message'),
    textPart: (self, text, last) => seen(self, `text ${text}${last ? ' end' : ''}`),
    binaryPart: (self, payload, last) => seen(self, `binary ${toHex(payload)}${last ? ' end' : ''}`),
    ping: (self) => seen(self, 'ping'),
    error: (self, { violation }) => seen(self, `error ${violation}`),
  };
  return { connection: new Connection(new Endpoint(options), handler, undefined, extensions), events };
}

describe.each(CODECS)('messages taken in parts ($name)', ({ codec }) => {
  const client = (
    extensions: readonly Extension[] = [],
    also?: (connection: Connection<undefined>, event: string) => void,
  ): InParts => inParts({ role: 'client', codec: codec() }, extensions, also);

  it('are handed out as they arrive, within an unfinished frame (§5.4)', () => {
    const { connection, events } = client();
    connection.receive(hex('82 05 01 02'));
    expect(events).toEqual(['binary 01 02']);
    connection.receive(hex('03'));
    connection.receive(hex('04 05 81 03 61'));
    expect(events).toEqual(['binary 01 02', 'binary 03', 'binary 04 05 end', 'text a']);
    connection.receive(hex('62 63'));
    expect(events.slice(4)).toEqual(['text bc end']);
  });

  it('are one part when they come whole', () => {
    const { connection, events } = client();
    connection.receive(hex('81 02 48 69 82 01 ff 81 00 82 00'));
    expect(events).toEqual(['text Hi end', 'binary ff end', 'text  end', 'binary  end']);
  });

  it('go over fragments, with control frames in between (§5.4)', () => {
    const { connection, events } = client();
    connection.receive(hex('01 01 61 89 00 00 01 62 80 00 02 01 01 00 00 80 01 02'));
    expect(events.filter((event) => event !== 'binary ')).toEqual([
      'text a',
      'ping',
      'text b',
      'text  end',
      'binary 01',
      'binary 02 end',
    ]);
  });

  it('hold whole characters only: one that is cut waits for the next part (§8.1)', () => {
    const { connection, events } = client();
    connection.receive(hex('81 09 61 f0'));
    connection.receive(hex('9f'));
    connection.receive(hex('98'));
    connection.receive(hex('80 e2'));
    connection.receive(hex('82'));
    expect(events).toEqual(['text a', 'text 😀']);
    connection.receive(hex('ac 62'));
    expect(events.slice(2)).toEqual(['text €b end']);
  });

  it('hold whole characters where fragments cut them, and the last part may be empty (§5.6)', () => {
    const { connection, events } = client();
    connection.receive(hex('01 02 61 c3 00 00 00 01 a9 80 00'));
    expect(events).toEqual(['text a', 'text é', 'text  end']);
  });

  it('stop with 1007 at the byte at fault; what came before it is handed out (§8.1)', () => {
    const { connection, events } = client();
    connection.receive(hex('81 09 61 62'));
    connection.receive(hex('63 ff'));
    expect(events.slice(0, 1)).toEqual(['text ab']);
    expect(events.slice(-2)).toEqual(['error text-not-utf8', 'end']);
  });

  it('retain nothing but a cut character', () => {
    const { connection, events } = inParts({ role: 'client', codec: codec(), maxMessageLength: 2 ** 31 });
    connection.receive(hex('82 7f 00 00 00 00 40 00 00 00'));
    for (let count = 0; count < 20; count++) {
      connection.receive(new Uint8Array(100_000));
      expect(connection.retainedLength).toBe(0);
    }
    expect(events.length).toBeGreaterThanOrEqual(20);
  });

  it('may be longer than any memory: only their announced length counts (§10.4)', () => {
    const { connection, events } = inParts({
      role: 'client',
      codec: codec(),
      maxMessageLength: Number.MAX_SAFE_INTEGER,
    });
    // 2^53 − 1 bytes
    connection.receive(hex('82 7f 00 1f ff ff ff ff ff ff 01 02'));
    expect(events).toEqual(['binary 01 02']);
  });

  it('pass maxMessageLength with 1009 before the part that does so', () => {
    const { connection, events } = inParts({ role: 'client', codec: codec(), maxMessageLength: 3 });
    connection.receive(hex('02 02 01 02 80 02'));
    expect(events).toEqual(['binary 01 02', 'error message-too-long', 'end']);
  });

  it('are borrowed', () => {
    const shared = codec();
    const parts: Uint8Array[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'client', codec: shared }),
      { write: () => true, end: () => {}, binaryPart: (_, payload) => parts.push(payload) },
      undefined,
    );
    connection.receive(hex('82 02 01 02'));
    connection.receive(hex('82 02 03 04'));
    expect(parts).toHaveLength(2);
    expect(toHex(parts[0] ?? hex(''))).not.toBe('01 02');
  });

  it('of the kind that the handler does not take are dropped', () => {
    const texts: string[] = [];
    const connection = new Connection(
      new Endpoint({ role: 'client', codec: codec() }),
      {
        write: () => true,
        end: () => {},
        text: () => expect.unreachable(),
        textPart: (_, text) => texts.push(text),
      },
      undefined,
    );
    connection.receive(hex('82 01 01 81 01 61'));
    expect(texts).toEqual(['a']);
  });

  it('can be paused and resumed between parts', () => {
    const { connection, events } = client([], (self, event) => {
      if (event !== 'end') self.pause();
    });
    connection.receive(hex('01 01 61 00 01 62 80 01 63 82 01 01'));
    connection.receive(hex('82 01 02'));
    const wanted = ['text a', 'text b', 'text c end', 'binary 01 end', 'binary 02 end'];
    for (let count = 1; count <= wanted.length; count++) {
      expect(events).toEqual(wanted.slice(0, count));
      connection.resume();
    }
    expect(events).toEqual(wanted);
  });

  it('end with the connection when a handler fails it', () => {
    const { connection, events } = client([], (self, event) => {
      if (event === 'text b') self.receiveEnd();
    });
    connection.receive(hex('01 01 61 00 01 62 80 01 63'));
    expect(events).toEqual(['text a', 'text b']);
  });

  it('begin anew after a handler threw in the last part', () => {
    let throws = true;
    const { connection, events } = client([], (_, event) => {
      if (throws && event.endsWith('end')) throw new Error('of the handler');
    });
    for (const bytes of ['82 01 01', '01 01 61 80 01 62', '02 01 03 80 00']) {
      expect(() => connection.receive(hex(bytes))).toThrow('of the handler');
    }
    throws = false;
    connection.receive(hex('81 01 63 82 01 04'));
    expect(events).toEqual([
      'binary 01 end',
      'text a',
      'text b end',
      'binary 03',
      'binary  end',
      'text c end',
      'binary 04 end',
    ]);
  });

  it('go on after a handler threw in a part before the last', () => {
    const { connection, events } = client([], (_, event) => {
      if (event === 'text a') throw new Error('of the handler');
    });
    expect(() => connection.receive(hex('01 01 61 80 01 62 81 01 63'))).toThrow('of the handler');
    connection.receive(hex('82 00'));
    expect(events).toEqual(['text a', 'text b end', 'text c end', 'binary  end']);
  });

  describe('that extensions decode', () => {
    it('come by blocks as they are inflated, and an empty last part', () => {
      const { connection, events } = client([deflateOf('client', new PakoEngine(2))]);
      connection.receive(hex(`c1 07 ${HELLO} c2 07 ${HELLO} 81 01 61`));
      expect(events).toEqual([
        'text He',
        'text ll',
        'text o',
        'text  end',
        'binary 48 65',
        'binary 6c 6c',
        'binary 6f',
        'binary  end',
        'text a end',
      ]);
    });

    it('hold whole characters only, and fail with 1007 where one is left cut (§8.1)', () => {
      const deflater = new PakoEngine().deflater(15);
      const payload = deflater.deflate(hex('61 e2 82 ac f0 9f 98 80 c3')).slice(0, -4);
      const { connection, events } = client([deflateOf('client', new PakoEngine(1))]);
      connection.receive(wire({ first: 0xc1, payload }));
      expect(events).toEqual(['text a', 'text €', 'text 😀', 'error text-not-utf8', 'end']);
    });

    it('are bounded by maxMessageLength once inflated, and keep nothing (§10.4)', () => {
      const engine = new PakoEngine(1000);
      const payload = engine.deflater(15).deflate(new Uint8Array(500_000)).slice(0, -4);
      const { connection, events } = inParts({ role: 'client', codec: codec(), maxMessageLength: 10_000 }, [
        deflateOf('client', engine),
      ]);
      connection.receive(wire({ first: 0xc2, payload }));
      expect(events.slice(10)).toEqual(['error message-too-long', 'end']);
      expect(engine.usage.inflatedLength).toBe(11_000);
    });

    it('are not torn apart by a handler that throws: all blocks come, and the next message too', () => {
      for (const parameters of [{}, { serverNoContextTakeover: true }]) {
        const { connection, events } = client(
          [deflateOf('client', new PakoEngine(2), parameters)],
          (_, event) => {
            if (event === 'text He') throw new Error('of the handler');
          },
        );
        const again = parameters.serverNoContextTakeover ? '07 f2 48 cd c9 c9 07 00' : '05 f2 00 11 00 00';
        expect(() => connection.receive(hex(`c1 07 ${HELLO}`))).toThrow('of the handler');
        expect(() => connection.receive(hex(`c1 ${again}`))).toThrow('of the handler');
        const whole = ['text He', 'text ll', 'text o', 'text  end'];
        expect(events).toEqual([...whole, ...whole]);
      }
    });

    it('can be of several extensions', () => {
      const { connection, events } = client([
        deflateOf('client', new PakoEngine(3)),
        new ChecksumExtension(),
      ]);
      // «Hello» of RFC 7692 §7.2.3.1 in two frames, each turned by 5a: a8 12 97 (sum 51), 93 93 5d 5a (sum dd).
      connection.receive(hex('61 04 a8 12 97 51 a0 05 93 93 5d 5a dd'));
      expect(events.at(-1)).toBe('text  end');
      expect(events.map((event) => event.slice('text '.length)).join('')).toBe('Hello end');
    });
  });

  it('are the same text and bytes, whatever the stream, however it is cut', () => {
    const message = fc.record({
      text: fc.boolean(),
      whole: fc.string({ unit: 'binary', maxLength: 60 }),
      cuts: fc.array(fc.nat(200), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat(600), { maxLength: 12 }),
        fc.option(fc.constantFrom(1, 3, 100), { nil: undefined }),
        (messages, places, blockLength) => {
          const deflater = new PakoEngine().deflater(15);
          const stream = concat(
            ...messages.flatMap(({ text, whole, cuts }) => {
              const bytes = new TextEncoder().encode(whole);
              const compressed = blockLength === undefined ? undefined : deflater.deflate(bytes).slice(0, -4);
              const payload = compressed?.length === 0 ? hex('00') : (compressed ?? bytes);
              const parts = cut(
                payload,
                cuts.filter((place) => place <= payload.length),
              );
              return parts.map((part, index) => {
                const rsv = compressed === undefined ? 0 : 0x40;
                const first = index === 0 ? rsv | (text ? 1 : 2) : 0;
                return wire({ first: first | (index === parts.length - 1 ? 0x80 : 0), payload: part });
              });
            }),
          );
          const texts: string[] = [''];
          const binaries: number[][] = [[]];
          const order: string[] = [];
          const connection = new Connection<undefined>(
            new Endpoint({ role: 'client', codec: codec() }),
            {
              write: () => true,
              end: () => expect.unreachable(),
              textPart: (_, part, last) => {
                texts.push(`${texts.pop()}${part}`);
                if (last) {
                  order.push(`text ${texts.at(-1)}`);
                  texts.push('');
                }
              },
              binaryPart: (_, part, last) => {
                binaries.at(-1)?.push(...part);
                if (last) {
                  order.push(
                    `binary ${new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(binaries.at(-1) ?? []))}`,
                  );
                  binaries.push([]);
                }
              },
            },
            undefined,
            blockLength === undefined ? [] : [deflateOf('client', new PakoEngine(blockLength))],
          );
          for (const chunk of cut(
            stream,
            places.filter((place) => place <= stream.length),
          )) {
            connection.receive(chunk);
          }
          expect(order).toEqual(messages.map(({ text, whole }) => `${text ? 'text' : 'binary'} ${whole}`));
        },
      ),
      { numRuns: 80 },
    );
  });
});
