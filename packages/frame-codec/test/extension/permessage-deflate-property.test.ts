import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deflateOf, deflatingClient } from '../support/deflate.js';
import { concat, cut, hex, toHex, utf8 } from '../support/hex.js';
import { CODECS } from '../support/kernels.js';
import { pair } from '../support/pair.js';
import { PakoEngine } from '../support/pako-engine.js';
import type { Recorded } from '../support/recorder.js';
import { wire } from '../support/wire.js';

describe.each(CODECS)('properties of permessage-deflate ($name)', ({ codec }) => {
  const client = (engine?: PakoEngine, parameters = {}, limits = {}): Recorded =>
    deflatingClient(codec(), engine, parameters, limits);

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
