import fc from 'fast-check';
import { concat, utf8 } from './hex.js';
import { wire } from './wire.js';

/** Payloads: text of every kind, and bytes of none. */
const payload = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 140 }).map(utf8) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map(utf8) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 140 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(125, 126, 300, 4000, 65535, 65536), fc.nat(255)).map(fill),
  },
);

function fill([length, byte]: [number, number]): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

const key = fc.constantFrom('00 00 00 00', '01 80 ff 7f', '12 34 56 78', '80 80 80 80');

/** Bytes that a text may be cut into, at characters or inside them. */
function pieces(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

/** A message as frames, with control frames in between. */
const message = fc
  .record({
    text: fc.boolean(),
    payload,
    places: fc.array(fc.nat(10_000), { maxLength: 3 }),
    pings: fc.array(fc.option(fc.record({ first: fc.constantFrom(0x89, 0x8a), length: fc.nat(125) })), {
      minLength: 4,
      maxLength: 4,
    }),
  })
  .map(({ text, payload: whole, places, pings }) => {
    const parts = pieces(whole, places);
    return parts.flatMap((part, index) => {
      const first = (index === 0 ? (text ? 1 : 2) : 0) | (index === parts.length - 1 ? 0x80 : 0);
      const ping = pings[index];
      const control = ping ? [{ first: ping.first, payload: new Uint8Array(ping.length).fill(0x70) }] : [];
      return [...control, { first, payload: part }];
    });
  });

/** Streams that keep the framing rules; whether text is UTF-8 is left to chance. */
export const validStream: fc.Arbitrary<{ masked: boolean; bytes: Uint8Array<ArrayBuffer> }> = fc
  .record({ masked: fc.boolean(), messages: fc.array(message, { maxLength: 5 }), key })
  .map(({ masked, messages, key: hexKey }) => ({
    masked,
    bytes: concat(
      ...messages
        .flat()
        .map(({ first, payload: part }) => wire({ first, payload: part, key: masked ? hexKey : undefined })),
    ),
  }));

/** Streams with a byte or two gone wrong. */
export const nearlyValidStream: fc.Arbitrary<{ masked: boolean; bytes: Uint8Array<ArrayBuffer> }> = fc
  .tuple(validStream, fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 2 }))
  .map(([{ masked, bytes }, faults]) => {
    const spoilt = bytes.slice();
    for (const [place, byte] of faults) if (spoilt.length > 0) spoilt[place % spoilt.length] = byte;
    return { masked, bytes: spoilt };
  });

/** Bytes without any sense, though their first bytes look like heads more often than not. */
export const arbitraryStream: fc.Arbitrary<{ masked: boolean; bytes: Uint8Array<ArrayBuffer> }> = fc
  .record({
    masked: fc.boolean(),
    heads: fc.array(
      fc.tuple(
        fc.constantFrom(0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x88, 0xc1, 0x91, 0xf2),
        fc.nat(255),
        fc.uint8Array({ maxLength: 30 }),
      ),
      { maxLength: 6 },
    ),
  })
  .map(({ masked, heads }) => ({
    masked,
    bytes: concat(...heads.map(([first, second, rest]) => concat(Uint8Array.of(first, second), rest))),
  }));

/** Where to cut a stream. */
export const places: fc.Arbitrary<number[]> = fc.array(fc.nat(2000), { maxLength: 8 });

/** A stream cut at `places`, and into chunks that an inbox holds. */
export function chunksOf(bytes: Uint8Array, cuts: readonly number[], most: number): Uint8Array[] {
  return pieces(bytes, cuts).flatMap((piece) => {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < piece.length; at += most) chunks.push(piece.subarray(at, at + most));
    return chunks;
  });
}
